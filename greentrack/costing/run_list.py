"""Lists of runs with the energy and carbon of each, and their totals.

The figures come from totals that the store keeps: ten thousand runs are listed without a single reading.
"""

from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager, nullcontext
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from greentrack.carbon import find_intensity
from greentrack.costing.session import CostingSession
from greentrack.costing.system_overhead import Chassis, chassis_of
from greentrack.errors import ConfigError, ZoneError, did_you_mean
from greentrack.quantity import JOULES_PER_KWH
from greentrack.store.reader import Reader
from greentrack.store.run_row import RunRow


class RunCost(NamedTuple):
    """A run in a list. *joules* (with system overhead), *g* and *measured_share* are None where nothing was read.

    *g* is None also where the zone has no known intensity. A multi-part run is one line: its latest part with the
    seconds, joules and grams of all *parts*. Other runs have no parts.
    """

    run: RunRow
    joules: float | None
    g: float | None
    measured_share: float | None
    parts: tuple["RunCost", ...] = ()

    @property
    def kwh(self) -> float | None:
        """The energy in kWh."""
        return None if self.joules is None else self.joules / JOULES_PER_KWH


class Totals(NamedTuple):
    """The totals of several runs. Joules that more than one run saw count once; *overlapped* are those left out.

    Of *unread* runs only the time counts. *joules* is None where all are unread; *g* also where any other's is.
    """

    runs: int
    seconds: float
    joules: float | None
    g: float | None
    overlapped: float
    unread: int


SORTS: dict[str, Callable[[RunCost], Any]] = {  # for each the order that one most often wants
    "started": lambda cost: -cost.run.started_at,
    "name": lambda cost: cost.run.name.casefold(),
    "seconds": lambda cost: -cost.run.seconds,
    "kwh": lambda cost: -(cost.joules or 0.0),
    "g": lambda cost: -(cost.g or 0.0),
    "status": lambda cost: cost.run.status,
}
"""How runs can be sorted: the newest, longest, costliest first; names and statuses by the alphabet."""


def list_runs(
    *,
    db: str | Path | None = None,
    session: CostingSession | None = None,
    project: str | None = None,
    tags: Sequence[str] = (),
    status: str | None = None,
    since: float | None = None,
    until: float | None = None,
    name: str | None = None,
    sort: str = "started",
    reverse: bool = False,
    limit: int | None = None,
    all_parts: bool = False,
) -> list[RunCost]:
    """List the runs in *db* (by default the database of the settings), or of an open *session*, that match all filters.

    A multi-part run is one line, found by its latest part; with *all_parts* each part has its own. *since* and *until*
    are Unix times of the start; *name* may hold ``*`` and ``?``. Raises NotFoundError for a project, tag or status that
    no run has; ConfigError for an unknown *sort* or a *limit* below 1.
    """
    if sort not in SORTS:
        raise ConfigError(f"unknown sort {sort!r}{did_you_mean(sort, SORTS)}; known: {', '.join(SORTS)}")
    if limit is not None and limit < 1:
        raise ConfigError(f"limit = {limit} is below 1; leave it out to list all runs")
    newest = sort == "started" and not reverse
    with _opened(session, db) as opened:
        reader = opened.reader
        works = {} if all_parts else {work[-1]: work for work in reader.multipart_runs()}
        rows = reader.runs(
            project=project,
            tags=tags,
            status=status,
            since=since,
            until=until,
            name=name,
            limit=limit if newest else None,
            without=[run_id for work in works.values() for run_id in work[:-1]],
        )
        refine = _by_calibration(reader)
        grams = _grams_per_joule(opened.settings.zone)
        costs = [_cost(row, grams, refine) for row in rows]
        if works:
            earlier = [run_id for row in rows for run_id in works.get(row.id, [])[:-1]]
            parts = {row.id: _cost(row, grams, refine) for row in reader.listed(earlier)}
            parts |= {cost.run.id: cost for cost in costs if cost.run.id in works}
            wholes = [[parts[run_id] for run_id in works.get(cost.run.id, ())] for cost in costs]
            costs = [_whole(whole, reader) if whole else cost for cost, whole in zip(costs, wholes, strict=True)]
    if not newest:
        costs.sort(key=SORTS[sort], reverse=reverse)
    return costs if limit is None else costs[:limit]


