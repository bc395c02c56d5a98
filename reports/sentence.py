"""A summary as a paragraph for a paper's method section."""

from collections.abc import Iterator

from greentrack.costing.caveats import MIN_COVERAGE
from greentrack.costing.summary import Summary
from greentrack.formatting.escape import name, printable
from greentrack.formatting.layout import listed
from greentrack.formatting.units import duration, energy_range, mass_range, percent
from greentrack.reports import provenance

_ENDED = {"failed": " until it failed", "stopped": " until it was stopped", "interrupted": " until it was interrupted"}


def render(summary: Summary) -> str:
    """Return the paragraph, on one line."""
    return printable(" ".join(_sentences(summary)))


def _sentences(summary: Summary) -> Iterator[str]:
    total = provenance.total(summary)
    on = listed(provenance.hardware(summary)) or "hardware that is not known"
    work = f"the run “{name(summary.run.name)}”" + (f" ({total.parts} parts together)" if total.parts > 1 else "")
    if total.joules is None or total.g is None:
        time = duration(total.seconds)
        yield f"The energy of {work}, which took {time} on {on}, was not measured; neither it nor its carbon is known."
        return
    ended = _ENDED.get(summary.run.status if summary.whole is None else summary.whole.status, "")
    yield (
        f"{work[0].upper()}{work[1:]} took {duration(total.seconds)} on {on}{ended} and used "
        f"{energy_range(total.joules)} of electricity, as recorded with {provenance.recorder(summary)}."
    )
    if summary.joules is not None:
        of = f" of the energy of {provenance.part_of(summary)}" if summary.whole else " of it"
        yield f"This is the energy of {provenance.boundary(summary)}; {_measured(summary)}{of} was measured."
        ways = [
            f"that of the {method.kinds} was {'measured' if method.measured else 'modelled'} ({method.text})"
            for method in provenance.methods(summary)
        ]
        yield f"By device, {listed(ways)}."
    seen = min((device.coverage for device in summary.devices if device.kind != "rest"), default=1.0)
    if seen < MIN_COVERAGE:
        yield f"Not all of the time was seen (of the least seen device {percent(seen)}), and no gap was filled in."
    if total.facility is not None:
        pue = f"With a power usage effectiveness (PUE) of {provenance.pue(summary)}"
        yield f"{pue}, the data centre used {energy_range(total.facility)} for it."
    else:
        yield "No overhead of a data centre (PUE) is included."
    yield f"At a grid intensity of {provenance.grid(summary)}, this amounts to {mass_range(total.g)}."
    if summary.embodied is not None:
        also = f" for {provenance.part_of(summary)}" if summary.whole else ""
        yield f"Making the hardware adds {mass_range(summary.embodied)}{also}, by the time of use."
    else:
        yield "The carbon of making the hardware is not included."
    yield "Ranges in parentheses are about 95 %."


def _measured(summary: Summary) -> str:
    share = summary.measured_share or 0.0
    return "all" if share == 1 else "none" if share == 0 else percent(share)
