"""A difference in words: by how much, and how surely; or that none can be claimed."""

from greentrack.analysis.difference import Difference
from greentrack.analysis.error_budget import SharedSensors
from greentrack.formatting.units import digits

SAME = 5e-5
"""A change by less than this part is shown as none."""


def sentence(difference: Difference, what: str = "") -> str:
    """Return what can be said: "31 % less energy (95 % CI 27 to 35 %, n = 5+5)", or that nothing can be claimed.

    *what* is what there is less or more of.
    """
    by = _by(difference, difference.change, what)
    chance, whole = difference.interval, (difference.low, difference.high)
    test = ""
    if chance is not None:  # without any spread there is no interval: how the next run would differ, nobody saw
        interval = "the same in all runs" if chance[0] == chance[1] else f"95 % CI {_range(difference, chance)}"
        test = f"{interval}, n = {_numbers(difference.runs)}"
    wider = _differ(whole, chance or (difference.change, difference.change))
    if difference.is_claimed:
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
    return _by(difference, difference.change) if difference.is_claimed else "not clear"


def shared_sensors(shared: SharedSensors | None) -> str:
    """Return what the sensors that both sides share do to the error of a ratio; "" where no sensor was compared."""
    if shared is None:
        return ""
    if not shared.devices:
        return "not the same sensors on one host: none of their errors cancels"
    what = "sensors and models" if shared.has_models else "sensors"
    if shared.are_all:
        return f"same {what} on one host: their common error cancels"
    return f"same {what} on one host for {', '.join(shared.devices)} only: the errors of the others do not cancel"


def _by(difference: Difference, change: float, what: str = "") -> str:
    if not difference.is_relative:
        return (f"{what}: " if what else "") + f"{change:+.3g}".replace("-", "−")
    if abs(change) < SAME:
        return "the same" + (f" {what}" if what else "")
    return " ".join(filter(None, (f"{_percent(change)} %", "less" if change < 0 else "more", what)))


def _range(difference: Difference, between: tuple[float, float]) -> str:
    low, high = between
    if not difference.is_relative:
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
    """Return True if two ranges look different when they are written down."""
    return any(abs(a - b) > 0.002 * (1 + abs(b)) for a, b in zip(one, other, strict=True))
