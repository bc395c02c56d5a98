"""Reads lists of runs, single runs and readings; nothing can be changed through it."""

import json
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from greentrack.errors import ConfigError, NotFoundError, StoreError, did_you_mean
from greentrack.model import Host, Phase, Reading, Record, RunInfo, TrackerOverhead
from greentrack.store import liveness, read_queries, rows, values
from greentrack.store.database import ReadDatabase
from greentrack.store.deduplication import DeduplicatedEnergy, deduplicated_energy
from greentrack.store.host_calibrations import calibrations_by_host
from greentrack.store.lineage import HostInterval, RunPosition, in_order, multipart_runs
from greentrack.store.run_row import ORDERS, RunRow
from greentrack.store.statements import Row
from greentrack.store.time_bins import PhaseTime
from greentrack.vocabulary import STATUSES

if TYPE_CHECKING:
    from greentrack.calibration_facts import HostCalibration
    from greentrack.store.downsampling import PowerBin


class Reader(ReadDatabase):
    """Answers questions about the runs in the database at *path*, by default the user's own.

    Where there is no database yet, lists are empty and a single run is a NotFoundError. A run that is stored as running
    but whose process is gone is returned as ``interrupted``, ended at its last reading; see ``liveness``.
    """

    def __init__(
        self,
        path: Path | None = None,
        *,
        here: liveness.LocalMachine | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        super().__init__(path)
        self._here = here
        self._clock = clock

    def runs(
        self,
        *,
        project: str | None = None,
        tags: Sequence[str] = (),
        status: str | None = None,
        since: float | None = None,
        until: float | None = None,
        name: str | None = None,
        sort: str = "started",
        limit: int | None = None,
        without: Iterable[str] = (),
    ) -> list[RunRow]:
        """List the runs of *project* that have all *tags*, started at or after *since* and before *until* (Unix time).

        *name* may hold ``*`` and ``?``; those whose id is in *without* are left out. Raises NotFoundError, with a
        suggestion, for a status that does not exist and for a project or tag that no run has; ConfigError for an
        unknown *sort*.
        """
        if sort not in ORDERS:
            raise ConfigError(f"unknown sort {sort!r}{did_you_mean(sort, ORDERS)}; known: {', '.join(ORDERS)}")
        if status is not None and status not in STATUSES:
            raise NotFoundError(
                f"no status is called {status!r}{did_you_mean(status, STATUSES)}; known: {', '.join(STATUSES)}"
            )
        if project is not None:
            self._expect("project", project, self.projects())
        for tag in tags:
            self._expect("tag", tag, self.tags())
        early = limit is not None and sort == "started" and status not in ("running", "interrupted")
        left_out = list(without)
        filters = {
            "project": project,
            "tags": json.dumps(list(tags)) if tags else None,
            "status": status,
            "since": since,
            "until": until,
            "name": name,
            "without": json.dumps(left_out) if left_out else None,
            "limit": min(limit or 0, 2**62) if early else -1,  # more is no number to SQLite
        }
        with self._snapshot():
            found = self._with_energy(self.query(read_queries.runs(filters), filters))
        if status is not None:
            found = [row for row in found if row.status == status]
        if sort != "started":
            found.sort(key=ORDERS[sort])
        return found if limit is None else found[:limit]

    def listed(self, run_ids: Iterable[str]) -> list[RunRow]:
        """List the runs with these ids, the newest first."""
        filters = {"ids": json.dumps(list(run_ids)), "limit": -1}
        with self._snapshot():
            return self._with_energy(self.query(read_queries.runs(filters), filters))

    def projects(self) -> list[str]:
        """Return every project that a run belongs to."""
        return [row[0] for row in self.query(read_queries.PROJECTS)]

    def tags(self) -> list[str]:
        """Return every tag that a run has."""
        return [row[0] for row in self.query(read_queries.TAGS)]

    def find(self, ref: str) -> str:
        """Return the id of the run that *ref* means: an id, ``latest``, a name (its newest run), or the start of an id.

        Raises NotFoundError where there is none or more than one.
        """
        if self.query("SELECT 1 FROM runs WHERE id = ?", (ref,)):
            return ref
        latest = [row for row in self.query(read_queries.NAMES) if all(isinstance(word, str) for word in row)]
        if not latest:
            raise NotFoundError(f"no runs yet at {self.path}; track one with: greentrack run -- COMMAND")
        if ref == "latest":
            return str(latest[0][0])
        for run_id, name in latest:
            if name == ref:
                return str(run_id)
        near = [(run_id, name) for run_id, name in latest if ref and run_id.startswith(ref.lower())]
        if len(near) == 1:
            return str(near[0][0])
        if near:
            some = ", ".join(f"{run_id} ({name})" for run_id, name in near[:5])
            more = f" and {len(near) - 5} more" if len(near) > 5 else ""
            raise NotFoundError(f"{ref!r} begins the ids of {len(near)} runs: {some}{more}; give more of it")
        known = {name: None for _, name in latest}
        raise NotFoundError(f"no run {ref!r} at {self.path}{did_you_mean(ref, known)}; list them with: greentrack runs")

    def name_and_status(self, run_id: str) -> tuple[str, str]:
        """Return name and status of the run with this id, also where the rest of it cannot be read.

        Raises NotFoundError.
        """
        try:
            run = self.outline(run_id).run
        except StoreError:
            if not (found := self.query(read_queries.NAME_AND_STATUS, (run_id,))):
                raise
            return str(found[0][0]), str(found[0][1])
        return run.name, run.status

    def newest_of_group(self, group: str) -> str | None:
        """Return the id of the run of this group that started last; None where there is none."""
        found = self.query(read_queries.NEWEST_OF_GROUP, (group,))
        return str(found[0][0]) if found else None

    def record(self, run_id: str) -> Record:
        """Return everything known about the run with this id. Raises NotFoundError."""
        with self._snapshot():
            key, outline = self._outline(run_id)
            span_energy = rows.energies(self.query(read_queries.SPAN_ENERGY, (key,)))
            phase_energy = rows.energies(self.query(read_queries.PHASE_ENERGY, (key,)))
            return outline._replace(
                spans=tuple(rows.span(row, span_energy) for row in self.query(read_queries.SPANS, (key,))),
                phases=tuple(
                    Phase(name=name, calls=calls, seconds=seconds, energy=phase_energy.get(name, {}))
                    for name, calls, seconds in self.query(read_queries.PHASES, (key,))
                ),
                metrics=tuple(rows.metric(row) for row in self.query(read_queries.METRICS, (key,))),
                work={row[0]: row[1] for row in self.query(read_queries.WORK, (key,))},
            )

    def outline(self, run_id: str) -> Record:
        """Return the run with this id with its devices and forecasts, and without what may be long.

        Raises NotFoundError.
        """
        with self._snapshot():
            return self._outline(run_id)[1]

    def multipart_runs(self) -> list[list[str]]:
        """Return every multi-part run, as the ids of its parts in the order in which they started.

        The last part stands for the whole: in a job on several hosts it is the one of the lowest rank. Parts are runs
        that continue each other, and those of a job that ran on several hosts at once.
        """
        with self._snapshot():
            found = self._multipart_runs()
            if not found:
                return []
            ids = json.dumps([run_id for parts in found for run_id in parts])
            positions = {row[0]: RunPosition(*row[1:]) for row in self.query(read_queries.POSITIONS, (ids,))}
        left = (parts & positions.keys() for parts in found)  # a part may have been deleted
        return [in_order(parts, positions) for parts in left if len(parts) > 1]

    def parts_of(self, run_id: str) -> list[RunInfo]:
        """Return the parts of the multi-part run that this run belongs to, itself included, in order.

        The list is empty where there is no such run.
        """
        with self._snapshot():
            parts = next((parts for parts in self._multipart_runs() if run_id in parts), {run_id})
            hosts = self.hosts()
            runs = {
                row[0]: self._settled(rows.run(rows.LIGHT, row, hosts.get(host)), updated_at, last)
                for host, updated_at, last, *row in self.query(read_queries.PARTS, (json.dumps(list(parts)),))
            }
        return [runs[part] for part in in_order(runs, runs)]

    def hosts(self) -> dict[str, Host]:
        """Return every host, by its id."""
        return {row[0]: rows.host(row) for row in self.query(read_queries.HOSTS)}

    def host_calibrations(self) -> "dict[str, HostCalibration]":
        """Return the calibrations of each host, by its id; hosts without any are left out."""
        return calibrations_by_host(self.query)

    def devices(self, host_id: str) -> dict[str, list[str]]:
        """Return the uids of the devices that were read in each run on a host, by the run's id."""
        made: dict[str, list[str]] = {}
        for run_id, uid in self.query(read_queries.DEVICES_OF_RUNS, (host_id,)):
            made.setdefault(run_id, []).append(uid)
        return made

    def readings(self, run_id: str) -> dict[str, list[Reading]]:
        """Return a run's readings by device uid, in order of time."""
        made: dict[str, list[Reading]] = {}
        for row in self.query(read_queries.READINGS, (run_id,)):
            made.setdefault(row[0], []).append(Reading._make(row))
        return made

    def phase_times(self, run_id: str) -> list[PhaseTime]:
        """Return when a run's phases took their time, bin by bin; nothing where that was not stored yet."""
        return [PhaseTime(*row) for row in self.query(read_queries.PHASE_TIMES, (run_id,))]

    def power_bins(self, run_id: str, since: float, seconds: float, bins: int) -> list["PowerBin"]:
        """Return what each device used in *bins* equal parts of the *seconds* after *since*; see ``downsampling``."""
        from greentrack.store import downsampling

        return downsampling.power_bins(self.query, run_id, since, seconds, bins)

    def deduplicated_energy(self, run_ids: Iterable[str]) -> DeduplicatedEnergy:
        """Add up several runs; energy that several of them recorded counts once."""
        with self._snapshot():
            return deduplicated_energy(self.query, run_ids)

    def killed(self) -> list[tuple[RunInfo, float]]:
        """Return the runs stored as running that were killed, as they should be stored, and when each last wrote."""
        hosts = self.hosts()
        found = []
        for _, host, updated_at, last, *row in self.query(read_queries.RUNNING):
            run = rows.run(rows.LIGHT, row, hosts.get(host))
            if self._is_gone(run, updated_at):
                found.append((self._settled(run, updated_at, last), updated_at))
        return found

    def _multipart_runs(self) -> list[set[str]]:
        links = [(run_id, before) for run_id, before in self.query(read_queries.LINKS)]
        return multipart_runs(links, [HostInterval(*row) for row in self.query(read_queries.HOST_INTERVALS)])

    def _outline(self, run_id: str) -> tuple[int, Record]:
        found = self.query(read_queries.RUN, (run_id,))
        if not found:
            raise NotFoundError(f"no run {run_id!r} at {self.path}; list them with: greentrack runs")
        key, host, updated_at, last, *facts = found[0]
        overhead, info = facts[: len(rows.OVERHEAD)], facts[len(rows.OVERHEAD) :]
        return key, Record(
            run=self._settled(rows.run(rows.INFO, info, self.hosts().get(host)), updated_at, last),
            devices=tuple(rows.device_use(row) for row in self.query(read_queries.DEVICE_USES, (key,))),
            forecasts=rows.forecasts(self.query(read_queries.FORECASTS, (key,))),
            tracker_overhead=TrackerOverhead._make(overhead),
            calibration=self.host_calibrations().get(host),
        )

    def _with_energy(self, found: Sequence[Row]) -> list[RunRow]:
        if not found:
            return []
        hosts = self.hosts()
        running = self._running(hosts)
        keys = [row[0] for row in found]
        edges = min(keys), max(keys)
        used = {row[0]: row for row in self.query(read_queries.USED, edges)}
        with_rest = {row[0] for row in self.query(read_queries.WITH_REST, edges)}
        made = []
        for key, run_id, name, status, project, tags, started_at, ended_at, seconds, zone, rest, host in found:
            _, joules, measured, seen, *_ = used.get(key, (key, 0.0, 0.0, 0.0))
            facts = (run_id, name, status, project, values.tags(tags), started_at, ended_at, seconds, zone, rest)
            row = RunRow(*facts, hosts.get(host), joules, measured, seen, key in with_rest)
            if (run := running.get(key)) is not None:
                row = row._replace(status=run.status, ended_at=run.ended_at, seconds=run.seconds)
            made.append(row)
        return made

    def _running(self, hosts: Mapping[str, Host]) -> dict[int, RunInfo]:
        """Return the runs that are stored as running, as they are now, by their key."""
        return {
            key: self._settled(rows.run(rows.LIGHT, row, hosts.get(host)), updated_at, last)
            for key, host, updated_at, last, *row in self.query(read_queries.RUNNING)
        }

    def _settled(self, run: RunInfo, updated_at: float, last: float | None) -> RunInfo:
        """Return *run* as it is now: how long it has been running, or that it was interrupted, and when."""
        if run.status != "running":
            return run
        end = max(run.started_at, last or 0.0)
        gone = self._is_gone(run, updated_at)
        if gone is None:
            gone = self._clock() - updated_at > liveness.MAX_REMOTE_GAP_S
        if not gone:
            return run._replace(seconds=max(run.seconds, end - run.started_at))
        return run._replace(status="interrupted", ended_at=end, seconds=end - run.started_at)

    def _is_gone(self, run: RunInfo, updated_at: float) -> bool | None:
        if self._here is None:
            self._here = liveness.local_machine()
        return self._here.is_gone(run, self._clock() - updated_at)

    def _expect(self, what: str, word: str, known: Sequence[str]) -> None:
        if word not in known and self.query("SELECT 1 FROM runs LIMIT 1"):
            raise NotFoundError(
                f"no run at {self.path} has the {what} {word!r}{did_you_mean(word, known)}; "
                f"known: {', '.join(known[:10]) or 'none'}"
            )
