"""Power over time as a chart of block characters, for a terminal."""

import math
import textwrap
from collections import defaultdict
from collections.abc import Iterator, Sequence

from greentrack.formatting.units import digits, duration
from greentrack.store.downsampling import PowerBin

BLOCKS = " ▁▂▃▄▅▆▇█"
ROWS = 4
MIN_POINTS = 4
"""Minimum number of readings of a chart."""

MIN_WATTS = 0.001
"""Minimum power of a chart: no machine draws less, and a smaller figure is longer than the margin."""

MIN_COLUMNS = 10
_MARGIN = 12


def columns_of(width: int) -> int:
    """Return the number of columns of a chart in a terminal of this *width*."""
    return max(MIN_COLUMNS, width - _MARGIN)


def chart(draws: Sequence[PowerBin], since: float, seconds: float, columns: int) -> Iterator[str]:
    """Yield the lines: a column is the mean power of *seconds* / *columns*, blank where nothing was read.

    Nothing where there are too few *draws*.
    """
    if len({draw.ended for draw in draws}) < MIN_POINTS:
        return
    watts = mean_watts(draws, since, seconds, columns)
    most = max((each for each in watts if each is not None), default=0.0)
    if most < MIN_WATTS:
        return
    top = _round_up(most)
    title = f"Power of the devices, watts; a column is the mean of {duration(seconds / columns)}"
    yield from textwrap.wrap(title, columns + _MARGIN)
    for row in reversed(range(ROWS)):
        label = digits(top) if row == ROWS - 1 else "0" if row == 0 else ""
        line = "".join(_block(each, top, row) for each in watts)
        yield f"{label.rjust(_MARGIN - 2)} ┤{line}".rstrip()
    end = duration(seconds)
    yield " " * _MARGIN + "0" + end.rjust(columns - 1)


def mean_watts(draws: Sequence[PowerBin], since: float, seconds: float, columns: int) -> list[float | None]:
    """Return the mean power of all devices in each column; None where none was read."""
    used: dict[tuple[int, int], list[float]] = defaultdict(lambda: [0.0, 0.0])
    width = seconds / columns
    for draw in draws:
        begun, ended = draw.begun - since, draw.ended - since
        first = min(columns - 1, max(0, math.floor(begun / width)))
        last = min(columns - 1, max(first, math.ceil(ended / width) - 1))
        for column in range(first, last + 1):
            inside = min(ended, (column + 1) * width) - max(begun, column * width)
            part = inside / (ended - begun) if last > first and ended > begun else 1.0
            if part > 0:
                sums = used[column, draw.device]
                sums[0] += draw.joules * part
                sums[1] += draw.seconds * part
    watts: list[float | None] = [None] * columns
    for (column, _), (joules, covered) in used.items():
        if covered > 0:
            watts[column] = (watts[column] or 0.0) + joules / covered
    return watts


def _block(watts: float | None, top: float, row: int) -> str:
    """Return the block of a column in a *row*, the lowest of which is 0; no power at all is still a line."""
    if watts is None:
        return BLOCKS[0]
    eighths = round(watts / top * ROWS * 8) - row * 8
    return BLOCKS[min(8, max(1 if row == 0 else 0, eighths))]


def _round_up(watts: float) -> float:
    """Return the next round number.

    >>> _round_up(312.0), _round_up(0.9), _round_up(1000.0)
    (400.0, 0.9, 1000.0)
    """
    size: float = 10.0 ** math.floor(math.log10(watts))
    return float(f"{math.ceil(round(watts / size, 9)) * size:.6g}")
