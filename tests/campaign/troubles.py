"""Trouble underneath a run: disks, databases, sensors and systems that fail, and what a training notices of it."""

import os
import shutil
import signal
import subprocess
import sys
import time
import traceback
from collections.abc import Callable, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from greentrack.store.reader import Reader
from tests.campaign.scene import HANGS_S, Scene, check_energy, integrity, seconds_of

WATTS = {"gpu": 300.0, "cpu": 100.0}

PREAMBLE = """
import gc, json, logging, os, resource, signal, sqlite3, subprocess, sys, threading, time
from pathlib import Path
logging.basicConfig(format="warned %(message)s")
class Heard(logging.Handler):
    def emit(self, record): self.text += record.getMessage()
    text = ""
heard = Heard()
logging.root.addHandler(heard)
from greentrack import track
db = Path({db!r})
tracker = track("job", meters=["fake:gpu=300,cpu=100"], db=db, interval=0.1, quiet=True)
def recorder(run): return run._link._process.pid
def work(run, seconds):
    until = time.monotonic() + seconds
    slowest, steps, waits = 0.0, 0, 0
    while True:
        begun, waited = time.monotonic(), resource.getrusage(resource.RUSAGE_THREAD).ru_nvcsw
        with run.span("step"), run.phase("compute"): pass
        run.advance(samples=1)
        steps, waits = steps + 1, waits + (resource.getrusage(resource.RUSAGE_THREAD).ru_nvcsw > waited)
        slowest = max(slowest, time.monotonic() - begun)
        if time.monotonic() > until: return {{"slowest": slowest, "steps": steps, "waits": waits}}
        time.sleep(0.005)
def warned(run, words):
    while words not in heard.text: work(run, 0.05)
def settle():
    while not run.joules(): time.sleep(0.01)
    while not db.exists() or not sqlite3.connect(db).execute("SELECT count(*) FROM sqlite_master").fetchone()[0]:
        time.sleep(0.01)
    time.sleep(0.2)
def say(**values): print("said", json.dumps(values), flush=True)
"""


class Told(NamedTuple):
    """What a program was seen to do."""

    code: int
    values: dict[str, float]
    warnings: list[str]
    text: str


def told(scene: Scene, script: str, *before: str, env: dict[str, str] | None = None, timeout: float = 300.0) -> Told:
    """Run *script* after the preamble, under the command *before*; it must end well and without a traceback."""
    import json

    done = subprocess.run(
        [*before, sys.executable, "-c", PREAMBLE.format(db=str(scene.db)) + script],
        capture_output=True,
        text=True,
        check=False,
        cwd=scene.folder,
        env={**scene.env, **(env or {})},
        timeout=timeout,
    )
    values: dict[str, float] = {}
    for line in done.stdout.splitlines():
        if line.startswith("said "):
            values |= json.loads(line[5:])
    warnings = [line.removeprefix("warned ") for line in done.stderr.splitlines() if line.startswith("warned ")]
    assert done.returncode == 0, f"exit {done.returncode}: {done.stderr[-800:]}"
    assert "Traceback" not in done.stderr, done.stderr[-800:]
    return Told(done.returncode, values, warnings, done.stderr)


def _whole(scene: Scene, seconds: float, slack: float = 0.6) -> float:
    """Check the only run: finished, and with energy for all but *slack* of its *seconds*; return what is missing."""
    assert integrity(scene.db) == "ok"
    with Reader(scene.db) as reader:
        (row,) = reader.runs()
        record = reader.record(row.id)
    assert record.run.status == "finished", record.run
    check_energy(record, WATTS)
    missing = max(0.0, seconds - seconds_of(record))
    assert missing <= slack, f"{missing:.2f} of {seconds:.2f} s are missing"
    return missing


