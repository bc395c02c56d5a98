"""The HTML page: one file that needs no network, with Plotly in it for the charts and a table for each of them."""

from __future__ import annotations

import base64
import datetime
import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from greentrack.costing.summary import Summary
from greentrack.errors import ConfigError
from greentrack.formatting.escape import printable, shown
from greentrack.formatting.units import moment
from greentrack.reports.html.detail import Detail, detail

if TYPE_CHECKING:
    from jinja2 import Environment

TEMPLATES = Path(__file__).parent / "templates"


def render(summary: Summary) -> str:
    """Return the page of one summary, without power over time: a summary has no readings."""
    return page([detail(summary, 1)], title=summary.run.name)


def page(details: Sequence[Detail], *, title: str, **more: Any) -> str:
    """Return the page of *details*; *more* is what ``overview`` has of several runs, by the names in the template."""
    import greentrack

    environment, plotly = _environment(), _plotly()
    charts = [chart for one in details for chart in one.charts]
    charts += [chart for chart in (more.get("energies"), getattr(more.get("beside"), "chart", None)) if chart]
    scripts = [plotly, (TEMPLATES / "script.js").read_text(encoding="utf-8")]
    drawn = {chart.id: chart.figure for chart in charts}
    return environment.get_template("page.html").render(
        title=title,
        details=details,
        policy=_content_security_policy(scripts),
        style=_markup((TEMPLATES / "style.css").read_text(encoding="utf-8")),
        scripts=[_markup(script) for script in scripts],
        figures=_markup(_script_json(drawn)),
        version=greentrack.__version__,
        written=moment(datetime.datetime.now(datetime.UTC).timestamp()),
        **{"runs": None, "energies": None, "beside": None, "too_many": "", **more},
    )


def _environment() -> Environment:
    """Return the templates' environment, which escapes every text. Raises ConfigError without jinja2."""
    try:
        from jinja2 import Environment, FileSystemLoader
    except ImportError as error:
        raise _missing_package("jinja2") from error
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES), autoescape=True, finalize=_printable, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters["cut"] = shown
    return environment


def _plotly() -> str:
    """Return Plotly's script. Raises ConfigError where the package is missing."""
    try:
        from plotly.offline import get_plotlyjs
    except ImportError as error:
        raise _missing_package("plotly") from error
    script: str = get_plotlyjs()
    return script


def _missing_package(what: str) -> ConfigError:
    return ConfigError(f"the HTML report needs {what}, which is not installed: pip install 'greentrack[report]'")


def _printable(value: Any) -> Any:
    """Return a text for the page printable; the page's own markup is left as it is."""
    return printable(value) if isinstance(value, str) and not hasattr(value, "__html__") else value


def _markup(text: str) -> Any:
    from markupsafe import Markup

    return Markup(text)  # noqa: S704  # the package's own scripts and style, and JSON without a single <


def _script_json(value: Any) -> str:
    """Return *value* as JSON that cannot end the script element it is in."""
    return json.dumps(value, separators=(",", ":"), allow_nan=False).replace("<", "\\u003c")


def _content_security_policy(scripts: Sequence[str]) -> str:
    """Return a content security policy: nothing may be fetched, and no script runs but these."""
    hashes = (base64.b64encode(hashlib.sha256(script.encode()).digest()).decode() for script in scripts)
    allowed = " ".join(f"'sha256-{digest}'" for digest in hashes)
    return (
        f"default-src 'none'; script-src {allowed}; style-src 'unsafe-inline'; img-src data: blob:; "
        "base-uri 'none'; form-action 'none'"
    )
