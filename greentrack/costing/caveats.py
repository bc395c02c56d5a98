"""The caveats of a summary, as facts that the reports word: what was not seen, is doubted or is old."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Literal, NamedTuple

from greentrack.costing.attribution import AttributedUse, devices_read, share_is_known, update_seconds
from greentrack.costing.system_overhead import Chassis
from greentrack.methods import off_at_edges
from greentrack.model import Record, RunInfo
from greentrack.vocabulary import IMPORTED

MAX_EDGE_ERROR = 0.05
"""A span has a caveat if its edges may misplace more than this part of its joules."""

MIN_COVERAGE = 0.99
"""A device has a caveat if it was seen for less than this part of the run."""

Fact = Literal[
    "interrupted",
    "imported",  # (codecarbon's version, its tracking mode)
    "carbon of import",  # (grams,): codecarbon's own figure, which is not used
    "nothing measured",
    "recorder restarts",  # (times,)
    "failed reads",  # (reads,)
    "not seen",  # (device, seconds, seconds of the run)
    "device note",  # (device, text): what the meter says of it
    "counter disagreed",  # (device, True where its power is used instead)
    "share unknown",  # (device,)
    "other devices calibrated",  # (devices of the newest calibration, of the run, True where an earlier one is used)
    "short spans",  # (ShortSpan, ...): the shortest of each name
    "grid note",  # (zone, text, NotHourly | None): what its source says of it, and why it is a yearly average
    "old grid figure",  # (zone, year of the figure, months since)
    "cloud tariff",  # (zone,): its customers pay rent, and the price is a household's
    "rent without gpu",
    "rent unknown",  # (kind of provider, gpu, the GPUs whose rent is known)
    "embodied unknown",  # (kind of machine, True where its GPUs are counted)
    "parts not measured",  # (parts, parts of the multi-part run)
    "counted once",  # (joules,): several parts on one machine saw them
    "hours of estimate unknown",
    "short run scaled",  # (seconds of the run,)
    "running run scaled",
    "one part scaled",  # (parts of the multi-part run,)
    "unseen not scaled",
    "other gpus possible",  # (gpu as asked for, gpu that is taken, (another, its rated watts), ...)
]
"""What a caveat can be about, with its details."""


class Caveat(NamedTuple):
    """A *fact* that limits the figures of a summary, and its *details*; see ``Fact``."""

    fact: Fact
    details: tuple[Any, ...] = ()


class ShortSpan(NamedTuple):
    """A span, and the part of its joules that its edges may misplace."""

    name: str
    seconds: float
    off: float


def caveats(
    record: Record,
    uses: Sequence[AttributedUse],
    coverage: Mapping[str, float],
    *,
    scope: str,
    chassis: Chassis | None,
) -> Iterator[Caveat]:
    """Yield the caveats of a run's energy; *coverage* is the part of the run for which each device was seen."""
    yield from _of_run(record, has_energy=any(use.joules is not None for use in uses))
    for device, seen in coverage.items():
        if seen < MIN_COVERAGE and record.run.seconds > 0:
            yield Caveat("not seen", (device, record.run.seconds * (1 - seen), record.run.seconds))
    yield from _of_devices(uses, scope)
    yield from _of_calibrations(record, chassis)
    yield from _of_spans(record, {use.use.device.uid: use for use in uses if use.joules is not None})


def _of_run(record: Record, *, has_energy: bool) -> Iterator[Caveat]:
    if record.run.status == "interrupted":
        yield Caveat("interrupted")
    if record.run.status == IMPORTED:
        yield from _of_import(record.run)
    if not has_energy:
        yield Caveat("nothing measured")
    if record.tracker_overhead.restarts:
        yield Caveat("recorder restarts", (record.tracker_overhead.restarts,))
    if record.tracker_overhead.failures:
        yield Caveat("failed reads", (record.tracker_overhead.failures,))


def _of_import(run: RunInfo) -> Iterator[Caveat]:
    about = run.params.get("codecarbon")
    if not isinstance(about, Mapping):
        return
    yield Caveat("imported", (about.get("version"), about.get("tracking_mode")))
    if isinstance(kg := about.get("emissions_kg"), (int, float)):
        yield Caveat("carbon of import", (kg * 1000,))


def _of_devices(uses: Sequence[AttributedUse], scope: str) -> Iterator[Caveat]:
    for attributed in uses:
        use = attributed.use
        if use.note:
            yield Caveat("device note", (use.device.uid, use.note))
        if not use.counter_valid:
            yield Caveat("counter disagreed", (use.device.uid, use.energy.cross_check is not None))
        if scope == "process" and not share_is_known(use) and attributed.joules is not None:
            yield Caveat("share unknown", (use.device.uid,))


def _of_calibrations(record: Record, chassis: Chassis | None) -> Iterator[Caveat]:
    newest = record.calibration.calibrations[-1:] if record.calibration is not None else ()
    seen = devices_read(record)
    if newest and chassis is not None and sorted(newest[0].devices) != sorted(seen):
        yield Caveat("other devices calibrated", (tuple(newest[0].devices), tuple(seen), bool(chassis.loads)))


def _of_spans(record: Record, known: Mapping[str, AttributedUse]) -> Iterator[Caveat]:
    worst: dict[str, ShortSpan] = {}
    updates = update_seconds(record)
    for span in record.spans:
        if span.ended_at is None:
            continue
        parts = [
            (known[uid].of(energy), off_at_edges(known[uid].method, energy.seconds, updates.get(uid)))
            for uid, energy in span.energy.items()
            if uid in known
        ]
        joules = sum(part for part, _ in parts)
        off = sum(part * off for part, off in parts) / joules if joules > 0 else 0.0
        if off > MAX_EDGE_ERROR:
            found = ShortSpan(span.name, span.ended_at - span.started_at, off)
            worst[span.name] = max(worst.get(span.name, found), found, key=lambda one: (one.off, one.seconds))
    if worst:
        yield Caveat("short spans", tuple(worst.values()))