def _unhindered(scene: Scene, steps: Mapping[str, float]) -> None:
    """Check that the training's steps waited for nothing.

    On a slow machine it is not their length that tells: a thread that waits gives its processor up of its own accord,
    while one that gets no time has it taken away.
    """
    if scene.patient:
        assert steps["waits"] <= 2 + steps["steps"] / 20, steps
    else:
        assert steps["slowest"] < 0.5, steps


@contextmanager
def _tmpfs(folder: Path, size: str):  # type: ignore[no-untyped-def]  # a generator of nothing
    folder.mkdir(exist_ok=True)
    done = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(folder)], capture_output=True, check=False
    )
    if done.returncode:
        raise UnavailableError("no filesystem may be mounted here")
    try:
        yield
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=False)


class UnavailableError(Exception):
    """This machine cannot make that trouble."""


def disk_full(scene: Scene, seconds: float) -> str:
    """The filesystem of the database (a tmpfs of 16 MiB) fills up in mid-run and is emptied again."""
    with _tmpfs(scene.db.parent, "16m"):
        found = told(
            scene,
            f"""
ballast = db.parent / "ballast"
with tracker as run:
    settle(); work(run, 0.5)
    with ballast.open("wb", buffering=0) as file:
        try:
            while True: file.write(bytes(4096))
        except OSError: pass
    steps = work(run, {seconds})
    warned(run, "held in memory")
    while_full = run.joules()["gpu"]
    ballast.unlink()
    work(run, 0.5)
say(**steps, gpu=while_full)
""",
        )
        missing = _whole(scene, seconds + 1.0)
    assert sum("held in memory" in text for text in found.warnings) == 1, found.text
    _unhindered(scene, found.values)
    return f"full for {seconds:.0f} s: nothing lost ({missing:.2f} s at the start), one warning"


def disk_full_to_the_end(scene: Scene, seconds: float) -> str:
    """The filesystem fills up and stays full until the run has ended."""
    with _tmpfs(scene.db.parent, "1m"):
        found = told(
            scene,
            f"""
with tracker as run:
    settle(); work(run, 1.0)
    with (db.parent / "ballast").open("wb", buffering=0) as file:
        try:
            while True: file.write(bytes(4096))
        except OSError: pass
    work(run, {seconds})
    begun = time.monotonic()
say(end=time.monotonic() - begun, gpu=run.joules()["gpu"])
""",
        )
        assert found.values["gpu"] > 300 * seconds
        (scene.db.parent / "ballast").unlink()
        (record,) = scene.records()
    assert record.run.status == "interrupted"  # nobody could write that it finished
    kept = seconds_of(record)
    assert kept >= 0.3
    assert len(found.warnings) == 2, found.text  # when it began, and at the end that it could not be kept
    return f"{kept:.1f} s from before are kept, the figures at the end are whole, two warnings"


def read_only(scene: Scene, seconds: float) -> str:
    """The folder of the database is on a filesystem mounted read-only, from the start."""
    with _tmpfs(scene.db.parent, "1m"):
        subprocess.run(["mount", "-o", "remount,ro", str(scene.db.parent)], check=True)
        found = told(scene, f"with tracker as run: work(run, {seconds})\nsay(gpu=run.joules()['gpu'])\n")
    assert found.values["gpu"] > 0
    assert 1 <= len(found.warnings) <= 2, found.text
    assert all(str(scene.db) in text for text in found.warnings)
    return "the figures are told at the end, nothing is kept, warned where it was tried"


def out_of_reach(scene: Scene, seconds: float) -> str:
    """The database is moved away in mid-run, a folder stands in its place, and it comes back."""
    found = told(
        scene,
        f"""
with tracker as run:
    settle(); work(run, 0.5)
    os.kill(recorder(run), signal.SIGSTOP)
    db.parent.rename(str(db.parent) + ".away"); db.mkdir(parents=True)
    os.kill(recorder(run), signal.SIGCONT)
    work(run, {seconds})
    warned(run, "held in memory")
    db.rmdir(); db.parent.rmdir(); Path(str(db.parent) + ".away").rename(db.parent)
    work(run, 0.5)
""",
    )
    missing = _whole(scene, seconds + 1.0)
    assert sum("held in memory" in text for text in found.warnings) == 1, found.text
    return f"out of reach for {seconds:.0f} s: nothing lost ({missing:.2f} s at the start), one warning"


