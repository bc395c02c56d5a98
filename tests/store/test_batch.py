"""Merging readings: it may coarsen time, it never changes energy."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from greentrack.model import Device, DeviceUse, Energy, Metric, Phase, Reading, RunInfo, Span, TrackerOverhead
from greentrack.store.batch import Batch, merged, thinned, totals
from tests.store.conftest import a_forecast

AMOUNTS = st.integers(0, 1000).map(float)
UNKNOWN_OR = st.none() | AMOUNTS
SHARES = st.none() | st.sampled_from([0.0, 0.25, 0.5, 1.0])
PIECES = st.lists(st.tuples(st.integers(0, 100), AMOUNTS, UNKNOWN_OR, SHARES), min_size=1, max_size=200)


def readings(pieces: list[tuple[int, float, float | None, float | None]]) -> list[Reading]:
    made, at = [], 0.0
    for seconds, joules, check, share in pieces:
        at += seconds + 1
        made.append(Reading(device="gpu", at=at, seconds=float(seconds), joules=joules, cross_check=check, share=share))
    return made


@given(PIECES, st.integers(2, 50))
def test_merging_never_changes_totals(pieces: list[tuple[int, float, float | None, float | None]], limit: int) -> None:
    """Joules, seconds, checks and the run's own joules are the same however few readings are left."""
    before = readings(pieces)
    after = thinned(before, limit)
    assert len(after) <= limit
    assert after[-1].at == before[-1].at
    for was, now in zip(totals(before)["gpu"], totals(after)["gpu"], strict=True):
        assert now == (was if was is None else pytest.approx(was))
    assert all(reading.share is None or 0 <= reading.share <= 1 for reading in after)


def test_a_share_is_weighted_by_joules() -> None:
    """300 J of which all were the run's and 100 J of which none was make 400 J of which 3/4 were."""
    own = Reading(device="gpu", at=1.0, seconds=1.0, joules=300.0, share=1.0)
    others = Reading(device="gpu", at=2.0, seconds=1.0, joules=100.0, share=0.0)
    both = merged(own, others)
    assert (both.at, both.seconds, both.joules, both.share) == (2.0, 2.0, 400.0, 0.75)


def test_how_busy_it_was_is_weighted_by_time() -> None:
    """3 s at 100 % and 1 s at 20 % are 4 s at 80 %; where one is not known, the other speaks for both."""
    work = Reading(device="gpu", at=3.0, seconds=3.0, joules=300.0, busy=1.0)
    rest = Reading(device="gpu", at=4.0, seconds=1.0, joules=50.0, busy=0.2)
    unknown = Reading(device="gpu", at=5.0, seconds=1.0, joules=50.0)
    assert merged(work, rest).busy == pytest.approx(0.8)
    assert (merged(work, unknown).busy, merged(unknown, rest).busy, merged(unknown, unknown).busy) == (1.0, 0.2, None)


def test_totals_tell_what_was_used_while_it_idled() -> None:
    """Of 300 J at work and 50 J in 2 s at 5 %, 50 J in 2 s; None where no reading tells."""
    work = Reading(device="gpu", at=1.0, seconds=1.0, joules=300.0, busy=1.0)
    idle = Reading(device="gpu", at=3.0, seconds=2.0, joules=50.0, busy=0.05)
    unknown = Reading(device="cpu", at=1.0, seconds=1.0, joules=50.0)
    sums = totals([work, idle, unknown])
    assert sums["gpu"][4:] == (50.0, 2.0)
    assert sums["cpu"][4:] == (None, None)


def test_old_readings_stay_as_fine_as_new_ones() -> None:
    """Thinned again and again, the beginning of a run is not drawn more coarsely than its end."""
    kept: list[Reading] = []
    for second in range(1000):
        kept.append(Reading(device="gpu", at=second + 1.0, seconds=1.0, joules=1.0))
        if len(kept) > 100:
            kept = thinned(kept, 50)
    older, newer = kept[0].seconds, max(reading.seconds for reading in kept)
    assert older >= 10
    assert newer <= 2 * older


def test_a_batch_that_waits_long_stays_bounded() -> None:
    """10,000 readings and metrics that could not be written become at most 100 a device, with all their joules."""
    batch = Batch(run_id="01-a")
    for second in range(10_000):
        batch.readings.append(Reading(device="gpu", at=float(second), seconds=1.0, joules=2.0))
        batch.metrics.append(Metric(name="loss", at=float(second), value=1.0))
        batch.spans.append(Span(id=1, name="epoch", started_at=0.0, ended_at=float(second)))
        batch.forecasts.append(a_forecast(float(second)))
        batch.bounded(100)
    assert len(batch.readings) <= 100
    assert sum(reading.joules for reading in batch.readings) == 20_000
    assert len(batch.metrics) <= 100
    assert batch.metrics[-1].at == 9999.0
    assert [span.ended_at for span in batch.spans] == [9999.0]
    assert len(batch.forecasts) <= 100
    assert (batch.forecasts[0].at, batch.forecasts[-1].at) == (0.0, 9999.0)


def test_a_later_batch_is_added() -> None:
    """Phases and work add up, facts and toll are the later ones, readings follow each other."""
    device = Device(uid="gpu", kind="gpu", name="A GPU")
    first = Batch(
        run_id="01-a",
        run=RunInfo(id="01-a", name="old"),
        devices=[DeviceUse(device=device, method="rapl")],
        phases={"load": Phase(name="load", calls=1, seconds=2.0, energy={"gpu": Energy(joules=3.0, seconds=2.0)})},
        work={"steps": 5},
    )
    first.add(
        Batch(
            run_id="01-a",
            run=RunInfo(id="01-a", name="new"),
            devices=[DeviceUse(device=device, method="rapl", counter_valid=False)],
            readings=[Reading(device="gpu", at=1.0, seconds=1.0, joules=1.0)],
            phases={
                "load": Phase(name="load", calls=2, seconds=3.0, energy={"gpu": Energy(joules=4.0, cross_check=1.0)})
            },
            work={"steps": 6},
            forecasts=[a_forecast(3.0)],
            tracker_overhead=TrackerOverhead(late=1),
        )
    )
    assert first.run is not None
    assert first.run.name == "new"
    assert [use.counter_valid for use in first.devices] == [False]
    assert first.phases["load"] == Phase(
        name="load", calls=3, seconds=5.0, energy={"gpu": Energy(joules=7.0, seconds=2.0, cross_check=1.0)}
    )
    assert (first.work, first.tracker_overhead, len(first.readings)) == ({"steps": 11}, TrackerOverhead(late=1), 1)
    assert first.forecasts == [a_forecast(3.0)]
