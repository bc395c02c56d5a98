"""When phases took their time: slots may be coarse, no second is lost in them, and there are never many."""

import math
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from greentrack.errors import StoreError
from greentrack.store.batch import Batch
from greentrack.store.maintenance import delete
from greentrack.store.reader import Reader
from greentrack.store.time_bins import MAX_BINS, PhaseTime, bin_length, into_bins
from greentrack.store.writer import Writer

Ask = Callable[..., list[tuple[Any, ...]]]
MakeBatch = Callable[..., Batch]

HOUR = 3600.0
TIMES = st.lists(
    st.builds(PhaseTime, st.sampled_from(["data", "step"]), st.floats(0, 1e4), st.floats(0, 500), st.floats(0.01, 500)),
    min_size=1,
    max_size=30,
)


def sums(times: list[PhaseTime]) -> dict[str, float]:
    """What each phase took in all."""
    return {name: math.fsum(t.seconds for t in times if t.phase == name) for name in {t.phase for t in times}}


@given(TIMES, st.sampled_from([1, 2, 64]))
def test_slots_keep_every_second_and_where_it_was(times: list[PhaseTime], length: int) -> None:
    """The sums stay, and no slot lies where nothing was; slots of the double length are made of these."""
    slots = into_bins(times, length)
    assert sums(slots) == pytest.approx(sums(times))
    assert len({(slot.start, slot.phase) for slot in slots}) == len(slots)
    for slot in slots:
        assert slot.start % length == 0
        same = (time for time in times if time.phase == slot.phase)
        assert any(time.start <= slot.end and slot.start <= time.end for time in same)
    twice, at_once = into_bins(slots, 2 * length), into_bins(times, 2 * length)
    assert [slot[:3] for slot in twice] == [slot[:3] for slot in at_once]
    assert [slot.seconds for slot in twice] == pytest.approx([slot.seconds for slot in at_once])


@given(st.floats(0, 2e9), st.floats(0, 1e8))
def test_there_are_never_many_slots(since: float, lasts: float) -> None:
    """From a blink to three years; and they are no longer than that takes."""
    length = bin_length(since, since + lasts)
    covering = math.ceil((since + lasts) / length) - math.floor(since / length)
    assert covering <= MAX_BINS
    assert length == 1 or lasts / length > MAX_BINS / 2 - 2


def told(start: float, length: float, **seconds: float) -> Batch:
    """A batch in which phases took so many *seconds* each."""
    return Batch(run_id="01-a", phase_times=[PhaseTime(name, start, length, took) for name, took in seconds.items()])


def test_a_short_run_is_kept_second_by_second(writer: Writer, reader: Reader, a_batch: MakeBatch) -> None:
    """A count of 100.5 to 101.5 belongs to both seconds, half and half; the next one is added."""
    writer.write(a_batch())
    writer.write(told(100.5, 1.0, data=0.4, step=0.6))
    writer.write(told(101.5, 0.5, step=0.5))
    kept = {(time.phase, time.start, time.length): time.seconds for time in reader.phase_times("01-a")}
    assert kept == pytest.approx(
        {("data", 100, 1): 0.2, ("step", 100, 1): 0.3, ("data", 101, 1): 0.2, ("step", 101, 1): 0.8}
    )
    assert reader.phase_times("none") == []


def test_a_month_of_phases_has_few_slots_and_all_its_seconds(path: Path, reader: Reader, a_batch: MakeBatch) -> None:
    """30 days in six phases, the longest with 648,000 s; who takes over in the middle goes on with what is there."""
    first, second = Writer(path), Writer(path)
    first.write(a_batch())
    for hour in range(720):
        spent = {f"phase-{number}": 300.0 for number in range(1, 5)} | {"step": 900.0, "data": 60.0}
        (first if hour < 360 else second).write(told(1.79e9 + HOUR * hour, HOUR, **spent))
    first.close()
    second.close()
    times = reader.phase_times("01-a")
    (length,) = {time.length for time in times}
    assert length == 2**14  # 4.6 hours, 158 of which are 30 days
    assert len(times) <= 6 * MAX_BINS
    assert sums(times)["step"] == pytest.approx(720 * 900)
    assert sums(times)["data"] == pytest.approx(720 * 60)


def test_what_a_store_could_not_take_waits_in_slots(writer: Writer, reader: Reader, a_batch: MakeBatch) -> None:
    """An hour of counts in memory is bounded like the rest, and is written with all its seconds."""
    waiting = a_batch()
    for second in range(3600):
        waiting.add(told(100.0 + second, 1.0, data=0.25, step=0.5))
    waiting.bounded(1000)
    assert len(waiting.phase_times) <= 2 * MAX_BINS
    writer.write(waiting)
    assert sums(reader.phase_times("01-a")) == pytest.approx({"data": 900.0, "step": 1800.0})


def test_slots_go_with_their_run(path: Path, writer: Writer, a_batch: MakeBatch, ask: Ask) -> None:
    """Deleting leaves none of them."""
    writer.write(a_batch(status="finished"))
    writer.write(told(100.0, 1.0, data=1.0))
    delete(path, ["01-a"])
    assert ask("SELECT count(*) FROM phase_times") == [(0,)]


def test_a_slot_that_somebody_changed_is_refused(path: Path, writer: Writer, a_batch: MakeBatch) -> None:
    """As every row is: one line names the column."""
    writer.write(a_batch())
    writer.write(told(100.0, 1.0, data=1.0))
    writer.close()
    with sqlite3.connect(path) as db:
        db.execute("UPDATE phase_times SET length = 'long'")
    with Reader(path) as reader, pytest.raises(StoreError, match="length is 'long'"):
        reader.phase_times("01-a")