def deleted(scene: Scene, seconds: float) -> str:
    """The database and its log are deleted in mid-run."""
    found = told(
        scene,
        f"""
with tracker as run:
    settle(); work(run, 1.0)
    for file in db.parent.iterdir(): file.unlink()
    work(run, {seconds})
""",
    )
    missing = _whole(scene, seconds + 1.0, slack=1.0 + 0.6)
    assert [("removed or replaced" in text) for text in found.warnings] == [True], found.text
    return f"a new one is made and the run taken along; it lacks {missing:.1f} s; one warning"


def replaced(scene: Scene, seconds: float) -> str:
    """Another database is moved over it in mid-run."""
    other = scene.folder / "other.db"
    told(scene, f"with track('other', meters=['fake'], db={str(other)!r}, quiet=True): pass")
    found = told(
        scene,
        f"""
with tracker as run:
    settle(); work(run, 1.0)
    os.replace({str(other)!r}, db)
    work(run, {seconds})
""",
    )
    assert integrity(scene.db) == "ok"
    with Reader(scene.db) as reader:
        by_name = {row.name: reader.record(row.id) for row in reader.runs()}
    assert set(by_name) == {"job", "other"}, (set(by_name), found.text)
    assert by_name["other"].run.status == "finished"
    assert seconds_of(by_name["job"]) >= seconds - 0.6
    assert [("removed or replaced" in text) for text in found.warnings] == [True], found.text
    return "the run goes on in the other one, whose own run is as it was; one warning"


def locked(scene: Scene, seconds: float) -> str:
    """Another program holds the database locked for a while."""
    found = told(
        scene,
        f"""
with tracker as run:
    settle(); work(run, 0.5)
    other = sqlite3.connect(db, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    steps = work(run, {seconds})
    warned(run, "held in memory")
    other.execute("ROLLBACK")
    other.close()
    work(run, 1.0)
say(**steps)
""",
        timeout=seconds + 300,
    )
    missing = _whole(scene, seconds + 1.5)
    assert sum("held in memory" in text for text in found.warnings) == 1, found.text
    _unhindered(scene, found.values)
    return f"locked for {seconds:.0f} s: nothing lost ({missing:.2f} s at the start), one warning"


def corrupt(scene: Scene, seconds: float) -> str:
    """All pages but the first are noise before the run begins; the database is cut off in mid-run."""
    told(scene, "with tracker: pass")
    whole = scene.db.read_bytes()
    scene.db.write_bytes(whole[:4096] + os.urandom(len(whole) - 4096))
    first = told(scene, f"with tracker as run: work(run, {seconds})\nsay(gpu=run.joules()['gpu'])\n")
    assert first.values["gpu"] > 0
    assert any("damaged" in text for text in first.warnings), first.text
    scene.db.write_bytes(whole)
    second = told(
        scene,
        f"""
with tracker as run:
    settle(); work(run, 0.5)
    os.truncate(db, 100); os.truncate(str(db) + "-wal", 0)
    work(run, {seconds})
say(gpu=run.joules()['gpu'])
""",
    )
    assert second.values["gpu"] > 0
    assert len(first.warnings) <= 3, first.text
    return "the figures are told at the end; the warning names the way to save what is left"


