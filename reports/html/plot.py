"""What the charts of the HTML page share: layout, units, colours, texts.

A colour that begins with ``--`` is a variable of the page's style, so that light, dark and paper each get their own.
Plotly takes texts for a kind of HTML, so names are made harmless here.
"""

import html
import math
from collections.abc import Sequence
from typing import Any, NamedTuple

from greentrack.formatting.escape import printable
from greentrack.formatting.layout import clipped
from greentrack.formatting.table import Table
from greentrack.formatting.units import energy
from greentrack.quantity import Figure

MAX_LABEL = 28
"""Maximum width of a name beside a chart."""

MAX_DRAWN = 300
"""Maximum number of spans of one name, or values of a metric, in a chart."""

NUMBER_OF_COLOURS = 8
"""Number of colours that the page's style has for traces."""

_SIZES = {"mWh": 3.6, "Wh": 3600.0, "kWh": 3.6e6, "MWh": 3.6e9}


class Chart(NamedTuple):
    """A chart: its heading, a text for who cannot see it, what Plotly draws, and its figures as a table."""

    id: str
    title: str
    alt: str
    figure: dict[str, Any]
    table: Table | None
    note: str = ""


def label(text: str) -> str:
    """Return *text* shortened and escaped, since Plotly reads it as a kind of HTML.

    >>> label("<b>lr & co</b>"), len(label("x" * 99))
    ('&lt;b&gt;lr &amp; co&lt;/b&gt;', 28)
    """
    return html.escape(clipped(printable(text), MAX_LABEL), quote=False)


def colour(number: int) -> str:
    """Return the colour of trace *number*; left alone, Plotly gives one colour to two traces.

    >>> colour(0), colour(8)
    ('--c1', '--c1')
    """
    return f"--c{number % NUMBER_OF_COLOURS + 1}"


def layout(height: int, x: str, y: str) -> dict[str, Any]:
    """Return Plotly's layout of a chart, *height* pixels high, with the titles of its axes."""
    axis = {"gridcolor": "--grid", "zerolinecolor": "--grid", "linecolor": "--muted", "automargin": True}
    place = {"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom"}  # beneath, it would lie on the axis's title
    return {
        "height": height,
        "margin": {"l": 48, "r": 12, "t": 12, "b": 40},
        "font": {"family": "system-ui, sans-serif", "size": 13, "color": "--ink"},
        "paper_bgcolor": "--paper",
        "plot_bgcolor": "--paper",
        "hoverlabel": {"bgcolor": "--paper", "bordercolor": "--muted", "font": {"color": "--ink"}},
        "legend": place,
        "xaxis": {**axis, "title": {"text": x, "standoff": 8}},
        "yaxis": {**axis, "title": {"text": y, "standoff": 8}},
    }


def errors(figures: Sequence[Figure], size: float) -> dict[str, Any]:
    """Return the ranges of *figures* as error bars, in units of *size*."""
    return {
        "type": "data",
        "symmetric": False,
        "array": [rounded((figure.high - figure.value) / size) for figure in figures],
        "arrayminus": [rounded((figure.value - figure.low) / size) for figure in figures],
    }


def unit_of(joules: float) -> tuple[float, str]:
    """Return the unit in which reports write *joules*: its size in joules, and its name.

    >>> unit_of(7.2e6)
    (3600000.0, 'kWh')
    """
    unit = energy(joules).rpartition(" ")[2]
    return _SIZES[unit], unit


def rounded(number: float, significant: int = 5) -> float:
    """Return *number* with as many digits as a chart can show: digits make a page large."""
    return float(f"{number:.{significant}g}") if math.isfinite(number) else 0.0
