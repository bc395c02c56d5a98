"""The recorder on a clock of ours: pace, edges, phases, failures, a store that fails."""

import math
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, cast

import pytest

from greentrack.errors import MeterError, StoreError
from greentrack.meters.base import Counter, Gauge, Meter
from greentrack.model import Device, Phase, Reading, RunInfo, Span
from greentrack.recorder import events
from greentrack.recorder.accumulator import UNSEEN
from greentrack.recorder.sampler import EDGE_GAP_S, Recorder
from greentrack.recorder.transport import protocol
from greentrack.store.batch import Batch
from greentrack.store.time_bins import PhaseTime
from tests.rig.clock import FakeClock

if TYPE_CHECKING:
    from greentrack.recorder.transport.messages import CountEvent, ForecastEvent, RunFigures


class Steady(Counter):
    """A counter of constant power whose reads can be made to fail."""

    method = "fake"

    def __init__(self, uid: str, watts: float, clock: FakeClock, kind: str = "gpu") -> None:
        super().__init__(Device(uid=uid, kind=kind, name=uid))
        self.watts, self.clock, self.broken, self.reads = watts, clock, False, 0

    def count(self) -> float:
        self.reads += 1
        if self.broken:
            raise MeterError("it cannot be read")
        return self.watts * self.clock()


class SteadyGauge(Gauge):
    """A gauge of constant power."""

    method = "fake"

    def __init__(self, uid: str, watts: float) -> None:
        super().__init__(Device(uid=uid, kind="gpu", name=uid))
        self.watts = watts

    def power(self) -> float:
        return self.watts


class Kept:
    """A store that keeps batches in a list, and refuses while it is told to."""

    def __init__(self) -> None:
        self.batches: list[Batch] = []
        self.refuse = False

    def write(self, batch: Batch) -> None:
        if self.refuse:
            raise StoreError("the disk is full")
        self.batches.append(batch)

    def close(self) -> None:
        pass

    def readings(self, uid: str) -> list[Reading]:
        return [r for batch in self.batches for r in batch.readings if r.device == uid]

    def spans(self) -> dict[int, Span]:
        return {span.id: span for batch in self.batches for span in batch.spans}

    def phases(self) -> list[Phase]:
        return [phase for batch in self.batches for phase in batch.phases.values()]


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def kept() -> Kept:
    return Kept()


def recorder(meters: Iterable[Meter], kept: Kept, clock: FakeClock, **more: Any) -> Recorder:
    run = RunInfo(id="r", name="r", started_at=5000.0 + clock())
    made = Recorder(run, list(meters), kept, clock=clock, wall=5000.0, cpu_time=lambda: 0.0, **more)
    made.start(clock())
    return made


def pass_time(recorder: Recorder, clock: FakeClock, seconds: float) -> None:
    end = clock() + seconds
    while (wait := recorder.until_due()) <= end - clock():
        clock.advance(max(0.0, wait))
        recorder.tick()
    clock.advance(end - clock())


def test_energy_is_watts_times_seconds(kept: Kept, clock: FakeClock) -> None:
    """An hour at 360 W is 0.36 kWh, in readings of a second each."""
    made = recorder([Steady("gpu:0", 360.0, clock)], kept, clock)
    pass_time(made, clock, 3600)
    made.finish("finished")
    assert sum(r.joules for r in kept.readings("gpu:0")) == pytest.approx(0.36 * 3.6e6)
    assert len(kept.readings("gpu:0")) == pytest.approx(3600, abs=1)


def test_eight_gpus_and_two_packages_are_summed_not_averaged(kept: Kept, clock: FakeClock) -> None:
    """8 x 500 W and 2 x 200 W for a minute are 264 kJ."""
    meters = [Steady(f"gpu:{i}", 500.0, clock) for i in range(8)]
    meters += [Steady(f"package-{i}", 200.0, clock, "cpu") for i in range(2)]
    made = recorder(meters, kept, clock)
    pass_time(made, clock, 60)
    figures = made.finish("finished")
    assert sum(use.joules for use in protocol.figures_of(figures)[0]) == pytest.approx(264_000)


