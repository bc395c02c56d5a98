"""Everything a summary rests on, with value, source and year."""

from collections.abc import Iterable, Iterator, Sequence

from greentrack.carbon import Intensity
from greentrack.costing.equivalents import Equivalent
from greentrack.costing.summary import Assumption, DeviceCost
from greentrack.costing.system_overhead import Chassis
from greentrack.methods import METHODS
from greentrack.model import DeviceUse

_DETAILS = {  # what a modelled device says of itself, and how a report names it
    "tdp_watts": "rated power, W",
    "idle_watts": "power when idle, W",
    "max_watts": "power at full load, W",
    "watts_per_gb": "power of memory, W per GB",
}


def assumptions(
    uses: Iterable[DeviceUse],
    devices: Sequence[DeviceCost],
    *,
    chassis: Chassis | None,
    intensity: Intensity,
    charged: Iterable[Assumption],
    equivalents: Iterable[Equivalent],
) -> tuple[Assumption, ...]:
    """Return what the figures rest on, in the order in which they are worked out."""
    made = [
        *_methods(devices, chassis),
        *(assumption for use in uses for assumption in _details(use)),
        *(_rest(chassis) if chassis else ()),
        *_carbon(intensity),
        *charged,
    ]
    for equivalent in equivalents:
        name = f"{equivalent.what}, {equivalent.unit} each"
        made.append(Assumption(name=name, value=equivalent.constant, source=equivalent.source, year=equivalent.year))
    return tuple(made)


def _methods(devices: Sequence[DeviceCost], chassis: Chassis | None) -> Iterator[Assumption]:
    for name in dict.fromkeys(device.method for device in devices if device.joules is not None):
        if chassis and name == chassis.method:  # its own range follows, by the kind of machine
            continue
        method = METHODS[name]
        yield Assumption(
            name=f"range of {name}: {method.text}",
            value=range_text(method.below, method.above),
            source=method.source,
            year=method.year,
        )


def _details(use: DeviceUse) -> Iterator[Assumption]:
    details = use.device.details
    if use.energy.seconds <= 0:
        return
    for key, text in _DETAILS.items():
        if isinstance(value := details.get(key), int | float):
            yield Assumption(
                name=f"{use.device.uid}: {text}",
                value=float(value),
                source=str(details.get("source", "not stated")),
                year=int(details.get("year") or METHODS[use.method].year),
            )


def _rest(chassis: Chassis) -> Iterator[Assumption]:
    of_wall = " of the wall's power, more beyond the loads of the calibration" if chassis.loads else ""
    for name, value in (
        ("rest of the machine: base, W", chassis.base_watts),
        ("rest of the machine: components' part of what grows with them", chassis.efficiency),
        (f"range of {chassis.method}: {chassis.text}", range_text(chassis.below, chassis.above) + of_wall),
    ):
        if value:  # most kinds have no base
            yield Assumption(name=name, value=value, source=chassis.source, year=chassis.year)


def _carbon(intensity: Intensity) -> Iterator[Assumption]:
    about = f"{intensity.name}; {intensity.boundary}, location-based, {intensity.how}"
    yield Assumption(
        name=f"grid intensity of {intensity.zone} ({about}), g/kWh",
        value=intensity.g_per_kwh,
        source=intensity.source,
        year=intensity.year,
    )
    yield Assumption(
        name="range of the grid intensity",
        value=range_text(intensity.below, intensity.above),
        source="10 % for a yearly average by place and for hours that were forecast or estimated, 5 % for hours that "
        "came about, more where the source says so; judgement",
        year=2026,
    )
    if intensity.yearly is not None:
        other = intensity.yearly
        yield Assumption(
            name=f"grid intensity of {other.zone} in hours without a figure ({other.boundary}), g/kWh",
            value=other.g_per_kwh,
            source=other.source,
            year=other.year,
        )


def range_text(below: float, above: float) -> str:
    """Return a range as people write it.

    >>> range_text(0.05, 0.06)
    '-5 % to +6 %'
    """
    return f"-{below * 100:.0f} % to +{above * 100:.0f} %"
