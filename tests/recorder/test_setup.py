"""What a recorder loads before its first reads, and what it makes of a run's hello."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from greentrack.errors import StoreError
from greentrack.host import facts
from greentrack.model import RunInfo
from greentrack.recorder.setup import Database
from greentrack.store.batch import Batch
from greentrack.store.reader import Reader

ROOT = Path(__file__).resolve().parents[2]


def hello(db: Path) -> dict[str, Any]:
    """What a run says at its start."""
    now, wall = facts.clock(), time.time()
    run = {"id": "r1", "name": "a run", "pid": os.getpid(), "started_at": wall}
    places = {"db": str(db), "sys": "/sys", "folder": str(ROOT)}
    return {"run": run, "clock": now, "wall": wall - now, "env": {}, "gpus": "auto", "meters": ["fake"], **places}


def test_the_first_reads_wait_for_no_database(db: Path) -> None:
    """A recorder is ready before it has loaded SQLite or what is known about hosts; then it keeps its run."""
    script = f"""
import json, sys
sys.path.insert(0, {str(ROOT)!r})
import greentrack.recorder.server
from greentrack.recorder.setup import complete, start
def loaded(): return sorted(n for n in sys.modules if n == "sqlite3" or n.startswith("greentrack."))
hello = json.loads(sys.argv[1])
recorder = start(hello, publish=lambda _: None, warn=print)
ready = loaded()
complete(recorder, hello, print)
print(json.dumps([ready, loaded()]))
"""
    command = [sys.executable, "-I", "-S", "-c", script, json.dumps(hello(db))]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    ready, complete = map(set, json.loads(said))
    waiting = {"sqlite3", "greentrack.store.writer", "greentrack.store.reader", "greentrack.store.host_calibrations"}
    assert not ready & {*waiting, "greentrack.calibration_facts"}
    assert waiting <= complete
    assert "greentrack.calibration_facts" not in complete  # nothing is known of this host
    with Reader(db) as reader:
        assert reader.record("r1").run.name == "a run"


@pytest.mark.skipif(sys.platform != "linux", reason="homes are found otherwise elsewhere")
def test_a_place_that_is_none_is_an_error_at_each_write(monkeypatch: pytest.MonkeyPatch) -> None:
    """Making and closing the database say nothing: a run without a home folder is still recorded."""
    monkeypatch.setenv("XDG_DATA_HOME", "not absolute")
    database = Database(None)
    for _ in range(2):
        with pytest.raises(StoreError, match="no home folder"):
            database.write(Batch(run_id="r1", run=RunInfo(id="r1", name="a run")))
    database.close()
