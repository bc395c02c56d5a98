"""A summary as labelled lines, which the text report and the HTML page share."""

import math
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

from greentrack.costing.summary import Summary
from greentrack.formatting.escape import shown
from greentrack.formatting.units import (
    counted,
    digits,
    duration,
    energy,
    energy_range,
    joules_each,
    litres_range,
    mass_range,
    moment,
    money_range,
    percent,
    work_done,
)
from greentrack.quantity import Figure
from greentrack.reports.waste import stated_waste

if TYPE_CHECKING:
    from greentrack.costing.unit_costs import UnitCost


class Line(NamedTuple):
    """A figure with its *label*, and what is said *about* it."""

    label: str
    figure: str
    about: str = ""


def numbered(names: Sequence[str]) -> list[str]:
    """Return *names*, with a number before each that is not unique.

    >>> numbered(["A100", "EPYC", "A100"])
    ['1 of 2: A100', 'EPYC', '2 of 2: A100']
    """
    many, seen = Counter(names), Counter[str]()
    made = []
    for name in names:
        seen[name] += 1
        made.append(name if many[name] == 1 else f"{seen[name]} of {many[name]}: {name}")
    return made


def run_facts(summary: Summary) -> Iterator[Line]:
    """Yield the facts of the run: status, id, host, project, tags, parameters, commit."""
    run = summary.run
    yield Line("status", run.status, f"{duration(run.seconds)}, started {moment(run.started_at)}")
    yield Line("run", run.id)
    if run.host:
        yield Line("on", run.host.name)
    if run.project:
        yield Line("project", shown(run.project))
    if run.tags:
        yield Line("tags", ", ".join(shown(tag) for tag in run.tags))
    if run.params:
        yield Line("params", ", ".join(f"{shown(name)} = {shown(value)}" for name, value in run.params.items()))
    if run.git_commit:
        yield Line("commit", run.git_commit, "and files that differed from it" if run.git_dirty else "")


def headline(summary: Summary) -> Iterator[Line]:
    """Yield the run's energy, carbon and other costs."""
    if summary.joules is None or summary.g is None or summary.measured_share is None:
        yield Line("energy", "nothing was measured")
    else:
        yield from _energy(summary, summary.joules, f", {percent(summary.measured_share)} of it measured")
        yield _carbon(summary, summary.g)
    yield from other_costs(summary)


def estimated_headline(summary: Summary) -> Iterator[Line]:
    """Yield the same lines with each figure marked as an estimate."""
    if summary.joules is not None and summary.g is not None:
        for line in (*_energy(summary, summary.joules, ""), _carbon(summary, summary.g), *other_costs(summary)):
            yield line._replace(about=f"estimate, {line.about}")


def _energy(summary: Summary, joules: Figure, measured: str) -> Iterator[Line]:
    what = "the whole machine" if "rest" in summary.by_kind else "its devices only"
    what += f" but for {missing}, of which nothing was read" if (missing := unread_devices(summary)) else ""
    own = f"the run's own share of {what}" if summary.scope == "process" else what
    yield Line("energy", energy_range(joules), f"{own}{measured}")
    if (above := summary.above_idle) is not None:
        yield Line("above idle", energy_range(above), "the GPUs', beyond their power while nothing runs")
    if summary.facility_joules is not None:
        pue = f"{digits(summary.pue.value)} ({digits(summary.pue.low)}–{digits(summary.pue.high)})"
        about = f"with the data centre's overhead, a PUE of {pue}"
        yield Line("facility", energy_range(summary.facility_joules), about)


def unread_devices(summary: Summary) -> str:
    """Return which devices were not read, "cpu and 1 of 8 of gpu"; "" where all were."""
    every = Counter(device.kind for device in summary.devices)
    missed = Counter(device.kind for device in summary.devices if device.joules is None)
    return " and ".join(kind if n == every[kind] else f"{n} of {every[kind]} of {kind}" for kind, n in missed.items())


def _carbon(summary: Summary, g: Figure) -> Line:
    grid = summary.intensity
    return Line("carbon", mass_range(g), f"at {digits(grid.g_per_kwh)} g/kWh, {grid.zone} {grid.year} ({grid.how})")


def equivalents_and_work(summary: Summary) -> Iterator[Line]:
    """Yield what the energy compares to, the work that was done, and its unit costs."""
    if summary.joules is None:
        return
    like = [equivalent.text for equivalent in summary.equivalents]
    if (comparison := summary.comparison) is not None:
        like.append(comparison.text)
    for text in like:
        yield Line("as much as", text)
    yield from work(summary)
    for rate in summary.rates:
        yield Line("that is", unit_cost(rate))


def unit_cost(cost: "UnitCost") -> str:
    """Return what a unit of work costs; the joules of a single one without overhead stand with the work."""
    parts = [
        f"{_ranged(cost.per_kwh, f' {cost.unit}')} per kWh",
        f"about {_ranged(cost.per_air_hour)} per hour of room air conditioning",
    ]
    if cost.per > 1:
        parts.insert(0, f"{_ranged(cost.joules, ' J')} per {cost.per:,} {cost.unit}")
    elif cost.has_overhead:
        parts.insert(0, f"{_ranged(cost.joules, ' J')} each")
    if cost.money is not None:
        parts.append(f"{_ranged(cost.money, f' {cost.currency}')} per million {cost.unit}")
    return "; ".join([*parts, *(["all of it with the data centre's overhead"] if cost.has_overhead else [])])


def _ranged(figure: Figure, unit: str = "") -> str:
    text = digits(figure.value, 3) + unit
    if figure.low == figure.high:
        return text
    high = f"–{digits(figure.high, 2)}" if math.isfinite(figure.high) else " or more"
    return f"{text} ({digits(figure.low, 2)}{high})"


def work(summary: Summary) -> Iterator[Line]:
    """Yield how much work was done, and its energy per unit."""
    for unit, done in summary.work.items():
        each = "" if done.joules_per is None else f"{joules_each(done.joules_per)} each"
        yield Line("work", f"{work_done(done.total)} {shown(unit)}", each)


def waste_lines(summary: Summary) -> tuple[str, ...]:
    """Return the energy that was wasted, each with a remedy."""
    return tuple(
        f"{one.what}: about {energy(one.joules)}, {percent(one.share)} of the run; {one.remedy}"
        for one in stated_waste(summary)
    )


def tracker_overhead(summary: Summary) -> str:
    """Return what tracking cost, "" where that is not known."""
    overhead = summary.tracker_overhead
    if not (overhead.readings or overhead.cpu_seconds):
        return ""
    took = f"Tracking took {duration(overhead.cpu_seconds)} of CPU for {counted(overhead.readings, 'reading')}"
    return f"{took}; {overhead.late:,} late, {overhead.failures:,} failed."


def other_costs(summary: Summary) -> Iterator[Line]:
    """Yield the embodied carbon, the money and the water."""
    if summary.embodied is not None:
        yield Line("embodied", mass_range(summary.embodied), "of making the hardware, not in the carbon")
    if (money := summary.money) is not None:
        yield Line("money", money_range(money.amount, money.currency), f"{money.basis}: {money.note}")
    if summary.water is not None:
        yield Line("water", litres_range(summary.water), "evaporated at the site and at power stations")
