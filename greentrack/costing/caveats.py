"""What a reader of a summary must know: what was not seen, is doubted or is old; facts, which the reports word."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

from greentrack.carbon import age_note
from greentrack.costing.attribution import AttributedUse, devices_read, share_is_known, update_seconds
from greentrack.methods import off_at_edges
from greentrack.vocabulary import IMPORTED

if TYPE_CHECKING:
    import datetime

    from greentrack.carbon import Intensity
    from greentrack.costing.system_overhead import Chassis
    from greentrack.model import Record, RunInfo

MAX_EDGE_ERROR = 0.05
"""A span has a caveat if its edges may misplace more than this part of its joules."""

MIN_COVERAGE = 0.99
"""A device has a caveat if it was seen for less than this part of the run."""


class Stated(NamedTuple):
    """A caveat that its source has put into words."""

    text: str


class Interrupted(NamedTuple):
    """The run was interrupted."""


class Imported(NamedTuple):
    """The run was recorded by codecarbon, in this version and tracking mode."""

    version: object
    mode: object


class ImportedCarbon(NamedTuple):
    """The grams that codecarbon itself gives, which are not used."""

    g: float


class NothingMeasured(NamedTuple):
    """No device was read."""


class Restarted(NamedTuple):
    """The recorder was started again so many *times*."""

    times: int


class FailedReads(NamedTuple):
    """So many reads of a sensor failed."""

    reads: int


class NotSeen(NamedTuple):
    """A device was not seen for so many *seconds* of the run's."""

    device: str
    seconds: float
    run_seconds: float


class DeviceNote(NamedTuple):
    """What the meter says of a device."""

    device: str
    text: str


class CounterDisagreed(NamedTuple):
    """A device's counter disagreed with its power; *has_power* says whether its power is used instead."""

    device: str
    has_power: bool


class ShareUnknown(NamedTuple):
    """The run's share of a device is unknown, so the whole device counts."""

    device: str


class OtherDevicesCalibrated(NamedTuple):
    """The newest calibration at the wall saw other devices than this run; an earlier one may be used instead."""

    calibrated: tuple[str, ...]
    seen: tuple[str, ...]
    has_earlier: bool


class ShortSpan(NamedTuple):
    """The shortest span of a name, and the part of its joules that its edges may misplace."""

    name: str
    seconds: float
    off: float


class ShortSpans(NamedTuple):
    """Spans that last no longer than a few updates of their sensors."""

    spans: tuple[ShortSpan, ...]


class GridNote(NamedTuple):
    """What the source of a grid intensity says of it."""

    zone: str
    text: str


class CloudTariff(NamedTuple):
    """The zone is a cloud's, whose customers pay rent, and a household's price was taken."""

    zone: str


class RentWithoutGpu(NamedTuple):
    """A rent was given, and the run saw no GPU."""


class RentUnknown(NamedTuple):
    """The table has no price of this kind of provider for a GPU; *known* are those that it has."""

    tier: str
    gpu: str
    known: tuple[str, ...]


class EmbodiedUnknown(NamedTuple):
    """The making of a machine of this kind is unknown; *has_gpus* says whether its GPUs are counted."""

    chassis: str
    has_gpus: bool


class PartsNotMeasured(NamedTuple):
    """Nothing was measured in some *parts* of a multi-part run, *of* so many."""

    parts: int
    of: int


class CountedOnce(NamedTuple):
    """Joules that several parts of a multi-part run saw on one machine, and that count once."""

    joules: float


Caveat = (
    Stated
    | Interrupted
    | Imported
    | ImportedCarbon
    | NothingMeasured
    | Restarted
    | FailedReads
    | NotSeen
    | DeviceNote
    | CounterDisagreed
    | ShareUnknown
    | OtherDevicesCalibrated
    | ShortSpans
    | GridNote
    | CloudTariff
    | RentWithoutGpu
    | RentUnknown
    | EmbodiedUnknown
    | PartsNotMeasured
    | CountedOnce
)


def of_energy(
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
            yield NotSeen(device, record.run.seconds * (1 - seen), record.run.seconds)
    yield from _of_devices(uses, scope)
    yield from _of_calibrations(record, chassis)
    yield from _of_spans(record, {use.use.device.uid: use for use in uses if use.joules is not None})


def of_grid(intensity: Intensity, today: datetime.date) -> Iterator[Caveat]:
    """Yield the caveats of a grid intensity, its age included."""
    if intensity.note:
        yield GridNote(intensity.zone, intensity.note)
    if note := age_note(intensity, today):
        yield Stated(note)


def _of_run(record: Record, *, has_energy: bool) -> Iterator[Caveat]:
    if record.run.status == "interrupted":
        yield Interrupted()
    if record.run.status == IMPORTED:
        yield from _of_import(record.run)
    if not has_energy:
        yield NothingMeasured()
    if record.toll.restarts:
        yield Restarted(record.toll.restarts)
    if record.toll.failures:
        yield FailedReads(record.toll.failures)


def _of_import(run: RunInfo) -> Iterator[Caveat]:
    about = run.params.get("codecarbon")
    if not isinstance(about, Mapping):
        return
    yield Imported(about.get("version"), about.get("tracking_mode"))
    if isinstance(kg := about.get("emissions_kg"), (int, float)):
        yield ImportedCarbon(kg * 1000)


def _of_devices(uses: Sequence[AttributedUse], scope: str) -> Iterator[Caveat]:
    for attributed in uses:
        use = attributed.use
        if use.note:
            yield DeviceNote(use.device.uid, use.note)
        if not use.trusted:
            yield CounterDisagreed(use.device.uid, has_power=use.energy.check is not None)
        if scope == "process" and not share_is_known(use) and attributed.joules is not None:
            yield ShareUnknown(use.device.uid)


def _of_calibrations(record: Record, chassis: Chassis | None) -> Iterator[Caveat]:
    newest = record.known.calibrations[-1:] if record.known is not None else ()
    seen = devices_read(record)
    if newest and chassis is not None and sorted(newest[0].devices) != sorted(seen):
        yield OtherDevicesCalibrated(tuple(newest[0].devices), tuple(seen), has_earlier=bool(chassis.loads))


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
        yield ShortSpans(tuple(worst.values()))
