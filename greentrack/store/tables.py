"""The tables of the database: each column is declared here once, with its type, its attribute and its meaning.

Rows, statements, the check of what is read, the export and ``docs/database.md`` follow from these tables; the
migrations that made them are in ``schema``.
"""

from greentrack.store.columns import (
    ADD,
    ADD_KNOWN,
    AMOUNT,
    COUNT,
    FLAG,
    ID,
    KEEP_KNOWN,
    MAPPING,
    OUTCOME,
    TAGS,
    TEXT,
    TIME,
    WHOLE,
    WHOLE_TIME,
    WORDS,
    Column,
    TableColumns,
)

_MEAN_BY_JOULES = """{name} = CASE WHEN {name} IS NULL AND {new} IS NULL THEN NULL
    WHEN joules + excluded.joules <= 0 THEN coalesce({name}, {new})
    ELSE (joules * coalesce({name}, 0) + excluded.joules * coalesce({new}, 0)) / (joules + excluded.joules) END"""
_MEAN_BY_SECONDS = """{name} = CASE WHEN {name} IS NULL OR {new} IS NULL THEN coalesce({name}, {new})
    WHEN seconds + excluded.seconds <= 0 THEN {name}
    ELSE (seconds * {name} + excluded.seconds * {new}) / (seconds + excluded.seconds) END"""
_IF_KNOWN = "{name} = CASE WHEN excluded.g_per_kwh IS NULL THEN {name} ELSE {new} END"  # a hole replaces no figure


_RUN, _DEVICE = Column("run", WHOLE), Column("device", WHOLE)
_ENERGY = (
    Column("joules", AMOUNT, merge=ADD),
    Column("seconds", TIME, merge=ADD),
    Column("check_joules", AMOUNT, optional=True, field="cross_check", merge=ADD_KNOWN),
)

RUNS = TableColumns(
    "runs",
    "a run",
    "id",
    Column("key", WHOLE, note='which the other tables call "run"'),
    Column("id", ID, note="a UUID that sorts by time"),
    Column("name", TEXT),
    Column("project", TEXT, optional=True),
    Column("status", TEXT),
    Column("tags", TAGS),
    Column("params", MAPPING, is_long=True),
    Column("started_at", TIME),
    Column("ended_at", TIME, optional=True),
    Column("seconds", TIME),
    Column("host", TEXT, optional=True, field="host_id"),
    Column("pid", WHOLE),
    Column("pid_started", TIME),
    Column("boot_id", TEXT),
    Column("command", WORDS, is_long=True),
    Column("folder", TEXT, is_long=True),
    Column("git_commit", TEXT, optional=True),
    Column("git_dirty", FLAG, optional=True, is_long=True),
    Column("python", TEXT, is_long=True),
    Column("packages", MAPPING, is_long=True),
    Column("group_id", TEXT, optional=True, field="group"),
    Column("rank", WHOLE, optional=True),
    Column("world_size", WHOLE, optional=True),
    Column("interval", TIME),
    Column("zone", TEXT, optional=True, note="as given, often NULL"),
    Column("rest", TEXT),
    Column("error", TEXT, optional=True),
    Column("continues", TEXT, optional=True, note="the id of the run that it continues"),
    Column("updated_at", TIME),
    Column("last_reading_at", TIME, optional=True),
    Column("tracker_cpu_seconds", AMOUNT, field="cpu_seconds", note="of the recorder, as are the next four"),
    Column("tracker_readings", WHOLE, field="readings"),
    Column("tracker_late", WHOLE, field="late"),
    Column("tracker_failures", WHOLE, field="failures"),
    Column("tracker_restarts", WHOLE, field="restarts"),
)
HOSTS = TableColumns(
    "hosts",
    "a machine",
    "id",
    Column("id", ID),
    *(Column("name", TEXT), Column("system", TEXT), Column("cpu", TEXT)),
    *(Column("cpus", WHOLE), Column("memory_bytes", WHOLE)),
    Column("chassis", TEXT),
    Column("timezone", TEXT, optional=True),
)
DEVICES = TableColumns(
    "devices",
    "a device of a machine",
    "host uid",
    Column("key", WHOLE),
    Column("host", TEXT),
    Column("uid", ID),
    Column("kind", TEXT),
    Column("name", TEXT),
    Column("details", MAPPING),
)
RUN_DEVICES = TableColumns(
    "run_devices",
    "a device in a run, with running totals of its readings",
    "run device",
    *(_RUN, _DEVICE),
    Column("method", TEXT),
    Column("measured", FLAG),
    *_ENERGY,
    Column(
        "trusted", FLAG, field="counter_valid", note="0: the counter disagreed with its own power, use `check_joules`"
    ),
    Column(
        "process_joules", AMOUNT, optional=True, field="process", merge=ADD_KNOWN, note="the run's share, where known"
    ),
    Column(
        "idle_joules", AMOUNT, optional=True, merge=ADD_KNOWN, note="while it was less than 10 % busy; NULL: unknown"
    ),
    Column("idle_seconds", TIME, optional=True, merge=ADD_KNOWN, note="likewise"),
    Column("idle_watts", AMOUNT, optional=True, merge=KEEP_KNOWN, note="while nothing ran on it; NULL: not seen"),
    Column("note", TEXT),
)
TOTALS = ("joules", "seconds", "cross_check", "process", "idle_joules", "idle_seconds")
"""The fields of a device in a run that are totals of its readings, see ``batch.totals``."""

