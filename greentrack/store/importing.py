"""Stores runs that another tool recorded: all or none, and each once however often it is imported."""

import json
import sqlite3
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

from greentrack.errors import StoreError
from greentrack.methods import METHODS
from greentrack.store import rows
from greentrack.store import write_queries as sql
from greentrack.store.batch import Batch, totals
from greentrack.store.connect import transaction
from greentrack.store.location import REMEDY
from greentrack.store.statements import Row, select
from greentrack.store.tables import RUNS
from greentrack.vocabulary import IMPORTED

_STORED = select(rows.RUN, "FROM runs WHERE id IN (SELECT value FROM json_each(?))").sql
_STATUS, _ENDED = (rows.RUN.index(column) for column in RUNS.pick("status", "ended_at"))


class ImportCounts(NamedTuple):
    """How many runs are new, how many were replaced, and how many were there already."""

    added: int = 0
    changed: int = 0
    known: int = 0


def keep(
    path: Path, batches: Sequence[Batch], *, busy_timeout_s: float = 5.0, clock: Callable[[], float] = time.time
) -> ImportCounts:
    """Store *batches*, each a complete run whose status is ``imported``, in one transaction.

    A run that was imported before is replaced where it has changed and does not end earlier. Raises StoreError, also
    for the id of a run that GreenTrack itself recorded; nothing is stored then.
    """
    runs = {batch.run.id: batch for batch in batches if batch.run is not None}
    made = {run_id: tuple(rows.run_row(batch.run)) for run_id, batch in runs.items() if batch.run is not None}
    with transaction(path, busy_timeout_s, cascade=True) as db:
        stored = {row[0]: row for row in db.execute(_STORED, (json.dumps(list(runs)),))}
        for run_id, row in stored.items():
            if row[_STATUS] != IMPORTED:
                raise StoreError(
                    f"run {run_id} in {path} was recorded by GreenTrack and is not to be replaced, so that nothing was "
                    f"imported; {REMEDY}"
                )
        new = [run_id for run_id in runs if run_id not in stored or _is_newer(made[run_id], stored[run_id])]
        db.executemany("DELETE FROM runs WHERE id = ?", ((run_id,) for run_id in new if run_id in stored))
        _add(db, [runs[run_id] for run_id in new], [(*made[run_id], clock()) for run_id in new])
    changed = len(stored.keys() & new)
    return ImportCounts(added=len(new) - changed, changed=changed, known=len(runs) - len(new))


def _is_newer(made: Row, stored: Row) -> bool:
    return tuple(made) != tuple(stored) and made[_ENDED] >= (stored[_ENDED] or 0.0)


def _add(db: sqlite3.Connection, batches: Sequence[Batch], runs: Sequence[Row]) -> None:
    """Add *runs*, the rows of *batches*, and everything that belongs to them."""
    db.executemany(sql.RUN.sql, runs)
    ids = json.dumps([batch.run_id for batch in batches])
    keys = dict(db.execute("SELECT id, key FROM runs WHERE id IN (SELECT value FROM json_each(?))", (ids,)))
    seen = {use.device.uid: use.device for batch in batches for use in batch.devices}
    facts = (device._asdict() | {"host": ""} for device in seen.values())  # the host is unknown
    db.executemany(sql.DEVICE.sql, map(sql.DEVICE.row, facts))
    devices = dict(db.execute("SELECT uid, key FROM devices WHERE host = ''"))
    of_all = [(keys[batch.run_id], batch) for batch in batches]
    uses = ((run, devices[use.device.uid], use) for run, batch in of_all for use in batch.devices)
    db.executemany(
        sql.RUN_DEVICE.sql,
        (rows.run_device_row(run, device, use, measured=METHODS[use.method].measured) for run, device, use in uses),
    )
    readings = ((run, one) for run, batch in of_all for one in batch.readings)
    db.executemany(sql.READING.sql, (rows.reading_row(run, devices[one.device], one) for run, one in readings))
    sums = ((run, uid, figures) for run, batch in of_all for uid, figures in totals(batch.readings).items())
    db.executemany(sql.TOTALS.sql, ((*figures, run, devices[uid]) for run, uid, figures in sums))
    last = ((max((one.at for one in batch.readings), default=None), run) for run, batch in of_all)
    db.executemany("UPDATE runs SET last_reading_at = ? WHERE key = ?", last)