def test_a_span_has_the_energy_between_its_edges(kept: Kept, clock: FakeClock) -> None:
    """2.5 s at 100 W that begin and end between two readings are 250 J."""
    made = recorder([Steady("gpu:0", 100.0, clock)], kept, clock)
    pass_time(made, clock, 1.3)
    made.handle([{"m": "open", "t": clock(), "id": 1, "name": "epoch", "attrs": {"index": 0}}])
    pass_time(made, clock, 2.5)
    made.handle([{"m": "close", "t": clock(), "id": 1}])
    made.finish("finished")
    span = kept.spans()[1]
    assert span.energy["gpu:0"].joules == pytest.approx(250.0)
    assert span.ended_at is not None
    assert span.ended_at - span.started_at == pytest.approx(2.5)
    assert dict(span.attrs) == {"index": 0}


def test_an_edge_makes_every_meter_be_read_at_once(kept: Kept, clock: FakeClock) -> None:
    """A change of power at the edge is not smeared over the second around it: 300 W before, 100 W inside."""
    meter = Steady("gpu:0", 0.0, clock)
    energy = {"count": 0.0}
    meter.count = lambda: energy["count"]  # type: ignore[method-assign]  # a counter whose power we change
    made = recorder([meter], kept, clock)
    energy["count"] += 300 * 0.5
    clock.advance(0.5)
    made.handle([{"m": "open", "t": clock(), "id": 1, "name": "inside"}])
    energy["count"] += 100 * 0.3
    clock.advance(0.3)
    made.handle([{"m": "close", "t": clock(), "id": 1}])
    energy["count"] += 300 * 5
    pass_time(made, clock, 5)
    made.finish("finished")
    assert kept.spans()[1].energy["gpu:0"].joules == pytest.approx(30.0)


def test_spans_at_a_thousand_a_second_do_not_make_the_sensors_a_load(kept: Kept, clock: FakeClock) -> None:
    """A thousand 1 ms spans in a second cost about a hundred reads, and each still has its 0.1 J."""
    meter = Steady("gpu:0", 100.0, clock)
    made = recorder([meter], kept, clock)
    for i in range(1000):
        made.handle([{"m": "open", "t": clock(), "id": i, "name": "step"}])
        pass_time(made, clock, 0.001)
        made.handle([{"m": "close", "t": clock(), "id": i}])
    made.finish("finished")
    assert meter.reads <= 1 / EDGE_GAP_S + 10
    assert sum(s.energy["gpu:0"].joules for s in kept.spans().values()) == pytest.approx(100.0, rel=0.001)


