"""A summary as CSV: a header and one row, with the same columns for every run, so that files can be put together.

Figures have the digits that people are shown. What is not known is an empty cell, never a zero.
"""

from collections.abc import Iterator

from greentrack.costing.summary import Summary
from greentrack.costing.tariffs import Money
from greentrack.formatting.escape import csv_lines, spreadsheet
from greentrack.formatting.units import digits, in_unit, iso, money_in_digits
from greentrack.quantity import Figure
from greentrack.reports import provenance
from greentrack.vocabulary import KINDS


def render(summary: Summary) -> str:
    """Return *summary* as two lines."""
    return csv_lines(*zip(*_cells(summary), strict=True))


def _cells(summary: Summary) -> Iterator[tuple[str, str]]:
    """Yield each column's name and what is in it."""
    run, carbon, whole = summary.run, summary.intensity, summary.whole
    share = summary.measured_share
    yield "run_id", run.id
    yield "name", spreadsheet(run.name)
    yield "project", spreadsheet(run.project or "")
    yield "tags", spreadsheet(", ".join(run.tags))
    yield "status", run.status
    yield "host", spreadsheet(run.host.name if run.host else "")
    yield "hardware", spreadsheet(", ".join(provenance.hardware(summary)))
    yield "started_at", iso(run.started_at)
    yield "seconds", f"{run.seconds:.17g}"
    yield "scope", summary.scope
    yield from _figure("kwh", summary.joules, "kWh")
    yield "measured_share", "" if share is None else _plain(share)
    for kind in KINDS:
        joules = summary.by_kind.get(kind)
        yield f"{kind}_kwh", "" if joules is None else in_unit(Figure.exact(joules), "kWh")[0]
    yield "pue", _plain(summary.pue.value) if summary.facility_joules is not None else ""
    yield from _figure("facility_kwh", summary.facility_joules, "kWh")
    yield from _figure("g_co2e", summary.g, "g CO2e")
    yield "zone", spreadsheet(carbon.zone)
    yield "g_per_kwh", _plain(carbon.g_per_kwh)
    yield "g_per_kwh_source", spreadsheet(carbon.source)
    yield "g_per_kwh_year", str(carbon.year)
    yield "g_per_kwh_zone", spreadsheet(carbon.how)
    yield from _figure("embodied_g_co2e", summary.embodied, "g CO2e")
    yield from _figure("water_litres", summary.water, "l")
    yield from _money("money", summary.money)
    yield "money_basis", summary.money.basis if summary.money else ""
    yield "parts", str(max(1, len(summary.parts)))
    yield from _figure("all_parts_kwh", whole and whole.joules, "kWh")
    yield from _figure("all_parts_g_co2e", whole and whole.g, "g CO2e")
    yield from _money("all_parts_money", whole and whole.money)
    yield "all_parts_seconds", "" if whole is None else f"{whole.seconds:.17g}"
    yield "tool", spreadsheet(provenance.recorder(summary))


def _figure(column: str, figure: Figure | None, unit: str) -> Iterator[tuple[str, str]]:
    texts = ("", "", "") if figure is None else in_unit(figure, unit)
    yield from zip((column, f"{column}_low", f"{column}_high"), texts, strict=True)


def _money(column: str, money: Money | None) -> Iterator[tuple[str, str]]:
    texts = ("", "", "") if money is None else money_in_digits(money.amount)
    yield from zip((column, f"{column}_low", f"{column}_high"), texts, strict=True)
    yield f"{column}_currency", money.currency if money else ""


def _plain(number: float) -> str:
    return digits(number).replace(",", "")
