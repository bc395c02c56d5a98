"""The rated power of GPUs, and the fraction of it that they draw; for estimates before a training is run."""

from collections.abc import Iterator
from functools import cache
from typing import NamedTuple

from greentrack.costing.assumptions import Assumption
from greentrack.data.tables import fits, rows
from greentrack.errors import ConfigError, did_you_mean
from greentrack.quantity import Figure

IDLE = Figure(value=0.10, low=0.04, high=0.22)
"""The part of its rated power that an idle GPU draws; ``rests_on`` has the sources of these three."""

BUSY = Figure(value=0.75, low=0.45, high=1.00)
"""The part that one in use draws, within 40 %, and never more than all of it."""

HOST = Figure(value=0.30, low=0.10, high=0.60)
"""What processors and memory draw for each watt of the GPUs, which are then 62 % of a server node."""

_MAKERS = frozenset({"NVIDIA", "AMD", "TESLA", "GEFORCE", "INSTINCT"})


class GpuRating(NamedTuple):
    """A GPU and its rated power. *sure* is False where only one source has it, or where sources differ."""

    name: str
    watts: float
    sure: bool
    source: str
    year: int


@cache
def ratings() -> tuple[GpuRating, ...]:
    """Return the table; of several GPUs of one name the usual one comes first."""
    return tuple(
        GpuRating(row["gpu"], float(row["watts"]), row["certainty"] == "checked", row["source"], int(row["year"]))
        for row in rows("gpus.csv")
    )


def find_gpu(name: str) -> tuple[GpuRating, tuple[GpuRating, ...]]:
    """Return the GPU of that *name* (``H100``, ``h100 pcie``), and the others that it may mean. Raises ConfigError.

    >>> rating, others = find_gpu("NVIDIA A100-80GB")
    >>> rating.name, [other.name for other in others]
    ('A100 SXM 80GB', ['A100 PCIe 80GB'])
    """
    words = [word for word in name.upper().replace("-", " ").split() if word not in _MAKERS]
    found = [rating for rating in ratings() if words and fits(" ".join(words), rating.name)]
    if not found:
        known = [rating.name for rating in ratings()]
        near = did_you_mean(" ".join(words), dict.fromkeys([*known, *(one.partition(" ")[0] for one in known)]))
        raise ConfigError(f"no rated power is known for a GPU {name!r}{near}; known: {', '.join(known)}")
    same = [rating for rating in found if len(rating.name.split()) == len(words)]
    first, *others = same or found
    return first, tuple(others)


def part_drawn(utilization: float) -> Figure:
    """Return the part of its rated power that a GPU draws which is in use for *utilization* (0 to 1) of the time.

    >>> round(part_drawn(0.7).value, 3)
    0.555
    """
    return Figure.total([IDLE * (1 - utilization), BUSY * utilization])


def rests_on(rating: GpuRating, utilization: float) -> Iterator[Assumption]:
    """Yield what the power of a node of GPUs with this *rating* rests on."""
    about = (rating.name, "" if rating.sure else "uncertain")
    yield Assumption("gpu rating", rating.watts, rating.source, rating.year, about)
    # Latif et al. 2024: arXiv 2412.08602
    busy = "published trainings are 10 to 60 % below hours x rated power, eight H100 at most 76 % (Latif et al. 2024)"
    yield Assumption("gpu in use", BUSY, f"{busy}; judgement", 2026)
    if utilization < 1:
        idle = "rough figures from no primary source, 20 of 450 W to 16 of 72 W; uncertain"
        yield Assumption("gpu idle", IDLE, idle, 2026)
    node = "GPUs are 57 to 65 % of an H100 node (Latif et al. 2024); EcoLogits has 1.2 kW beside eight; judgement"
    yield Assumption("host per gpu", HOST, node, 2026)
