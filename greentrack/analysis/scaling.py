"""Scale a summary to more or less work: the run's figures times a factor, with the range that scaling adds."""

import math

from greentrack.costing.assumptions import Assumption, of_equivalents, spread_of
from greentrack.costing.equivalents import equivalents
from greentrack.costing.summary import DeviceCost, Summary, Work
from greentrack.model import TrackerOverhead
from greentrack.quantity import JOULES_PER_KWH, Figure, product

ESTIMATE = "estimate"
"""The status of an estimated run, and the method of its devices."""

REPEAT = 0.10
"""How far two runs of the same work may differ, each way (judgement)."""

TENFOLD = 0.10
"""How much further for each factor of ten that is scaled by: what a short run does not show, such as validations,
checkpoints, warm hardware, other data (judgement)."""

START_S = 30.0
"""The seconds at a run's start (imports, first batches, compilation) that more work may not repeat (judgement)."""


def scaling(factor: float, seconds: float, unseen: float = 0.0) -> Figure:
    """Return *factor* with the range that scaling a run of so many *seconds* by it has.

    It may be off by ``REPEAT``, by ``TENFOLD`` for each factor of ten, and by the first ``START_S``; *unseen* is the
    part that no meter saw, by which it may be more. More work never takes less than the run itself did.

    >>> ten = scaling(10, 300)
    >>> round(ten.low, 2), round(ten.high, 2)
    (7.81, 12.0)
    """
    off = REPEAT + TENFOLD * abs(math.log10(factor))
    fixed = min(1.0, START_S / seconds) if seconds > 0 else 1.0
    below = math.hypot(off, fixed * (1 - 1 / factor)) if factor > 1 else off
    above = math.hypot(off, fixed * (1 / factor - 1)) if factor < 1 else off
    least = 1 - REPEAT if factor > 1 else 0.0
    return Figure(value=factor, low=max(least, factor * (1 - below)), high=factor * (1 + above + unseen))


def unseen(summary: Summary) -> float:
    """Return the part of the energy that meters which were blind for a while may have missed."""
    known = [(row.joules.value, row.coverage) for row in summary.devices if row.joules is not None and row.coverage > 0]
    whole = sum(joules for joules, _ in known)
    return sum(joules * (1 / seen - 1) for joules, seen in known) / whole if whole > 0 else 0.0


def scaled(summary: Summary, factor: Figure, seconds: Figure) -> Summary:
    """Return *summary*, whose energy is known, times *factor*; rent and embodied carbon follow the *seconds*."""
    assert summary.joules is not None
    assert summary.g is not None
    time = seconds / summary.run.seconds if summary.run.seconds > 0 else factor
    joules, g = product(summary.joules, factor), product(summary.g, factor)
    facility = product(summary.facility_joules, factor) if summary.facility_joules else None
    money = summary.money
    if money is not None:
        money = money._replace(amount=product(money.amount, time if money.basis == "renter" else factor))
    like = equivalents((facility or joules) / JOULES_PER_KWH, g, summary.intensity.zone)
    return summary._replace(
        run=summary.run._replace(name=f"estimate from {summary.run.name}", status=ESTIMATE, seconds=seconds.value),
        devices=tuple(_row(row, factor) for row in summary.devices),
        joules=joules,
        by_kind={kind: part * factor.value for kind, part in summary.by_kind.items()},
        measured_share=0.0,
        g=g,
        facility_joules=facility,
        money=money,
        embodied=product(summary.embodied, time) if summary.embodied else None,
        water=product(summary.water, factor) if summary.water else None,
        equivalents=like,
        spans=(),
        phases=(),
        work={
            unit: Work(total=work.total * factor.value, joules_per=joules / (work.total * factor.value))
            for unit, work in summary.work.items()
            if work.total > 0
        },
        metrics={},
        rests_on=(
            *(item for item in summary.rests_on if item.quantity != "equivalent"),
            Assumption("scaling range", spread_of(factor), "10 %, and 10 % a factor of ten; judgement", 2026),
            Assumption("scaling start", START_S, "judgement", 2026),
            *of_equivalents(like),
        ),
        tracker_overhead=TrackerOverhead(),
        forecasts=(),
    )


def _row(row: DeviceCost, factor: Figure) -> DeviceCost:
    joules = None if row.joules is None else product(row.joules, factor)
    return row._replace(joules=joules, method=ESTIMATE, measured=False, coverage=0.0, note=f"scaled from {row.method}")
