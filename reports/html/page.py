"""Summaries as one HTML file that needs no network: charts by Plotly, which is in the file, and a table for each."""

from __future__ import annotations

import base64
import datetime
import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, Unpack

from greentrack.costing.summary import Summary
from greentrack.errors import ConfigError, NotFoundError
from greentrack.formatting.escape import printable, shown
from greentrack.formatting.table import Table
from greentrack.model import Record
from greentrack.reports import lines
from greentrack.reports.html import charts, overview, phases, power, tables, timeline
from greentrack.reports.html.plot import Chart
from greentrack.reports.lines import Line

if TYPE_CHECKING:
    from jinja2 import Environment

    from greentrack.costing.options import CostingOptions, ParsedOptions
    from greentrack.store.reader import Reader
    from greentrack.store.time_bins import PhaseTime

MAX_DETAILED = 8
"""So many runs have a part of the page of their own; of more there is only the table."""

MAX_COMPARED = 100
"""Of more runs than this only what the table shows is read: a page of five hundred is to take seconds."""

TEMPLATES = Path(__file__).parent / "templates"


class Detail(NamedTuple):
    """One run's part of the page."""

    id: str
    name: str
    about: tuple[Line, ...]
    error: str
    headline: tuple[Line, ...]
    worth: tuple[Line, ...]
    charts: tuple[Chart, ...]
    tables: tuple[Table, ...]
    waste: tuple[str, ...]
    notes: tuple[str, ...]
    assumptions: Table
    own_cost: str


def render(summary: Summary) -> str:
    """Return the page of one summary; without its readings, so without its power over time."""
    return _page([_detail(summary, 1)], title=summary.run.name)


def report(
    refs: Sequence[str] = (),
    *,
    project: str | None = None,
    tags: Sequence[str] = (),
    db: str | Path | None = None,
    **knobs: Unpack[CostingOptions],
) -> str:
    """Return the page of the runs that *refs* name (ids, starts of ids, names, ``latest``), or of those of a *project*
    that have all *tags*, costed under *knobs* (see ``terms.CostingOptions``).

    Raises NotFoundError for what is not there, ConfigError for a knob, and for jinja2 or plotly that is missing.
    """
    from greentrack import config
    from greentrack.costing.options import parse_options
    from greentrack.costing.run_list import list_runs
    from greentrack.store.location import default_path
    from greentrack.store.reader import Reader

    chosen = bool(project or tags)
    if chosen and refs:
        raise ConfigError("name runs, or give a project or tags, not both")
    settings = config.load({"db": db})
    terms = parse_options(settings, **knobs)
    with Reader(Path(settings.db) if settings.db else default_path()) as reader:
        if chosen:
            ids = [cost.run.id for cost in list_runs(db=db, project=project, tags=tags)]
        else:
            ids = list(dict.fromkeys(reader.find(ref) for ref in refs or ("latest",)))
        if not ids:
            raise NotFoundError("no such runs; list what there is with: greentrack runs")
        read = reader.record if len(ids) <= MAX_COMPARED else reader.outline
        records = [read(run_id) for run_id in ids]
        if len(ids) > MAX_DETAILED:  # spans are the most of a record, and a table shows none
            records = [record._replace(spans=(), phases=()) for record in records]
        summaries = _costed(reader, records, terms, db, knobs)
        details = []
        if len(ids) <= MAX_DETAILED:
            details = [
                _detail(summary, number, record, reader.readings(record.run.id), reader.phase_times(record.run.id))
                for number, (summary, record) in enumerate(zip(summaries, records, strict=True), 1)
            ]
            names = [detail.name for detail in details]
            details = [
                detail if names.count(detail.name) == 1 else detail._replace(name=f"{detail.name} {run_id[:13]}")
                for detail, run_id in zip(details, ids, strict=True)
            ]
        if len(ids) == 1 and not chosen:
            return _page(details, title=summaries[0].run.name)
        once = reader.joules_once(run_id for summary in summaries for run_id in overview.parts_of(summary))
    groups = overview.grouped(summaries, each=not chosen and len(ids) <= MAX_DETAILED)
    title = f"Project {project}" if project else f"Runs tagged {', '.join(tags)}" if tags else f"{len(ids)} runs"
    return _page(
        details,
        title=title,
        runs=overview.table(summaries, [detail.id for detail in details] or [""] * len(ids), once),
        energies=overview.energies(summaries),
        beside=overview.beside(groups) if len(ids) <= MAX_COMPARED else None,
        too_many=_too_many(len(ids), len(groups)),
    )


def _too_many(runs: int, groups: int) -> str:
    """Return what is too many to compare; "" where nothing is."""
    if runs > MAX_COMPARED:
        return f"{runs:,} runs"
    return f"{groups:,} names" if groups > overview.MAX_GROUPS else ""


