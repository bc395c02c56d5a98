"""The statements of the writer."""

from greentrack.store import rows, tables
from greentrack.store.statements import insert, update, upsert

RUN = upsert(tables.RUNS, (*rows.RUN, tables.RUNS.column("updated_at")))
HOST = upsert(tables.HOSTS, rows.HOST)
# status and end are written each time: a reader may have stored a starved recorder as dead
TOUCH = """UPDATE runs SET updated_at = ?1,
    last_reading_at = coalesce(max(coalesce(last_reading_at, ?2), ?2), last_reading_at),
    status = coalesce(?3, status), ended_at = CASE WHEN ?3 IS NULL THEN ended_at ELSE ?4 END
    WHERE key = ?5 AND id = ?6"""
OVERHEAD = update(tables.RUNS, rows.OVERHEAD, "key")
DEVICE = upsert(tables.DEVICES, tables.DEVICES.without("key"))
RUN_DEVICE = upsert(tables.RUN_DEVICES, rows.RUN_DEVICE)
TOTALS = update(tables.RUN_DEVICES, rows.TOTALS, "run", "device")
READING = upsert(tables.READINGS, (*tables.READINGS.pick("run", "device"), *rows.READING))
SPAN = upsert(tables.SPANS, tables.SPANS.columns)
SPAN_ENERGY = insert(tables.SPAN_ENERGY, tables.SPAN_ENERGY.columns)
PHASE = upsert(tables.PHASES, tables.PHASES.columns)
PHASE_TIME = upsert(tables.PHASE_TIMES, tables.PHASE_TIMES.columns)
PHASE_ENERGY = upsert(tables.PHASE_ENERGY, tables.PHASE_ENERGY.columns)
WORK = upsert(tables.WORK, tables.WORK.columns)
FORECAST = upsert(tables.FORECASTS, tables.FORECASTS.columns)
METRIC = insert(tables.METRICS, tables.METRICS.without("key"))
CALIBRATION = insert(tables.CALIBRATIONS, tables.CALIBRATIONS.without("key"))
SELF_TEST = upsert(tables.SELF_TESTS, tables.SELF_TESTS.columns)
