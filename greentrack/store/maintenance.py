"""Deletes runs, and closes those that were killed."""

import time
from collections.abc import Iterable
from pathlib import Path

from greentrack.errors import StoreError
from greentrack.secrets import redact_text
from greentrack.store import read_queries
from greentrack.store.connect import transaction
from greentrack.store.lineage import relinked
from greentrack.store.reader import Reader


def delete(path: Path, run_ids: Iterable[str], *, force: bool = False) -> int:
    """Remove runs and everything that belongs to them, all or none; return how many.

    Raises NotFoundError for an id that is not there, StoreError for a run that is still running (unless *force*: its
    recorder will then store it again, without what it read before). Runs that continued a removed run then continue
    what that one continued.
    """
    wanted = set(run_ids)
    with Reader(path) as reader:
        for run_id in sorted(wanted):
            name, status = reader.name_and_status(run_id)
            if status == "running" and not force:
                raise StoreError(f"run {run_id} ({name}) is still running; end it first, or delete it with force")
    if not wanted:
        return 0
    with transaction(path, cascade=True) as db:  # hosts and devices stay, because other runs use them
        changed = relinked(dict(db.execute(read_queries.LINKS.sql)), wanted)
        db.executemany("UPDATE runs SET continues = ? WHERE id = ?", ((to, run_id) for run_id, to in changed.items()))
        return db.executemany("DELETE FROM runs WHERE id = ?", ((run_id,) for run_id in wanted)).rowcount


def mark_failed(path: Path, run_id: str, error: str, wait_s: float = 0.0, *, redact: bool = True) -> bool:
    """Store an interrupted run as failed with this *error*; True where it was interrupted within *wait_s* seconds.

    Its recorder only saw that its process was gone, and the caller knows why. Secrets are not stored unless *redact* is
    False.
    """
    deadline = time.monotonic() + wait_s
    with Reader(path) as reader:
        while (run := reader.outline(run_id).run).status == "running" and time.monotonic() < deadline:
            time.sleep(0.02)
    if run.status != "interrupted":
        return False
    with transaction(path) as db:
        db.execute(
            "UPDATE runs SET status = 'failed', error = ?, ended_at = ?, seconds = ? WHERE id = ?",
            ((redact_text(error) if redact else error)[:500], run.ended_at, run.seconds, run_id),
        )
    return True


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
    with transaction(path) as db:
        facts = ((run.status, run.ended_at, run.seconds, run.id, updated_at) for run, updated_at in killed)
        return db.executemany(update, facts).rowcount
