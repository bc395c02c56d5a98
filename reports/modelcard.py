"""A summary as the front matter of a Hugging Face model card: ``co2_eq_emissions``, in grams."""

from collections.abc import Iterator

from greentrack.costing.summary import Summary
from greentrack.formatting.escape import name, yaml
from greentrack.formatting.units import duration, energy_range, in_unit, mass_range, percent
from greentrack.reports import provenance

TYPES = ("pre-training", "fine-tuning")
"""The kinds of training that a model card knows."""


def render(summary: Summary) -> str:
    """Return a block of YAML between two lines of dashes; without emissions where nothing was measured."""
    return "\n".join(("---", *_fields(summary), "---"))


def _fields(summary: Summary) -> Iterator[str]:
    total = provenance.total(summary)
    if total.g is None or total.joules is None:
        yield f"# co2_eq_emissions: {provenance.NOTHING}"
        return
    yield "co2_eq_emissions:"
    yield f"  emissions: {in_unit(total.g, 'g CO2e')[0]}  # grams of CO2e"
    yield f"  source: {yaml(_source(summary, total))}"
    if (kind := _training_type(summary)) is not None:
        yield f"  training_type: {yaml(kind)}"
    else:
        yield f"  # training_type: {' or '.join(TYPES)}; taken from a tag of the run, which has none of them"
    carbon = summary.intensity
    how = "" if carbon.how == "given" else f", {carbon.how}"
    yield f"  geographical_location: {yaml(f'{name(carbon.name)} ({carbon.zone}){how}')}"
    yield f"  hardware_used: {yaml(', '.join(provenance.hardware(summary)) or 'not known')}"


def _source(summary: Summary, total: provenance.TotalCosts) -> str:
    parts = [f"{provenance.recorder(summary)}: {mass_range(total.g)}"] if total.g else []
    parts += [f"from {energy_range(total.joules)} in {duration(total.seconds)}"] if total.joules else []
    parts += [f"{total.parts} parts together"] if total.parts > 1 else []
    if summary.measured_share is not None:
        of = f" of the energy of {provenance.part_of(summary)}" if summary.whole else ""
        parts += [f"{percent(summary.measured_share)}{of} measured", f"energy of {provenance.boundary(summary)}"]
    pue = provenance.pue(summary)
    parts += [
        f"PUE {pue}" if pue else "no overhead of a data centre (PUE)",
        f"at {provenance.grid(summary)}",
        "without the carbon of making the hardware",
    ]
    return "; ".join(parts)


def _training_type(summary: Summary) -> str | None:
    """Return the kind of training that the run's tags name, in whatever spelling."""
    tags = {tag.lower().replace("-", "").replace("_", "").replace(" ", "") for tag in summary.run.tags}
    return next((kind for kind in TYPES if kind.replace("-", "") in tags), None)
