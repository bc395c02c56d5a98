"""What a callback knows of runs that other processes record for it: its ranks, or those that its trainer started."""

import os
from pathlib import Path

from greentrack.config import Settings

BLAME_WAIT_S = 2.0
"""How long a run whose process has died is waited for: its recorder closes it in milliseconds."""


def group_of(own: str) -> str:
    """Return the group of a callback's runs: that of the command which runs it all, or else its *own*."""
    return os.environ.get("GREENTRACK_RUN_ID") or own


def newest_of(group: str, settings: Settings) -> str | None:
    """Return the newest run of *group*: processes that a trainer starts get a copy of its callback, group included."""
    from greentrack.store.reader import Reader

    with Reader(_path(settings)) as reader:
        return reader.newest_of_group(group)


def blame(group: str, settings: Settings, trace: str) -> None:
    """Keep as failed the run of processes that a trainer started: an exception in one of them killed all."""
    from greentrack.store.maintenance import mark_failed

    if (run_id := newest_of(group, settings)) is not None:
        error = trace.strip().rpartition("\n")[2]
        mark_failed(_path(settings), run_id, error, BLAME_WAIT_S, redact=settings.redact)


def _path(settings: Settings) -> Path:
    from greentrack.store.location import default_path

    return Path(settings.db) if settings.db else default_path()
