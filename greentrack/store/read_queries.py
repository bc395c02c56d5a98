"""The questions that the reader asks; every value is bound."""
# ruff: noqa: S608  # what is put together are constants of this package

from collections.abc import Mapping

from greentrack.store import rows
from greentrack.store.schema import BELIEVED

_RUNS = """SELECT key, id, name, status, project, tags, started_at, ended_at, seconds, zone, rest, host FROM runs"""
_ASKED = {
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
# the largest stand for all when it is checked that they are numbers: SQLite takes a text for a larger one
USED = f"""SELECT run, total({BELIEVED}) AS believed, total(measured * ({BELIEVED})) AS measured_joules,
    max(seconds) AS seconds, max(joules) AS joules, max(check_joules) AS check_joules FROM run_devices
    WHERE run BETWEEN ? AND ? GROUP BY run"""
WITH_REST = """SELECT run FROM run_devices
    WHERE run BETWEEN ? AND ? AND device IN (SELECT key FROM devices WHERE kind = 'rest')"""
RUNNING = f"""SELECT key, host, updated_at, last_reading_at, {", ".join(rows.LIGHT)} FROM runs
    WHERE status = 'running' ORDER BY started_at DESC, key DESC"""
RUN = f"""SELECT key, host, updated_at, last_reading_at, tracker_cpu_seconds, tracker_readings, tracker_late,
    tracker_failures, tracker_restarts, {", ".join((*rows.LIGHT, *rows.HEAVY))} FROM runs WHERE id = ?"""
USES = """SELECT uid, kind, name, details, method, joules, seconds, check_joules, trusted, process_joules, note,
    idle_joules, idle_seconds, idle_watts
    FROM run_devices JOIN devices ON devices.key = device WHERE run = ? ORDER BY kind, devices.key"""
SPANS = "SELECT id, name, started_at, ended_at, parent, attrs FROM spans WHERE run = ? ORDER BY started_at, id"
SPAN_ENERGY = """SELECT span, uid, joules, seconds, check_joules FROM span_energy JOIN devices ON devices.key = device
    WHERE run = ?"""
PHASES = "SELECT name, calls, seconds FROM phases WHERE run = ? ORDER BY seconds DESC"
PHASE_ENERGY = """SELECT phase, uid, joules, seconds, check_joules FROM phase_energy
    JOIN devices ON devices.key = device WHERE run = ?"""
PHASE_TIMES = """SELECT phase, start, length, seconds FROM phase_times
    WHERE run = (SELECT key FROM runs WHERE id = ?) ORDER BY start, phase"""
METRICS = "SELECT name, at, value AS outcome, joules AS used FROM metrics WHERE run = ? ORDER BY key"
FORECASTS = "SELECT at, kind, value AS expected, low, high FROM forecasts WHERE run = ? ORDER BY at"
LINKS = "SELECT id, continues FROM runs WHERE continues IS NOT NULL"
STAYS = """SELECT id, group_id, host, started_at,
    max(started_at, coalesce(ended_at, last_reading_at, updated_at)) AS ended_at
    FROM runs WHERE world_size > 1 AND host IS NOT NULL AND group_id IN
    (SELECT group_id FROM runs WHERE world_size > 1 GROUP BY group_id HAVING count(DISTINCT host) > 1)"""
PLACES = "SELECT id, started_at, group_id, rank FROM runs WHERE id IN (SELECT value FROM json_each(?))"
PARTS = f"""SELECT host, updated_at, last_reading_at, {", ".join(rows.LIGHT)} FROM runs
    WHERE id IN (SELECT value FROM json_each(?))"""
READINGS = """SELECT uid, at, seconds, joules, check_joules, share, busy
    FROM readings JOIN devices ON devices.key = device
    WHERE run = (SELECT key FROM runs WHERE id = ?) ORDER BY device, at"""
STRETCHES = f"""SELECT runs.key, device, trusted OR check_joules IS NULL,
    coalesce(nullif(boot_id, ''), runs.host, runs.id), uid, kind, started_at,
    max(started_at, coalesce(ended_at, 0), coalesce(last_reading_at, 0)) AS ended_at, {BELIEVED} AS joules
    FROM runs JOIN run_devices ON run_devices.run = runs.key JOIN devices ON devices.key = device
    WHERE runs.id IN (SELECT value FROM json_each(?))"""
BELIEVED_READINGS = """SELECT at, seconds, CASE WHEN ?3 THEN joules ELSE coalesce(check_joules, 0) END AS joules
    FROM readings WHERE run = ?1 AND device = ?2 AND at > ?4 AND at - seconds < ?5 ORDER BY at"""
DEVICES = """SELECT runs.id, uid FROM run_devices JOIN devices ON devices.key = device JOIN runs ON runs.key = run
    WHERE runs.host = ? AND (run_devices.seconds > 0 OR run_devices.joules > 0)"""
HOSTS = f"SELECT {', '.join(rows.HOST)} FROM hosts"
PROJECTS = "SELECT DISTINCT project FROM runs WHERE project IS NOT NULL ORDER BY project"
TAGS = """SELECT DISTINCT value FROM runs, json_each(CASE WHEN json_valid(tags) THEN tags ELSE '[]' END)
    WHERE type = 'text' ORDER BY value"""
NAMES = "SELECT id, name FROM runs ORDER BY started_at DESC, key DESC"
STANDING = "SELECT name, status FROM runs WHERE id = ?"
WORK = "SELECT unit, amount FROM work WHERE run = ?"


def runs(filters: Mapping[str, object]) -> str:
    """Return the question for the runs that answer to all *filters* which are not None, the newest first."""
    asked = [condition for name, condition in _ASKED.items() if filters.get(name) is not None]
    where = f"WHERE {' AND '.join(asked)}" if asked else ""
    return f"{_RUNS} {where} ORDER BY started_at DESC, key DESC LIMIT :limit"


NEWEST_OF = "SELECT id FROM runs WHERE group_id = ? ORDER BY started_at DESC, key DESC LIMIT 1"
