"""What a run makes of the figures that its recorder shows: joules by kind, a record, the line at the end."""

import contextlib
import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from greentrack import log

if TYPE_CHECKING:
    from greentrack.model import Record
    from greentrack.tracking.run import Run


def joules_of(figures: Mapping[str, Any] | None) -> dict[str, float]:
    """Return the joules by kind of device; {} where there are no figures yet."""
    if figures is None:
        return {}
    try:
        from greentrack.recorder.transport.protocol import figures_of

        uses, _ = figures_of(figures)
    except (ImportError, OSError):  # no file can be opened to load what reads them: a training does not end for that
        return {}
    by_kind: dict[str, float] = {}
    for use in uses:
        if use.energy.seconds <= 0 and use.joules <= 0:
            continue  # not seen yet: absent is not zero
        by_kind[use.device.kind] = by_kind.get(use.device.kind, 0.0) + use.joules
    return by_kind


def record_of(facts: Mapping[str, Any], figures: Mapping[str, Any] | None) -> "Record":
    """Return the record of the run with these *facts*, as far as the *figures* tell it."""
    from greentrack.model import Host, Record, TrackerOverhead
    from greentrack.recorder.transport.protocol import figures_of, known_of, run_of

    uses, toll = figures_of(figures) if figures else ([], TrackerOverhead())
    host = Host(**figures["host"]) if figures and figures["host"] else None
    known = known_of(figures) if figures else None
    return Record(run=run_of({**facts, "host": host}), devices=tuple(uses), tracker_overhead=toll, calibration=known)


def get_ready_to_print() -> None:
    """Load what the last line needs while there is nothing else to do."""
    with contextlib.suppress(OSError, ImportError):  # no file can be opened: it is tried again when it is needed
        import greentrack.costing.engine
        import greentrack.costing.summary
        import greentrack.costing.tariffs
        import greentrack.formatting.units  # noqa: F401


def print_line(run: "Run") -> None:
    """Print what *run* came to in one line, on standard error."""
    try:
        from greentrack.costing.summary import line

        if sys.stderr is not None:  # a daemon has none, and print would take standard output instead
            print(line(run.summary()), file=sys.stderr)
    except Exception as error:  # noqa: BLE001  # the end of a training is no place to raise for a line of text
        log.warning("run %s is kept, but its line could not be printed: %r", run.id, error)
