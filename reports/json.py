"""A summary as JSON: strict (no NaN), times in ISO 8601 with their offset, joules and kWh as plain numbers."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any

from greentrack.model import Metric
from greentrack.reports.figures import JOULES_PER_KWH, Figure
from greentrack.reports.summary import Summary
from greentrack.reports.units import iso


def render(summary: Summary) -> str:
    """Return *summary* as an indented JSON object."""
    return json.dumps(to_dict(summary), indent=2, ensure_ascii=False, allow_nan=False)


def to_dict(summary: Summary) -> dict[str, Any]:
    """Return *summary* as what JSON can hold; what is not known is None, and so is a number that is not finite.

    ``metrics`` is ``{name: {first, last, least, most, values: [{at, value, joules}]}}``.
    """
    run, carbon = summary.run, summary.intensity
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
            }
            for device in summary.devices
        ],
        "energy": {
            "kwh": _figure(summary.kwh),
            "by_kind": {kind: joules / JOULES_PER_KWH for kind, joules in summary.by_kind.items()},
            "measured_share": summary.measured_share,
        },
        "carbon": {
            "g": _figure(summary.g),
            "zone": carbon.zone,
            "name": carbon.name,
            "g_per_kwh": carbon.g_per_kwh,
            "low": carbon.low,
            "high": carbon.high,
            "source": carbon.source,
            "year": carbon.year,
            "boundary": carbon.boundary,
            "how": carbon.how,
        },
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
        "spans": [
            {
                "name": span.name,
                "attrs": span.attrs,
                "seconds": span.seconds,
                "joules": span.joules,
                "by_kind": span.by_kind,
            }
            for span in summary.spans
        ],
        "phases": [
            {"name": phase.name, "calls": phase.calls, "seconds": phase.seconds, "joules": phase.joules}
            for phase in summary.phases
        ],
        "work": {
            unit: {"total": work.total, "joules_per": work.joules_per.value if work.joules_per else None}
            for unit, work in summary.work.items()
        },
        "metrics": {name: _metric(values) for name, values in summary.metrics.items()},
        "assumptions": [
            {"name": item.name, "value": item.value, "source": item.source, "year": item.year}
            for item in summary.assumptions
        ],
        "notes": summary.notes,
        "tracker": {
            "cpu_seconds": summary.toll.cpu_seconds,
            "readings": summary.toll.readings,
            "late": summary.toll.late,
            "failures": summary.toll.failures,
            "restarts": summary.toll.restarts,
        },
    }
    return {key: _plain(value) for key, value in made.items()}


def _figure(figure: Figure | None) -> dict[str, float] | None:
    return None if figure is None else {"value": figure.value, "low": figure.low, "high": figure.high}


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
