PRAGMA application_id = 1196708401;
BEGIN TRANSACTION;
CREATE TABLE "_sqlite_migrations" (
   "id" INTEGER PRIMARY KEY,
   "migration_set" TEXT,
   "name" TEXT,
   "applied_at" TEXT
);
INSERT INTO "_sqlite_migrations" VALUES(1,'greentrack','m001_first','2026-11-22 00:00:00+00:00');
INSERT INTO "_sqlite_migrations" VALUES(2,'greentrack','m002_known','2026-11-22 00:00:00+00:00');
INSERT INTO "_sqlite_migrations" VALUES(3,'greentrack','m003_parts','2026-11-22 00:00:00+00:00');
INSERT INTO "_sqlite_migrations" VALUES(4,'greentrack','m004_hourly','2026-11-22 00:00:00+00:00');
INSERT INTO "_sqlite_migrations" VALUES(5,'greentrack','m005_busy','2026-11-22 00:00:00+00:00');
INSERT INTO "_sqlite_migrations" VALUES(6,'greentrack','m006_phase_times','2026-11-22 00:00:00+00:00');
CREATE TABLE calibrations (
        key INTEGER PRIMARY KEY, host TEXT NOT NULL REFERENCES hosts(id), at REAL NOT NULL, seconds REAL NOT NULL,
        components_watts REAL NOT NULL, wall_watts REAL NOT NULL, devices TEXT NOT NULL, source TEXT NOT NULL);
INSERT INTO "calibrations" VALUES(1,'h1',1790000000.0,30.0,250.0,350.0,'["GPU-1", "cpu"]','350 W shown');
CREATE TABLE devices (
        key INTEGER PRIMARY KEY, host TEXT NOT NULL, uid TEXT NOT NULL, kind TEXT NOT NULL, name TEXT NOT NULL,
        details TEXT NOT NULL, UNIQUE (host, uid));
INSERT INTO "devices" VALUES(1,'h1','GPU-1','gpu','A GPU','{"index": 0}');
INSERT INTO "devices" VALUES(2,'h1','cpu','cpu','A CPU','{}');
CREATE TABLE forecasts (
        run INTEGER NOT NULL REFERENCES runs(key) ON DELETE CASCADE, at REAL NOT NULL, kind TEXT NOT NULL,
        value REAL NOT NULL, low REAL, high REAL, PRIMARY KEY (run, kind, at)) WITHOUT ROWID;
INSERT INTO "forecasts" VALUES(1,1790000360.0,'joules',900000.0,810000.0,1080000.0);
INSERT INTO "forecasts" VALUES(1,1790000360.0,'progress',0.1,NULL,NULL);
INSERT INTO "forecasts" VALUES(1,1790000360.0,'seconds',3600.0,3240.0,4320.0);
INSERT INTO "forecasts" VALUES(2,1790007560.0,'joules',900000.0,810000.0,1080000.0);
INSERT INTO "forecasts" VALUES(2,1790007560.0,'progress',0.1,NULL,NULL);
INSERT INTO "forecasts" VALUES(2,1790007560.0,'seconds',3600.0,3240.0,4320.0);
CREATE TABLE hosts (
        id TEXT PRIMARY KEY, name TEXT NOT NULL, system TEXT NOT NULL, cpu TEXT NOT NULL, cpus INTEGER NOT NULL,
        memory_bytes INTEGER NOT NULL, chassis TEXT NOT NULL, timezone TEXT);
INSERT INTO "hosts" VALUES('h1','box','Linux','Some CPU',8,17179869184,'server','Europe/Paris');
CREATE TABLE hours (
        source TEXT NOT NULL, zone TEXT NOT NULL, start REAL NOT NULL, seconds REAL NOT NULL, g_per_kwh REAL,
        forecast INTEGER NOT NULL, estimated INTEGER NOT NULL, fetched_at REAL NOT NULL,
        PRIMARY KEY (source, zone, start)) WITHOUT ROWID;
INSERT INTO "hours" VALUES('uk','GB',1790000000.0,1800.0,120.0,0,0,1790007200.0);
CREATE TABLE metrics (
        key INTEGER PRIMARY KEY, run INTEGER NOT NULL REFERENCES runs(key) ON DELETE CASCADE, name TEXT NOT NULL,
        at REAL NOT NULL, value REAL, joules REAL);
INSERT INTO "metrics" VALUES(1,1,'val_acc',1790003600.0,0.9,900000.0);
INSERT INTO "metrics" VALUES(2,2,'val_acc',1790010800.0,0.9,900000.0);
CREATE TABLE phase_energy (
        run INTEGER NOT NULL REFERENCES runs(key) ON DELETE CASCADE, phase TEXT NOT NULL,
        device INTEGER NOT NULL REFERENCES devices(key), joules REAL NOT NULL, seconds REAL NOT NULL, check_joules REAL,
        PRIMARY KEY (run, phase, device)) WITHOUT ROWID;
