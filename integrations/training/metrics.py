"""The metrics of a training: which of them are single numbers, and which have changed."""

import math
from collections.abc import Mapping
from typing import Any

from greentrack.integrations.training.description import UNREADABLE

OWN_PREFIXES = ("energy/", "carbon/")
"""The names of our own figures begin with these: they are no metrics of the training."""


class MetricChanges:
    """Remembers the metrics of a training, to keep each when it changes."""

    def __init__(self) -> None:
        self._last: dict[str, float] = {}
        self._validation_names: set[str] = set()

    def update(self, metrics: Mapping[str, Any], *, is_validation: bool = False) -> dict[str, float]:
        """Return the *metrics* that have changed; with *is_validation* also a validation's that have not.

        Nothing says which metrics are a validation's, so those are taken that a validation has once changed.
        """
        values = {name: value for name, value in scalars(metrics).items() if not name.startswith(OWN_PREFIXES)}
        changed = {name: value for name, value in values.items() if not _is_same(value, self._last.get(name))}
        if is_validation:
            self._validation_names |= changed.keys()
            changed |= {name: value for name, value in values.items() if name in self._validation_names}
        self._last |= changed
        return changed


def scalars(metrics: Mapping[str, Any]) -> dict[str, float]:
    """Return the metrics that are single numbers. It waits for each that is on a GPU: do not call it every step."""
    values = {}
    for name, value in metrics.items():
        try:
            values[name] = float(value)
        except UNREADABLE:
            continue
    return values


def _is_same(value: float, before: float | None) -> bool:
    """Return True if a metric has not changed; NaN equals NaN."""
    return value == before or (before is not None and math.isnan(value) and math.isnan(before))
