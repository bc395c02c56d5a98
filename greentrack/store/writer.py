"""Writes the batches of the recorder to the database, each completely or not at all."""

import math
import os
import sqlite3
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from greentrack import log
from greentrack.errors import StoreError
from greentrack.methods import METHODS
from greentrack.model import DeviceUse, Energy, Forecast, Phase, Reading, RunInfo, Span
from greentrack.store import rows
from greentrack.store import write_queries as sql
from greentrack.store.batch import Batch, every_other, thinned, totals
from greentrack.store.connect import NO_FILE, identity, open_for_writing, translated
from greentrack.store.location import REMEDY, path_of
from greentrack.store.statements import Statement, select
from greentrack.store.time_bins import PhaseTime, bin_length, into_bins
from greentrack.store.values import text

if TYPE_CHECKING:
    from greentrack.store.relocation import RunRows

MAX_READINGS = 7200
"""Readings stored of one device of a run; before there are more, neighbours are merged until half of them are left."""

THINNING_MARGIN = 300
"""Merging may begin this many readings before the limit, one device a write, so that no write merges all of them."""

MAX_FORECASTS = 1000
"""Forecasts stored of a run; before there are more, every other one is deleted."""

_READINGS = select(rows.READING, "FROM readings WHERE run = ? AND device = ? ORDER BY at")


