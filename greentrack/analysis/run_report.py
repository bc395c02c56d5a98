"""The runs of a report, selected, read and costed: those that are named, or those of a project or with tags."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple, Unpack

from greentrack.analysis.groups import ENDED_WELL, Group, by_name, one_each, parted
from greentrack.costing.options import CostingOptions
from greentrack.costing.run_list import list_runs
from greentrack.costing.session import CostingSession
from greentrack.costing.summary import Summary
from greentrack.errors import ConfigError, NotFoundError
from greentrack.model import Reading, Record
from greentrack.store.deduplication import DeduplicatedEnergy
from greentrack.store.time_bins import PhaseTime

MAX_DETAILED = 8
"""Maximum number of runs that are reported one by one; of more there are only the summaries."""

MAX_COMPARED = 100
"""Maximum number of runs that are read in full and compared: a report of five hundred must take seconds."""


class RunDetail(NamedTuple):
    """What a run's own section needs beside its summary; *readings* are by device uid."""

    record: Record
    readings: Mapping[str, Sequence[Reading]]
    phase_times: Sequence[PhaseTime]


class RunReport(NamedTuple):
    """Costed runs, and the *project* and *tags* by which they were selected.

    *details* has one for each run; it is empty for more than MAX_DETAILED runs. *energy* is that of all runs together;
    None where one run was named. *groups* are those to compare; none for more than MAX_COMPARED runs.
    """

    summaries: tuple[Summary, ...]
    details: tuple[RunDetail, ...]
    energy: DeduplicatedEnergy | None
    groups: tuple[Group, ...]
    project: str | None = None
    tags: tuple[str, ...] = ()


def run_report(
    refs: Sequence[str] = (),
    *,
    project: str | None = None,
    tags: Sequence[str] = (),
    db: str | Path | None = None,
    **options: Unpack[CostingOptions],
) -> RunReport:
    """Return the runs that *refs* name (ids, starts of ids, names, ``latest``), or those of a *project* that have all
    *tags*, costed under *options* (see ``CostingOptions``); without any of these, the latest run.

    Raises NotFoundError for an unknown run, project or tag, ConfigError for an option.
    """
    is_filtered = bool(project or tags)
    if is_filtered and refs:
        raise ConfigError("name runs, or give a project or tags, not both")
    with CostingSession.open(db, **options) as session:
        reader = session.reader
        if is_filtered:
            ids = [cost.run.id for cost in list_runs(session=session, project=project, tags=tags)]
        else:
            ids = list(dict.fromkeys(reader.find(ref) for ref in refs or ("latest",)))
        if not ids:
            raise NotFoundError("no such runs; list what there is with: greentrack runs")
        read = reader.record if len(ids) <= MAX_COMPARED else reader.outline
        records = [read(run_id) for run_id in ids]
        is_detailed = len(ids) <= MAX_DETAILED
        if not is_detailed:  # spans are the most of a record, and a table shows none
            records = [record._replace(spans=(), phases=()) for record in records]
        summaries = _costed(session, records)
        details = [
            RunDetail(record, reader.readings(record.run.id), reader.phase_times(record.run.id))
            for record in records
            if is_detailed
        ]
        energy = None
        if is_filtered or len(ids) > 1:
            each_part = [part.id for summary in summaries for part in summary.parts or (summary.run,)]
            energy = reader.deduplicated_energy(each_part)
    groups = grouped(summaries, each=not is_filtered and is_detailed) if len(ids) <= MAX_COMPARED else ()
    return RunReport(tuple(summaries), tuple(details), energy, groups, project, tuple(tags))


def grouped(summaries: Sequence[Summary], *, each: bool) -> tuple[Group, ...]:
    """Return *summaries* as groups to compare: *each* its own, or the repeats of one name that ended well."""
    if each:
        return one_each(summaries)
    ended = [summary for summary in summaries if summary.run.status in ENDED_WELL]
    return by_name(sorted(ended, key=lambda summary: (summary.run.started_at, summary.run.id)))


def _costed(session: CostingSession, records: Sequence[Record]) -> list[Summary]:
    """Return the summaries of *records*; a part of a multi-part run has the costs of all its parts.

    Parts of one multi-part run that are all among *records* go without them: their totals stand beside each other.
    """
    multipart = {run_id for parts in session.reader.multipart_runs() for run_id in parts}
    return parted(
        [
            session.summarize(record.run.id) if record.run.id in multipart else session.cost_stored(record)
            for record in records
        ]
    )
