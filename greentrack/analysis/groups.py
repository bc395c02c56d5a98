"""Select the runs to compare, and group repeats: named runs, or all runs of a project, a tag or a param."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple, Unpack

from greentrack.costing.options import CostingOptions
from greentrack.costing.run_list import list_runs
from greentrack.costing.session import CostingSession
from greentrack.costing.summary import Summary
from greentrack.errors import ConfigError, NotFoundError, did_you_mean
from greentrack.formatting import escape
from greentrack.formatting.units import counted

ENDED_WELL = ("finished", "stopped", "imported")
"""The statuses of runs that completed their work, or are assumed to; other runs are no repeats."""


class Group(NamedTuple):
    """One run, or its repeats (with other seeds, for example), under the *name* that they are shown by."""

    name: str
    summaries: tuple[Summary, ...]


class Selection(NamedTuple):
    """How runs were selected. *newest_of* are names of several runs, with their number: the newest was taken.

    *unfinished* runs were left out, and so were those that lack a param: *without_param* is its name and their number.
    """

    newest_of: tuple[tuple[str, int], ...] = ()
    unfinished: int = 0
    without_param: tuple[str, int] | None = None


ALL_RUNS = Selection()
"""A selection that leaves no run out."""


class GroupSelection(NamedTuple):
    """The groups, in the order in which they began, and how their runs were selected."""

    groups: tuple[Group, ...]
    selection: Selection = ALL_RUNS


def named(refs: Sequence[str], *, db: str | Path | None = None, **options: Unpack[CostingOptions]) -> GroupSelection:
    """Return a group for each run that *refs* name. Raises ConfigError unless they are two or more, NotFoundError."""
    if len(refs) < 2:
        raise ConfigError("one run cannot be compared; name two or more, or a project: greentrack compare --project P")
    with CostingSession.open(db, **options) as session:
        summaries = parted([session.summarize(ref) for ref in refs])
        counts = {ref: sum(cost.run.name == ref for cost in list_runs(session=session, name=ref)) for ref in refs}
    called: dict[str, str] = {}
    for ref, summary in zip(refs, summaries, strict=True):
        if (first := called.setdefault(summary.run.id, ref)) != ref or refs.count(ref) > 1:
            both = f"{escape.name(first)} and {escape.name(ref)}"
            raise ConfigError(f"{both} are the same run, {summary.run.id[:13]}; name two that differ")
    newest_of = tuple((ref, count) for ref, count in counts.items() if count > 1)
    return GroupSelection(one_each(summaries), Selection(newest_of=newest_of))


def chosen(
    *,
    db: str | Path | None = None,
    project: str | None = None,
    tags: Sequence[str] = (),
    param: str | None = None,
    **options: Unpack[CostingOptions],
) -> GroupSelection:
    """Return the runs of *project* with all *tags*, grouped by the value of *param*, or else by name.

    Raises NotFoundError where there are none, and for a param that none of them has.
    """
    runs, selection = ended(db=db, project=project, tags=tags, **options)
    if param is None:
        return GroupSelection(by_name(runs), selection)
    known = dict.fromkeys(key for summary in runs for key in summary.run.params)
    if param not in known:
        raise NotFoundError(
            f"none of these {counted(len(runs), 'run')} has the param {param!r}{did_you_mean(param, known)}; "
            f"known: {', '.join(list(known)[:10]) or 'none'}"
        )
    having = [summary for summary in runs if param in summary.run.params]
    if without := len(runs) - len(having):
        selection = selection._replace(without_param=(param, without))
    return GroupSelection(_grouped(having, lambda summary: f"{param}={summary.run.params[param]}"), selection)


def ended(
    *,
    db: str | Path | None = None,
    project: str | None = None,
    tags: Sequence[str] = (),
    **options: Unpack[CostingOptions],
) -> tuple[list[Summary], Selection]:
    """Return the runs of *project* with all *tags* that ended well, the oldest first, and how they were selected."""
    with CostingSession.open(db, **options) as session:
        listed = list_runs(session=session, project=project, tags=tags)
        ids = [cost.run.id for cost in listed if cost.run.status in ENDED_WELL]
        if not ids:
            what = f"{counted(len(listed), 'run')} here, none of which finished" if listed else "no such runs"
            raise NotFoundError(f"there is nothing to compare: {what}; list them with: greentrack runs")
        runs = [session.summarize(run_id) for run_id in ids]
    selection = Selection(unfinished=len(listed) - len(ids))
    return sorted(runs, key=lambda summary: (summary.run.started_at, summary.run.id)), selection


def parted(summaries: Sequence[Summary]) -> list[Summary]:
    """Return the *summaries*; parts of one multi-part run without its totals, which are those of neither part."""
    multipart = [frozenset(part.id for part in summary.parts) for summary in summaries]
    return [
        summary._replace(parts=(), whole=None) if parts and multipart.count(parts) > 1 else summary
        for summary, parts in zip(summaries, multipart, strict=True)
    ]


def one_each(summaries: Sequence[Summary]) -> tuple[Group, ...]:
    """Return a group for each of *summaries*, called by its name, or by its id where several have that name."""
    names = [summary.run.name for summary in summaries]
    return tuple(
        Group(name if names.count(name) == 1 else summary.run.id[:13], (summary,))
        for name, summary in zip(names, summaries, strict=True)
    )


def by_name(summaries: Sequence[Summary]) -> tuple[Group, ...]:
    """Return *summaries* in groups of one name, which are repeats."""
    return _grouped(summaries, lambda summary: summary.run.name)


def _grouped(summaries: Sequence[Summary], name_of: Callable[[Summary], str]) -> tuple[Group, ...]:
    groups: dict[str, list[Summary]] = {}
    for summary in summaries:
        groups.setdefault(name_of(summary), []).append(summary)
    return tuple(Group(name, tuple(repeats)) for name, repeats in groups.items())