INSERT INTO "phase_energy" VALUES(1,'data',1,12000.0,60.0,NULL);
INSERT INTO "phase_energy" VALUES(1,'data',2,3000.0,60.0,NULL);
INSERT INTO "phase_energy" VALUES(2,'data',1,12000.0,60.0,NULL);
INSERT INTO "phase_energy" VALUES(2,'data',2,3000.0,60.0,NULL);
CREATE TABLE phase_times (
        run INTEGER NOT NULL REFERENCES runs(key) ON DELETE CASCADE, start INTEGER NOT NULL, length INTEGER NOT NULL,
        phase TEXT NOT NULL, seconds REAL NOT NULL, PRIMARY KEY (run, start, phase)) WITHOUT ROWID;
INSERT INTO "phase_times" VALUES(1,1789999104,2048,'data',30.0);
INSERT INTO "phase_times" VALUES(1,1790001152,2048,'data',30.0);
CREATE TABLE phases (
        run INTEGER NOT NULL REFERENCES runs(key) ON DELETE CASCADE, name TEXT NOT NULL, calls INTEGER NOT NULL,
        seconds REAL NOT NULL, PRIMARY KEY (run, name)) WITHOUT ROWID;
INSERT INTO "phases" VALUES(1,'data',10,60.0);
INSERT INTO "phases" VALUES(2,'data',10,60.0);
CREATE TABLE readings (
        run INTEGER NOT NULL REFERENCES runs(key) ON DELETE CASCADE, device INTEGER NOT NULL REFERENCES devices(key),
        at REAL NOT NULL, seconds REAL NOT NULL, joules REAL NOT NULL, check_joules REAL, share REAL, busy REAL,
        PRIMARY KEY (run, device, at)) WITHOUT ROWID;
INSERT INTO "readings" VALUES(1,1,1790001800.0,1800.0,360000.0,360000.0,NULL,0.05);
INSERT INTO "readings" VALUES(1,1,1790003600.0,1800.0,360000.0,360000.0,NULL,0.05);
INSERT INTO "readings" VALUES(1,2,1790001800.0,1800.0,90000.0,NULL,NULL,NULL);
INSERT INTO "readings" VALUES(1,2,1790003600.0,1800.0,90000.0,NULL,NULL,NULL);
INSERT INTO "readings" VALUES(2,1,1790009000.0,1800.0,360000.0,360000.0,NULL,NULL);
INSERT INTO "readings" VALUES(2,1,1790010800.0,1800.0,360000.0,360000.0,NULL,NULL);
INSERT INTO "readings" VALUES(2,2,1790009000.0,1800.0,90000.0,NULL,NULL,NULL);
INSERT INTO "readings" VALUES(2,2,1790010800.0,1800.0,90000.0,NULL,NULL,NULL);
CREATE TABLE run_devices (
        run INTEGER NOT NULL REFERENCES runs(key) ON DELETE CASCADE, device INTEGER NOT NULL REFERENCES devices(key),
        method TEXT NOT NULL, measured INTEGER NOT NULL, trusted INTEGER NOT NULL, note TEXT NOT NULL,
        joules REAL NOT NULL DEFAULT 0, seconds REAL NOT NULL DEFAULT 0, check_joules REAL, process_joules REAL, idle_joules REAL, idle_seconds REAL, idle_watts REAL,
        PRIMARY KEY (run, device)) WITHOUT ROWID;
INSERT INTO "run_devices" VALUES(1,1,'nvml-counter',1,1,'',720000.0,3600.0,720000.0,NULL,720000.0,3600.0,60.0);
INSERT INTO "run_devices" VALUES(1,2,'cpu-model',0,1,'',180000.0,3600.0,NULL,NULL,NULL,NULL,NULL);
INSERT INTO "run_devices" VALUES(2,1,'nvml-counter',1,1,'',720000.0,3600.0,720000.0,NULL,NULL,NULL,NULL);
INSERT INTO "run_devices" VALUES(2,2,'cpu-model',0,1,'',180000.0,3600.0,NULL,NULL,NULL,NULL,NULL);
CREATE TABLE runs (
        key INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, name TEXT NOT NULL, project TEXT, status TEXT NOT NULL,
        tags TEXT NOT NULL, params TEXT NOT NULL, started_at REAL NOT NULL, ended_at REAL, seconds REAL NOT NULL,
        host TEXT REFERENCES hosts(id), pid INTEGER NOT NULL, pid_started REAL NOT NULL, boot_id TEXT NOT NULL,
        command TEXT NOT NULL, folder TEXT NOT NULL, git_commit TEXT, git_dirty INTEGER, python TEXT NOT NULL,
        packages TEXT NOT NULL, group_id TEXT, rank INTEGER, world_size INTEGER, interval REAL NOT NULL, zone TEXT,
        rest TEXT NOT NULL, error TEXT, updated_at REAL NOT NULL, last_reading_at REAL,
        tracker_cpu_seconds REAL NOT NULL DEFAULT 0, tracker_readings INTEGER NOT NULL DEFAULT 0,
        tracker_late INTEGER NOT NULL DEFAULT 0, tracker_failures INTEGER NOT NULL DEFAULT 0,
        tracker_restarts INTEGER NOT NULL DEFAULT 0, continues TEXT);
