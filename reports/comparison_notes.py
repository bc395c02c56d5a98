"""The notes of a comparison: what its ranges rest on, what makes its runs unlike, and how they were selected."""

from collections.abc import Iterator, Sequence

from greentrack.analysis.compare import Comparison, currencies, singular
from greentrack.analysis.error_budget import energy_error
from greentrack.analysis.groups import ENDED_WELL, Group, Selection
from greentrack.analysis.statistics import MIN_REPEATS
from greentrack.analysis.time_to_target import Target, cost_to, is_resumed
from greentrack.costing.summary import Summary
from greentrack.formatting import escape
from greentrack.formatting.units import counted, digits, percent
from greentrack.reports.difference_text import shared_sensors

COMPLETE = 0.99
"""A coverage of a run, or an amount of work compared with another run's, that is below this is worth a note."""

MAX_NAME = 60
"""Maximum length of a group's name in a note."""

UP_TO_TARGET = (
    "up to the target: the devices' joules by then; the rest of the machine, the overhead and the money are taken in "
    "proportion"
)
"""The note on every cost to a target."""

RESUMED = "is part of a resumed work: its earlier parts are counted, though the target may have been reached in them"
"""The note on the cost to a target of a run that is not the first part of its work."""


def comparison_notes(comparison: Comparison) -> Iterator[str]:
    """Yield what weakens a comparison, and what its ranges rest on."""
    groups, target = comparison.groups, comparison.target
    yield from selection_notes(comparison.selection)
    if all(len(group.summaries) == 1 for group in groups):
        yield "one run each: no repeats, so chance is unknown"
    else:
        yield from _alone(groups)
    yield from dict.fromkeys(_methods(groups))
    yield from _work(groups, comparison.units)
    kinds = [{kind for summary in group.summaries for kind in summary.by_kind} for group in groups]
    for group, of_group in zip(groups[1:], kinds[1:], strict=True):
        for kind in sorted(kinds[0] ^ of_group):
            yield f"the energy of {kind} is in {_called(groups[0] if kind in kinds[0] else group)} only"
    for group in groups:
        for summary in group.summaries:
            yield from _standing(group, summary, target)
        yield from _unseen(group)
    if len(paid_in := currencies(groups)) > 1:
        yield f"money is in {' and '.join(paid_in)} and is not compared; give all one tariff"
    if len({summary.scope for group in groups for summary in group.summaries}) > 1:
        yield "some figures are of the whole machine and some of the run's own share"
    if target:
        yield UP_TO_TARGET


def selection_notes(selection: Selection) -> Iterator[str]:
    """Yield which runs of a name were taken, and how many were left out and why."""
    for name, count in selection.newest_of:
        called = escape.name(name)
        yield f"{called} is the newest of {count} runs of that name; a project, a tag or a param compares them all"
    if selection.unfinished:
        yield f"left out, having not finished: {counted(selection.unfinished, 'run')}"
    if selection.without_param is not None:
        param, count = selection.without_param
        yield f"left out, having no {param}: {counted(count, 'run')}"


def _called(group: Group) -> str:
    return escape.name(group.name, MAX_NAME)


def _alone(groups: Sequence[Group]) -> Iterator[str]:
    for group in groups:
        if len(group.summaries) == 1:
            beside = groups[1:] if group is groups[0] else groups[:1]
            enough = [len(other.summaries) >= MIN_REPEATS for other in beside]
            if not any(enough):
                yield f"{_called(group)}: one run only, so chance is unknown where it is compared"
                continue
            but = "nobody has seen it" if all(enough) else f"beside fewer than {MIN_REPEATS} chance is unknown"
            yield f"{_called(group)}: one run only, taken to scatter like the repeats beside it; {but}"


def _methods(groups: Sequence[Group]) -> Iterator[str]:
    for group in groups[1:]:
        error = energy_error(groups[0].summaries, group.summaries)
        if error.is_comparable:
            yield shared_sensors(error.shared)
        else:
            both = f"{_called(groups[0])} and {_called(group)}"
            yield f"{both}: not the same devices were read, so their energies are not compared with each other"


def _work(groups: Sequence[Group], units: Sequence[str]) -> Iterator[str]:
    if not units:
        yield "they share no unit of work (run.advance counts it): what is compared are totals, whatever each run did"
    for unit in units:
        done = [sorted({summary.work[unit].total for summary in group.summaries}) for group in groups]
        if min(low for low, *_ in done) < COMPLETE * max(high for *_, high in done):
            counts = [
                f"{_called(group)} {_low_to_high(digits(amounts[0], 6), digits(amounts[-1], 6))}"
                for group, amounts in zip(groups, done, strict=True)
            ]
            unlike = f"they did not do the same work ({unit}: {', '.join(counts)})"
            yield f"{unlike}: look at the energy per {singular(unit)}"


def _low_to_high(low: str, high: str) -> str:
    return low if low == high else f"{low} to {high}"


def _unseen(group: Group) -> Iterator[str]:
    missed: dict[str, list[float]] = {}
    for summary in group.summaries:
        for device in summary.devices:
            if device.joules is not None and device.coverage < COMPLETE and device.kind != "rest":
                missed.setdefault(device.id, []).append(1 - device.coverage)
    said: dict[str, list[str]] = {}
    for uid, parts in missed.items():
        part = _low_to_high(percent(min(parts)), percent(max(parts)))
        runs = f" in {len(parts)} of {len(group.summaries)} runs" if len(group.summaries) > 1 else ""
        said.setdefault(f"not seen for {part} of the time{runs}; all ranges allow for it", []).append(uid)
    for text, uids in said.items():
        yield f"{_called(group)}: {', '.join(uids)} {'was' if len(uids) == 1 else 'were'} {text}"


def _standing(group: Group, summary: Summary, target: Target | None) -> Iterator[str]:
    run = summary.run
    name = _called(group) if len(group.summaries) == 1 else f"{_called(group)}, run {run.id[:13]}"
    if run.status not in ENDED_WELL:
        now = {"running": "is still running", "failed": "failed"}.get(run.status, f"was {run.status}")
        yield f"{name}: the run {now}; its totals are of what it did so far"
    if summary.whole:
        yield f"{name}: the totals are of all {len(summary.parts)} parts of its work; all else is this part's own"
    elif run.continues:
        yield f"{name}: the run carries on an earlier one, whose energy is not in its figures"
    for device in summary.devices:
        if device.joules is None:
            yield f"{name}: nothing was read of {device.id}"
    if target and not (cost := cost_to(summary, target)).is_reached:
        had = "was not logged" if cost.value is None else f"was not reached (best {cost.value:.6g})"
        yield f"{name}: {target} {had}"
    if target and is_resumed(summary):
        yield f"{name} {RESUMED}"
