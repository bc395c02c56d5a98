"""The wasted energy of a summary in words, each with a remedy."""

from collections.abc import Mapping
from typing import NamedTuple

from greentrack.costing import waste
from greentrack.costing.summary import Summary
from greentrack.formatting.units import percent
from greentrack.model import IDLE

_LOST = "what no checkpoint holds is lost: resume from the last, save more of them, try a few steps first"

WORDS: Mapping[waste.Kind, tuple[str, str]] = {
    "failed": ("the run failed", _LOST),
    "interrupted": ("the run was interrupted", _LOST),
    "idle gpus": (
        f"GPUs idled, less than {percent(IDLE)} busy",
        "give them larger batches, data from more workers, less to wait for between steps, or take fewer",
    ),
    "waiting": (
        "waiting for data, by its share of the time",
        "load it with more workers, further ahead, or keep it decoded and on a faster disk",
    ),
}


class StatedWaste(NamedTuple):
    """Wasted energy in words: *what* wasted it, about so many *joules*, their *share* of the run's, a *remedy*."""

    what: str
    joules: float
    share: float
    remedy: str


def stated(found: waste.Waste) -> StatedWaste:
    """Return *found* as readers see it."""
    what, remedy = WORDS[found.kind]
    return StatedWaste(what, found.joules, found.share, remedy)


def stated_waste(summary: Summary) -> tuple[StatedWaste, ...]:
    """Return the waste in a run, the most first."""
    return tuple(map(stated, waste.waste(summary)))
