"""A summary in words: the labelled lines that the text report and the HTML page both set."""

from __future__ import annotations

import datetime
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from greentrack.costing.summary import Assumption, Summary
from greentrack.costing.waste import waste
from greentrack.formatting.escape import shown
from greentrack.formatting.units import (
    digits,
    duration,
    energy,
    energy_range,
    joules_each,
    litres_range,
    mass_range,
    money_range,
    percent,
    work_done,
)
from greentrack.quantity import Figure


class Line(NamedTuple):
    """A figure with its *label*, and what is said *about* it."""

    label: str
    figure: str
    about: str = ""


def told_apart(names: Sequence[str]) -> list[str]:
    """Return *names*, of which those that several have are numbered.

    >>> told_apart(["A100", "EPYC", "A100"])
    ['1 of 2: A100', 'EPYC', '2 of 2: A100']
    """
    many, seen = Counter(names), Counter[str]()
    made = []
    for name in names:
        seen[name] += 1
        made.append(name if many[name] == 1 else f"{seen[name]} of {many[name]}: {name}")
    return made


def moment(at: float) -> str:
    """Return a Unix time as reports show it: ``2026-11-22 02:10 UTC``."""
    return f"{datetime.datetime.fromtimestamp(at, datetime.UTC):%Y-%m-%d %H:%M} UTC"


def assumed(item: Assumption) -> str:
    """Return the value of an assumption."""
    return item.value if isinstance(item.value, str) else digits(item.value, 4)


def about(summary: Summary) -> Iterator[Line]:
    """Yield which run this is."""
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
    """Yield what the run cost, the energy first."""
    if summary.joules is None or summary.g is None or summary.measured_share is None:
        yield Line("energy", "nothing was measured")
    else:
        yield from _energy(summary, summary.joules, f", {percent(summary.measured_share)} of it measured")
        yield _carbon(summary, summary.g)
    yield from charges(summary)


def estimated(summary: Summary) -> Iterator[Line]:
    """Yield what a run is expected to cost, each figure as an estimate."""
    if summary.joules is not None and summary.g is not None:
        for line in (*_energy(summary, summary.joules, ""), _carbon(summary, summary.g), *charges(summary)):
            yield line._replace(about=f"estimate, {line.about}")


def _energy(summary: Summary, joules: Figure, measured: str) -> Iterator[Line]:
    what = "the whole machine" if "rest" in summary.by_kind else "its devices only"
    what += f" but for {missing}, of which nothing was read" if (missing := unread(summary)) else ""
    own = f"the run's own share of {what}" if summary.scope == "process" else what
    yield Line("energy", energy_range(joules), f"{own}{measured}")
    if (above := summary.above_idle) is not None:
        yield Line("above idle", energy_range(above), "the GPUs', beyond their power while nothing runs")
    if summary.facility_joules is not None:
        pue = f"{digits(summary.pue.value)} ({digits(summary.pue.low)}–{digits(summary.pue.high)})"
        about = f"with the data centre's overhead, a PUE of {pue}"
        yield Line("facility", energy_range(summary.facility_joules), about)


def unread(summary: Summary) -> str:
    """Return what is missing from a run's energy, "cpu and 1 of 8 of gpu"; "" where every device was read."""
    every, missed = (
        Counter(device.kind for device in some)
        for some in (summary.devices, [device for device in summary.devices if device.joules is None])
    )
    return " and ".join(kind if n == every[kind] else f"{n} of {every[kind]} of {kind}" for kind, n in missed.items())


def _carbon(summary: Summary, g: Figure) -> Line:
    grid = summary.intensity
    return Line("carbon", mass_range(g), f"at {digits(grid.g_per_kwh)} g/kWh, {grid.zone} {grid.year} ({grid.how})")


def worth(summary: Summary) -> Iterator[Line]:
    """Yield what the energy compares to and what it bought."""
    if summary.joules is None:
        return
    like = [equivalent.text for equivalent in summary.equivalents]
    if (comparison := summary.comparison) is not None:
        like.append(comparison.text)
    for text in like:
        yield Line("as much as", text)
    yield from work(summary)
    for rate in summary.rates:
        yield Line("that is", rate.text)


def work(summary: Summary) -> Iterator[Line]:
    """Yield what was done, and the energy of one of each."""
    for unit, done in summary.work.items():
        each = "" if done.joules_per is None else f"{joules_each(done.joules_per)} each"
        yield Line("work", f"{work_done(done.total)} {shown(unit)}", each)


def wasted(summary: Summary) -> tuple[str, ...]:
    """Return what bought nothing."""
    return tuple(
        f"{one.what}: about {energy(one.joules)}, {percent(one.share)} of the run; {one.remedy}"
        for one in waste(summary)
    )


def own_cost(summary: Summary) -> str:
    """Return what tracking itself took, "" where that is not known."""
    toll = summary.toll
    if not (toll.readings or toll.cpu_seconds):
        return ""
    readings = "1 reading" if toll.readings == 1 else f"{toll.readings:,} readings"
    return (
        f"Tracking took {duration(toll.cpu_seconds)} of CPU for {readings}; "
        f"{toll.late:,} late, {toll.failures:,} failed."
    )


def charges(summary: Summary) -> Iterator[Line]:
    """Yield what there is beside energy and its carbon: the hardware's carbon, money, water."""
    if summary.embodied is not None:
        yield Line("embodied", mass_range(summary.embodied), "of making the hardware, not in the carbon")
    if (money := summary.money) is not None:
        yield Line("money", money_range(money.amount, money.currency), f"{money.basis}: {money.note}")
    if summary.water is not None:
        yield Line("water", litres_range(summary.water), "evaporated at the site and at power stations")
