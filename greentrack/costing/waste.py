"""Wasted energy: idle GPUs, waiting for data, failed runs, and how much of it; the reports word it.

The same joules may be named twice: a GPU that waits for data is idle too.
"""

from collections.abc import Iterable, Iterator
from typing import Literal, NamedTuple

from greentrack.costing.summary import Summary

MIN_SHARE = 0.05
"""Minimum part of a run's energy that is reported."""

WAITING = "data"
"""The phase in which a training waits for its data, as the integrations name it."""


Kind = Literal["failed", "interrupted", "idle gpus", "waiting"]
"""What wasted the energy: the run's end, GPUs that idled, or waiting for data."""


class Waste(NamedTuple):
    """Wasted energy of one *kind*: about so many *joules*, and their *share* of the run's."""

    kind: Kind
    joules: float
    share: float


def waste(summary: Summary) -> tuple[Waste, ...]:
    """Return the waste in a run above a twentieth of its energy, the most first."""
    found = (
        *_lost(summary),
        *_of_devices("idle gpus", summary, (device.idle for device in summary.devices if device.kind == "gpu")),
        *_of_devices("waiting", summary, (phase.joules for phase in summary.phases if phase.name == WAITING)),
    )
    return tuple(sorted((one for one in found if one.share > MIN_SHARE), key=lambda one: -one.share))


def _lost(summary: Summary) -> Iterator[Waste]:
    status = summary.run.status
    if summary.joules is None or status not in ("failed", "interrupted"):
        return
    if any(part.started_at > summary.run.started_at for part in summary.parts):
        return  # it was carried on from a checkpoint, and no one knows how long before its end that one was
    yield Waste("failed" if status == "failed" else "interrupted", summary.joules.value, 1.0)


def _of_devices(kind: Kind, summary: Summary, parts: Iterable[float | None]) -> Iterator[Waste]:
    """Yield the waste of the joules that *parts* add up to, and of their share of the system overhead."""
    devices = sum(used for name, used in summary.by_kind.items() if name != "rest")
    if summary.joules is None or devices <= 0:
        return
    share = min(1.0, sum(part or 0.0 for part in parts) / devices)
    yield Waste(kind, share * summary.joules.value, share)