INSERT INTO "runs" VALUES(1,'019a0001-0000-7000-8000-000000000001','run-1','demo','finished','["t"]','{"lr": 0.1}',1790000000.0,1790003600.0,3600.0,'h1',7,1789999999.0,'b1','["python", "train.py"]','/home/me','abc',0,'3.12.1','{"torch": "2.9"}',NULL,NULL,NULL,1.0,'FR','auto',NULL,1790003600.0,1790003600.0,0.0,4,0,0,0,NULL);
INSERT INTO "runs" VALUES(2,'019a0002-0000-7000-8000-000000000002','run-2','demo','running','["t"]','{"lr": 0.1}',1790007200.0,NULL,3600.0,'h1',7,1790007199.0,'b1','["python", "train.py"]','/home/me','abc',0,'3.12.1','{"torch": "2.9"}',NULL,NULL,NULL,1.0,'FR','auto',NULL,1790010800.0,1790010800.0,0.0,4,0,0,0,'019a0001-0000-7000-8000-000000000001');
CREATE TABLE self_tests (
        host TEXT NOT NULL REFERENCES hosts(id), uid TEXT NOT NULL, at REAL NOT NULL, seconds REAL NOT NULL,
        update_seconds REAL, spread REAL, joules REAL NOT NULL, check_joules REAL, ticks INTEGER NOT NULL,
        late_p50 REAL NOT NULL, late_p99 REAL NOT NULL, note TEXT NOT NULL,
        PRIMARY KEY (host, uid)) WITHOUT ROWID;
CREATE TABLE span_energy (
        run INTEGER NOT NULL REFERENCES runs(key) ON DELETE CASCADE, span INTEGER NOT NULL,
        device INTEGER NOT NULL REFERENCES devices(key), joules REAL NOT NULL, seconds REAL NOT NULL, check_joules REAL,
        PRIMARY KEY (run, span, device)) WITHOUT ROWID;
INSERT INTO "span_energy" VALUES(1,1,1,360000.0,1800.0,NULL);
INSERT INTO "span_energy" VALUES(1,1,2,90000.0,1800.0,NULL);
INSERT INTO "span_energy" VALUES(2,1,1,360000.0,1800.0,NULL);
INSERT INTO "span_energy" VALUES(2,1,2,90000.0,1800.0,NULL);
CREATE TABLE spans (
        run INTEGER NOT NULL REFERENCES runs(key) ON DELETE CASCADE, id INTEGER NOT NULL, name TEXT NOT NULL,
        started_at REAL NOT NULL, ended_at REAL, parent INTEGER, attrs TEXT NOT NULL,
        PRIMARY KEY (run, id)) WITHOUT ROWID;
INSERT INTO "spans" VALUES(1,1,'epoch',1790000000.0,1790001800.0,NULL,'{"index": 0}');
INSERT INTO "spans" VALUES(2,1,'epoch',1790007200.0,1790009000.0,NULL,'{"index": 0}');
CREATE TABLE work (
        run INTEGER NOT NULL REFERENCES runs(key) ON DELETE CASCADE, unit TEXT NOT NULL, amount REAL NOT NULL,
        PRIMARY KEY (run, unit)) WITHOUT ROWID;
INSERT INTO "work" VALUES(1,'samples',1000.0);
INSERT INTO "work" VALUES(2,'samples',1000.0);
CREATE UNIQUE INDEX "idx__sqlite_migrations_migration_set_name"
    ON "_sqlite_migrations" ("migration_set", "name");
CREATE INDEX runs_started_at ON runs (started_at);
CREATE INDEX runs_project ON runs (project, started_at);
CREATE INDEX runs_status ON runs (status, started_at);
CREATE INDEX runs_name ON runs (name, started_at);
CREATE INDEX metrics_run ON metrics (run, name, at);
CREATE VIEW run_energy AS
        SELECT runs.id, runs.name, runs.project, runs.status, runs.started_at, total(believed) AS joules,
               total(believed) / 3.6e6 AS kwh, total(CASE WHEN measured THEN believed END) AS measured_joules
        FROM runs
        LEFT JOIN (SELECT run, measured, CASE WHEN trusted OR check_joules IS NULL THEN joules ELSE check_joules END AS believed FROM run_devices) AS used ON used.run = runs.key
        GROUP BY runs.key;
CREATE VIEW device_energy AS
        SELECT runs.id AS run, runs.name AS run_name, devices.uid, devices.kind, devices.name AS device, used.method,
               used.measured, used.joules, used.joules / 3.6e6 AS kwh, used.seconds, used.process_joules
        FROM (SELECT run, device, method, measured, CASE WHEN trusted OR check_joules IS NULL THEN joules ELSE check_joules END AS joules, run_devices.seconds, process_joules
              FROM run_devices) AS used
        JOIN runs ON runs.key = used.run JOIN devices ON devices.key = used.device;
CREATE INDEX calibrations_host ON calibrations (host, at);
CREATE INDEX runs_continues ON runs (continues) WHERE continues IS NOT NULL;
CREATE INDEX runs_group ON runs (group_id, host) WHERE world_size > 1;
COMMIT;
PRAGMA user_version = 6;