def many_writers(scene: Scene, count: float) -> str:
    """So many processes record into one database at once."""
    told(scene, "with tracker: pass")
    script = PREAMBLE.format(db=str(scene.db)) + "with tracker as run: work(run, 1.0)\n"
    processes = [scene.start("-c", script) for _ in range(int(count))]
    codes = [process.wait(300) for process in processes]
    assert codes == [0] * int(count), codes
    assert integrity(scene.db) == "ok"
    with Reader(scene.db) as reader:
        rows = reader.runs()
        records = [reader.record(row.id) for row in rows]
        once = reader.deduplicated_energy([row.id for row in rows]).joules
    kept = [record for record in records if record.run.status == "finished"]
    assert len(kept) >= int(count), f"{len(kept)} of {int(count)} are kept"
    added = sum(use.joules for record in records for use in record.devices)
    assert once < added
    first = min(record.run.started_at for record in kept)
    last = max(record.run.ended_at or 0.0 for record in kept)
    assert once <= 400 * (last - first) * 1.02
    return (
        f"{int(count)} at once: all are kept; each joule is counted once ({added / once:.0f} times less than their sum)"
    )


def stopped(scene: Scene, seconds: float) -> str:
    """Training and recorder are stopped (SIGSTOP) and continued."""
    script = PREAMBLE.format(db=str(scene.db))
    script += "with tracker as run:\n    settle(); work(run, 0.5)\n    say(ready=1)\n"
    script += "    while not Path('continued').exists() or not run._link.look()['overhead']['late']: work(run, 0.05)\n"
    process = scene.start("-c", script)
    scene.wait_for("said", process)
    pids = scene.processes()
    assert len(pids) == 2
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
    time.sleep(seconds)
    for pid in pids:
        os.kill(pid, signal.SIGCONT)
    (scene.folder / "continued").touch()  # it goes on until its recorder has shown that it came too late
    assert process.wait(HANGS_S) == 0, scene.log().read_text()
    (record,) = scene.records()
    assert record.run.status == "finished"
    check_energy(record, WATTS)
    assert seconds_of(record) >= seconds  # a counter spans it
    assert record.tracker_overhead.late >= 1
    return f"stopped for {seconds:.0f} s: the counters span it, the late read is counted"


def recorder_stopped(scene: Scene, seconds: float) -> str:
    """The recorder alone is stopped while the training sends events, and continued."""
    found = told(
        scene,
        f"""
with tracker as run:
    settle(); work(run, 0.5)
    os.kill(recorder(run), signal.SIGSTOP)
    steps = work(run, {seconds})
    os.kill(recorder(run), signal.SIGCONT)
    work(run, 0.5)
say(**steps)
""",
        timeout=seconds + 300,
    )
    missing = _whole(scene, seconds + 1.0)
    _unhindered(scene, found.values)
    assert len(found.warnings) <= 1, found.text  # events beyond 10,000 are dropped, and counted
    slowest = found.values["slowest"] * 1000
    warned = "; ".join(found.warnings) or "nothing dropped"
    return f"stopped for {seconds:.0f} s: the slowest step took {slowest:.0f} ms, {missing:.2f} s lost; {warned}"


def recorder_never_continued(scene: Scene, seconds: float) -> str:
    """The recorder is stopped and nobody continues it: the end of the run waits 5 s for it and no longer."""
    found = told(
        scene,
        f"""
with tracker as run:
    settle(); work(run, {seconds})
    stopped = recorder(run)
    os.kill(stopped, signal.SIGSTOP)
    begun = time.monotonic()
say(end=time.monotonic() - begun)
os.kill(stopped, signal.SIGKILL)
""",
    )
    assert found.values["end"] < 7.0
    assert len(found.warnings) == 1, found.text
    (record,) = scene.records()
    assert seconds_of(record) >= seconds - 0.6
    return f"the end took {found.values['end']:.1f} s; all up to the last interval is kept, one warning"


