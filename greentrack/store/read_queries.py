"""The queries of the reader."""

from collections.abc import Mapping

from greentrack.model import Energy
from greentrack.store import rows, tables
from greentrack.store.columns import AMOUNT, TIME
from greentrack.store.schema import VALID_JOULES
from greentrack.store.statements import Statement, computed, select
from greentrack.store.tables import DEVICES, RUN_DEVICES, RUNS
from greentrack.store.time_bins import PhaseTime

_FILTERS = {
    "project": "project = :project",
    "name": "(name = :name OR name GLOB :name)",
    "since": "started_at >= :since",
    "until": "started_at < :until",
    "status": "(status = :status OR (:status = 'interrupted' AND status = 'running'))",
    "ids": "id IN (SELECT value FROM json_each(:ids))",
    "without": "id NOT IN (SELECT value FROM json_each(:without))",
    "tags": """NOT EXISTS (SELECT 1 FROM json_each(:tags) AS wanted
        WHERE wanted.value NOT IN
        (SELECT value FROM json_each(CASE WHEN json_valid(runs.tags) THEN runs.tags ELSE '[]' END)))""",
}
_LISTED = RUNS.pick(
    *("key", "id", "name", "status", "project", "tags", "started_at", "ended_at", "seconds", "zone", "rest", "host")
)
_SEEN = RUNS.pick("host", "updated_at", "last_reading_at")
_UID = DEVICES.column("uid")

# the largest are enough to check that all are numbers: for SQLite a text is larger than any
USED = select(
    (
        RUN_DEVICES.column("run"),
        computed("valid_joules", f"total({VALID_JOULES})", AMOUNT),
        computed("measured_joules", f"total(measured * ({VALID_JOULES}))", AMOUNT),
        computed("seconds", "max(seconds)", TIME),
        computed("joules", "max(joules)", AMOUNT),
        computed("check_joules", "max(check_joules)", AMOUNT, optional=True),
    ),
    "FROM run_devices WHERE run BETWEEN ? AND ? GROUP BY run",
)
WITH_REST = """SELECT run FROM run_devices
    WHERE run BETWEEN ? AND ? AND device IN (SELECT key FROM devices WHERE kind = 'rest')"""
RUNNING = select(
    (RUNS.column("key"), *_SEEN, *rows.LIGHT), "FROM runs WHERE status = 'running' ORDER BY started_at DESC, key DESC"
)
RUN = select((RUNS.column("key"), *_SEEN, *rows.OVERHEAD, *rows.INFO), "FROM runs WHERE id = ?")
PARTS = select((*_SEEN, *rows.LIGHT), "FROM runs WHERE id IN (SELECT value FROM json_each(?))")
DEVICE_USES = select(
    (*rows.DEVICE, *rows.DEVICE_USE),
    "FROM run_devices JOIN devices ON devices.key = device WHERE run = ? ORDER BY kind, devices.key",
)
SPANS = select(rows.SPAN, "FROM spans WHERE run = ? ORDER BY started_at, id")
SPAN_ENERGY = select(
    (tables.SPAN_ENERGY.column("span"), _UID, *tables.SPAN_ENERGY.of(Energy._fields)),
    "FROM span_energy JOIN devices ON devices.key = device WHERE run = ?",
)
PHASES = select(tables.PHASES.without("run"), "FROM phases WHERE run = ? ORDER BY seconds DESC")
PHASE_ENERGY = select(
    (tables.PHASE_ENERGY.column("phase"), _UID, *tables.PHASE_ENERGY.of(Energy._fields)),
    "FROM phase_energy JOIN devices ON devices.key = device WHERE run = ?",
)
PHASE_TIMES = select(
    tables.PHASE_TIMES.of(PhaseTime._fields),
    "FROM phase_times WHERE run = (SELECT key FROM runs WHERE id = ?) ORDER BY start, phase",
)
METRICS = select(tables.METRICS.without("key", "run"), "FROM metrics WHERE run = ? ORDER BY key")
FORECASTS = select(tables.FORECASTS.without("run"), "FROM forecasts WHERE run = ? ORDER BY at")
WORK = select(tables.WORK.without("run"), "FROM work WHERE run = ?")
READINGS = select(
    (_UID, *rows.READING),
    """FROM readings JOIN devices ON devices.key = device
    WHERE run = (SELECT key FROM runs WHERE id = ?) ORDER BY device, at""",
)
LINKS = select(RUNS.pick("id", "continues"), "FROM runs WHERE continues IS NOT NULL")
HOST_INTERVALS = select(
    (
        *RUNS.pick("id", "group_id", "host", "started_at"),
        computed("ended_at", "max(started_at, coalesce(ended_at, last_reading_at, updated_at))", TIME),
    ),
    """FROM runs WHERE world_size > 1 AND host IS NOT NULL AND group_id IN
    (SELECT group_id FROM runs WHERE world_size > 1 GROUP BY group_id HAVING count(DISTINCT host) > 1)""",
)
POSITIONS = select(
    RUNS.pick("id", "started_at", "group_id", "rank"), "FROM runs WHERE id IN (SELECT value FROM json_each(?))"
)
DEVICE_INTERVALS = select(
    (
        RUNS.column("key"),
        RUN_DEVICES.column("device"),
        computed("counter_valid", "trusted OR check_joules IS NULL"),
        computed("machine", "coalesce(nullif(boot_id, ''), runs.host, runs.id)"),
        *DEVICES.pick("uid", "kind"),
        RUNS.column("started_at"),
        computed("ended_at", "max(started_at, coalesce(ended_at, 0), coalesce(last_reading_at, 0))", TIME),
        computed("joules", VALID_JOULES, AMOUNT),
    ),
    """FROM runs JOIN run_devices ON run_devices.run = runs.key JOIN devices ON devices.key = device
    WHERE runs.id IN (SELECT value FROM json_each(?))""",
)
VALID_READINGS = select(
    (
        *tables.READINGS.pick("at", "seconds"),
        computed("joules", "CASE WHEN ?3 THEN joules ELSE coalesce(check_joules, 0) END", AMOUNT),
    ),
    "FROM readings WHERE run = ?1 AND device = ?2 AND at > ?4 AND at - seconds < ?5 ORDER BY at",
)
DEVICES_OF_RUNS = select(
    (RUNS.column("id"), _UID),
    """FROM run_devices JOIN devices ON devices.key = device JOIN runs ON runs.key = run
    WHERE runs.host = ? AND (run_devices.seconds > 0 OR run_devices.joules > 0)""",
)
HOSTS = select(rows.HOST, "FROM hosts")
PROJECTS = select(RUNS.pick("project"), "FROM runs WHERE project IS NOT NULL GROUP BY project ORDER BY project")
TAGS = """SELECT DISTINCT value FROM runs, json_each(CASE WHEN json_valid(tags) THEN tags ELSE '[]' END)
    WHERE type = 'text' ORDER BY value"""
NAMES = "SELECT id, name FROM runs ORDER BY started_at DESC, key DESC"
NAME_AND_STATUS = "SELECT name, status FROM runs WHERE id = ?"
NEWEST_OF_GROUP = "SELECT id FROM runs WHERE group_id = ? ORDER BY started_at DESC, key DESC LIMIT 1"


def runs(filters: Mapping[str, object]) -> Statement:
    """Return the query for the runs that match all *filters* which are not None, the newest first."""
    asked = [condition for name, condition in _FILTERS.items() if filters.get(name) is not None]
    source = f"FROM runs WHERE {' AND '.join(asked)}" if asked else "FROM runs"
    return select(_LISTED, f"{source} ORDER BY started_at DESC, key DESC LIMIT :limit")
