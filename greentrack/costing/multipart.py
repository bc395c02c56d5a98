"""Multi-part runs: trainings that were resumed or ran on several hosts; the costs of each part and of all."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from greentrack.costing.caveats import Caveat
from greentrack.costing.overlap import seconds_of
from greentrack.costing.summary import MultipartRun, RunPart, Summary
from greentrack.costing.tariffs import Money
from greentrack.quantity import Figure


def joined(summary: Summary, parts: Sequence[Summary], counted: float) -> Summary:
    """Return *summary* with the costs of its multi-part run, whose *parts* are in order.

    *counted* is the share of their joules that counts; see ``share_counted_once``.
    """
    measured = [part for part in parts if part.joules is not None]
    whole = MultipartRun(
        status=parts[-1].run.status,
        seconds=seconds_of(part.run for part in parts),
        joules=_sum([part.joules for part in measured], counted),
        g=_sum([part.g for part in measured], counted),
        money=_money([part.money for part in measured], counted),
    )
    plan = _plan(parts[-1])
    forecasts = (made for part in parts if _plan(part) == plan for made in part.forecasts)
    return summary._replace(
        parts=tuple(_parts(parts)),
        whole=whole,
        forecasts=tuple(sorted(forecasts, key=lambda made: made.at)),
        caveats=(*summary.caveats, *_caveats(parts, measured, counted)),
    )


def _plan(part: Summary) -> tuple[Any, Any]:
    """Return how long Lightning was to train: forecasts for another plan do not apply."""
    return part.run.params.get("max_epochs"), part.run.params.get("max_steps")


def _parts(parts: Sequence[Summary]) -> Iterator[RunPart]:
    for part in parts:
        run = part.run
        earlier = [one.joules.value for one in parts if one.joules is not None and one.run.started_at < run.started_at]
        yield RunPart(
            id=run.id,
            status=run.status,
            host=run.host.name if run.host else None,
            started_at=run.started_at,
            seconds=run.seconds,
            joules=part.joules,
            before=sum(earlier) if earlier else None,
        )


def _sum(figures: Sequence[Figure | None], counted: float) -> Figure | None:
    """Add *figures*; their ranges add as they are, since all parts have the same sensors and models."""
    known = [figure for figure in figures if figure is not None]
    return Figure.total(known) * counted if known and len(known) == len(figures) else None


def _money(sums: Sequence[Money | None], counted: float) -> Money | None:
    amount = _sum([None if money is None else money.amount for money in sums], counted)
    last = sums[-1] if sums else None
    kinds = {(money.currency, money.basis) for money in sums if money is not None}
    return None if amount is None or last is None or len(kinds) > 1 else last._replace(amount=amount)


def _caveats(parts: Sequence[Summary], measured: Sequence[Summary], counted: float) -> Iterable[Caveat]:
    if measured and len(measured) < len(parts):
        yield Caveat("parts not measured", (len(parts) - len(measured), len(parts)))
    if counted < 1:
        joules = sum(part.joules.value for part in measured if part.joules is not None)
        yield Caveat("counted once", (joules * (1 - counted),))
