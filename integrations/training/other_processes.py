"""Runs that other processes record for a callback: its ranks, or processes that the framework starts."""

import os
from pathlib import Path

from greentrack.config import Settings

CLOSE_WAIT_S = 2.0
"""How long to wait for a run whose process has died: its recorder closes it in milliseconds."""


def group_of(own: str) -> str:
    """Return the group of a callback's runs: the id of the run of the command that runs all, or else its *own*."""
    return os.environ.get("GREENTRACK_RUN_ID") or own


def newest_of(group: str, settings: Settings) -> str | None:
    """Return the id of the newest run of *group*: a process that a framework starts gets a copy of its callback."""
    from greentrack.store.reader import Reader

    with Reader(_path(settings)) as reader:
        return reader.newest_of_group(group)


def mark_newest_failed(group: str, settings: Settings, trace: str) -> None:
    """Mark the newest run of *group* as failed: an exception, of which this is the *trace*, ended its processes."""
    from greentrack.store.maintenance import mark_failed

    if (run_id := newest_of(group, settings)) is not None:
        error = trace.strip().rpartition("\n")[2]
        mark_failed(_path(settings), run_id, error, CLOSE_WAIT_S, redact=settings.redact)


def _path(settings: Settings) -> Path:
    from greentrack.store.location import default_path

    return Path(settings.db) if settings.db else default_path()
