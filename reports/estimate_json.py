"""An estimate as JSON: strict (no NaN), joules and kWh as plain numbers, and no key that only a measured run has."""

from typing import Any

from greentrack.analysis.estimate import Estimate
from greentrack.formatting.escape import indented_json
from greentrack.reports.json import to_dict as summary_dict

_MEASURED = ("run", "scope", "spans", "phases", "rates", "forecasts", "parts", "whole", "metrics", "waste", "tracker")


def render(estimate: Estimate) -> str:
    """Return *estimate* as an indented JSON object."""
    return indented_json(to_dict(estimate))


def to_dict(estimate: Estimate) -> dict[str, Any]:
    """Return *estimate* as what JSON can hold: how it was found, and the figures of a summary under their own keys."""
    made = summary_dict(estimate.summary)
    return {
        "estimate": {
            "how": estimate.how,
            "seconds": estimate.seconds.to_dict(),
            "from_run": estimate.source,
            "factor": estimate.factor and estimate.factor.to_dict(),
        },
        **{key: value for key, value in made.items() if key not in _MEASURED},
    }
