"""What the writer adds to what is stored."""

from greentrack.store import columns, rows
from greentrack.store.statements import insert, update, upsert

RUN = upsert(columns.RUNS, (*rows.RUN, columns.RUNS.column("updated_at")))
HOST = upsert(columns.HOSTS, rows.HOST)
# status and end are said again each time, so that a reader that took a starved recorder for dead is put right
TOUCH = """UPDATE runs SET updated_at = ?1,
    last_reading_at = coalesce(max(coalesce(last_reading_at, ?2), ?2), last_reading_at),
    status = coalesce(?3, status), ended_at = CASE WHEN ?3 IS NULL THEN ended_at ELSE ?4 END
    WHERE key = ?5 AND id = ?6"""
OVERHEAD = update(columns.RUNS, rows.OVERHEAD, "key")
DEVICE = upsert(columns.DEVICES, columns.DEVICES.without("key"))
RUN_DEVICE = upsert(columns.RUN_DEVICES, rows.RUN_DEVICE)
TOTALS = update(columns.RUN_DEVICES, rows.TOTALS, "run", "device")
READING = upsert(columns.READINGS, (*columns.READINGS.pick("run", "device"), *rows.READING))
SPAN = upsert(columns.SPANS, columns.SPANS.columns)
SPAN_ENERGY = insert(columns.SPAN_ENERGY, columns.SPAN_ENERGY.columns)
PHASE = upsert(columns.PHASES, columns.PHASES.columns)
PHASE_TIME = upsert(columns.PHASE_TIMES, columns.PHASE_TIMES.columns)
PHASE_ENERGY = upsert(columns.PHASE_ENERGY, columns.PHASE_ENERGY.columns)
WORK = upsert(columns.WORK, columns.WORK.columns)
FORECAST = upsert(columns.FORECASTS, columns.FORECASTS.columns)
METRIC = insert(columns.METRICS, columns.METRICS.without("key"))
CALIBRATION = insert(columns.CALIBRATIONS, columns.CALIBRATIONS.without("key"))
SELF_TEST = upsert(columns.SELF_TESTS, columns.SELF_TESTS.columns)
