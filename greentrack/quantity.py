"""A figure that carries its range, and how such figures add and multiply."""

import math
from collections.abc import Iterable
from typing import NamedTuple

JOULES_PER_KWH = 3_600_000.0


class Figure(NamedTuple):
    """A value and the range (about 95 %) that the truth is believed to lie in."""

    value: float
    low: float
    high: float

    @classmethod
    def exact(cls, value: float) -> "Figure":
        """Return a figure without a range."""
        return cls(value=value, low=value, high=value)

    @classmethod
    def around(cls, value: float, below: float, above: float) -> "Figure":
        """Return the figure from value x (1 - below) to value x (1 + above)."""
        return cls(value=value, low=value * (1 - below), high=value * (1 + above))

    @classmethod
    def total(cls, figures: Iterable["Figure"]) -> "Figure":
        """Add figures whose errors go the same way: their ranges add as they are.

        >>> Figure.total([Figure(value=10, low=7, high=13), Figure.exact(2)])
        Figure(value=12, low=9, high=15)
        """
        values, lows, highs = zip(*figures, strict=True)
        return cls(value=sum(values), low=sum(lows), high=sum(highs))

    def __mul__(self, factor: float) -> "Figure":  # type: ignore[override]  # it is no row to be repeated
        return Figure(value=self.value * factor, low=self.low * factor, high=self.high * factor)

    def __truediv__(self, divisor: float) -> "Figure":
        return Figure(value=self.value / divisor, low=self.low / divisor, high=self.high / divisor)

    def to_dict(self) -> dict[str, float]:
        """Return the figure as JSON has it: value, low and high."""
        return self._asdict()

    @property
    def text(self) -> str:
        """The figure with every digit that counts.

        >>> Figure(value=0.1, low=0.04, high=0.22).text
        '0.1 (0.04 to 0.22)'
        """
        return f"{self.value:g} ({self.low:g} to {self.high:g})"


def product(one: Figure, other: Figure) -> Figure:
    """Multiply figures whose errors are independent: their relative deviations add in quadrature.

    The low end is at least the product of the low ends, which quadrature would undercut for wide ranges.

    >>> product(Figure(value=10, low=7, high=13), Figure(value=2, low=1.2, high=2.8))
    Figure(value=20, low=10.0, high=30.0)
    """
    value = one.value * other.value
    if value <= 0:
        return Figure.exact(0.0)
    below = math.hypot(1 - one.low / one.value, 1 - other.low / other.value)
    above = math.hypot(one.high / one.value - 1, other.high / other.value - 1)
    return Figure(value=value, low=max(one.low * other.low, value * (1 - below)), high=value * (1 + above))


def quotient(whole: Figure, part: Figure) -> Figure:
    """Return the factor that makes *whole* of *part*, by ``product``; its range is what the part does not explain.

    >>> quotient(Figure(value=20, low=10.0, high=30.0), Figure.exact(10))
    Figure(value=2.0, low=1.0, high=3.0)
    """
    if whole.value <= 0 or part.value <= 0:
        return Figure.exact(0.0)
    value = whole.value / part.value
    below, above = (
        math.sqrt(max(0.0, (one / whole.value - 1) ** 2 - (other / part.value - 1) ** 2))
        for one, other in ((whole.low, part.low), (whole.high, part.high))
    )
    return Figure.around(value, min(1.0, below), above)