def test_spans_beyond_ten_thousand_are_added_up_by_name(
    kept: Kept, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A span at every step of a month fills no disk: from the limit on they are a phase, with their exact energy."""
    monkeypatch.setattr(events, "MAX_SPANS", 2)
    made = recorder([Steady("gpu:0", 100.0, clock)], kept, clock)
    for i in range(5):
        made.handle([{"m": "open", "t": clock(), "id": i, "name": "step"}])
        clock.advance(1.0)
        made.handle([{"m": "close", "t": clock(), "id": i}])
    made.finish("finished")
    assert len(kept.spans()) == 2
    (phase,) = kept.phases()
    assert (phase.name, phase.calls) == ("step", 3)
    assert phase.seconds == pytest.approx(3.0)
    assert phase.energy["gpu:0"].joules == pytest.approx(300.0)


def test_a_value_that_no_store_takes_costs_no_reading(kept: Kept, clock: FakeClock) -> None:
    """What depends on the event is left out, said, and the readings are kept."""
    said: list[str] = []

    class Picky(Kept):
        def write(self, batch: Batch) -> None:
            if batch.metrics:
                raise OverflowError("too large")
            super().write(batch)

    picky = Picky()
    made = recorder([Steady("gpu:0", 100.0, clock)], picky, clock, warn=said.append)
    made.handle([{"m": "log", "t": clock(), "values": {"big": 1}}])
    pass_time(made, clock, 3.0)
    figures = made.finish("finished")
    assert sum(r.joules for r in picky.readings("gpu:0")) == pytest.approx(300.0)
    assert figures["saved"] is True
    assert "cannot be kept" in said[0]


def test_an_open_span_is_closed_with_the_run(kept: Kept, clock: FakeClock) -> None:
    """What was spent in a span that the run's end cut off is its energy up to there."""
    made = recorder([Steady("gpu:0", 100.0, clock)], kept, clock)
    made.handle([{"m": "open", "t": clock(), "id": 1, "name": "epoch"}])
    clock.advance(2.0)
    made.finish("failed", "RuntimeError: x", clock())
    assert kept.spans()[1].energy["gpu:0"].joules == pytest.approx(200.0)


def test_what_is_used_after_the_end_is_not_billed(kept: Kept, clock: FakeClock) -> None:
    """A run of 40 ms at 100 W whose end is heard of 110 ms late used 4 J, in its figures, readings and open spans."""
    made = recorder([Steady("gpu:0", 100.0, clock), SteadyGauge("gauge", 100.0)], kept, clock)
    made.handle([{"m": "open", "t": clock(), "id": 1, "name": "all"}])
    ended = clock() + 0.04
    clock.advance(0.15)
    figures = made.finish("finished", at=ended)
    for use in protocol.figures_of(figures)[0]:
        assert (use.energy.joules, use.energy.seconds) == pytest.approx((4.0, 0.04))
    for uid in ("gpu:0", "gauge"):
        (reading,) = kept.readings(uid)
        assert (reading.joules, reading.seconds, reading.at) == pytest.approx((4.0, 0.04, 5000.0 + ended))
        assert kept.spans()[1].energy[uid].joules == pytest.approx(4.0)


def test_the_one_of_two_devices_that_was_first_read_after_the_end_says_so(kept: Kept, clock: FakeClock) -> None:
    """A run of 50 ms; one was read after 10 ms, the other after 80 ms: 4 J of the run itself, and 5 J after it."""

    class First(Steady):
        def count(self) -> float:
            joules = super().count()
            if self.reads == 1:
                clock.advance(0.07)
            return joules

    run = RunInfo(id="r", name="r", started_at=5000.0 + clock())
    meters = [First("first", 100.0, clock), Steady("late", 100.0, clock)]
    made = Recorder(run, meters, kept, clock=clock, wall=5000.0, cpu_time=lambda: 0.0)
    begun = clock()
    clock.advance(0.01)
    made.start(begun)
    clock.advance(0.2)
    uses = {use.device.uid: use for use in protocol.figures_of(made.finish("finished", at=begun + 0.05))[0]}
    assert {uid: use.energy.joules for uid, use in uses.items()} == pytest.approx({"first": 4.0, "late": 5.0})
    assert {uid: use.note for uid, use in uses.items()} == {"first": "", "late": UNSEEN}


def test_a_device_that_first_answered_after_the_end_has_no_reading_and_no_note(kept: Kept, clock: FakeClock) -> None:
    """Nothing of it is shown, so there is nothing to say of what is shown."""
    meter = Steady("gpu:0", 100.0, clock)
    meter.broken = True
    made = recorder([meter], kept, clock, warn=lambda _: None)
    pass_time(made, clock, 3.0)
    meter.broken = False
    (use,) = protocol.figures_of(made.finish("finished", at=clock() - 0.5))[0]
    assert (kept.readings("gpu:0"), use.note) == ([], "")


def test_a_recorder_behind_its_runs_marks_bills_no_more_than_it_has_heard_of(kept: Kept, clock: FakeClock) -> None:
    """At 3 s it has heard of the first 1.5 s, and then that this was the end: 150 J at 100 W, although it read more."""
    made = recorder([Steady("gpu:0", 100.0, clock)], kept, clock)
    begun = clock()
    pass_time(made, clock, 1.2)
    clock.advance(1.8)
    made.tick(until=begun + 1.5)
    (use,) = protocol.figures_of(made.finish("finished", at=begun + 1.5))[0]
    assert [reading.joules for reading in kept.readings("gpu:0")] == pytest.approx([100.0, 50.0])
    assert use.energy.joules == pytest.approx(150.0)


def test_a_reading_that_was_made_before_the_end_was_heard_of_stays(kept: Kept, clock: FakeClock) -> None:
    """The second's reading came first: figures are what the readings add up to, and no reading is negative."""
    made = recorder([Steady("gpu:0", 100.0, clock)], kept, clock)
    ended = clock() + 0.9
    pass_time(made, clock, 1.1)
    (use,) = protocol.figures_of(made.finish("finished", at=ended))[0]
    assert [reading.joules for reading in kept.readings("gpu:0")] == pytest.approx([100.0])
    assert use.energy.joules == pytest.approx(100.0)


def test_a_device_that_fell_silent_before_the_end_keeps_what_it_had(kept: Kept, clock: FakeClock) -> None:
    """Its last answer, after 2 s at 100 W, is all that is known of it: 200 J in 2 s, though the run lasted 3.5 s."""
    meter = Steady("gpu:0", 100.0, clock)
    made = recorder([meter], kept, clock, warn=lambda _: None)
    pass_time(made, clock, 2.5)
    meter.broken = True
    pass_time(made, clock, 1.5)
    (use,) = protocol.figures_of(made.finish("finished", at=clock() - 0.5))[0]
    assert (use.energy.joules, use.energy.seconds) == pytest.approx((200.0, 2.0))


def test_a_run_that_ended_before_the_first_reads_is_shown_what_came_right_after(kept: Kept, clock: FakeClock) -> None:
    """A run of 50 ms, and a recorder that was 80 ms late: 50 ms at 100 W, which is 5 J, and a note that says so."""
    run = RunInfo(id="r", name="r", started_at=5000.0 + clock())
    made = Recorder(run, [Steady("gpu:0", 100.0, clock)], kept, clock=clock, wall=5000.0, cpu_time=lambda: 0.0)
    begun = clock()
    clock.advance(0.08)
    made.start(begun)
    clock.advance(0.2)
    (use,) = protocol.figures_of(made.finish("finished", at=begun + 0.05))[0]
    assert (use.energy.joules, use.energy.seconds) == pytest.approx((5.0, 0.05))
    assert use.note == UNSEEN
    assert kept.batches[-1].devices[0].note == UNSEEN


def test_phases_share_the_energy_of_their_time(kept: Kept, clock: FakeClock) -> None:
    """Of 1 s at 100 W, 0.25 s of waiting is 25 J and 0.5 s of training 50 J; the rest is nobody's."""
    made = recorder([Steady("gpu:0", 100.0, clock)], kept, clock)
    since = clock()
    clock.advance(1.0)
    made.handle(
        [
            {
                "m": "count",
                "t": clock(),
                "since": since,
                "phases": {"data": (5, 0.25), "train": (5, 0.5)},
                "work": {"n": 3},
            }
        ]
    )
    made.finish("finished")
    phases = {p.name: p for p in kept.phases()}
    assert phases["data"].energy["gpu:0"].joules == pytest.approx(25.0)
    assert phases["train"].energy["gpu:0"].joules == pytest.approx(50.0)
    assert phases["train"].calls == 5
    assert kept.batches[-1].work == {"n": 3.0}


def test_phases_and_spans_of_the_same_code_agree_from_the_first_reading_on(kept: Kept, clock: FakeClock) -> None:
    """The run waits 0.1 s for its recorder; three phases of 0.3 s at 100 W are 30 J each, in spans or as phases."""
    run = RunInfo(id="r", name="r", started_at=5000.0 + clock())
    made = Recorder(run, [Steady("gpu:0", 100.0, clock)], kept, clock=clock, wall=5000.0, cpu_time=lambda: 0.0)
    begun = clock()
    clock.advance(0.1)
    made.start(begun)
    for number, name in enumerate("abc"):
        made.handle([{"m": "open", "t": clock(), "id": number, "name": name, "attrs": {}}])
        clock.advance(0.3)
        made.handle([{"m": "close", "t": clock(), "id": number}])
    made.handle([{"m": "count", "t": clock(), "since": begun, "phases": dict.fromkeys("abc", (1, 0.3))}])
    made.finish("finished")
    phases = {phase.name: phase.energy["gpu:0"].joules for phase in kept.phases()}
    assert phases == pytest.approx({"a": 30.0, "b": 30.0, "c": 30.0})
    assert {span.name: span.energy["gpu:0"].joules for span in kept.spans().values()} == pytest.approx(phases)
    assert {time.start for batch in kept.batches for time in batch.phase_times} == {5000.0 + begun}


def test_phases_that_began_before_the_first_reading_are_given_no_more_than_was_seen(
    kept: Kept, clock: FakeClock
) -> None:
    """Of two phases of 0.5 s each 0.4 s were seen, at 100 W: 40 J, half of it each; nothing where nothing was seen."""
    made = Recorder(RunInfo(id="r", name="r"), [Steady("gpu:0", 100.0, clock)], kept, clock=clock, wall=5000.0)
    begun = clock()
    clock.advance(0.6)
    made.start(begun)
    clock.advance(0.4)
    early: CountEvent = {
        "m": "count",
        "t": begun + 0.5,
        "since": begun,
        "phases": {"early": (1, 0.5), "none": (1, 0.0)},
    }
    made.handle([{"m": "count", "t": clock(), "since": begun, "phases": {"a": (1, 0.5), "b": (1, 0.5)}}, early])
    made.finish("finished")
    found = {phase.name: phase.energy["gpu:0"].joules for phase in kept.phases()}
    assert found == pytest.approx({"a": 20.0, "b": 20.0, "early": 0.0, "none": 0.0})


def test_a_phase_of_ten_minutes_keeps_all_its_energy(kept: Kept, clock: FakeClock) -> None:
    """A count that comes long after the one before it is still given what was used since that."""
    made = recorder([Steady("gpu:0", 100.0, clock)], kept, clock)
    since = clock()
    pass_time(made, clock, 600)
    made.handle([{"m": "count", "t": clock(), "since": since, "phases": {"epoch": (1, 600.0)}}])
    made.finish("finished")
    assert kept.phases()[0].energy["gpu:0"].joules == pytest.approx(60_000, rel=1e-6)


def test_a_phase_is_kept_with_the_time_that_it_was_in(kept: Kept, clock: FakeClock) -> None:
    """Waiting in the first second, training in the next two; what took no time was at no time."""
    made = recorder([Steady("gpu:0", 100.0, clock)], kept, clock)
    began = clock()
    for lasts, phases in ((1.0, {"data": (5, 0.25), "none": (0, 0.0)}), (2.0, {"train": (5, 1.5)})):
        since = clock()
        pass_time(made, clock, lasts)
        made.handle([{"m": "count", "t": clock(), "since": since, "phases": phases}])
    made.finish("finished")
    times = [time for batch in kept.batches for time in batch.phase_times]
    assert times == [
        PhaseTime("data", 5000.0 + began, 1.0, 0.25),
        PhaseTime("train", 5000.0 + began + 1.0, 2.0, 1.5),
    ]


def test_phases_of_parallel_threads_never_exceed_the_whole(kept: Kept, clock: FakeClock) -> None:
    """Two threads of a second each share the second's 100 J."""
    made = recorder([Steady("gpu:0", 100.0, clock)], kept, clock)
    since = clock()
    clock.advance(1.0)
    made.handle([{"m": "count", "t": clock(), "since": since, "phases": {"a": (1, 1.0), "b": (1, 1.0)}}])
    made.finish("finished")
    assert sum(p.energy["gpu:0"].joules for p in kept.phases()) == pytest.approx(100.0)


def test_a_metric_keeps_the_joules_used_by_then(kept: Kept, clock: FakeClock) -> None:
    """An accuracy logged after 3 s at 100 W cost 300 J."""
    made = recorder([Steady("gpu:0", 100.0, clock)], kept, clock)
    pass_time(made, clock, 3.0)
    made.handle([{"m": "log", "t": clock(), "values": {"acc": 0.9}}])
    made.finish("finished")
    (metric,) = [m for batch in kept.batches for m in batch.metrics]
    assert (metric.name, metric.value) == ("acc", 0.9)
    assert metric.joules == pytest.approx(300.0, abs=0.5)


def test_a_forecast_is_kept_as_it_was_made(kept: Kept, clock: FakeClock) -> None:
    """What was expected after 3 s bears that moment; one of what is no number or past the end is left out."""
    made = recorder([Steady("gpu:0", 100.0, clock)], kept, clock)
    pass_time(made, clock, 3.0)
    forecast: ForecastEvent = {
        "m": "forecast",
        "t": clock(),
        "progress": 0.3,
        "joules": [1e3, 9e2, 2e3],
        "seconds": [10, 9, 20],
    }
    wrong: list[dict[str, Any]] = [
        {"progress": 1.5},
        {"joules": [math.nan, 1, 2]},
        {"seconds": [1, 2]},
        {"joules": None},
        {"seconds": [-1] * 3},
    ]
    made.handle([forecast, *(cast("ForecastEvent", {**forecast, **change}) for change in wrong)])
    assert made.finish("finished")["saved"] is True
    (only,) = [one for batch in kept.batches for one in batch.forecasts]
    assert (only.at, only.progress) == (5000.0 + clock(), 0.3)
    assert (only.joules, only.joules_low, only.joules_high) == (1000.0, 900.0, 2000.0)
    assert (only.seconds, only.seconds_low, only.seconds_high) == (10.0, 9.0, 20.0)


def test_a_failed_read_is_a_gap_that_the_next_one_heals(kept: Kept, clock: FakeClock) -> None:
    """Ten seconds without an answer lose nothing of a counter, are counted, and are said once."""
    said: list[str] = []
    meter = Steady("gpu:0", 100.0, clock)
    made = recorder([meter, Steady("gpu:1", 100.0, clock)], kept, clock, warn=said.append)
    pass_time(made, clock, 5)
    meter.broken = True
    pass_time(made, clock, 10)
    meter.broken = False
    pass_time(made, clock, 5)
    figures = made.finish("finished")
    assert sum(r.joules for r in kept.readings("gpu:0")) == pytest.approx(2000.0)
    assert sum(r.joules for r in kept.readings("gpu:1")) == pytest.approx(2000.0)
    assert figures["overhead"]["failures"] == 10
    assert said == ["gpu:0: it cannot be read"]


def test_a_device_that_never_answers_has_no_reading_rather_than_zero(kept: Kept, clock: FakeClock) -> None:
    """Absent is not zero."""
    meter = Steady("gpu:0", 100.0, clock)
    meter.broken = True
    made = recorder([meter], kept, clock, warn=lambda _: None)
    pass_time(made, clock, 5)
    figures = made.finish("finished")
    assert kept.readings("gpu:0") == []
    assert figures["devices"][0]["energy"]["seconds"] == 0.0


def test_what_the_store_refuses_is_kept_and_handed_over_later(kept: Kept, clock: FakeClock) -> None:
    """A disk that is full for a minute costs no reading; the trouble is said once."""
    said: list[str] = []
    made = recorder([Steady("gpu:0", 100.0, clock)], kept, clock, warn=said.append)
    kept.refuse = True
    pass_time(made, clock, 60)
    kept.refuse = False
    pass_time(made, clock, 1)
    figures = made.finish("finished")
    assert sum(r.joules for r in kept.readings("gpu:0")) == pytest.approx(6100.0)
    assert len(said) == 1
    assert figures["saved"] is True


def test_a_store_that_never_works_leaves_the_figures(kept: Kept, clock: FakeClock) -> None:
    """The run still gets its totals, and is told that they were not kept."""
    kept.refuse = True
    made = recorder([Steady("gpu:0", 100.0, clock)], kept, clock, warn=lambda _: None)
    pass_time(made, clock, 10)
    figures = made.finish("finished", patience_s=0.0)
    assert figures["devices"][0]["energy"]["joules"] == pytest.approx(1000.0)
    assert (figures["saved"], figures["trouble"]) == (False, "the disk is full")


def test_deadlines_do_not_drift_and_a_late_tick_is_counted(kept: Kept, clock: FakeClock) -> None:
    """A recorder that was starved for 2.7 s reads once, keeps its beat, and tells that it was late."""
    made = recorder([Steady("gpu:0", 100.0, clock)], kept, clock)
    clock.advance(2.7)
    made.tick()
    assert made.until_due() == pytest.approx(0.3)
    figures = made.finish("finished")
    assert figures["overhead"]["late"] == 1


def test_a_suspended_machine_bills_counters_and_not_gauges(kept: Kept, clock: FakeClock) -> None:
    """Over an hour of sleep a counter says what was used; a gauge says nothing, and its seconds show it."""
    made = recorder([Steady("counter", 100.0, clock), SteadyGauge("gauge", 100.0)], kept, clock)
    pass_time(made, clock, 10)
    clock.advance(3600)
    made.tick()
    pass_time(made, clock, 10)
    counter, gauge = protocol.figures_of(made.finish("finished"))[0]
    assert counter.energy.joules == pytest.approx(362_000, rel=0.001)
    assert gauge.energy.joules == pytest.approx(2000, abs=40)
    assert gauge.energy.seconds == pytest.approx(20, abs=0.4)


def test_the_share_of_the_process_is_kept_beside_the_joules(kept: Kept, clock: FakeClock) -> None:
    """A run that caused half of the machine's CPU time has half of the processor's joules as its own."""

    class Half:
        pids = frozenset({1})

        def cpu_seconds(self) -> float:
            return clock() / 2

    made = recorder([Steady("cpu", 100.0, clock, "cpu")], kept, clock)
    made.attribute(Half(), clock)
    pass_time(made, clock, 10)
    (use,) = protocol.figures_of(made.finish("finished"))[0]
    assert {r.share for r in kept.readings("cpu")} == {0.5}
    assert use.process == pytest.approx(500.0)


def test_how_busy_a_device_was_is_kept_with_its_readings(kept: Kept, clock: FakeClock) -> None:
    """20 s at rest and 20 s at work of 100 W each: 2 kJ idle at 100 W, in the store and in the figures."""
    meter = Steady("gpu:0", 100.0, clock)
    told = 0.0
    meter.busy = lambda: told  # type: ignore[method-assign]  # a device that is as busy as we say
    made = recorder([meter], kept, clock)
    pass_time(made, clock, 20)
    told = 0.8
    pass_time(made, clock, 20)
    (use,) = protocol.figures_of(made.finish("finished"))[0]
    assert [reading.busy for reading in kept.readings("gpu:0")] == [0.0] * 20 + [0.8] * 20
    assert use.idle is not None
    assert (use.idle.joules, use.idle.seconds) == pytest.approx((2000, 20))
    assert use.idle_watts == pytest.approx(100)
    assert [batch.devices[0].idle_watts for batch in kept.batches if batch.devices][-1] == pytest.approx(100)


def test_a_device_that_cannot_tell_how_busy_it_is_is_read_all_the_same(kept: Kept, clock: FakeClock) -> None:
    """Whatever a vendor's library raises, the joules are kept and how busy it was is not known."""

    def raises() -> float:
        raise RuntimeError("the driver does not know")

    meter = Steady("gpu:0", 100.0, clock)
    meter.busy = raises  # type: ignore[method-assign]  # a vendor's mistake
    made = recorder([meter], kept, clock)
    pass_time(made, clock, 3)
    (use,) = protocol.figures_of(made.finish("finished"))[0]
    assert use.joules == pytest.approx(300.0)
    assert use.idle is None
    assert {reading.busy for reading in kept.readings("gpu:0")} == {None}


def test_a_metric_of_a_run_with_a_long_interval_has_the_joules_of_its_moment(kept: Kept, clock: FakeClock) -> None:
    """Readings ten minutes apart: what was logged after 5 s at 100 W cost 500 J."""
    made = recorder([Steady("gpu:0", 100.0, clock)], kept, clock)
    made.run = made.run._replace(interval=600.0)
    made.start(clock())
    pass_time(made, clock, 5.0)
    made.handle([{"m": "log", "t": clock(), "values": {"acc": 0.9}}])
    pass_time(made, clock, 1000.0)
    made.finish("finished")
    (metric,) = [m for batch in kept.batches for m in batch.metrics]
    assert metric.joules == pytest.approx(500.0, abs=1.0)


def test_a_counter_found_wrong_stays_so_when_another_recorder_takes_over(kept: Kept, clock: FakeClock) -> None:
    """The verdict is carried with the figures."""
    meter = Steady("gpu:0", 100.0, clock)
    meter.counter_valid, meter.method, meter.note = False, "nvml-distrusted", "it under-reads"
    shown: list[RunFigures] = []
    recorder([meter], kept, clock, publish=shown.append)
    second = recorder([Steady("gpu:0", 100.0, clock)], kept, clock, carried=shown[-1])
    (use,) = protocol.figures_of(second.finish("finished"))[0]
    assert (use.counter_valid, use.method, use.note) == (False, "nvml-distrusted", "it under-reads")
    assert kept.batches[-1].devices[0].counter_valid is False


def test_figures_of_a_recorder_that_died_are_carried_on(kept: Kept, clock: FakeClock) -> None:
    """Another one begins where the last that was shown ended: 300 J and then 200 J are 500 J, in 5 s."""
    first = recorder([Steady("gpu:0", 100.0, clock)], kept, clock)
    shown: list[RunFigures] = []
    first._publish = shown.append
    pass_time(first, clock, 3)
    second = recorder([Steady("gpu:0", 100.0, clock)], kept, clock, carried=shown[-1])
    pass_time(second, clock, 2)
    (use,) = protocol.figures_of(second.finish("finished"))[0]
    assert use.joules == pytest.approx(500.0)
    assert use.energy.seconds == pytest.approx(5.0)


def test_what_a_recorder_that_died_had_not_written_is_made_up(kept: Kept, clock: FakeClock) -> None:
    """It had shown 300 J in 3 s, the store has 200 J in 2 s: the next one hands in 100 J, stamped with that moment."""
    shown: list[RunFigures] = []
    first = recorder([Steady("gpu:0", 100.0, clock)], kept, clock, publish=shown.append)
    pass_time(first, clock, 2)
    (use,) = protocol.figures_of(shown[-1])[0]
    pass_time(first, clock, 1)
    second = recorder([Steady("gpu:0", 100.0, clock)], kept, clock, carried=shown[-1])
    second.recover([use])
    second.flush()
    (missed,) = kept.batches[-1].readings
    assert missed.joules == pytest.approx(100.0)
    assert missed.seconds == pytest.approx(1.0)
    pass_time(second, clock, 2)
    assert protocol.figures_of(second.finish("finished"))[0][0].joules == pytest.approx(500.0)


def test_a_span_that_was_open_when_its_recorder_died_keeps_what_was_used_before(kept: Kept, clock: FakeClock) -> None:
    """Opened after 0.5 s at 100 W; 2 s are in the store, a third was shown; nobody saw 4 s, then 2 s: 450 J in all.

    So it is with the phases whose count comes to the next recorder: the 2.5 s before and the 2 s after are theirs.
    """
    shown: list[RunFigures] = []
    first = recorder([Steady("gpu:0", 100.0, clock), Steady("gone", 10.0, clock)], kept, clock, publish=shown.append)
    opened = clock() + 0.5
    pass_time(first, clock, 2)
    uses = protocol.figures_of(shown[-1])[0]
    stored = [kept.readings(uid) for uid in ("gpu:0", "gone")]
    pass_time(first, clock, 1)
    clock.advance(4)
    second = recorder([Steady("gpu:0", 100.0, clock)], kept, clock, carried=shown[-1], restarts=1)
    second.recover(uses, stored)
    second.handle([{"m": "open", "t": opened, "id": 1, "name": "epoch"}])
    pass_time(second, clock, 2)
    second.handle([{"m": "count", "t": clock(), "since": opened, "phases": {"train": (1, clock() - opened)}}])
    second.handle([{"m": "close", "t": clock(), "id": 1}])
    assert second.finish("finished")["overhead"]["restarts"] == 1
    used = kept.spans()[1].energy
    assert (used["gpu:0"].joules, used["gpu:0"].seconds) == pytest.approx((450.0, 4.5))
    assert used["gone"].joules == pytest.approx(15.0)  # 10 W for the 1.5 s that are in the store
    assert kept.phases()[-1].energy["gpu:0"].joules == pytest.approx(450.0)


def test_a_trouble_that_comes_and_goes_is_told_once_an_hour(kept: Kept, clock: FakeClock) -> None:
    """A disk that is full at every other write fills no log."""
    warned: list[str] = []
    made = recorder([Steady("gpu:0", 100.0, clock)], kept, clock, warn=warned.append)
    for _ in range(50):
        kept.refuse = True
        pass_time(made, clock, 1)
        kept.refuse = False
        pass_time(made, clock, 1)
    assert len(warned) == 1
    pass_time(made, clock, 3600)
    kept.refuse = True
    pass_time(made, clock, 1)
    assert len(warned) == 2


def test_marks_that_make_no_sense_are_left_out(kept: Kept, clock: FakeClock) -> None:
    """A span that was never opened, an event without its name, a word nobody knows: the recording goes on."""
    made = recorder([Steady("gpu:0", 100.0, clock)], kept, clock)
    strange: Any = [{"m": "open", "t": clock(), "id": 1}, {"m": "?", "t": clock()}]
    made.handle([{"m": "close", "t": clock(), "id": 9}, *strange])
    pass_time(made, clock, 2)
    figures = made.finish("finished")
    assert figures["devices"][0]["energy"]["joules"] == pytest.approx(200.0)
