"""A run keeps its phases and spans in order, however a framework's hooks come."""

from collections.abc import Mapping
from typing import Any

import pytest

from greentrack.integrations.training.activity import Activity
from greentrack.tracking.run import Run


class Told(Run):
    """A run that only keeps what it was told."""

    def __init__(self) -> None:
        self.spans: list[str] = []
        self.names: dict[int, str] = {}
        self.ends: list[tuple[str, str | None]] = []
        super().__init__({"id": "told", "name": "told", "packages": {}}, quiet=True)

    def _send(self, message: Mapping[str, Any]) -> None:
        if message["m"] == "open":
            self.names[message["id"]] = message["name"]
            self.spans.append(f"{message['name']}{''.join(str(value) for value in message['attrs'].values())}")
        elif message["m"] == "close":
            self.spans.append(f"/{self.names[message['id']]}")

    def stop(self, status: str = "finished", error: str | None = None) -> None:
        self.ends.append((status, error))

    def calls(self) -> dict[str, int]:
        """How often each phase was over."""
        return {name: phase.calls for name, phase in self._counters.phases.items() if phase.calls}

    def seconds(self) -> float:
        """What all phases add up to."""
        return sum(phase.seconds for phase in self._counters.phases.values())


@pytest.fixture
def run() -> Told:
    return Told()


def test_a_phase_follows_the_one_before(run: Told) -> None:
    """Only one is on at a time, and who interrupts another learns which it was, to go back to it."""
    activity = Activity(run)
    assert activity.enter("data") is None
    assert activity.enter("step") == "data"
    assert activity.enter("data") == "step"
    assert activity.enter("data") == "data"
    assert run.calls() == {"data": 2, "step": 1}
    assert run._counters.stack == []


def test_phases_add_up_to_the_whole(run: Told) -> None:
    """Between the first and the end there is no moment without one."""
    activity = Activity(run)
    activity.enter("data")
    begun = run._counters.since
    for name in ["step", "data"] * 1000:
        activity.enter(name)
    activity.end("finished")
    assert run.seconds() == pytest.approx(run._counters.since - begun, rel=1e-6)


def test_a_span_that_ends_takes_those_within_it_along(run: Told) -> None:
    """An exception left an epoch and its validation open; the end of the fit closes them in order."""
    activity = Activity(run)
    activity.open("fit")
    activity.open("epoch", index=0)
    activity.open("validation")
    activity.close("fit")
    assert run.spans == ["fit", "epoch0", "validation", "/validation", "/epoch", "/fit"]


def test_a_span_that_begins_again_first_ends(run: Told) -> None:
    """A tuner broke off in an epoch, and the fit begins its first one again."""
    activity = Activity(run)
    activity.open("epoch", index=0)
    activity.open("validation")
    activity.open("epoch", index=0)
    assert run.spans == ["epoch0", "validation", "/validation", "/epoch", "epoch0"]
    activity.end("finished")


def test_a_span_that_is_not_open_does_not_end(run: Told) -> None:
    """A checkpoint within an epoch brings no start of that epoch, but its end."""
    activity = Activity(run)
    activity.open("fit")
    activity.close("epoch")
    assert run.spans == ["fit"]
    activity.end("finished")


def test_the_end_leaves_nothing_open(run: Told) -> None:
    """Spans, phase and run are over, and no other span of this thread has a wrong parent."""
    activity = Activity(run)
    activity.open("fit")
    activity.enter("step")
    activity.open("checkpoint")
    activity.end("failed", "ValueError: no good")
    assert run.spans == ["fit", "checkpoint", "/checkpoint", "/fit"]
    assert run.ends == [("failed", "ValueError: no good")]
    assert run.calls() == {"step": 1}
    assert run._counters.current is None
