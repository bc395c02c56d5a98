"""Derives joules by kind of device, a record, and the line at the end from the figures of a run's recorder."""

import contextlib
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING

from greentrack import log

if TYPE_CHECKING:
    from greentrack.costing.summary import Summary
    from greentrack.model import Record
    from greentrack.recorder.transport.messages import RunFacts, RunFigures


def joules_of(figures: "RunFigures | None") -> dict[str, float]:
    """Return the joules by kind of device; {} if there are no figures yet."""
    if figures is None:
        return {}
    try:
        from greentrack.recorder.transport.protocol import figures_of

        uses, _ = figures_of(figures)
    except (ImportError, OSError):  # no file left to load a module: never raise into the training
        return {}
    by_kind: dict[str, float] = {}
    for use in uses:
        if use.energy.seconds <= 0 and use.joules <= 0:
            continue  # not read yet: absent is not zero
        by_kind[use.device.kind] = by_kind.get(use.device.kind, 0.0) + use.joules
    return by_kind


def record_of(facts: "RunFacts", figures: "RunFigures | None") -> "Record":
    """Return the record of the run with these *facts* and *figures*."""
    from greentrack.model import Host, Record, TrackerOverhead
    from greentrack.recorder.transport.protocol import calibration_of, fact_of, figures_of, run_of

    uses, overhead = figures_of(figures) if figures else ([], TrackerOverhead())
    host = fact_of(Host, figures["host"]) if figures and figures["host"] else None
    known = calibration_of(figures) if figures else None
    return Record(run=run_of(facts, host), devices=tuple(uses), tracker_overhead=overhead, calibration=known)


def get_ready_to_print() -> None:
    """Load the modules that print the line at the end, while there is time."""
    with contextlib.suppress(OSError, ImportError):  # no file left: tried again when needed
        import greentrack.costing.api
        import greentrack.costing.tariffs
        import greentrack.tracking.final_line  # noqa: F401


def print_line(run_id: str, summary: "Callable[[], Summary]") -> None:
    """Print the *summary* of a run in one line, on standard error."""
    try:
        from greentrack.tracking.final_line import final_line

        if sys.stderr is not None:  # a daemon has none, and print would use standard output
            print(final_line(summary()), file=sys.stderr)
    except Exception as error:  # noqa: BLE001  # never raise into the training
        log.warning("run %s is kept, but its line could not be printed: %r", run_id, error)