class Writer:
    """Writes the batches of a run (or of one run after another) to the database at *path*, by default the user's own.

    It opens the file at the first write, and again where the file vanished or was replaced; the run is then copied into
    the new file, and *warn* is called. Nothing may be written from a forked child: SQLite would damage the file.
    """

    def __init__(
        self,
        path: Path | None = None,
        *,
        busy_timeout_s: float = 5.0,
        clock: Callable[[], float] = time.time,
        warn: Callable[[str], None] = log.warning,
    ) -> None:
        self.path = path_of(path)
        self._busy_timeout_s = busy_timeout_s
        self._clock, self._warn = clock, warn
        self._pid = os.getpid()
        self._db: sqlite3.Connection | None = None
        self._file = NO_FILE
        self._run_id = ""
        self._run: RunInfo | None = None
        self._uses: dict[str, DeviceUse] = {}
        self._is_stored = False  # something of the run is in the file
        self._relocated: RunRows | None = None  # what was in a file that is gone
        self._warning = ""  # shown once the new file is written
        self._forget()

    def write(self, batch: Batch) -> None:
        """Store *batch* in one transaction. Raises StoreError; then nothing of it is stored, and it can be retried."""
        if os.getpid() != self._pid:
            raise StoreError(f"{self.path} was opened before a fork and cannot be written from the child")
        self._remember(batch)
        with ExitStack() as failed:
            failed.callback(self._drop)  # whatever was left open is rolled back with it
            with translated(self.path):
                db = self._open()
                db.execute("BEGIN IMMEDIATE")
                self._store(db, batch)
                db.execute("COMMIT")
            failed.pop_all()
        warning, self._warning, self._relocated, self._is_stored = self._warning, "", None, True
        if warning:
            self._warn(warning)

    def close(self) -> None:
        """Close the file; the last connection leaves no log beside it. Writing opens it again."""
        if os.getpid() == self._pid:
            self._drop()

    def _open(self) -> sqlite3.Connection:
        if self._file not in (NO_FILE, identity(self.path)):
            self._close_moved()
        if self._db is not None:
            with suppress(OSError):  # it vanishes at this moment: the next write sees that
                if self.path.stat().st_size == 0:  # SQLite would write on, and nothing could read the file again
                    raise StoreError(f"{self.path} was emptied while it was open; move it away, or {REMEDY}")
        else:
            self._db = open_for_writing(self.path, self._busy_timeout_s)
            self._file = identity(self.path)
        return self._db

    def _close_moved(self) -> None:
        """Close a file that is not in its place any more, and read the run from it where that is still possible."""
        from greentrack.store.relocation import read_run

        db, self._file = self._db, NO_FILE
        found = None
        if db is not None:
            with suppress(sqlite3.Error):  # or its log would be taken for that of the file that is there now
                db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            with suppress(sqlite3.Error, UnicodeDecodeError):
                found = read_run(db, self._run_id)
            self._drop()
        if self._is_stored and self._relocated is None:
            self._relocated = found
            self._warning = f"{self.path} was removed or replaced while run {self._run_id} was recorded; " + (
                "unless the new file is a copy of it, what was kept of the run until then is lost"
                if found is None
                else "what was kept of the run until then is in the new file, too; other runs are not"
            )

    def _drop(self) -> None:
        db, self._db = self._db, None
        self._forget()
        if db is not None:
            with translated(self.path):
                db.close()

    def _forget(self) -> None:
        self._key: int | None = None
        self._devices: dict[str, int] = {}
        self._counts: dict[int, int] = {}
        self._bins: tuple[float, int] | None = None  # the start of the first, and the length of each

    def _remember(self, batch: Batch) -> None:
        if batch.run_id != self._run_id:
            self._run_id, self._run, self._uses = batch.run_id, None, {}
            self._relocated, self._warning, self._is_stored = None, "", False
            self._forget()
        self._run = batch.run or self._run
        self._uses |= {use.device.uid: use for use in batch.devices}

    def _store(self, db: sqlite3.Connection, batch: Batch) -> None:
        run = self._update_run(db, batch)
        if batch.tracker_overhead is not None:
            db.execute(sql.OVERHEAD.sql, sql.OVERHEAD.row(batch.tracker_overhead._asdict() | {"key": run}))
        self._store_readings(db, run, batch.readings)
        for span in batch.spans:
            self._store_span(db, run, span)
        for phase in batch.phases.values():
            self._store_phase(db, run, phase)
        if batch.phase_times:
            self._store_phase_times(db, run, batch.phase_times)
        work = ((run, text(unit), amount) for unit, amount in batch.work.items() if math.isfinite(amount))
        db.executemany(sql.WORK.sql, work)
        db.executemany(sql.METRIC.sql, (sql.METRIC.row(metric._asdict() | {"run": run}) for metric in batch.metrics))
        if batch.forecasts:
            _store_forecasts(db, run, batch.forecasts)

    def _update_run(self, db: sqlite3.Connection, batch: Batch) -> int:
        """Update the run's own row, store new devices, and return the run's key."""
        last = max((reading.at for reading in batch.readings), default=None)
        facts = (None, None) if self._run is None else (self._run.status, self._run.ended_at)
        update = (self._clock(), last, *facts)
        if self._key is not None and batch.run is None:
            if db.execute(sql.TOUCH, (*update, self._key, self._run_id)).rowcount:
                self._store_devices(db, self._key, batch.devices)
                return self._key
            self._forget()  # the run was deleted, and another run may have its key by now
        self._key = self._add_run(db)
        if self._relocated is not None:
            from greentrack.store.relocation import write_run

            write_run(db, self._key, self._relocated)
        db.execute(sql.TOUCH, (*update, self._key, self._run_id))
        self._store_devices(db, self._key, self._uses.values())
        return self._key

    def _add_run(self, db: sqlite3.Connection) -> int:
        if self._run is not None:
            if self._run.host is not None:
                db.execute(sql.HOST.sql, sql.HOST.row(self._run.host._asdict()))
            db.execute(sql.RUN.sql, (*rows.run_row(self._run), self._clock()))
        row = db.execute("SELECT key FROM runs WHERE id = ?", (self._run_id,)).fetchone()
        if row is None:
            raise StoreError(f"run {self._run_id} is not in {self.path}, so nothing can be added to it")
        return int(row[0])

    def _store_devices(self, db: sqlite3.Connection, run: int, uses: Iterable[DeviceUse]) -> None:
        host = "" if self._run is None or self._run.host is None else self._run.host.id
        for use in uses:
            device = use.device
            db.execute(sql.DEVICE.sql, sql.DEVICE.row(device._asdict() | {"host": host}))
            (key,) = db.execute("SELECT key FROM devices WHERE host = ? AND uid = ?", (host, device.uid)).fetchone()
            self._devices[device.uid] = key
            measured = use.method in METHODS and METHODS[use.method].measured
            db.execute(sql.RUN_DEVICE.sql, rows.run_device_row(run, key, use, measured=measured))

    def _device_key(self, db: sqlite3.Connection, run: int, uid: str) -> int:
        if uid not in self._devices:
            query = "SELECT key FROM run_devices JOIN devices ON key = device WHERE run = ? AND uid = ?"
            row = db.execute(query, (run, uid)).fetchone()
            if row is None:
                raise StoreError(f"device {uid} was never registered with run {self._run_id} in {self.path}")
            self._devices[uid] = row[0]
        return self._devices[uid]

    def _store_readings(self, db: sqlite3.Connection, run: int, readings: list[Reading]) -> None:
        added: dict[int, int] = {}
        values = []
        for reading in readings:
            device = self._device_key(db, run, reading.device)
            added[device] = added.get(device, 0) + 1
            values.append(rows.reading_row(run, device, reading))
        for device in added.keys() - self._counts.keys():
            query = "SELECT count(*) FROM readings WHERE run = ? AND device = ?"
            self._counts[device] = db.execute(query, (run, device)).fetchone()[0]
        db.executemany(sql.READING.sql, values)
        sums = totals(readings).items()
        db.executemany(sql.TOTALS.sql, [(*figures, run, self._devices[uid]) for uid, figures in sums])
        for device, more in added.items():
            self._counts[device] += more
        fullest = max(self._counts, key=self._counts.__getitem__, default=None)
        for device, count in self._counts.items():
            if count > (MAX_READINGS - THINNING_MARGIN if device == fullest else MAX_READINGS):
                self._counts[device] = _thin(db, run, device)

    def _store_span(self, db: sqlite3.Connection, run: int, span: Span) -> None:
        db.execute(sql.SPAN.sql, sql.SPAN.row(span._asdict() | {"run": run}))
        db.execute("DELETE FROM span_energy WHERE run = ? AND span = ?", (run, span.id))
        self._store_energy(db, sql.SPAN_ENERGY, {"run": run, "span": span.id}, span.energy)

    def _store_phase(self, db: sqlite3.Connection, run: int, phase: Phase) -> None:
        db.execute(sql.PHASE.sql, sql.PHASE.row(phase._asdict() | {"run": run}))
        self._store_energy(db, sql.PHASE_ENERGY, {"run": run, "phase": phase.name}, phase.energy)

    def _store_phase_times(self, db: sqlite3.Connection, run: int, times: list[PhaseTime]) -> None:
        since, until = min(time.start for time in times), max(time.end for time in times)
        if self._bins is None:
            query = "SELECT start, length FROM phase_times WHERE run = ? ORDER BY start LIMIT 1"
            self._bins = db.execute(query, (run,)).fetchone() or (since, 1)
        first, length = self._bins
        first = min(first, since)
        longer = bin_length(first, until, length)
        if longer > length:
            query = "SELECT phase, start, length, seconds FROM phase_times WHERE run = ?"
            stored = [PhaseTime(*row) for row in db.execute(query, (run,))]
            db.execute("DELETE FROM phase_times WHERE run = ?", (run,))
            times = [*stored, *times]
        bins = into_bins(times, longer)
        db.executemany(sql.PHASE_TIME.sql, (sql.PHASE_TIME.row(one._asdict() | {"run": run}) for one in bins))
        self._bins = (first, longer)

    def _store_energy(
        self, db: sqlite3.Connection, write: Statement, owner: Mapping[str, Any], energy: Mapping[str, Energy]
    ) -> None:
        keys = {uid: self._device_key(db, owner["run"], uid) for uid in energy}
        added = (write.row({**owner, **used._asdict(), "device": keys[uid]}) for uid, used in energy.items())
        db.executemany(write.sql, added)


def _store_forecasts(db: sqlite3.Connection, run: int, forecasts: list[Forecast]) -> None:
    for one in forecasts:
        db.executemany(sql.FORECAST.sql, [(run, one.at, *figure) for figure in rows.forecast_rows(one)])
    query = "SELECT at FROM forecasts WHERE run = ? AND kind = 'progress' ORDER BY at"
    moments = [at for (at,) in db.execute(query, (run,))]
    kept = moments
    while len(kept) > MAX_FORECASTS:
        kept = every_other(kept)
    gone = ((run, at) for at in set(moments) - set(kept))
    db.executemany("DELETE FROM forecasts WHERE run = ? AND at = ?", gone)


def _thin(db: sqlite3.Connection, run: int, device: int) -> int:
    stored = [Reading("", *row) for row in db.execute(_READINGS.sql, (run, device))]
    kept = thinned(stored, MAX_READINGS // 2)
    db.execute("DELETE FROM readings WHERE run = ? AND device = ?", (run, device))
    db.executemany(sql.READING.sql, [rows.reading_row(run, device, reading) for reading in kept])
    return len(kept)
