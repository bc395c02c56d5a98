"""What the marks of a training cost it: a step, a span's edge, an outcome, a look at the joules so far."""

import json
import statistics
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from tests.benchmarks.measure import CODECARBON, EIGHT_GPUS, Row, answer, at_most, figure, quantile

STEPS = 20_000
ROUNDS = 15


def rows(place: Path) -> Iterator[Row]:
    """Each as the median of many, the loop itself taken off."""
    ours = answer(place, "from tests.benchmarks.calls import ours; ours()")
    theirs = answer(place, "from tests.benchmarks.calls import theirs; theirs()")
    yield Row(
        what="the same `with` and call on an object that does nothing (yardstick)",
        measured=f"{figure(ours['nothing'])} us a step",
    )
    yield at_most("`with run.phase()` and `run.advance()`, a step of a tight loop", ours["step"], 2, "us")
    yield at_most(
        "an edge of a span (codecarbon: of a task)",
        statistics.median(ours["edges"]),
        50,
        "us",
        statistics.median(theirs),
        f", p99 {figure(quantile(ours['edges'], 0.99))}",
    )
    yield at_most("`run.joules()`", ours["joules"], 1000, "us")
    yield Row(what="`run.log()` of one outcome", measured=f"{figure(ours['log'])} us")


class Nothing:
    """A run that does nothing: the least that marks can cost."""

    def phase(self, _: str) -> "Nothing":
        """Be entered."""
        return self

    def __enter__(self) -> None:
        pass

    def __exit__(self, *_: object) -> None:
        pass

    def span(self, _: str, **__: Any) -> "Nothing":
        """Be entered."""
        return self

    def advance(self, **_: float) -> None:
        """Count nothing."""

    def log(self, **_: Any) -> None:
        """Keep nothing."""


def ours() -> None:
    """Measure inside a run with a recorder process."""
    from greentrack import track

    each: dict[str, list[float]] = {}
    with track(meters=[EIGHT_GPUS], quiet=True) as run:
        for name, held in (("step", run), ("nothing", Nothing())):  # in turns, the interpreter would adapt to neither
            each[name] = [(_steps(held) - _seconds(_idle)) / STEPS * 1e6 for _ in range(ROUNDS)]
        edges = _edges(lambda: run.span("epoch", index=1))
        joules = [_seconds(run.joules) * 1e6 for _ in range(200)]
        logged = [_seconds(lambda: run.log(loss=0.5)) * 1e6 for _ in range(200)]
    figures: dict[str, Any] = {name: statistics.median(values) for name, values in each.items()}
    print(
        json.dumps({**figures, "edges": edges, "joules": statistics.median(joules), "log": statistics.median(logged)})
    )


def theirs() -> None:
    """Measure codecarbon's tasks."""
    from codecarbon import OfflineEmissionsTracker

    tracker = eval(CODECARBON.format(more=""), {"OfflineEmissionsTracker": OfflineEmissionsTracker})  # noqa: S307
    edges = []
    for index in range(50):
        edges += [
            _seconds(lambda: tracker.start_task(f"task {index}")) * 1e6,  # noqa: B023  # called at once
            _seconds(tracker.stop_task) * 1e6,
        ]
    tracker.stop()
    print(json.dumps(edges))


def _idle() -> None:
    for _ in range(STEPS):
        pass


def _steps(run: Any) -> float:
    began = time.perf_counter()
    for _ in range(STEPS):
        with run.phase("step"):
            pass
        run.advance(samples=64)
    return time.perf_counter() - began


def _edges(make: Callable[[], Any]) -> list[float]:
    found = []
    for _ in range(150):
        time.sleep(0.01)  # a burst of edges would measure the pipe
        span = make()
        found += [_seconds(span.__enter__) * 1e6, _seconds(lambda: span.__exit__(None, None, None)) * 1e6]  # noqa: B023
    return found


def _seconds(work: Callable[[], Any]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began
