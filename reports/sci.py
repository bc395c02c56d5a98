"""A summary as a Software Carbon Intensity (ISO/IEC 21031:2024): (O + M) per R, with O = E × I."""

import textwrap
from collections.abc import Iterator
from typing import NamedTuple

from greentrack.costing.summary import Summary
from greentrack.errors import NotFoundError, did_you_mean
from greentrack.formatting.escape import name, printable_lines
from greentrack.formatting.units import digits, duration, energy_range, mass_range
from greentrack.methods import combine
from greentrack.quantity import Figure
from greentrack.reports import provenance

RUN = "run"

MILLION = 1e6
BY_THE_MILLION = ("tokens",)
"""Units of which R is a million, since one is too small."""

_MAKING = ("making of ", "life of the hardware", "part of its life", "range of embodied")
_WIDTH, _LABEL = 100, 6


class Unit(NamedTuple):
    """R, the functional unit, and the number of them in the run."""

    text: str
    number: float


def render(summary: Summary, *, per: str | None = None) -> str:
    """Return O, M, R and the SCI; *per* is a unit of the run's work, None the run itself.

    Raises NotFoundError where the run did nothing that is counted in that unit.
    """
    return printable_lines("\n".join(_lines(summary, _unit(summary, per))))


def _lines(summary: Summary, unit: Unit) -> Iterator[str]:
    part = f", {provenance.part_of(summary)}: its own figures" if summary.whole else ""
    head = f"Software Carbon Intensity (ISO/IEC 21031:2024) of {name(summary.run.name)}, run {summary.run.id}{part}"
    yield from textwrap.wrap(head, _WIDTH)
    yield ""
    joules = summary.joules if summary.facility_joules is None else summary.facility_joules
    yield from _line("E", "not known: nothing was measured" if joules is None else energy_range(joules))
    yield from _line("I", provenance.grid(summary))
    yield from _line("O", "not known" if summary.g is None else f"{mass_range(summary.g)}, E × I")
    yield from _line("M", _embodied(summary))
    yield from _line("R", unit.text if unit.number == 1 else f"{unit.text}, of which the run did {digits(unit.number)}")
    yield from _line("SCI", _intensity(summary, unit))
    yield ""
    yield from _provenance(summary)


def _embodied(summary: Summary) -> str:
    if summary.embodied is not None:
        return f"{mass_range(summary.embodied)}, making the hardware, by the time of use"
    why = [note.partition(": ")[2] for note in summary.notes if note.startswith("embodied carbon: ")]
    return f"not known: {why[0]}" if why else "not known: --embodied works it out"


def _intensity(summary: Summary, unit: Unit) -> str:
    if summary.g is None:
        return "not known"
    if summary.embodied is None:
        alone = mass_range(summary.g / unit.number)
        return f"not known, since M is not; O alone is {alone} per {unit.text}"
    value, low, high = combine((summary.g, summary.embodied))
    return f"{mass_range(Figure(value=value, low=max(0.0, low), high=high) / unit.number)} per {unit.text}"


def _provenance(summary: Summary) -> Iterator[str]:
    facts = [f"the run took {duration(summary.run.seconds)}"]
    if summary.joules is not None:
        facts += [f"E is the energy of {provenance.boundary(summary)}", *map(str, provenance.methods(summary))]
    pue = provenance.pue(summary)
    facts += [f"E has the data centre's overhead in it, a PUE of {pue}" if pue else "E has no overhead (PUE) in it"]
    if summary.scope == "process":
        facts += ["the standard counts all hardware that is reserved: --scope machine has it"]
    facts += ["I is location-based; no offsets and no certificates are taken off"]
    for item in summary.assumptions:
        if item.name.startswith(_MAKING):
            value = item.value if isinstance(item.value, str) else digits(item.value)
            facts += [f"M: {item.name}: {value} ({item.source}, {item.year})"]
    facts += [note for note in summary.notes if not note.startswith("embodied carbon: ") or summary.embodied]
    facts += [f"{provenance.TOOL}; ranges are about 95 %"]
    for fact in facts:
        yield from textwrap.wrap(fact, _WIDTH, initial_indent="- ", subsequent_indent="  ", break_on_hyphens=False)


def _unit(summary: Summary, per: str | None) -> Unit:
    if per is None or (per == RUN and per not in summary.work):
        return Unit(RUN, 1)
    work = summary.work.get(per)
    if work is None or work.total <= 0:
        known = [RUN, *(unit for unit, done in summary.work.items() if done.total > 0)]
        raise NotFoundError(f"the run counted no {per!r}{did_you_mean(per, known)}; known: {', '.join(known)}")
    if per in BY_THE_MILLION:
        return Unit(f"million {name(per)}", work.total / MILLION)
    return Unit(name(per).removesuffix("s"), work.total)


def _line(label: str, text: str) -> list[str]:
    return textwrap.wrap(text, _WIDTH, initial_indent=label.ljust(_LABEL), subsequent_indent=" " * _LABEL)
