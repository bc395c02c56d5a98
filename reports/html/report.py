"""The HTML report of stored runs: each run's section where they are few, and an overview where they are several."""

from collections.abc import Sequence
from pathlib import Path
from typing import Unpack

from greentrack.costing.options import CostingOptions
from greentrack.costing.run_list import list_runs
from greentrack.costing.session import CostingSession
from greentrack.costing.summary import Summary
from greentrack.errors import ConfigError, NotFoundError
from greentrack.model import Record
from greentrack.reports.html import overview
from greentrack.reports.html.detail import detail
from greentrack.reports.html.page import page

MAX_DETAILED = 8
"""Maximum number of runs with a section of their own; of more there is only the table."""

MAX_COMPARED = 100
"""Maximum number of runs that are read in full and compared: a page of five hundred must take seconds."""


def report(
    refs: Sequence[str] = (),
    *,
    project: str | None = None,
    tags: Sequence[str] = (),
    db: str | Path | None = None,
    **options: Unpack[CostingOptions],
) -> str:
    """Return the page of the runs that *refs* name (ids, starts of ids, names, ``latest``), or of those of a *project*
    that have all *tags*, costed under *options* (see ``CostingOptions``).

    Raises NotFoundError for what is not there, ConfigError for an option, and for jinja2 or plotly that is missing.
    """
    chosen = bool(project or tags)
    if chosen and refs:
        raise ConfigError("name runs, or give a project or tags, not both")
    with CostingSession.open(db, **options) as session:
        reader = session.reader
        if chosen:
            ids = [cost.run.id for cost in list_runs(session=session, project=project, tags=tags)]
        else:
            ids = list(dict.fromkeys(reader.find(ref) for ref in refs or ("latest",)))
        if not ids:
            raise NotFoundError("no such runs; list what there is with: greentrack runs")
        read = reader.record if len(ids) <= MAX_COMPARED else reader.outline
        records = [read(run_id) for run_id in ids]
        if len(ids) > MAX_DETAILED:  # spans are the most of a record, and a table shows none
            records = [record._replace(spans=(), phases=()) for record in records]
        summaries = _costed(session, records)
        details = []
        if len(ids) <= MAX_DETAILED:
            details = [
                detail(summary, number, record, reader.readings(record.run.id), reader.phase_times(record.run.id))
                for number, (summary, record) in enumerate(zip(summaries, records, strict=True), 1)
            ]
            names = [one.name for one in details]
            details = [
                one if names.count(one.name) == 1 else one._replace(name=f"{one.name} {run_id[:13]}")
                for one, run_id in zip(details, ids, strict=True)
            ]
        if len(ids) == 1 and not chosen:
            return page(details, title=summaries[0].run.name)
        each_part = [part.id for summary in summaries for part in summary.parts or (summary.run,)]
        once = reader.deduplicated_energy(each_part)
    groups = overview.grouped(summaries, each=not chosen and len(ids) <= MAX_DETAILED)
    too_many = f"{len(groups):,} names" if len(groups) > overview.MAX_GROUPS else ""
    if len(ids) > MAX_COMPARED:
        too_many = f"{len(ids):,} runs"
    title = f"Project {project}" if project else f"Runs tagged {', '.join(tags)}" if tags else f"{len(ids)} runs"
    return page(
        details,
        title=title,
        runs=overview.table(summaries, [one.id for one in details] or [""] * len(ids), once),
        energies=overview.energies(summaries),
        beside=overview.comparison(groups) if len(ids) <= MAX_COMPARED else None,
        too_many=too_many,
    )


def _costed(session: CostingSession, records: Sequence[Record]) -> list[Summary]:
    """Return the summaries of *records*; a part of a multi-part run has the whole of it.

    Parts of one multi-part run that are all among *records* go without it: their totals stand beside it.
    """
    works = {run_id: number for number, work in enumerate(session.reader.multipart_runs()) for run_id in work}
    asked = [works.get(record.run.id) for record in records]
    made = []
    for record, work in zip(records, asked, strict=True):
        if work is not None:
            summary = session.summarize(record.run.id)
            made.append(summary if asked.count(work) == 1 else summary._replace(parts=(), whole=None))
        else:
            made.append(session.cost_stored(record))
    return made
