"""A new vendor is one file and one entry in the registry: nothing else changes, and everything works with it."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from greentrack import registry
from greentrack.meters.base import Context
from tests.meters import acme
from tests.reports import parsing
from tests.rig.nvml import Clock

ROOT = Path(__file__).parents[2]
ENTRY = """
    "acme": Vendor(
        discover="greentrack.meters.acme:discover",
        methods="greentrack.meters.acme:METHODS",
        variables=("ACME_VISIBLE_DEVICES",),
        uuid_prefixes=("ACME-",),
    ),
"""
START = "METERS: Mapping[str, Vendor] = {"

RUNS = """
import json, os, time
import greentrack
from greentrack import track
from greentrack.store.reader import Reader
def recorded(seconds, **options):
    with track("job", db="runs.db", quiet=True, interval=0.1, **options) as run:
        while not run.joules(): time.sleep(0.01)
        time.sleep(seconds)
    with Reader("runs.db") as reader:
        uses = [use for use in reader.record(run.id).devices if use.device.kind == "gpu"]
    return {use.device.uid: [use.method, use.energy.joules, use.energy.seconds, use.idle and use.idle.joules]
            for use in uses}
told = {"from": greentrack.__file__, "all": recorded(1.0)}
for gpus in ("ACME-1", [0]):
    told[str(gpus)] = list(recorded(0, gpus=gpus))
os.environ["ACME_VISIBLE_DEVICES"] = "1"
told["variable"] = list(recorded(0))
told["all of them"] = list(recorded(0, gpus="all"))
print(json.dumps(told))
"""

REPORTS = """
import contextlib, io, json
from pathlib import Path
from greentrack import registry
from greentrack.cli import main
from greentrack.meters.acme import discover
from greentrack.meters.base import Context
from greentrack.model import RunInfo
from greentrack.recorder.sampler import Recorder
from greentrack.recorder.setup import Database
class Clock:
    now = 1000.0
    def __call__(self): return self.now
clock, started = Clock(), 1.79e9
meters = discover(Context(sys=Path("sys")), clock).meters
run = RunInfo(id="r1", name="job", started_at=started)
recorder = Recorder(run, meters, Database("reports.db"), clock=clock, wall=started - clock.now)
recorder.start()
while clock.now < 1700:
    clock.now += 1
    recorder.tick()
recorder.finish("finished")
def shown(form):
    out = io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.suppress(SystemExit):
        main(["show", "r1", "--db", "reports.db", "--format", form, "--zone", "FR", "--rest", "off"])
    return out.getvalue().removesuffix("\\n")
print(json.dumps({form: shown(form) for form in registry.FORMATS}))
"""


def gpu(sys_folder: Path, number: int, **shows: object) -> None:
    """Make the driver's folder of one GPU."""
    folder = sys_folder / f"class/acme/gpu{number}"
    folder.mkdir(parents=True)
    for name, value in {"uuid": f"ACME-{number}", "gain": 1.0, **shows}.items():
        (folder / name).write_text(str(value))


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the package with the vendor's file and its entry in the registry."""
    root = tmp_path_factory.mktemp("tree")
    shutil.copytree(ROOT / "greentrack", root / "greentrack", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(acme.__file__, root / "greentrack/meters/acme.py")
    file = root / "greentrack/registry.py"
    before, start, after = file.read_text().partition(START)
    assert start
    file.write_text(before + start + ENTRY + after)
    return root


def answer(script: str, tree: Path, folder: Path) -> Any:
    """What *script* prints, run in *folder* with the package of *tree*."""
    env = {**os.environ, "PYTHONPATH": str(tree), "GREENTRACK_SYS": str(folder / "sys")}
    env.pop("ACME_VISIBLE_DEVICES", None)
    command = [sys.executable, "-c", script]
    done = subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    return json.loads(done.stdout)


def test_its_gpus_are_recorded_selected_and_known_to_idle(tree: Path, tmp_path: Path) -> None:
    """By the recorder's own process: both of them, those of ``gpus=``, those of the vendor's own variable."""
    gpu(tmp_path / "sys", 0, watts=300, busy=1.0)
    gpu(tmp_path / "sys", 1, watts=100, busy=0.0)
    told = answer(RUNS, tree, tmp_path)
    assert told["from"].startswith(str(tree))
    assert list(told["all"]) == ["ACME-0", "ACME-1"]
    for watts, idle_share, (method, joules, seconds, idle) in zip(
        (300, 100), (0, 1), told["all"].values(), strict=True
    ):
        assert method == "acme-counter"
        assert seconds > 1.0
        assert joules == pytest.approx(watts * seconds, rel=0.2)  # the counter is read a little after the clock
        assert idle == pytest.approx(idle_share * joules, rel=0.2)  # the first reading may tell nothing of it
    assert told["ACME-1"] == ["ACME-1"]
    assert told["[0]"] == ["ACME-0"]
    assert told["variable"] == ["ACME-1"]
    assert told["all of them"] == ["ACME-0", "ACME-1"]


def test_a_counter_that_is_a_fifth_off_is_found_and_every_report_has_the_power(tree: Path, tmp_path: Path) -> None:
    """Ten minutes at 300 W and 100 W, the second counter 20 % short: 400 W x 700 s in each format, not 380 W."""
    gpu(tmp_path / "sys", 0, watts=300, busy=1.0)
    gpu(tmp_path / "sys", 1, watts=100, busy=0.0, gain=0.8)
    shown = answer(REPORTS, tree, tmp_path)
    assert shown.keys() == registry.FORMATS.keys()
    good, bad = json.loads(shown["json"])["devices"]
    assert (good["method"], bad["method"]) == ("acme-counter", "acme-power")
    assert good["joules"] == pytest.approx(300 * 700)
    assert bad["joules"] == pytest.approx(100 * 700)
    assert (good["idle_joules"], bad["idle_joules"]) == (0, pytest.approx(100 * 700))
    assert "so power is used" in shown["text"]
    assert "77.8 Wh" in shown.pop("text")
    for form, text in shown.items():
        energy = parsing.READERS[form](text)["E" if form == "sci" else "energy"]
        assert float(energy[0]) == pytest.approx(280_000 / 3.6e6, rel=0.005), form


@pytest.mark.parametrize(("gain", "valid"), [(0.8, False), (1.0, True), (1.2, False)])
def test_its_counter_is_compared_with_its_power(tmp_path: Path, gain: float, valid: bool) -> None:
    """Ten minutes are enough for a counter that is 20 % off."""
    gpu(tmp_path, 0, watts=300, busy=1.0, gain=gain)
    clock = Clock()
    (meter,) = acme.discover(Context(sys=tmp_path), clock).meters
    for _ in range(602):
        meter.read(clock.now)
        clock.now += 1
    assert meter.counter_valid is valid
    assert meter.method == ("acme-counter" if valid else "acme-power")