def starved(scene: Scene, seconds: float) -> str:
    """Four busy loops a processor, and a recorder with the lowest priority."""
    loops = [scene.start("-c", "while True: pass") for _ in range(2 * (os.cpu_count() or 1))]
    try:
        found = told(
            scene,
            f"with tracker as run:\n    os.setpriority(os.PRIO_PROCESS, recorder(run), 19)\n    work(run, {seconds})\n",
        )
    finally:
        for loop in loops:
            loop.kill()
            loop.wait()
    missing = _whole(scene, seconds, slack=1.5)
    assert not found.warnings, found.text
    return f"{missing:.2f} s lost at the start, none after; late reads are counted"


def _powercap(scene: Scene) -> Path:
    zone = scene.folder / "sys/class/powercap/intel-rapl:0"
    zone.mkdir(parents=True)
    (zone / "name").write_text("package-0\n")
    (zone / "max_energy_range_uj").write_text("262143328850\n")
    return zone


def hanging_sensor(scene: Scene, seconds: float) -> str:
    """A sensor hangs for good in mid-run: edges and the end do not wait for it."""
    zone = _powercap(scene)
    (zone / "energy_uj").write_text("1000000\n")
    found = told(
        scene,
        f"""
import gc
file = Path({str(zone / "energy_uj")!r})
with track("hang", meters=["rapl", "fake:gpu=300"], db=db, interval=0.1, quiet=True) as run:
    settle(); work(run, 0.5)
    file.unlink(); os.mkfifo(file)
    steps = work(run, {seconds})
    begun = time.monotonic()
say(**steps, end=time.monotonic() - begun)
""",
        env={"GREENTRACK_SYS": str(scene.folder / "sys")},
    )
    scene.emptied_after(0.0)
    _unhindered(scene, found.values)
    assert found.values["end"] < 7.0
    (record,) = scene.records()
    kept = max(use.energy.seconds for use in record.devices)
    assert kept > 0.1
    assert len(found.warnings) == 1, found.text
    slowest, end = found.values["slowest"] * 1000, found.values["end"]
    return f"the slowest edge took {slowest:.0f} ms, the end {end:.1f} s; kept up to the hang"


def garbage(scene: Scene, seconds: float) -> str:
    """A sensor says NaN, negative numbers, 2^64, nothing, binary, and in between what is right."""
    zone = _powercap(scene)
    (zone / "energy_uj").write_text("1000000\n")
    found = told(
        scene,
        f"""
file = Path({str(zone / "energy_uj")!r})
began = time.monotonic()
def right(): return b"%d\\n" % (1_000_000 + int((time.monotonic() - began) * 50e6))
with track("garbage", meters=["rapl"], db=db, interval=0.1, quiet=True) as run:
    settle()
    until = time.monotonic() + {seconds}
    while time.monotonic() < until:
        for text in (b"nan\\n", b"-5\\n", b"%d\\n" % 2**64, b"", bytes(range(256)), b"inf", b"1e300", b"9" * 5000):
            file.write_bytes(text); time.sleep(0.13)
            file.write_bytes(right()); time.sleep(0.13)
    last = right()
    file.write_bytes(last)
say(real=int(last) / 1e6 - 1.0)
""",
        env={"GREENTRACK_SYS": str(scene.folder / "sys")},
    )
    (record,) = scene.records()
    (use,) = record.devices
    real = found.values["real"]
    assert 0.5 * real <= use.joules <= real * 1.001, (use.joules, real)
    assert record.tracker_overhead.failures > 0
    assert len(found.warnings) <= record.tracker_overhead.failures
    return f"{use.joules:.0f} J of {real:.0f} J; {record.tracker_overhead.failures} failed reads are counted"


def no_process(scene: Scene, seconds: float) -> str:
    """No further process or thread may be started (RLIMIT_NPROC): the training goes on without a record."""
    before: list[str] = []
    if os.getuid() == 0:  # root is above that limit: give up what makes it so
        if not shutil.which("setpriv"):
            raise UnavailableError("root cannot be bounded here")
        before = ["setpriv", "--ruid", "65534", "--bounding-set", "-sys_resource,-sys_admin"]
    found = told(
        scene,
        f"resource.setrlimit(resource.RLIMIT_NPROC, (1, 1))\nwith tracker as run: work(run, {seconds})\nsay(on=1)",
        *before,
    )
    assert found.values["on"] == 1
    assert 1 <= len(found.warnings) <= 2, found.text
    return "the training goes on, and it is said that nothing is recorded"


