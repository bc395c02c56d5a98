"""The statements by which the writer adds to what is stored; every value is bound."""
# ruff: noqa: S608  # what is put together are constants of this package

from greentrack.store import rows

RUN_UPSERT = (
    f"INSERT INTO runs ({', '.join(rows.RUN)}, updated_at) VALUES ({', '.join('?' * (len(rows.RUN) + 1))}) "
    f"ON CONFLICT (id) DO UPDATE SET {', '.join(f'{name} = excluded.{name}' for name in (*rows.RUN[1:], 'updated_at'))}"
)
HOST_UPSERT = (
    f"INSERT INTO hosts ({', '.join(rows.HOST)}) VALUES ({', '.join('?' * len(rows.HOST))}) "
    f"ON CONFLICT (id) DO UPDATE SET {', '.join(f'{name} = excluded.{name}' for name in rows.HOST[1:])}"
)
# status and end are said again each time, so that a reader that took a starved recorder for dead is put right
TOUCH = """UPDATE runs SET updated_at = ?1,
    last_reading_at = coalesce(max(coalesce(last_reading_at, ?2), ?2), last_reading_at),
    status = coalesce(?3, status), ended_at = CASE WHEN ?3 IS NULL THEN ended_at ELSE ?4 END
    WHERE key = ?5 AND id = ?6"""
TOLL = """UPDATE runs SET tracker_cpu_seconds = ?, tracker_readings = ?, tracker_late = ?, tracker_failures = ?,
    tracker_restarts = ? WHERE key = ?"""
DEVICE = """INSERT INTO devices (host, uid, kind, name, details) VALUES (?, ?, ?, ?, ?)
    ON CONFLICT (host, uid) DO UPDATE SET kind = excluded.kind, name = excluded.name, details = excluded.details"""
RUN_DEVICE = """INSERT INTO run_devices (run, device, method, measured, trusted, note) VALUES (?, ?, ?, ?, ?, ?)
    ON CONFLICT (run, device) DO UPDATE SET method = excluded.method, measured = excluded.measured,
    trusted = excluded.trusted, note = excluded.note"""
ADD_CHECK = """check_joules = CASE WHEN check_joules IS NULL THEN excluded.check_joules
                        ELSE check_joules + coalesce(excluded.check_joules, 0) END"""
READING = f"""INSERT INTO readings ({", ".join(rows.READING)}) VALUES ({", ".join("?" * len(rows.READING))})
    ON CONFLICT (run, device, at) DO UPDATE SET seconds = seconds + excluded.seconds, joules = joules + excluded.joules,
    {ADD_CHECK},
    share = CASE WHEN share IS NULL AND excluded.share IS NULL THEN NULL
                 WHEN joules + excluded.joules <= 0 THEN coalesce(share, excluded.share)
                 ELSE (joules * coalesce(share, 0) + excluded.joules * coalesce(excluded.share, 0))
                      / (joules + excluded.joules) END,
    busy = CASE WHEN busy IS NULL OR excluded.busy IS NULL THEN coalesce(busy, excluded.busy)
                WHEN seconds + excluded.seconds <= 0 THEN busy
                ELSE (seconds * busy + excluded.seconds * excluded.busy) / (seconds + excluded.seconds) END"""
TOTALS = """UPDATE run_devices SET joules = joules + ?1, seconds = seconds + ?2,
    check_joules = CASE WHEN ?3 IS NULL THEN check_joules ELSE coalesce(check_joules, 0) + ?3 END,
    process_joules = CASE WHEN ?4 IS NULL THEN process_joules ELSE coalesce(process_joules, 0) + ?4 END,
    idle_joules = CASE WHEN ?5 IS NULL THEN idle_joules ELSE coalesce(idle_joules, 0) + ?5 END,
    idle_seconds = CASE WHEN ?6 IS NULL THEN idle_seconds ELSE coalesce(idle_seconds, 0) + ?6 END
    WHERE run = ?7 AND device = ?8"""
IDLE_WATTS = "UPDATE run_devices SET idle_watts = ? WHERE run = ? AND device = ?"
SPAN = "REPLACE INTO spans (run, id, name, started_at, ended_at, parent, attrs) VALUES (?, ?, ?, ?, ?, ?, ?)"
SPAN_ENERGY = "INSERT INTO span_energy (run, span, device, joules, seconds, check_joules) VALUES (?, ?, ?, ?, ?, ?)"
PHASE = """INSERT INTO phases (run, name, calls, seconds) VALUES (?, ?, ?, ?)
    ON CONFLICT (run, name) DO UPDATE SET calls = calls + excluded.calls, seconds = seconds + excluded.seconds"""
PHASE_TIME = """INSERT INTO phase_times (run, start, length, phase, seconds) VALUES (?, ?, ?, ?, ?)
    ON CONFLICT (run, start, phase) DO UPDATE SET seconds = seconds + excluded.seconds"""
PHASE_ENERGY = f"""INSERT INTO phase_energy (run, phase, device, joules, seconds, check_joules)
    VALUES (?, ?, ?, ?, ?, ?)
    ON CONFLICT (run, phase, device)
    DO UPDATE SET joules = joules + excluded.joules, seconds = seconds + excluded.seconds, {ADD_CHECK}"""
WORK = """INSERT INTO work (run, unit, amount) VALUES (?, ?, ?)
    ON CONFLICT (run, unit) DO UPDATE SET amount = amount + excluded.amount"""
FORECAST = "REPLACE INTO forecasts (run, at, kind, value, low, high) VALUES (?, ?, ?, ?, ?, ?)"
METRIC = "INSERT INTO metrics (run, name, at, value, joules) VALUES (?, ?, ?, ?, ?)"