def _costed(
    reader: Reader, records: Sequence[Record], terms: ParsedOptions, db: str | Path | None, knobs: CostingOptions
) -> list[Summary]:
    """Return the summaries of *records*, what is part of a work with the whole of it.

    Runs that are parts of one work go without it: they are lines of their own, and so are their totals.
    """
    from greentrack.costing import engine
    from greentrack.costing.summary import summarize

    works = {run_id: number for number, work in enumerate(reader.works()) for run_id in work}
    asked = [works.get(record.run.id) for record in records]
    by_hour = terms.hourly is not None or (terms.tariff is not None and bool(terms.tariff.hours))
    made = []
    for record, work in zip(records, asked, strict=True):
        if work is not None:
            summary = summarize(record.run.id, db=db, **knobs)
            made.append(summary if asked.count(work) == 1 else summary._replace(parts=(), whole=None))
        else:  # five hundred runs are too many to open the database for each
            readings = reader.readings(record.run.id) if by_hour else None
            made.append(engine.cost(record, terms, readings=readings))
    return made


def _detail(
    summary: Summary,
    number: int,
    record: Record | None = None,
    readings: Mapping[str, Any] | None = None,
    times: Sequence[PhaseTime] = (),
) -> Detail:
    run = summary.run
    drawn: list[Chart | None] = []
    shares = phases.shares(times, run)
    if record is not None and readings is not None:
        traces = power.traces(record, readings, scope=summary.scope)
        drawn.append(timeline.power(traces, record, shares, own=summary.scope == "process"))
    drawn += [charts.waterfall(summary), charts.epochs(summary), *charts.outcomes(summary)]
    drawn.append(charts.forecast(summary))
    listed = (
        tables.parts(summary),
        tables.devices(summary),
        tables.spans(summary),
        tables.phases(summary),
        None if shares is None else phases.table(shares, run),
        tables.metrics(summary),
    )
    return Detail(
        id=f"run-{number}",
        name=run.name,
        about=tuple(lines.about(summary)),
        error=run.error or "",
        headline=tuple(lines.headline(summary)),
        worth=tuple(lines.worth(summary)),
        charts=tuple(chart._replace(id=f"run-{number}-{chart.id}") for chart in drawn if chart is not None),
        tables=tuple(table for table in listed if table is not None and table.rows),
        waste=lines.wasted(summary),
        notes=summary.notes,
        assumptions=tables.assumptions(summary),
        own_cost=lines.own_cost(summary),
    )


def _page(details: Sequence[Detail], *, title: str, **more: Any) -> str:
    import greentrack

    environment, plotly = _environment(), _plotly()
    charts = [chart for detail in details for chart in detail.charts]
    charts += [chart for chart in (more.get("energies"), getattr(more.get("beside"), "chart", None)) if chart]
    scripts = [plotly, (TEMPLATES / "script.js").read_text(encoding="utf-8")]
    drawn = {chart.id: chart.figure for chart in charts}
    return environment.get_template("page.html").render(
        title=title,
        details=details,
        policy=_policy(scripts),
        style=_safe((TEMPLATES / "style.css").read_text(encoding="utf-8")),
        scripts=[_safe(script) for script in scripts],
        figures=_safe(_script_json(drawn)),
        version=greentrack.__version__,
        written=lines.moment(datetime.datetime.now(datetime.UTC).timestamp()),
        **{"runs": None, "energies": None, "beside": None, "too_many": "", **more},
    )


def _environment() -> Environment:
    """Return the templates, in which every text is escaped and nothing turns writing round. Raises ConfigError."""
    try:
        from jinja2 import Environment, FileSystemLoader
    except ImportError as error:
        raise _missing("jinja2") from error
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES), autoescape=True, finalize=_harmless, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters["cut"] = shown
    return environment


def _plotly() -> str:
    """Return Plotly itself, as its package has it. Raises ConfigError."""
    try:
        from plotly.offline import get_plotlyjs
    except ImportError as error:
        raise _missing("plotly") from error
    script: str = get_plotlyjs()
    return script


def _missing(what: str) -> ConfigError:
    return ConfigError(f"the HTML report needs {what}, which is not installed: pip install 'greentrack[report]'")


def _harmless(value: Any) -> Any:
    """Return a text that goes into the page without controls and marks that turn writing round; not the page's own."""
    return printable(value) if isinstance(value, str) and not hasattr(value, "__html__") else value


def _safe(text: str) -> Any:
    from markupsafe import Markup

    return Markup(text)  # noqa: S704  # the package's own scripts and style, and JSON without a single <


def _script_json(value: Any) -> str:
    """Return *value* as JSON that cannot end the script element it is in."""
    return json.dumps(value, separators=(",", ":"), allow_nan=False).replace("<", "\\u003c")


def _policy(scripts: Sequence[str]) -> str:
    """Return a content security policy: nothing may be fetched, and no script runs but these."""
    hashes = (base64.b64encode(hashlib.sha256(script.encode()).digest()).decode() for script in scripts)
    allowed = " ".join(f"'sha256-{digest}'" for digest in hashes)
    return (
        f"default-src 'none'; script-src {allowed}; style-src 'unsafe-inline'; img-src data: blob:; "
        "base-uri 'none'; form-action 'none'"
    )
