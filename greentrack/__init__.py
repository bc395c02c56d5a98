"""Energy, carbon and money of a training run, measured honestly, without harming the training."""

TYPE_CHECKING = False  # typing's own would cost a third of what this import may cost
if TYPE_CHECKING:
    from greentrack.costing.api import summarize
    from greentrack.costing.summary import Summary
    from greentrack.errors import (
        ConfigError,
        GreenTrackError,
        MeterError,
        NotFoundError,
        OverBudgetError,
        SchemaError,
        SourceError,
        StoreError,
        ZoneError,
    )
    from greentrack.tracking import Run, Tracker, track

__version__ = "0.1.0"

__all__ = [
    "ConfigError",
    "GreenTrackError",
    "MeterError",
    "NotFoundError",
    "OverBudgetError",
    "Run",
    "SchemaError",
    "SourceError",
    "StoreError",
    "Summary",
    "Tracker",
    "ZoneError",
    "summarize",
    "track",
]

_HOMES = {
    "Run": "greentrack.tracking",
    "Summary": "greentrack.costing.summary",
    "Tracker": "greentrack.tracking",
    "summarize": "greentrack.costing.api",
    "track": "greentrack.tracking",
}


def __getattr__(name: str) -> object:
    """Load a public name when it is first used (PEP 562): importing the package itself costs nothing."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    import importlib

    return getattr(importlib.import_module(_HOMES.get(name, "greentrack.errors")), name)


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
