"""Batches of what the recorder stores, and the merging of readings that keeps memory and disk bounded."""

from collections.abc import Iterable, Mapping, Sequence
from typing import TypeVar

from greentrack.model import DeviceUse, Energy, Forecast, Metric, Phase, Reading, RunInfo, Span, TrackerOverhead
from greentrack.store.tables import TOTALS
from greentrack.store.time_bins import PhaseTime, bin_length, into_bins

T = TypeVar("T")


class Batch:
    """New facts of one run. It is stored completely or not at all; one that could not be written is retried with more.

    *run* and *tracker_overhead* replace what is stored, *devices* are stored without totals (those come from the
    readings), *spans* replace those of the same id, *phases*, *phase_times* and *work* are added to what is stored.
    """

    def __init__(
        self,
        *,
        run_id: str,
        run: RunInfo | None = None,
        devices: Iterable[DeviceUse] = (),
        readings: Iterable[Reading] = (),
        spans: Iterable[Span] = (),
        phases: Mapping[str, Phase] | None = None,
        phase_times: Iterable[PhaseTime] = (),
        work: Mapping[str, float] | None = None,
        metrics: Iterable[Metric] = (),
        forecasts: Iterable[Forecast] = (),
        tracker_overhead: TrackerOverhead | None = None,
    ) -> None:
        """Start with copies of the arguments."""
        self.run_id, self.run, self.tracker_overhead = run_id, run, tracker_overhead
        self.devices, self.readings = list(devices), list(readings)
        self.spans, self.metrics, self.forecasts = list(spans), list(metrics), list(forecasts)
        self.phases, self.phase_times = dict(phases or {}), list(phase_times)
        self.work = dict(work or {})

    def drop_events(self) -> None:
        """Drop the events of the run (spans, phases, work, metrics, forecasts) and keep the readings."""
        self.spans, self.phases, self.phase_times = [], {}, []
        self.work, self.metrics, self.forecasts = {}, [], []

    def add(self, other: "Batch") -> None:
        """Add a later batch of the same run."""
        self.run = other.run or self.run
        self.devices = list({use.device.uid: use for use in (*self.devices, *other.devices)}.values())
        self.readings += other.readings
        self.spans += other.spans
        for phase in other.phases.values():
            known = self.phases.get(phase.name)
            self.phases[phase.name] = phase if known is None else added_phase(known, phase)
        self.phase_times += other.phase_times
        for unit, amount in other.work.items():
            self.work[unit] = self.work.get(unit, 0.0) + amount
        self.metrics += other.metrics
        self.forecasts += other.forecasts
        self.tracker_overhead = other.tracker_overhead or self.tracker_overhead

    def bounded(self, limit: int) -> None:
        """Keep at most *limit* readings a device, *limit* metrics and *limit* forecasts while nothing can be written.

        Neighbouring readings are merged, so no joule is lost; every other metric and forecast is deleted. Spans keep
        their latest state only, and the times of phases are put into time bins.
        """
        if len(self.readings) > limit:
            devices: dict[str, list[Reading]] = {}
            for reading in self.readings:
                devices.setdefault(reading.device, []).append(reading)
            kept = (rows if len(rows) <= limit else thinned(rows, limit // 2) for rows in devices.values())
            self.readings = sorted((reading for rows in kept for reading in rows), key=lambda reading: reading.at)
        if len(self.phase_times) > limit:
            since, until = min(time.start for time in self.phase_times), max(time.end for time in self.phase_times)
            self.phase_times = into_bins(self.phase_times, bin_length(since, until))
        while len(self.metrics) > limit:
            self.metrics = self.metrics[1::2]
        while len(self.forecasts) > limit:
            self.forecasts = every_other(self.forecasts)
        self.spans = list({span.id: span for span in self.spans}.values())


def every_other(items: list[T]) -> list[T]:
    """Return every second of *items*, the first and the last included.

    >>> every_other([1, 2, 3, 4])
    [1, 3, 4]
    """
    return items[::2] if len(items) % 2 else [*items[::2], *items[-1:]]


def thinned(readings: Sequence[Reading], limit: int) -> list[Reading]:
    """Merge neighbours of one device's *readings* (in order) until at most *limit* (2 or more) are left.

    All that are left have about the same length, however often they were merged before: the beginning of a long run is
    as fine as its end.
    """
    # any two neighbours that are left exceed it together, so there are at most *limit*
    width = 2 * sum(reading.seconds for reading in readings) / limit
    kept: list[Reading] = []
    for reading in readings:
        if kept and kept[-1].seconds + reading.seconds <= width:
            kept[-1] = merged(kept[-1], reading)
        else:
            kept.append(reading)
    return kept


def merged(first: Reading, second: Reading) -> Reading:
    """Merge two neighbours. Joules, seconds, cross-checks and the run's own joules (joules x share) add up.

    Where only one share is known, the other's joules count as not the run's, as in the run's total. *busy* is the mean
    by time of what is known.
    """
    joules = first.joules + second.joules
    shares = [reading.joules * reading.share for reading in (first, second) if reading.share is not None]
    share = second.share if first.share is None else first.share
    if shares and joules > 0:
        share = min(sum(shares) / joules, 1.0)
    seconds = first.seconds + second.seconds
    busy = second.busy if first.busy is None else first.busy
    if first.busy is not None and second.busy is not None and seconds > 0:
        busy = (first.busy * first.seconds + second.busy * second.seconds) / seconds
    return Reading(
        device=first.device,
        at=max(first.at, second.at),
        seconds=seconds,
        joules=joules,
        cross_check=added(first.cross_check, second.cross_check),
        share=share,
        busy=busy,
    )


def added(first: float | None, second: float | None) -> float | None:
    """Add two figures; the sum is unknown only where both are.

    >>> added(None, 2.0), added(None, None)
    (2.0, None)
    """
    return None if first is None and second is None else (first or 0.0) + (second or 0.0)


def added_phase(first: Phase, second: Phase) -> Phase:
    """Add two parts of the same phase."""
    energy = dict(first.energy)
    for uid, more in second.energy.items():
        energy[uid] = Energy._make(map(added, energy.get(uid, Energy()), more))
    return first._replace(calls=first.calls + second.calls, seconds=first.seconds + second.seconds, energy=energy)


def totals(readings: Iterable[Reading]) -> Mapping[str, tuple[float | None, ...]]:
    """Return the sums of ``TOTALS`` by device uid; a sum is None where no reading has the figure."""
    sums: dict[str, tuple[float | None, ...]] = {}
    nothing = (None,) * len(TOTALS)
    for reading in readings:
        own, idle = None if reading.share is None else reading.joules * reading.share, reading.idle
        figures = (reading.joules, reading.seconds, reading.cross_check, own, *(nothing if idle is None else idle)[:2])
        sums[reading.device] = tuple(map(added, sums.get(reading.device, nothing), figures))
    return sums