def no_descriptor(scene: Scene, seconds: float) -> str:
    """Between 0 and 12 file descriptors are left when the run starts."""
    recorded = 0
    for free in range(13):
        found = told(
            scene,
            f"""
resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))
held = []
try:
    while True: held.append(os.dup(0))
except OSError: pass
for _ in range({free}): os.close(held.pop())
with tracker as run: work(run, {seconds / 10})
recorded = bool(run.joules())
for one in held: os.close(one)
say(recorded=recorded)
""",
        )
        recorded += bool(found.values["recorded"])
        assert len(found.warnings) <= 4, found.text
    return f"13 starts, no training harmed; {recorded} had their figures"


def no_descriptor_at_the_end(scene: Scene, seconds: float) -> str:
    """No file descriptor is left when the run ends."""
    found = told(
        scene,
        f"""
resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))
with track("job", meters=["fake:gpu=300,cpu=100"], db=db, interval=0.1) as run:
    settle(); work(run, {seconds})
    try:
        while True: os.dup(0)
    except OSError: pass
""",
    )
    _whole(scene, seconds)
    return f"the run is kept whole; {len(found.warnings)} warnings"


def all_files_closed(scene: Scene, seconds: float) -> str:
    """The program closes all its files, our pipe among them: one recorder takes over from the other."""
    found = told(
        scene,
        f"""
with tracker as run:
    settle(); work(run, 1.2)
    before = run.joules()["gpu"]
    os.closerange(3, 256)
    begun = time.monotonic()
    while run.joules()["gpu"] <= before: work(run, 0.05)
    say(before=before / 300, other=time.monotonic() - begun)
    work(run, {seconds})
""",
    )
    assert scene.patient or found.values["other"] <= 1.6, found.values
    _whole(scene, seconds + found.values["before"], slack=0.1)
    missing = found.values["other"]
    assert len(found.warnings) == 1, found.text
    scene.emptied_after(0.0)
    return f"at most {missing:.2f} s are lost, no joule is counted twice, one warning"


def no_shared_memory(scene: Scene, seconds: float) -> str:
    """The filesystem lets no process share memory, as one over a network does not, and its mount does not tell."""
    found = told(scene, f"with tracker as run: settle(); work(run, {seconds})", env=_shim(scene, SHIM_NO_SHARING="1"))
    missing = _whole(scene, seconds)
    assert not found.warnings, found.text
    return f"the database does without: nothing lost ({missing:.2f} s at the start), no warning"


def no_locks(scene: Scene, seconds: float) -> str:
    """The filesystem knows no locks (NFS without its lock daemon, Lustre without flock)."""
    return _nowhere(scene, seconds, SHIM_NO_LOCKS="1")


def _nowhere(scene: Scene, seconds: float, **settings: str) -> str:
    script = f"with tracker as run: work(run, {seconds})\nsay(gpu=run.joules()['gpu'])\n"
    found = told(scene, script, env=_shim(scene, **settings))
    assert found.values["gpu"] > 0
    assert len(found.warnings) == 2, found.text  # when it began, and at the end that it could not be kept
    assert all(str(scene.db) in text and "GREENTRACK_DB" in text for text in found.warnings), found.text
    return "the figures are told at the end, nothing is kept; two warnings say where to and how to choose another place"


