"""What the figures of a summary rest on, in words."""

from collections.abc import Callable, Mapping

from greentrack.costing.assumptions import Assumption, Ends, Quantity, Spread
from greentrack.costing.summary import StatedAssumption
from greentrack.formatting.units import digits
from greentrack.quantity import Figure

OVERHEAD = "data centre's overhead (PUE)"
"""The name of the assumption that has the PUE's source and year."""

NAMES: Mapping[Quantity, str | Callable[..., str]] = {
    "method range": "range of {}: {}",
    "tdp_watts": "{}: rated power, W",
    "idle_watts": "{}: power when idle, W",
    "max_watts": "{}: power at full load, W",
    "watts_per_gb": "{}: power of memory, W per GB",
    "idle power seen": "{}: power while nothing ran on it, W",
    "chassis base": "rest of the machine: base, W",
    "chassis efficiency": "rest of the machine: components' part of what grows with them",
    "chassis range": "range of {}: {}",
    "calibrated chassis range": "range of {}: {}",
    "grid intensity": "grid intensity of {} ({}; {}, location-based, {}), g/kWh",
    "grid intensity range": "range of the grid intensity",
    "grid intensity of other hours": "grid intensity of {} in hours without a figure ({}), g/kWh",
    "pue": OVERHEAD,
    "pue range": "range of the PUE",
    "electricity price": lambda currency, about: (
        f"price of electricity{f' ({about})' if about else ''}, {currency}/kWh"
    ),
    "electricity price by hour": "least and most by hour of the day",
    "electricity price range": "range of the price of electricity",
    "gpu rent": lambda gpu, currency, tier, doubt: (
        f"rent of {gpu}{f' of a {tier}' if tier else ''}{f', {doubt}' if doubt else ''}, {currency}/GPU-hour"
    ),
    "gpu rent range": "range of the rent of {}",
    "embodied carbon": "making of {}, kg CO2e",
    "hardware life": "life of the hardware, years",
    "hardware use": "part of its life that the hardware is in use",
    "embodied carbon range": "range of embodied carbon",
    "water": "water at {}, litres per kWh",
    "water range": "range of the water",
    "air conditioning": "an hour of room air conditioning, {}",
    "equivalent": "{}, {} each",
    "gpu rating": lambda gpu, doubt: f"rated power of {gpu}{f', {doubt}' if doubt else ''}, W",
    "gpu in use": "part of it that a GPU in use draws",
    "gpu idle": "part of it that an idle GPU draws",
    "host per gpu": "processors and memory, W for each W of the GPUs",
    "scaling range": "range of scaling, beside the run's own",
    "scaling start": "seconds at the start that more work may not repeat",
}


def value_text(assumption: StatedAssumption) -> str:
    """Return the value of *assumption* as text."""
    return assumption.value if isinstance(assumption.value, str) else digits(assumption.value, 4)


def stated(assumption: Assumption) -> StatedAssumption:
    """Return *assumption* with its name and its value as readers see them."""
    name = NAMES[assumption.quantity]
    text = name.format(*assumption.about) if isinstance(name, str) else name(*assumption.about)
    return StatedAssumption(text, _value(assumption), assumption.source, assumption.year)


def _value(assumption: Assumption) -> float | str:
    value = assumption.value
    if isinstance(value, Spread):
        beyond = assumption.quantity == "calibrated chassis range"
        return range_text(*value) + (" of the wall's power, more beyond the loads of the calibration" if beyond else "")
    if isinstance(value, Ends):
        return f"{value.low:g} to {value.high:g}"
    return value.text if isinstance(value, Figure) else value


def range_text(below: float, above: float) -> str:
    """Return a range as people write it.

    >>> range_text(0.05, 0.06)
    '-5 % to +6 %'
    """
    return f"-{below * 100:.0f} % to +{above * 100:.0f} %"