READINGS = TableColumns(
    "readings",
    "what a device used in the `seconds` up to `at`",
    "run device at",
    *(_RUN, _DEVICE),
    Column("at", TIME),
    *_ENERGY,
    Column("share", AMOUNT, optional=True, merge=_MEAN_BY_JOULES, note="of the device's activity, the run's; 0 to 1"),
    Column(
        "busy",
        AMOUNT,
        optional=True,
        merge=_MEAN_BY_SECONDS,
        note="the part of the time in which it worked, 0 to 1; NULL: unknown",
    ),
)
SPANS = TableColumns(
    "spans",
    "a named stretch",
    "run id",
    _RUN,
    Column("id", WHOLE),
    Column("name", TEXT),
    Column("started_at", TIME),
    Column("ended_at", TIME, optional=True),
    Column("parent", WHOLE, optional=True),
    Column("attrs", MAPPING),
)
SPAN_ENERGY = TableColumns(
    "span_energy", "a device within a span", "run span device", _RUN, Column("span", WHOLE), _DEVICE, *_ENERGY
)
PHASES = TableColumns(
    "phases",
    "a recurring activity of a run",
    "run name",
    _RUN,
    Column("name", TEXT),
    Column("calls", WHOLE, merge=ADD),
    Column("seconds", TIME, merge=ADD),
)
PHASE_ENERGY = TableColumns(
    "phase_energy", "a device within a phase", "run phase device", _RUN, Column("phase", TEXT), _DEVICE, *_ENERGY
)
PHASE_TIMES = TableColumns(
    "phase_times",
    "what a phase took of the `length` seconds from `start`, in time bins of 1 s or, in a longer run, of 2, 4, 8 s and "
    "so on: at most 300 a run",
    "run start phase",
    _RUN,
    Column("start", WHOLE_TIME),
    Column("length", WHOLE_TIME),
    Column("phase", TEXT),
    Column("seconds", TIME, merge=ADD),
)
METRICS = TableColumns(
    "metrics",
    "a logged value",
    "key",
    Column("key", WHOLE),
    _RUN,
    Column("name", TEXT),
    Column("at", TIME),
    Column("value", OUTCOME, optional=True),
    Column("joules", AMOUNT, optional=True, note="what all devices had used by then"),
)
WORK = TableColumns(
    "work", "a unit of work in a run", "run unit", _RUN, Column("unit", TEXT), Column("amount", COUNT, merge=ADD)
)
CALIBRATIONS = TableColumns(
    "calibrations",
    "a reading of a meter at a machine's wall (`greentrack calibrate`)",
    "key",
    Column("key", WHOLE, field="number", note="its number"),
    Column("host", TEXT),
    Column("at", TIME),
    Column("seconds", TIME),
    Column("components_watts", AMOUNT),
    Column("wall_watts", AMOUNT),
    Column("devices", WORDS, note="uids, as JSON"),
    Column("source", TEXT),
)
SELF_TESTS = TableColumns(
    "self_tests",
    "the newest test of a sensor (`greentrack doctor --self-test`)",
    "host uid",
    Column("host", TEXT),
    Column("uid", ID),
    Column("at", TIME),
    Column("seconds", TIME),
    Column("update_seconds", TIME, optional=True, note="between two updates; NULL where not seen"),
    Column("spread", AMOUNT, optional=True, note="of equal windows"),
    Column("joules", AMOUNT),
    Column("check_joules", AMOUNT, optional=True, field="cross_check"),
    Column("ticks", WHOLE),
    Column("late_p50", AMOUNT),
    Column("late_p99", AMOUNT),
    Column("note", TEXT),
)
HOURS = TableColumns(
    "hours",
    "the hourly carbon intensity of the grid, from a source on the network",
    "source zone start",
    Column("source", TEXT),
    Column("zone", TEXT),
    Column("start", TIME),
    Column("seconds", TIME, merge=_IF_KNOWN),
    Column("g_per_kwh", AMOUNT, optional=True, merge=KEEP_KNOWN, note="NULL: the source has none"),
    Column("forecast", FLAG, merge=_IF_KNOWN, note="0 or 1"),
    Column("estimated", FLAG, merge=_IF_KNOWN, note="0 or 1"),
    Column("fetched_at", TIME),
)
FORECASTS = TableColumns(
    "forecasts",
    "an expected total of a run at a moment: a row each for progress (0 to 1), joules (the rest of the machine "
    "included) and seconds; at most 1,000 moments a run",
    "run at kind",
    _RUN,
    Column("at", TIME),
    Column("kind", TEXT),
    Column("value", AMOUNT),
    Column("low", AMOUNT, optional=True),
    Column("high", AMOUNT, optional=True),
)

OF_RUN = (RUN_DEVICES, READINGS, SPANS, SPAN_ENERGY, PHASES, PHASE_ENERGY, PHASE_TIMES, METRICS, WORK, FORECASTS)
"""The tables whose rows belong to a run."""

TABLES = (RUNS, HOSTS, DEVICES, *OF_RUN, CALIBRATIONS, SELF_TESTS, HOURS)
