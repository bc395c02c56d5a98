"""What a store does not take is held, and the end of a run waits for it as long as that may help."""

from collections.abc import Callable

import pytest

from greentrack.errors import BusyError, RefusedError, StoreError
from greentrack.model import Metric, Reading
from greentrack.recorder.transport.protocol import FINISH_WAIT_S
from greentrack.recorder.write_buffer import LOCKED_S, PATIENCE_S, WriteBuffer
from greentrack.store.batch import Batch
from tests.rig.clock import FakeClock

TRY_S = 0.25
"""How long a try at a locked database takes here."""


class Place:
    """A sink on a clock of ours: *trouble* says what is wrong with it at a moment."""

    def __init__(self, clock: FakeClock, trouble: Callable[[float, Batch], Exception | None]) -> None:
        self.clock, self.trouble = clock, trouble
        self.kept: list[Batch] = []
        self.tries = 0
        self.closed = False

    def write(self, batch: Batch) -> None:
        self.tries += 1
        trouble = self.trouble(self.clock(), batch)
        if trouble is None:
            self.kept.append(batch)
            return
        if isinstance(trouble, BusyError):
            self.clock.advance(TRY_S)
        raise trouble

    def close(self) -> None:
        self.closed = True


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


def buffer(place: Place, said: list[str]) -> WriteBuffer:
    made = WriteBuffer(
        place, "r", warn_seldom=said.append, warn=said.append, clock=place.clock, pause=place.clock.advance
    )
    made.batch.readings.append(Reading(device="gpu:0", at=1.0, seconds=1.0, joules=100.0))
    return made


def test_a_database_that_others_let_go_of_after_three_seconds_has_the_end(clock: FakeClock) -> None:
    """Longer than a full disk is waited for: who has it locked will be done."""
    free_at = clock() + 3.0
    place = Place(clock, lambda now, _: BusyError("locked") if now < free_at else None)
    made = buffer(place, [])
    made.finish(PATIENCE_S, LOCKED_S)
    assert [reading.joules for batch in place.kept for reading in batch.readings] == [100.0]
    assert (made.trouble, place.closed) == ("", True)


def test_a_lock_that_stays_is_given_up_before_the_run_gives_up_its_recorder(clock: FakeClock) -> None:
    """The run hears that nothing was kept. Nearly all of the time is spent in SQLite, which waits in line."""
    place = Place(clock, lambda *_: BusyError("locked"))
    begun = clock()
    made = buffer(place, [])
    made.finish(PATIENCE_S, LOCKED_S)
    assert made.trouble == "locked"
    assert LOCKED_S <= clock() - begun < FINISH_WAIT_S - TRY_S
    assert place.tries * TRY_S > 0.9 * LOCKED_S


def test_a_full_disk_is_waited_for_no_longer_than_before(clock: FakeClock) -> None:
    """Nobody is about to let go of it."""
    place = Place(clock, lambda *_: StoreError("the disk is full"))
    begun = clock()
    buffer(place, []).finish(PATIENCE_S, LOCKED_S)
    assert PATIENCE_S <= clock() - begun < PATIENCE_S + 0.1


def test_a_lock_that_turns_into_a_full_disk_is_given_up(clock: FakeClock) -> None:
    """It is the trouble of the last try that counts."""
    begun = clock()
    full_at = begun + 3.0
    place = Place(clock, lambda now, _: BusyError("locked") if now < full_at else StoreError("the disk is full"))
    made = buffer(place, [])
    made.finish(PATIENCE_S, LOCKED_S)
    assert made.trouble == "the disk is full"
    assert clock() - begun < 3.0 + 2 * TRY_S


def test_a_value_that_the_database_refuses_costs_no_reading(clock: FakeClock) -> None:
    """What depends on the event is left out, said, and the readings are kept."""
    said: list[str] = []
    place = Place(clock, lambda _, batch: RefusedError("too big") if batch.metrics else None)
    made = buffer(place, said)
    made.batch.metrics.append(Metric(name="big", at=1.0, value=1.0, joules=0.0))
    assert made.flush()
    assert [len(batch.readings) for batch in place.kept] == [1]
    assert len(said) == 1
    assert "cannot be kept" in said[0]
