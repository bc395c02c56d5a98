"""The provenance of a published figure: its boundary, its methods, the grid and the PUE."""

from collections import Counter
from collections.abc import Mapping
from typing import NamedTuple

from greentrack import __version__
from greentrack.costing.summary import Summary
from greentrack.formatting.escape import name
from greentrack.formatting.layout import listed
from greentrack.formatting.units import digits
from greentrack.methods import METHODS
from greentrack.quantity import Figure, product
from greentrack.reports.assumptions import OVERHEAD
from greentrack.reports.lines import unread_devices
from greentrack.vocabulary import IMPORTED

TOOL = f"GreenTrack {__version__}"

NOTHING = "nothing was measured, so energy and carbon are not known"

_REST = "board, fans, disks and power supply"

SEEN = {"gpu": "GPUs", "cpu": "processors", "dram": "memory", "ram": "memory"}
"""The kinds of devices that a meter can read, as readers call them."""


class TotalCosts(NamedTuple):
    """The costs of a run, or of all parts of a multi-part run; *parts* is their number.

    *facility* is *joules* with the data centre's overhead, None where none is applied.
    """

    parts: int
    seconds: float
    joules: Figure | None
    facility: Figure | None
    g: Figure | None


class KindMethod(NamedTuple):
    """The method behind the energy of some *kinds* of devices; *text* has no parentheses, so it can be put in some."""

    kinds: str
    text: str
    measured: bool

    def __str__(self) -> str:
        return f"{self.kinds}: {'measured' if self.measured else 'modelled'} ({self.text})"


def recorder(summary: Summary) -> str:
    """Return what recorded the run, with its version: ``GreenTrack 0.1.0``, or the tool that it was imported from."""
    if summary.run.status != IMPORTED:
        return TOOL
    from greentrack.exchange.codecarbon_csv import NAME

    about = summary.run.params.get(NAME)
    version = about.get("version") if isinstance(about, Mapping) else None
    return f"{NAME}{f' {name(version)}' if isinstance(version, str) else ''}, imported into {TOOL}"


def total(summary: Summary) -> TotalCosts:
    """Return the costs of all parts of a multi-part run, or of a run on its own."""
    whole = summary.whole
    if whole is None:
        return TotalCosts(1, summary.run.seconds, summary.joules, summary.facility_joules, summary.g)
    facility = None
    if summary.facility_joules is not None and whole.joules is not None:
        facility = product(whole.joules, summary.pue)
    return TotalCosts(len(summary.parts), whole.seconds, whole.joules, facility, whole.g)


def hardware(summary: Summary) -> list[str]:
    """Return the GPUs and the processor, such as ``["8 × NVIDIA H100 80GB HBM3", "AMD EPYC 9654"]``."""
    gpus = Counter(name(device.name) for device in summary.devices if device.kind == "gpu")
    known = [each if number == 1 else f"{number} × {each}" for each, number in gpus.items()]
    host = summary.run.host
    seen = next((device.name for device in summary.devices if device.kind == "cpu"), "")
    cpu = (host.cpu if host else "") or seen
    return [*known, name(cpu)] if cpu else known


def boundary(summary: Summary) -> str:
    """Return what the energy is of: ``GPUs, processors and memory, without the rest of the machine``."""
    read = (device.kind for device in summary.devices if device.joules is not None)
    kinds = dict.fromkeys(SEEN[kind] for kind in read if kind in SEEN)
    missing = f"{lacks}, of which nothing was read" if (lacks := unread_devices(summary)) else ""
    if "rest" in summary.by_kind:
        text = f"the whole machine{missing and f' but for {missing}'}: {', '.join(kinds)}, and {_REST}"
    else:
        text = f"{listed(list(kinds))}, without {missing and f'{missing}, and without '}the rest of the machine"
    return f"the run's own share of {text}" if summary.scope == "process" else text


def methods(summary: Summary) -> list[KindMethod]:
    """Return the methods with which the kinds of devices were read."""
    by_method: dict[tuple[str, bool], list[str]] = {}
    for device in summary.devices:
        if device.joules is not None:
            method = METHODS.get(device.method)
            text = device.method if method is None else method.text.replace("(", "[").replace(")", "]")
            by_method.setdefault((text, device.measured), []).append(SEEN.get(device.kind, "rest of the machine"))
    return [
        KindMethod(listed(list(dict.fromkeys(kinds))), text, measured) for (text, measured), kinds in by_method.items()
    ]


def grid(summary: Summary) -> str:
    """Return the grid's factor with its place, kind, source and year."""
    carbon = summary.intensity
    if carbon.hourly_share is not None:
        how = f", {carbon.how}"
    else:
        how = "" if carbon.how == "given" else f", zone {carbon.how}"
    return (
        f"{digits(carbon.g_per_kwh)} g CO2e/kWh ({carbon.name}, {carbon.boundary}, location-based, "
        f"{carbon.source}, {carbon.year}{how})"
    )


def pue(summary: Summary) -> str:
    """Return the PUE with its range, source and year; "" where none is applied."""
    if summary.facility_joules is None:
        return ""
    factor = summary.pue
    source = next((item for item in summary.assumptions if item.name == OVERHEAD), None)
    remarks = [f"{digits(factor.low)}–{digits(factor.high)}"] if factor.low < factor.high else []
    remarks += [f"{source.source}, {source.year}"] if source else []
    return digits(factor.value) + (f" ({'; '.join(remarks)})" if remarks else "")


def part_of(summary: Summary) -> str:
    """Return which part of a multi-part run this is, "part 1 of 2"; "" for a run on its own."""
    if summary.whole is None:
        return ""
    number = next(index for index, part in enumerate(summary.parts, 1) if part.id == summary.run.id)
    return f"part {number} of {len(summary.parts)}"
