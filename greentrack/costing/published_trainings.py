"""Published trainings to compare a run with, how each figure was found, and the errors that are quoted of them."""

from functools import cache
from typing import NamedTuple

from greentrack.data.tables import rows
from greentrack.errors import NotFoundError, did_you_mean
from greentrack.formatting.units import digits, energy, money_range
from greentrack.quantity import JOULES_PER_KWH, Figure

JOULES_PER_MWH = JOULES_PER_KWH * 1000
MIN_RATIO = 1e-4
"""A run below this part of the smallest training is not compared."""

WELL_KNOWN = frozenset(
    {"BERT-base", "T5-11B", "BLOOM 176B", "GPT-3 175B", "PaLM 540B", "Llama 3 (8B and 70B)", "Llama 3.1 (8B to 405B)"}
)
"""Trainings that most readers know: a run is compared with one of these unless it is far smaller."""

HOW = {"measured": "measured", "assumed": "partly assumed", "tdp": "rated power x hours", "": "not published"}
"""How the energy of a training was found, as people read it."""


class PublishedMoney(NamedTuple):
    """What a training cost, at the prices of a *year*: the middle of what was published, and its ends; and *how* so."""

    amount: Figure
    currency: str
    year: int
    how: str

    def __str__(self) -> str:
        return f"{money_range(self.amount, self.currency)} at the prices of {self.year}"


class PublishedTraining(NamedTuple):
    """A published training. *energy_mwh*, *tco2e* and *money* are None where they were not published.

    *how* the energy was found: measured, assumed (hardware, number or power partly so), tdp (hours x rated power), "".
    *certainty* is published, "co2e uncertain" or uncertain: not checked at its source.
    """

    name: str
    year: int
    hardware: str
    energy_mwh: float | None
    tco2e: float | None
    money: PublishedMoney | None
    how: str
    boundary: str
    source: str
    certainty: str

    @property
    def energy_text(self) -> str:
        """Its energy as people read it, with a tilde where it is uncertain; "" where it is unknown."""
        tilde = "~" if self.certainty == "uncertain" else ""
        return "" if self.energy_mwh is None else tilde + energy(self.energy_mwh * JOULES_PER_MWH)

    @property
    def carbon_text(self) -> str:
        """Its carbon, likewise."""
        tilde = "" if self.certainty == "published" else "~"
        return "" if self.tco2e is None else f"{tilde}{digits(self.tco2e)} t"

    @property
    def money_text(self) -> str:
        """Its money, likewise."""
        tilde = "~" if self.certainty == "uncertain" else ""
        return "" if self.money is None else f"{tilde}{self.money}"


class TrainingComparison(NamedTuple):
    """A run compared with a published training: the *ratio* of their energies, with the run's range."""

    text: str
    ratio: Figure
    reference: PublishedTraining


class PublishedError(NamedTuple):
    """A figure that is widely quoted and wrong: what is *said*, what is *so*, and the *source* of the correction."""

    said: str
    so: str
    source: str


@cache
def published_errors() -> tuple[PublishedError, ...]:
    """Return the table of misprints and myths."""
    return tuple(PublishedError(**row) for row in rows("published_errors.csv"))


@cache
def references() -> tuple[PublishedTraining, ...]:
    """Return all published trainings by their energy; those without come last, in the order of their years."""
    known = map(_reference, rows("published_trainings.csv"))
    return tuple(sorted(known, key=lambda row: (row.energy_mwh is None, row.energy_mwh or row.year)))


def reference(name: str) -> PublishedTraining:
    """Return the published training of that name. Raises NotFoundError, with suggestions."""
    for row in references():
        if row.name == name:
            return row
    raise NotFoundError(f"no published training is called {name!r}{did_you_mean(name, (r.name for r in references()))}")


def closest(joules: float) -> PublishedTraining:
    """Return the smallest training that took at least *joules*, or else the largest; never one of uncertain energy.

    A well-known one goes before, unless *joules* are less than ``MIN_RATIO`` of it.

    >>> closest(0.45 * 3.6e6).name, closest(0.1 * 3.6e6).name, closest(1e18).name
    ('BERT-base', 'ViT-Tiny', 'Llama 3.1 (8B to 405B)')
    """
    known = [row for row in references() if row.energy_mwh is not None and row.certainty != "uncertain"]
    larger = [row for row in known if (row.energy_mwh or 0.0) * JOULES_PER_MWH >= joules]
    famous = next((row for row in larger if row.name in WELL_KNOWN), None)
    if famous is not None and joules >= MIN_RATIO * (famous.energy_mwh or 0.0) * JOULES_PER_MWH:
        return famous
    return larger[0] if larger else known[-1]


def comparison_of(joules: Figure) -> TrainingComparison | None:
    """Compare *joules* with the closest published training; None where they are far below the smallest."""
    other = closest(joules.value)
    assert other.energy_mwh is not None  # closest sees to it
    ratio = joules / (other.energy_mwh * JOULES_PER_MWH)
    if ratio.value < MIN_RATIO:
        return None
    n, low, high = (digits(part, 2) for part in (ratio.value, ratio.low, ratio.high))
    spread = "" if low == high else f" ({low}–{high})"
    text = f"{n} {'of' if ratio.value <= 1 else 'times'} what {other.name} took{spread}"
    carbon = f"{other.carbon_text} CO2e" if other.carbon_text else ""
    figures = ", ".join(filter(None, (other.energy_text, HOW[other.how], carbon, other.money_text)))
    return TrainingComparison(text=f"{text}: {figures} [{other.source}]", ratio=ratio, reference=other)


def _reference(row: dict[str, str]) -> PublishedTraining:
    return PublishedTraining(
        name=row["name"],
        year=int(row["year"]),
        hardware=row["hardware"],
        energy_mwh=float(row["energy_mwh"]) if row["energy_mwh"] else None,
        tco2e=float(row["tco2e"]) if row["tco2e"] else None,
        money=_paid(row) if row["money_low"] else None,
        how=row["how"],
        boundary=row["boundary"],
        source=row["source"],
        certainty=row["certainty"],
    )


def _paid(row: dict[str, str]) -> PublishedMoney:
    low, high = float(row["money_low"]), float(row["money_high"])
    return PublishedMoney(
        amount=Figure(value=(low + high) / 2, low=low, high=high),
        currency=row["currency"],
        year=int(row["money_year"]),
        how=row["money_how"],
    )
