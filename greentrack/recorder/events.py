"""The events of a run (spans, phases, work, metrics, forecasts), each with the energy of its moment."""

import math
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, NamedTuple

from greentrack import log
from greentrack.model import Energy, Forecast, Metric, Phase, Span
from greentrack.recorder.timeline import NOTHING, Timeline, difference, part, total
from greentrack.store.batch import Batch
from greentrack.store.time_bins import PhaseTime

if TYPE_CHECKING:
    from greentrack.recorder.replay import Replay
    from greentrack.recorder.transport.messages import CountEvent, ForecastEvent, TimedEvent

Energies = Mapping[str, Energy]
"""The cumulative energy of every device, by its uid."""


MAX_SPANS = 10_000
"""Spans listed one by one for a run; later ones are added up by name, as phases, so that no store overflows."""


class _Open(NamedTuple):
    """A span that has begun, and what every device had used by then. *listed* is False beyond ``MAX_SPANS``."""

    span: Span
    start: Energies
    listed: bool


class Events:
    """Events wait here for the next full read; then ``settle`` puts them, with their energies, into a batch.

    *wall* is the Unix time at clock 0; *joules* gives the run's total for the energies of its devices.
    """

    def __init__(self, timeline: Timeline, wall: float, joules: Callable[[Energies], float]) -> None:
        self._timeline, self._wall, self._joules = timeline, wall, joules
        self._waiting: list[TimedEvent] = []
        self._open: dict[int, _Open] = {}
        self._listed = 0
        self._counted: tuple[float, Energies] = (0.0, {})  # until when phases have their energy
        self._read_from = 0.0
        self._replay: Replay | None = None

    def begin(self, at: float, now: float) -> None:
        """The run began *at*; the first reads were done by *now*."""
        self._counted, self._read_from = (at, self._timeline.at(now)), now

    def use(self, replay: "Replay") -> None:
        """Take the energies of the time before our first reads from *replay*: another recorder had read them."""
        self._replay = replay

    def add(self, event: "TimedEvent") -> bool:
        """Let *event* wait; True for the edge of a span, which needs every device to be read at once."""
        self._waiting.append(event)
        return event["m"] in ("open", "close")

    @property
    def waiting(self) -> bool:
        """True while an event waits."""
        return bool(self._waiting)

    def settle(self, batch: Batch) -> None:
        """Give every waiting event the energies of its moment."""
        waiting, self._waiting = self._waiting, []
        for event in waiting:
            try:
                self._apply(event, batch)
            except (KeyError, TypeError, ValueError) as error:
                log.warning("an event of the run was not understood: %r", error)

    def close(self, at: float, batch: Batch) -> None:
        """End every span that is still open."""
        for opened in list(self._open.values()):
            self._close(opened, at, self._timeline.at(at), batch)

    def _apply(self, event: "TimedEvent", batch: Batch) -> None:
        at = event["t"]
        energies = self._timeline.at(at)
        match event["m"]:
            case "open":
                span = Span(
                    id=event["id"],
                    parent=event.get("parent"),
                    name=str(event["name"]),
                    attrs=event.get("attrs") or {},
                    started_at=self._wall + at,
                )
                listed = span.id in self._open or self._listed < MAX_SPANS
                self._open[span.id] = _Open(span, self._energies(at), listed)
                if listed:
                    self._listed += 1
                    batch.spans.append(span)
            case "close":
                if (opened := self._open.get(event["id"])) is not None:
                    self._close(opened, at, energies, batch)
            case "count":
                self._count(event, energies, batch)
            case "log":
                joules = self._joules(energies)
                for name, value in event["values"].items():
                    batch.metrics.append(Metric(name=name, at=self._wall + at, value=value, joules=joules))
            case "forecast":
                batch.forecasts.append(_forecast(self._wall + at, event))

    def _close(self, opened: _Open, at: float, energies: Energies, batch: Batch) -> None:
        self._open.pop(opened.span.id, None)
        used = _used(energies, opened.start)
        span = opened.span
        if opened.listed:
            batch.spans.append(span._replace(ended_at=self._wall + at, energy=used))
        else:
            _add(batch, span.name, 1, self._wall + at - span.started_at, used)

    def _count(self, event: "CountEvent", energies: Energies, batch: Batch) -> None:
        at, since = event["t"], event["since"]
        phases: Mapping[str, tuple[int, float]] = event.get("phases", {})
        for unit, n in event.get("work", {}).items():
            batch.work[unit] = batch.work.get(unit, 0.0) + n
        (counted_to, start), self._counted = self._counted, (at, energies)
        if abs(since - counted_to) > 1e-6:  # another thread's count, or a recorder that began later
            start = self._energies(since)
        # until the first reads a run mostly waits for the recorder; threads may add up to more than time
        read_from = self._read_from if self._replay is None else since
        window = max(at - max(since, read_from), sum(seconds for _, seconds in phases.values()))
        used = _used(energies, start)
        for name, (calls, seconds) in phases.items():
            share = seconds / window if window > 0 else 0.0
            _add(batch, name, calls, seconds, {uid: part(energy, share) for uid, energy in used.items()})
            if seconds > 0:
                batch.phase_times.append(PhaseTime(name, self._wall + since, max(0.0, at - since), seconds))

    def _energies(self, at: float) -> Energies:
        energies = self._timeline.at(at)
        if self._replay is None or at >= self._read_from:
            return energies
        return self._replay.rewind(energies, self._wall + at)


def _used(after: Energies, before: Energies) -> dict[str, Energy]:
    uids = dict.fromkeys([*after, *before])  # a device that the next recorder did not find has what it had
    return {uid: difference(after.get(uid, NOTHING), before.get(uid, NOTHING)) for uid in uids}


def _forecast(at: float, event: "ForecastEvent") -> Forecast:
    """Return the forecast of *event*. Raises ValueError for one that cannot be compared with an end."""
    progress = float(event["progress"])
    joules, joules_low, joules_high = map(float, event["joules"])
    seconds, seconds_low, seconds_high = map(float, event["seconds"])
    figures = (joules, joules_low, joules_high, seconds, seconds_low, seconds_high)  # in the order of a Forecast
    if not all(math.isfinite(figure) and figure >= 0 for figure in figures) or not 0 <= progress <= 1:
        raise ValueError(f"a forecast after {progress} of the work of {figures}")
    return Forecast(at, progress, *figures)


def _add(batch: Batch, name: str, calls: int, seconds: float, energy: Energies) -> None:
    old = batch.phases.get(name, Phase(name=name, calls=0, seconds=0.0))
    batch.phases[name] = Phase(
        name=name,
        calls=old.calls + calls,
        seconds=old.seconds + seconds,
        energy={uid: total(old.energy.get(uid, NOTHING), more) for uid, more in energy.items()},
    )
