"""What can be said of the difference between two sets of runs: by how much, how surely, and whether at all."""

import math
from collections.abc import Sequence
from typing import NamedTuple

from greentrack.analysis.error_budget import ErrorBudget
from greentrack.analysis.statistics import compared, mean
from greentrack.formatting.units import digits

SAME = 5e-5
"""A change by less than this part is shown as none."""


class Difference(NamedTuple):
    """The second beside the first: *change* is a part of the first (-0.31 is 31 % less), or a plain difference.

    *low* and *high* are its range with everything in it that is known to be in doubt; *chance* is the 95 % interval of
    the repeats, with room for what no meter saw of them, and None where nobody knows how the runs scatter; *p* is that
    of what was seen. A single run beside three or more is taken to scatter as they do. *runs* says how many each side
    has.
    *claimed* is True where the range leaves no doubt that there is a difference. *why* is what the methods' errors do.
    """

    change: float
    low: float
    high: float
    chance: tuple[float, float] | None
    p: float | None
    runs: tuple[int, int]
    claimed: bool
    relative: bool
    why: str = ""


def ratio(first: Sequence[float], second: Sequence[float], doubt: ErrorBudget) -> Difference | None:
    """Return the change from *first* to *second*, amounts of one run or of repeats.

    None where one is not above 0, and where what was read of them is not alike.
    Means are those of the logarithms, so that the change from second to first is the same one.
    """
    if not doubt.alike or not all(value > 0 for value in (*first, *second)):
        return None
    one, other = [math.log(value) for value in first], [math.log(value) for value in second]
    centre = mean(other) - mean(one)
    chance = p = None
    below = above = 0.0
    least, most = centre - doubt.missed[0], centre + doubt.missed[1]  # what no meter saw repeats cannot tell
    if (test := compared(one, other)) is not None:
        below, above = centre - test.low, test.high - centre
        chance, p = (_part(least - below), _part(most + above)), test.p
        if test.low == test.high:  # no interval: how the next run would differ, nobody saw
            chance = (_part(test.low), _part(test.high))
    low, high = least - math.hypot(below, doubt.down), most + math.hypot(above, doubt.up)
    return Difference(
        change=_part(centre),
        low=_part(low),
        high=_part(high),
        chance=chance,
        p=p,
        runs=(len(first), len(second)),
        claimed=not low <= 0 <= high,
        relative=True,
        why=doubt.why,
    )


def outcome(first: Sequence[float], second: Sequence[float]) -> Difference:
    """Return the difference of an outcome (an accuracy, a loss), which no method puts in doubt."""
    centre = mean(second) - mean(first)
    low = high = centre
    chance = p = None
    if (test := compared(first, second)) is not None:
        chance, p, low, high = (test.low, test.high), test.p, test.low, test.high
    return Difference(
        change=centre,
        low=low,
        high=high,
        chance=chance,
        p=p,
        runs=(len(first), len(second)),
        claimed=not low <= 0 <= high,
        relative=False,
    )


def sentence(difference: Difference, what: str = "") -> str:
    """Return what can be said: "31 % less energy (95 % CI 27 to 35 %, n = 5+5)", or that nothing can be claimed.

    *what* is what there is less or more of.
    """
    by = _by(difference, difference.change, what)
    chance, whole = difference.chance, (difference.low, difference.high)
    test = ""
    if chance is not None:  # without any spread there is no interval: how the next run would differ, nobody saw
        interval = "the same in all runs" if chance[0] == chance[1] else f"95 % CI {_range(difference, chance)}"
        test = f"{interval}, n = {_numbers(difference.runs)}"
    wider = _differ(whole, chance or (difference.change, difference.change))
    if difference.claimed:
        methods = f"{_range(difference, whole)} {'with' if chance else 'by'} the methods' error" if wider else ""
        about = "; ".join(filter(None, (test, methods)))
        return f"{by} ({about})" if about else by
    if difference.change == 0 and not wider:
        return f"no difference in {what}" if what else "no difference"
    about = f" ({test})" if test else ""
    if wider and (chance is None or not chance[0] <= 0 <= chance[1]):
        about += f", while the methods leave {_range(difference, whole)} open"
    return f"no difference can be claimed: {by}{about}"


def brief(difference: Difference) -> str:
    """Return the change alone, "31 % less", or that none is clear."""
    return _by(difference, difference.change) if difference.claimed else "not clear"


def _part(logarithm: float) -> float:
    """Return what of the first a change is; a float holds no more than e^709."""
    return math.expm1(min(logarithm, 700.0))


def _by(difference: Difference, change: float, what: str = "") -> str:
    if not difference.relative:
        return (f"{what}: " if what else "") + f"{change:+.3g}".replace("-", "−")
    if abs(change) < SAME:
        return "the same" + (f" {what}" if what else "")
    return " ".join(filter(None, (f"{_percent(change)} %", "less" if change < 0 else "more", what)))


def _range(difference: Difference, between: tuple[float, float]) -> str:
    low, high = between
    if not difference.relative:
        return f"{_by(difference, low)} to {_by(difference, high)}"
    if low * high > 0 and low * difference.change > 0:
        few, many = sorted(map(_percent, between), key=lambda text: float(text.replace(",", "")))
        return f"{few} to {many} %"
    return f"{_by(difference, low)} to {_by(difference, high)}"


def _numbers(runs: tuple[int, int]) -> str:
    """Return how many runs each side has, and what is assumed of a single one."""
    text = f"{runs[0]}+{runs[1]}"
    return f"{text}, the one taken to scatter like the {max(runs)}" if min(runs) == 1 else text


def _percent(change: float) -> str:
    return digits(abs(change) * 100, 2)


def _differ(one: tuple[float, float], other: tuple[float, float]) -> bool:
    """Whether two ranges look different when they are written down."""
    return any(abs(a - b) > 0.002 * (1 + abs(b)) for a, b in zip(one, other, strict=True))