def total(costs: Iterable[RunCost], *, db: str | Path | None = None, session: CostingSession | None = None) -> Totals:
    """Return the totals of *costs*, runs of *db* or *session*; overhead and carbon follow the joules that count."""
    costs = list(costs)
    runs = [run for cost in costs for run in (cost.parts or (cost,))]
    with _opened(session, db) as opened:
        once = opened.reader.deduplicated_energy(cost.run.id for cost in runs)
    whole = once.joules + once.overlapped
    part = once.joules / whole if whole > 0 else 1.0
    read = [(cost.joules - cost.run.joules, cost.g) for cost in runs if cost.joules is not None]
    grams = [g for _, g in read if g is not None]
    return Totals(
        runs=len(costs),
        seconds=sum(cost.run.seconds for cost in costs),
        joules=once.joules + part * sum(rest for rest, _ in read) if read else None,
        g=part * sum(grams) if read and len(grams) == len(read) else None,
        overlapped=once.overlapped,
        unread=sum(cost.joules is None for cost in costs),
    )


def _opened(session: CostingSession | None, db: str | Path | None) -> AbstractContextManager[CostingSession]:
    """Return *session*, which stays open, or one over *db*."""
    return CostingSession.without_options(db) if session is None else nullcontext(session)


def _cost(
    row: RunRow,
    grams_per_joule: Callable[[str | None, str | None], float | None],
    refine: Callable[[RunRow, Chassis], Chassis],
) -> RunCost:
    joules = row.joules
    if row.seen_seconds <= 0 and joules <= 0:
        return RunCost(row, None, None, None)
    chassis = None if row.has_rest else chassis_of(row)
    if chassis is not None:
        joules += refine(row, chassis).joules(joules, row.seen_seconds)
    each = grams_per_joule(row.zone, row.host.timezone if row.host else None)
    grams = None if each is None else joules * each
    return RunCost(row, joules, grams, row.measured_joules / joules if joules > 0 else None)


def _whole(parts: Sequence[RunCost], reader: Reader) -> RunCost:
    """Return the line of a multi-part run: its last part with the totals of all, each joule counted once."""
    from greentrack.costing.overlap import seconds_of, share_counted_once

    rows = [part.run for part in parts]
    known = [(part.joules, part.g, part.measured_share or 0.0) for part in parts if part.joules is not None]
    share = share_counted_once(reader, rows)
    joules = sum(joules for joules, _, _ in known)
    grams = [g for _, g, _ in known if g is not None]
    run = rows[-1]._replace(
        seconds=seconds_of(rows),
        joules=share * sum(row.joules for row in rows),
        measured_joules=share * sum(row.measured_joules for row in rows),
    )
    return RunCost(
        run=run,
        joules=share * joules if known else None,
        g=share * sum(grams) if known and len(grams) == len(known) else None,
        measured_share=sum(joules * part for joules, _, part in known) / joules if joules > 0 else None,
        parts=tuple(parts),
    )


def _by_calibration(reader: Reader) -> Callable[[RunRow, Chassis], Chassis]:
    """Return a function that calibrates the kind of machine of runs on calibrated hosts."""
    known = {host: known.calibrations for host, known in reader.host_calibrations().items() if known.calibrations}
    if not known:
        return lambda _, chassis: chassis
    devices = {host: reader.devices(host) for host in known}

    @cache  # most runs of a machine see the same devices
    def fit(chassis: Chassis, host: str, uids: tuple[str, ...]) -> Chassis:
        from greentrack.costing.wall_calibration import calibrated

        return calibrated(chassis, known[host], uids)

    def refine(run: RunRow, chassis: Chassis) -> Chassis:
        if run.host is None or run.host.id not in known:
            return chassis
        return fit(chassis, run.host.id, tuple(sorted(devices[run.host.id].get(run.id, ()))))

    return refine


def _grams_per_joule(zone_in_force: str | None) -> Callable[[str | None, str | None], float | None]:
    @cache
    def find(zone: str | None, timezone: str | None) -> float | None:
        try:
            return find_intensity(zone or zone_in_force, timezone=timezone).g_per_kwh / JOULES_PER_KWH
        except ZoneError:  # one run's mistake must not hide all the others
            return None

    return find
