"""A report's head as rows: what a run cost, each figure with what it is of; for tables in any form."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from greentrack.reports import disclosure
from greentrack.reports.escape import name
from greentrack.reports.summary import Summary
from greentrack.reports.units import (
    duration,
    energy_range,
    joules_each,
    litres_range,
    mass_range,
    money_range,
    percent,
    work_done,
)

UNKNOWN = "not known"


class Row(NamedTuple):
    """One figure: its *label*, the *figure* with its range as people read it, and what is to be said of it."""

    label: str
    figure: str
    remark: str = ""


def headline(summary: Summary) -> Iterator[Row]:
    """Yield what the run cost; energy and carbon also where they are not known."""
    if summary.joules is None or summary.g is None or summary.measured_share is None:
        yield Row("Energy", UNKNOWN, disclosure.NOTHING)
        yield Row("Carbon", UNKNOWN)
    else:
        share = f"{percent(summary.measured_share)} of it measured"
        yield Row("Energy", energy_range(summary.joules), f"{disclosure.boundary(summary)}; {share}")
        if summary.facility_joules is not None:
            about = f"with the data centre's overhead, a PUE of {disclosure.overhead(summary)}"
            yield Row("Energy at the facility", energy_range(summary.facility_joules), about)
        yield Row("Carbon", mass_range(summary.g), f"at {disclosure.grid(summary)}")
    if summary.embodied is not None:
        about = "of making the hardware, not in the carbon above"
        yield Row("Embodied carbon", mass_range(summary.embodied), about)
    if (money := summary.money) is not None:
        yield Row("Money", money_range(money.amount, money.currency), f"{money.basis}: {money.note}")
    if summary.water is not None:
        yield Row("Water", litres_range(summary.water), "evaporated at the site and at power stations")
    yield Row("Time", duration(summary.run.seconds))
    for unit, work in summary.work.items():
        each = "" if work.joules_per is None else f"{joules_each(work.joules_per)} each"
        yield Row(f"Work, {name(unit)}", work_done(work.total), each)
    yield from _whole(summary)


def _whole(summary: Summary) -> Iterator[Row]:
    whole = summary.whole
    if whole is None:
        return
    yield Row(
        "All parts: energy",
        UNKNOWN if whole.joules is None else energy_range(whole.joules),
        f"this run is {disclosure.is_part(summary)}",
    )
    yield Row("All parts: carbon", UNKNOWN if whole.g is None else mass_range(whole.g))
    if whole.money is not None:
        yield Row("All parts: money", money_range(whole.money.amount, whole.money.currency))
    yield Row("All parts: time", duration(whole.seconds), "pauses not counted")
