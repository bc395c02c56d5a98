"""Wasted energy: idle GPUs, waiting for data, failed runs; how much, and what helps.

The same joules may be named twice: a GPU that waits for data is idle too.
"""

from collections.abc import Iterator
from typing import NamedTuple

from greentrack.costing.summary import Summary
from greentrack.formatting.units import percent
from greentrack.model import IDLE

MIN_SHARE = 0.05
"""Minimum part of a run's energy that is reported."""

WAITING = "data"
"""The phase in which a training waits for its data, as the integrations name it."""


class Waste(NamedTuple):
    """Wasted energy: about so many *joules*, their *share* of the run's, and a *remedy*."""

    what: str
    joules: float
    share: float
    remedy: str


def waste(summary: Summary) -> tuple[Waste, ...]:
    """Return the waste in a run above a twentieth of its energy, the most first."""
    found = (
        *_lost(summary),
        *_of_devices(
            summary,
            sum(device.idle or 0.0 for device in summary.devices if device.kind == "gpu"),
            what=f"GPUs idled, less than {percent(IDLE)} busy",
            remedy="give them larger batches, data from more workers, less to wait for between steps, or take fewer",
        ),
        *_of_devices(
            summary,
            sum(phase.joules or 0.0 for phase in summary.phases if phase.name == WAITING),
            what="waiting for data, by its share of the time",
            remedy="load it with more workers, further ahead, or keep it decoded and on a faster disk",
        ),
    )
    return tuple(sorted((one for one in found if one.share > MIN_SHARE), key=lambda one: -one.share))


def _lost(summary: Summary) -> Iterator[Waste]:
    status = summary.run.status
    if summary.joules is None or status not in ("failed", "interrupted"):
        return
    if any(part.started_at > summary.run.started_at for part in summary.parts):
        return  # it was carried on from a checkpoint, and no one knows how long before its end that one was
    yield Waste(
        what="the run failed" if status == "failed" else "the run was interrupted",
        joules=summary.joules.value,
        share=1.0,
        remedy="what no checkpoint holds is lost: resume from the last, save more of them, try a few steps first",
    )


def _of_devices(summary: Summary, joules: float, *, what: str, remedy: str) -> Iterator[Waste]:
    """Yield the waste of *joules* of the devices and of their share of the system overhead."""
    devices = sum(used for kind, used in summary.by_kind.items() if kind != "rest")
    if summary.joules is None or devices <= 0:
        return
    share = min(1.0, joules / devices)
    yield Waste(what=what, joules=share * summary.joules.value, share=share, remedy=remedy)
