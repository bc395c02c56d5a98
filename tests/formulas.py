"""The tables of docs/formulas.md: every constant that a report rests on, as the code has it."""

from collections.abc import Callable, Iterable, Mapping, Sequence

from greentrack.analysis import gpu_ratings
from greentrack.costing import datacenter, equivalents, gpu_rental, published_trainings, system_overhead, tariffs
from greentrack.data import tables
from greentrack.formatting.units import digits


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a Markdown table."""
    lines = [head, ["---"] * len(head), *([cell.replace("|", "\\|") for cell in row] for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def household() -> str:
    """Return what a run is compared with, and what one of each costs."""
    return table(
        ("what", "one costs", "for", "source"),
        (
            (
                known.text,
                ("about " if known.about else "") + _ranged(*known.figure, known.unit),
                _places(known.where),
                f"{known.source}, {known.year}",
            )
            for known in equivalents.constants()
        ),
    )


def trainings() -> str:
    """Return the published trainings."""
    return table(
        ("training", "year", "hardware", "energy", "CO2e", "energy was", "what is counted", "source"),
        (
            (
                row.name,
                str(row.year),
                row.hardware,
                row.energy_text or "not published",
                row.carbon_text or "not published",
                published_trainings.HOW[row.how],
                "; ".join(part for part in (row.boundary, row.money_text) if part),
                row.source,
            )
            for row in published_trainings.references()
        ),
    )


def published_error_rows() -> str:
    """Return the published errors."""
    return table(("said", "so", "source"), published_trainings.published_errors())


def chassis() -> str:
    """Return the constants of the rest of the machine, by its kind."""
    return table(
        ("kind", "base", "efficiency", "range", "source"),
        (
            (
                kind,
                f"{known.base_watts:g} W",
                f"{known.efficiency:g}",
                f"−{known.below * 100:.0f} to +{known.above * 100:.0f} %",
                f"{known.source}, {known.year}",
            )
            for kind, known in system_overhead.CHASSIS.items()
        ),
    )


def rated_gpus() -> str:
    """Return what GPUs are rated for."""
    return table(
        ("GPU", "rated power", "source"),
        (
            (board.name, f"{board.watts:g} W" + ("" if board.sure else ", uncertain"), f"{board.source}, {board.year}")
            for board in gpu_ratings.ratings()
        ),
    )


def household_tariffs() -> str:
    """Return what households pay for a kWh, by country."""
    countries = [row["country"] for row in tables.rows("tariffs.csv")]
    found = {country: tariffs.household_tariff(country) for country in countries}
    return table(
        ("country", "a kWh", "until", "source"),
        (
            (
                country,
                _ranged(tariff.price.value, tariff.price.low, tariff.price.high, tariff.currency),
                tariff.until,
                tariff.source,
            )
            for country, tariff in found.items()
            if tariff
        ),
    )


def gpu_rents() -> str:
    """Return what an hour of a rented GPU costs."""
    return table(
        ("GPU", "from a", "an hour", "until", "source"),
        (
            (
                row.gpu,
                row.tier,
                _ranged(row.price.value, row.price.low, row.price.high, row.currency),
                row.until,
                row.source,
            )
            for row in gpu_rental.prices()
        ),
    )


def embodied() -> str:
    """Return the carbon of making things."""
    return table(
        ("what", "made with", "spread over its use", "source"),
        (
            (
                row["item"] if row["what"] == "host" else f"GPU, {row['item']}",
                f"{row['kg']} kg" + ("" if row["certainty"] == "checked" else ", uncertain"),
                f"{digits(float(row['kg']) * 1000 / datacenter.LIFE_HOURS)} g an hour",
                f"{row['source']}, {row['year']}",
            )
            for row in tables.rows("embodied.csv")
        ),
    )


def water() -> str:
    """Return the litres for a kWh."""
    return table(
        ("where", "place", "litres a kWh", "source"),
        (
            (
                "power stations" if row["what"] == "grid" else "site",
                row["place"],
                row["litres_per_kwh"] + ("" if row["certainty"] == "checked" else ", uncertain"),
                f"{row['source']}, {row['year']}",
            )
            for row in tables.rows("water.csv")
        ),
    )


def _ranged(value: float, low: float, high: float, unit: str) -> str:
    text = f"{digits(value)} {unit}"
    return text if low == high else f"{text} ({digits(low)} to {digits(high)})"


def _places(where: frozenset[str]) -> str:
    if not where:
        return "everybody else"
    return ", ".join(sorted(where)) if len(where) < 10 else f"{len(where)} countries of Europe"


PARTS: Mapping[str, Callable[[], str]] = {
    "chassis": chassis,
    "gpus": rated_gpus,
    "tariffs": household_tariffs,
    "rents": gpu_rents,
    "embodied": embodied,
    "water": water,
    "equivalents": household,
    "trainings": trainings,
    "misprints": published_error_rows,
}
"""By the name between its markers: what makes the part."""