def clock_set(scene: Scene, seconds: float) -> str:
    """The clock of the machine is set three hours on in mid-run, then six hours back, and right again after the end."""
    (scene.folder / "clock").write_bytes(bytes(8))
    found = told(
        scene,
        f"""
from greentrack.store.reader import Reader
def ahead(hours):
    with open("clock", "r+b") as file: file.write((hours * 3600).to_bytes(8, "little", signed=True))
def status():
    with Reader(db) as past: return past.runs()[0].status
real = time.time()
with tracker as run:
    settle(); work(run, {seconds / 3})
    ahead(3); assert time.time() - real > 10000
    work(run, {seconds / 3}); assert status() == "running", status()
    ahead(-3); assert real - time.time() > 10000
    work(run, {seconds / 3}); assert status() == "running", status()
assert status() == "finished"
""",
        env=_shim(scene, SHIM_CLOCK=str(scene.folder / "clock")),
    )
    missing = _whole(scene, seconds)
    (record,) = scene.records()
    lasted = (record.run.ended_at or 0.0) - record.run.started_at
    assert seconds <= lasted < seconds + 60, f"it seems to have lasted {lasted:.0f} s"
    assert not found.warnings, found.text
    return f"{missing:.2f} s lost at the start, none after; it lasts as long as it did, and reads running meanwhile"


def _shim(scene: Scene, **settings: str) -> dict[str, str]:
    """The environment of a program under what tests/campaign/shim.c does to it."""
    library = scene.folder / "shim.so"
    if shutil.which("cc") is None:
        raise UnavailableError("there is no C compiler here")
    source = str(Path(__file__).with_name("shim.c"))
    subprocess.run(["cc", "-shared", "-fPIC", "-O1", "-o", str(library), source, "-ldl"], check=True)
    return {"LD_PRELOAD": str(library), **settings}


TROUBLES: dict[str, tuple[Callable[[Scene, float], str], float, float]] = {
    "disk full for a while": (disk_full, 1.0, 20.0),
    "disk full to the end": (disk_full_to_the_end, 1.0, 5.0),
    "read-only from the start": (read_only, 0.5, 2.0),
    "out of reach in mid-run": (out_of_reach, 1.0, 10.0),
    "database deleted": (deleted, 1.0, 3.0),
    "database replaced": (replaced, 1.0, 3.0),
    "database locked": (locked, 1.0, 60.0),
    "database damaged": (corrupt, 0.5, 2.0),
    "many processes write at once": (many_writers, 8, 64),
    "all stopped": (stopped, 1.0, 60.0),
    "recorder stopped": (recorder_stopped, 1.0, 60.0),
    "recorder never continued": (recorder_never_continued, 0.5, 3.0),
    "recorder starved": (starved, 1.0, 10.0),
    "sensor hangs": (hanging_sensor, 0.5, 30.0),
    "sensor says garbage": (garbage, 1.0, 6.0),
    "no shared memory": (no_shared_memory, 1.0, 5.0),
    "no locks": (no_locks, 1.0, 5.0),
    "clock set": (clock_set, 1.5, 12.0),
    "no process, no thread": (no_process, 0.5, 2.0),
    "no file descriptor at the start": (no_descriptor, 0.5, 2.0),
    "no file descriptor at the end": (no_descriptor_at_the_end, 0.5, 2.0),
    "all files closed": (all_files_closed, 1.0, 3.0),
}
"""By what the page calls it: what makes the trouble and checks the run; seconds (or processes) in the fast part and in
the campaign."""


def tried(name: str, folder: Path, *, full: bool) -> tuple[bool | None, str]:
    """Make the trouble called *name* in the new *folder*: whether all was well (None: not possible here), and how."""
    make, fast, long = TROUBLES[name]
    scene = Scene(folder, patient=not full)
    try:
        return True, make(scene, long if full else fast)
    except UnavailableError as reason:
        return None, str(reason)
    except Exception as error:  # noqa: BLE001  # what is wrong is told in the page
        line = traceback.extract_tb(error.__traceback__)[-1].line
        return False, f"{type(error).__name__}: {error} ({line})"
    finally:
        scene.end()
