"""Changes to runs that are over: deleting them, and closing those that were killed."""

import json
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path

from greentrack.errors import StoreError
from greentrack.store.connect import open_for_writing, translated
from greentrack.store.reader import Reader


def delete(path: Path, run_ids: Iterable[str], *, force: bool = False) -> int:
    """Remove runs and everything that belongs to them, all or none; return how many.

    Raises NotFoundError for an id that is not there, StoreError for a run that is still running (unless *force*: its
    recorder will then register it anew, without what it read before).
    """
    wanted = set(run_ids)
    with Reader(path) as reader:
        for run_id in sorted(wanted):
            run = reader.record(run_id).run
            if run.status == "running" and not force:
                raise StoreError(f"run {run_id} ({run.name}) is still running; end it first, or delete it with force")
    if not wanted:
        return 0
    with closing(open_for_writing(path)) as db, translated(path):
        db.execute(
            "PRAGMA foreign_keys = 1"
        )  # everything of a run goes with it; hosts and devices stay, others use them
        return db.execute(
            "DELETE FROM runs WHERE id IN (SELECT value FROM json_each(?))", (json.dumps(sorted(wanted)),)
        ).rowcount


def mark_interrupted(path: Path) -> int:
    """Store as interrupted the runs of this machine that were killed; return how many.

    One that wrote again meanwhile is left as it is.
    """
    with Reader(path) as reader:
        killed = reader.killed()
    if not killed:
        return 0
    update = """UPDATE runs SET status = ?, ended_at = ?, seconds = ?
        WHERE id = ? AND status = 'running' AND updated_at = ?"""
    with closing(open_for_writing(path)) as db, translated(path):
        db.execute("BEGIN IMMEDIATE")
        marked = sum(
            db.execute(update, (run.status, run.ended_at, run.seconds, run.id, updated_at)).rowcount
            for run, updated_at in killed
        )
        db.execute("COMMIT")
    return marked
