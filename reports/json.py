"""A summary as JSON: strict (no NaN), times in ISO 8601 with their offset, joules and kWh as plain numbers."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from greentrack.costing.forecast_costs import ForecastCost, came_to, forecast_cost
from greentrack.costing.summary import Summary
from greentrack.costing.tariffs import Money
from greentrack.formatting.escape import indented_json
from greentrack.formatting.units import figure_dict, iso
from greentrack.model import Metric
from greentrack.quantity import JOULES_PER_KWH, Figure
from greentrack.reports.references_json import to_dict as training_dict
from greentrack.reports.waste import stated_waste

if TYPE_CHECKING:
    from greentrack.analysis.time_to_target import CostToTarget


def render(summary: Summary, *, until: CostToTarget | None = None) -> str:
    """Return *summary* as an indented JSON object; what a target cost the run is its key ``until``."""
    made = to_dict(summary)
    if until is not None:
        from greentrack.reports import target_json  # compares runs, which one run's summary does not need

        made |= {"until": target_json.to_dict(until)}
    return indented_json(made)


def to_dict(summary: Summary) -> dict[str, Any]:
    """Return *summary* as what JSON can hold; what is not known is None, and so is a number that is not finite.

    ``metrics`` is ``{name: {first, last, least, most, values: [{at, value, joules}]}}``.
    """
    run, carbon, (status, came) = summary.run, summary.intensity, came_to(summary)
    made = {
        "run": {
            "id": run.id,
            "name": run.name,
            "project": run.project,
            "status": run.status,
            "started_at": iso(run.started_at),
            "ended_at": None if run.ended_at is None else iso(run.ended_at),
            "seconds": run.seconds,
            "host": run.host.name if run.host else None,
            "command": run.command,
            "tags": run.tags,
            "params": run.params,
            "error": run.error,
            "git_commit": run.git_commit,
            "git_dirty": run.git_dirty,
            "python": run.python,
        },
        "scope": summary.scope,
        "devices": [
            {
                "id": device.id,
                "kind": device.kind,
                "name": device.name,
                "method": device.method,
                "measured": device.measured,
                "joules": device.joules.value if device.joules else None,
                "low": device.joules.low if device.joules else None,
                "high": device.joules.high if device.joules else None,
                "coverage": device.coverage,
                "note": device.note,
                "idle_joules": device.idle,
                "above_idle_joules": figure_dict(device.above_idle),
            }
            for device in summary.devices
        ],
        "energy": {
            "kwh": _kwh(summary.joules),
            "by_kind": {kind: joules / JOULES_PER_KWH for kind, joules in summary.by_kind.items()},
            "measured_share": summary.measured_share,
            "unread": [device.id for device in summary.devices if device.joules is None],
            "gpus_above_idle_kwh": _kwh(summary.above_idle),
        },
        "carbon": {
            "g": figure_dict(summary.g),
            "zone": carbon.zone,
            "name": carbon.name,
            "g_per_kwh": carbon.g_per_kwh,
            "low": carbon.low,
            "high": carbon.high,
            "source": carbon.source,
            "year": carbon.year,
            "boundary": carbon.boundary,
            "how": carbon.how,
            "hourly_share": carbon.hourly_share,
        },
        "facility": {"pue": figure_dict(summary.pue), "kwh": _kwh(summary.facility_joules)},
        "money": _money(summary.money),
        "embodied": None if summary.embodied is None else {"g": figure_dict(summary.embodied)},
        "water": None if summary.water is None else {"litres": figure_dict(summary.water)},
        "equivalents": [
            {
                "text": equivalent.text,
                "n": equivalent.n,
                "low": equivalent.low,
                "high": equivalent.high,
                "constant": equivalent.constant,
                "unit": equivalent.unit,
                "source": equivalent.source,
                "year": equivalent.year,
            }
            for equivalent in summary.equivalents
        ],
        "comparison": None
        if (comparison := summary.comparison) is None
        else {
            "text": comparison.text,
            "ratio": figure_dict(comparison.ratio),
            **training_dict(comparison.reference),
        },
        "spans": [span._asdict() for span in summary.spans],
        "phases": [phase._asdict() for phase in summary.phases],
        "work": {
            unit: {"total": work.total, "joules_per": work.joules_per.value if work.joules_per else None}
            for unit, work in summary.work.items()
        },
        "rates": [
            {
                "unit": rate.unit,
                "per": rate.per,
                "joules": figure_dict(rate.joules),
                "per_kwh": figure_dict(rate.per_kwh),
                "per_air_hour": figure_dict(rate.per_air_hour),
                "money_per_million": figure_dict(rate.money),
                "currency": rate.currency or None,
                "overhead": rate.has_overhead,
            }
            for rate in summary.rates
        ],
        "forecasts": [
            {"at": iso(forecast.at), "progress": forecast.progress, **_cost(forecast_cost(forecast, summary))}
            for forecast in summary.forecasts
        ],
        "came_to": {"status": status, **_cost(came)} if summary.forecasts else None,
        "parts": [
            {
                "id": part.id,
                "status": part.status,
                "host": part.host,
                "started_at": iso(part.started_at),
                "seconds": part.seconds,
                "kwh": _kwh(part.joules),
                "kwh_before": None if part.before is None else part.before / JOULES_PER_KWH,
            }
            for part in summary.parts
        ],
        "whole": None
        if (whole := summary.whole) is None
        else {
            "status": whole.status,
            "seconds": whole.seconds,
            "kwh": _kwh(whole.joules),
            "g": figure_dict(whole.g),
            "money": _money(whole.money),
        },
        "metrics": {name: _metric(values) for name, values in summary.metrics.items()},
        "assumptions": [assumption._asdict() for assumption in summary.assumptions],
        "waste": [one._asdict() for one in stated_waste(summary)],
        "notes": summary.notes,
        "tracker": summary.tracker_overhead._asdict(),
    }
    return {key: _plain(value) for key, value in made.items()}


def _money(money: Money | None) -> dict[str, Any] | None:
    return None if money is None else money._asdict() | {"amount": figure_dict(money.amount)}


def _kwh(joules: Figure | None) -> dict[str, float] | None:
    return figure_dict(joules / JOULES_PER_KWH if joules else None)


def _cost(cost: ForecastCost) -> dict[str, Any]:
    return {
        "kwh": _kwh(cost.joules),
        "g": figure_dict(cost.g),
        "money": _money(cost.money),
        "seconds": figure_dict(cost.seconds),
    }


def _metric(values: tuple[Metric, ...]) -> dict[str, Any]:
    numbers = [metric.value for metric in values if metric.value is not None and math.isfinite(metric.value)]
    return {
        "first": values[0].value,
        "last": values[-1].value,
        "least": min(numbers, default=None),
        "most": max(numbers, default=None),
        "values": [{"at": iso(metric.at), "value": metric.value, "joules": metric.joules} for metric in values],
    }


def _plain(value: Any) -> Any:
    if value is None or isinstance(value, str | bool | int):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_plain(item) for item in value]
    return str(value)
