"""All methods of getting joules, how far from the truth each may be, and how such ranges add up.

Ranges are about 95 % (k = 2) and asymmetric where the sign of the bias is known. The sources are named by row; a row
marked *judgement* is our choice, based on them.
"""

import functools
import itertools
import math
from collections.abc import Iterable, Iterator, Mapping

from greentrack.method import Method
from greentrack.registry import METERS, attribute

_OWN = (
    Method(
        name="cpu-model",
        text="processor's rated power, its load and its clock frequency",
        below=0.60,
        above=1.00,  # a rating is no bound: desktops and stress tests exceed it for long
        source="holds 95 % of 76 points of four processors (codecarbon's load and RAPL sweeps), and Teads' c5.metal",
        year=2026,
    ),
    Method(
        name="ram-model",
        text="watts per gigabyte of memory",
        below=0.60,
        above=2.00,  # busy memory draws far more than the one figure, idle memory about half of it
        source="Green Algorithms 0.3725 W/GB against 0.19 to 1.1 W/GB measured, idle to stressed (Teads)",
        year=2021,
    ),
    Method(
        name="codecarbon-gpu",
        text="codecarbon's figure for the GPUs, imported; its file does not say how it came about",
        below=0.20,
        above=0.20,
        source="judgement: mostly NVML's counter or polled power, every 15 s, of all GPUs that it saw",
        year=2026,
    ),
    Method(
        name="codecarbon-cpu",
        text="codecarbon's figure for the processor, imported: RAPL, a model of its load, or half its rating",
        below=0.95,  # a virtual machine with two of 48 threads was given the whole processor's rating
        above=2.50,  # its cubic curve has 21 % of the rating at half load, where a server draws 72 % of its most
        source="codecarbon 3.3.2's code beside Teads' c5.metal measurements; judgement",
        year=2026,
    ),
    Method(
        name="codecarbon-ram",
        text="codecarbon's figure for the memory, imported: 3 W for 8 GB (version 2) or 5 W a module (version 3)",
        below=0.80,
        above=4.00,  # version 3 gives a terabyte 40 W; at 0.19 W/GB, idle, it draws 190
        source="codecarbon 3.3.2's code beside 0.19 to 1.1 W/GB measured, idle to stressed (Teads); judgement",
        year=2026,
    ),
    Method(
        name="rest-model",
        text="board, fans, disks and power supply, by kind of machine",
        below=0.50,
        above=0.50,
        source="re-analysis of Fischer 2025 plug-meter data; judgement",
        year=2025,
    ),
    Method(
        name="rest-calibrated",
        text="board, fans, disks and power supply, fitted to a meter at the wall (range: of the wall's power)",
        below=0.05,
        above=0.05,
        source="plug meters +-1 to 2 %, and what the fit leaves; judgement",
        year=2026,
    ),
    Method(
        name="fake",
        text="a virtual device whose power is known",
        measured=True,
        below=0.0,
        above=0.0,
        source="GreenTrack's own test device",
        year=2026,
    ),
)


class Methods(Mapping[str, Method]):
    """Every method by its name, the vendors' first. Their tables are loaded when a method is not ours."""

    _own: Mapping[str, Method] = {row.name: row for row in _OWN}

    def __getitem__(self, name: str) -> Method:
        return self._own[name] if name in self._own else self._all[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._all)

    def __len__(self) -> int:
        return len(self._all)

    @functools.cached_property
    def _all(self) -> Mapping[str, Method]:
        tables = [attribute(vendor.methods) for vendor in METERS.values() if vendor.methods]
        return {row.name: row for row in itertools.chain(*tables, _OWN)}


METHODS = Methods()
"""Every method by its name; a meter may only use one of these."""


def off_at_edges(method: Method, seconds: float, update_seconds: float | None = None) -> float:
    """Return the part of a stretch's joules that its two edges may have misplaced, an update each, at steady power.

    *update_seconds* is what a self-test has found for the sensor, if there was one.

    >>> off_at_edges(METHODS["nvml-counter"], 5.0), off_at_edges(METHODS["rapl"], 5.0, 0.005)
    (0.04, 0.002)
    """
    each = method.update_seconds if update_seconds is None else update_seconds
    return min(1.0, 2 * each / seconds) if seconds > 0 else 1.0


def spread(method: Method, seconds: float, update_seconds: float | None = None) -> tuple[float, float]:
    """Return below and above for joules by *method* over *seconds*: its own errors and those at the edges."""
    edges = off_at_edges(method, seconds, update_seconds)
    return min(1.0, math.hypot(method.below, edges)), math.hypot(method.above, edges)


def combine(parts: Iterable[tuple[float, float, float]]) -> tuple[float, float, float]:
    """Add (value, low, high) triples whose errors are independent: deviations below and above add in quadrature.

    >>> combine([(100.0, 97.0, 103.0), (50.0, 46.0, 54.0)])
    (150.0, 145.0, 155.0)
    """
    value = below = above = 0.0
    for part, low, high in parts:
        value += part
        below += (part - low) ** 2
        above += (high - part) ** 2
    return value, value - math.sqrt(below), value + math.sqrt(above)


def combine_by_method(parts: Iterable[tuple[str, float, float, float]]) -> tuple[float, float, float]:
    """Add (method, value, low, high): parts of one method share their error, those of two methods are independent.

    >>> combine_by_method([("rapl", 100.0, 97.0, 103.0), ("rapl", 50.0, 47.0, 53.0), ("fake", 50.0, 42.0, 58.0)])
    (200.0, 190.0, 210.0)
    """
    shared: dict[str, tuple[float, float, float]] = {}
    for method, *triple in parts:
        value, low, high = shared.get(method, (0.0, 0.0, 0.0))
        shared[method] = (value + triple[0], low + triple[1], high + triple[2])
    return combine(shared.values())
