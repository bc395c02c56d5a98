"""The HTML report of stored runs: each run's section where they are few, and an overview where they are several."""

from greentrack.analysis.run_report import MAX_COMPARED, RunReport
from greentrack.reports.html import overview
from greentrack.reports.html.detail import Detail, detail
from greentrack.reports.html.page import page


def render(report: RunReport) -> str:
    """Return the page of *report*. Raises ConfigError for jinja2 or plotly that is missing."""
    summaries, details = report.summaries, _details(report)
    if report.energy is None:
        return page(details, title=summaries[0].run.name)
    too_many = ""
    if len(summaries) > MAX_COMPARED:
        too_many = f"{len(summaries):,} runs"
    elif len(report.groups) > overview.MAX_GROUPS:
        too_many = f"{len(report.groups):,} names"
    return page(
        details,
        title=_title(report),
        runs=overview.table(summaries, [one.id for one in details] or [""] * len(summaries), report.energy),
        energies=overview.energies(summaries),
        beside=overview.comparison(report.groups),
        too_many=too_many,
    )


def _details(report: RunReport) -> list[Detail]:
    """Return the sections of the runs, if there are any; runs of one name are told apart by their ids."""
    made = [
        detail(summary, number, one.record, one.readings, one.phase_times)
        for number, (summary, one) in enumerate(zip(report.summaries, report.details, strict=False), 1)
    ]
    names = [one.name for one in made]
    return [
        one if names.count(one.name) == 1 else one._replace(name=f"{one.name} {summary.run.id[:13]}")
        for one, summary in zip(made, report.summaries, strict=False)
    ]


def _title(report: RunReport) -> str:
    if report.project:
        return f"Project {report.project}"
    return f"Runs tagged {', '.join(report.tags)}" if report.tags else f"{len(report.summaries)} runs"
