"""Where one attempt takes place: a folder of its own, the processes started in it, and what must not be left of it."""

import os
import signal
import sqlite3
import subprocess
import sys
import time
import uuid
from collections.abc import Mapping, Sequence
from contextlib import closing, suppress
from itertools import pairwise
from pathlib import Path
from typing import Protocol

from greentrack.host.facts import clock, process_started
from greentrack.model import Record
from greentrack.store.reader import Reader

ROOT = Path(__file__).parents[2]
SLACK_S = 0.5
"""What two processors at work on other things may add to an interval and to a start."""
GONE_WITHIN_S = 5.0
"""The promise is a second; beside other work on two processors a little more is no fault, and the longest is told."""
HANGS_S = 120.0
"""In a test, what is not over by now will never be: no test fails because its machine is slow or stands still."""
EXITING = 0x4
"""PF_EXITING of Linux's include/linux/sched.h, among the flags in /proc/*/stat (proc_pid_stat(5), since 2.6.22)."""


class Process(Protocol):
    """What was started: a Popen, or what is like one."""

    pid: int

    def poll(self) -> int | None:
        """Its exit code, None while it runs."""

    def wait(self, timeout: float | None = None) -> int:
        """Wait for its end; return its exit code."""


class Scene:
    """A folder with a database, and processes that can be told by a word in their environment.

    A *patient* one (a test's) holds no length of time against anybody, only what was seen before what.
    """

    def __init__(self, folder: Path, *, patient: bool = False) -> None:
        folder.mkdir(parents=True)
        self.patient = patient
        self.slack_s, self.gone_within_s = (HANGS_S, HANGS_S) if patient else (SLACK_S, GONE_WITHIN_S)
        self.folder, self.db = folder, folder / "data" / "greentrack.db"
        self.db.parent.mkdir()
        self.temporary = folder / "tmp"
        self.temporary.mkdir()
        self.word = uuid.uuid4().hex
        self.env = {
            **{key: value for key, value in os.environ.items() if not key.startswith("GREENTRACK_")},
            "HOME": str(folder),
            "XDG_DATA_HOME": str(folder),
            "XDG_CONFIG_HOME": str(folder),
            "TMPDIR": str(self.temporary),
            "PYTHONPATH": str(ROOT),
            "OMP_NUM_THREADS": "1",
            "CAMPAIGN": self.word,
        }
        self.started = 0
        self.forked: list[int] = []

    def start(self, *command: str, env: Mapping[str, str] | None = None) -> subprocess.Popen[bytes]:
        """Start Python with *command* in a session of its own; what it says goes to a file."""
        self.started += 1
        with self.log(self.started).open("wb") as log:
            return subprocess.Popen(
                [sys.executable, *command],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                cwd=self.folder,
                env={**self.env, **(env or {})},
                start_new_session=True,
            )

    def log(self, number: int = 1) -> Path:
        """The file with what the process of this *number* has said."""
        return self.folder / f"log{number}"

    def said(self, word: str, number: int = 1) -> list[str] | None:
        """What follows *word* in the first line that begins with it; None where there is none."""
        return next(iter(self.all_said(word, number)), None)

    def all_said(self, word: str, number: int = 1) -> list[list[str]]:
        """What follows *word* in each line that begins with it."""
        lines = self.log(number).read_text(errors="replace").splitlines(keepends=True)
        whole = (line for line in lines if line.endswith("\n"))  # else it was killed as it said so
        return [line.split()[1:] for line in whole if line.startswith(f"{word} ")]

    def wait_for(self, word: str, process: Process, seconds: float = 60.0) -> list[str] | None:
        """Wait until it has said *word*; None where it ended without."""
        deadline = time.monotonic() + seconds
        while (found := self.said(word)) is None and process.poll() is None and time.monotonic() < deadline:
            time.sleep(0.01)
        return found or self.said(word)

    def processes(self) -> list[int]:
        """The living processes that were started here, and theirs."""
        found = [pid for pid in self.forked if process_started(pid) is not None]  # theirs is their server's environment
        for folder in Path("/proc").iterdir():
            if folder.name.isdigit():
                try:
                    environment = (folder / "environ").read_bytes()
                except OSError:
                    continue  # it has ended, or is another user's
                if f"CAMPAIGN={self.word}".encode() in environment:
                    found.append(int(folder.name))
        return found

    def emptied_after(self, begun: float, seconds: float | None = None) -> float:
        """Wait until no process is left; return how long after *begun* (on the clock) that was.

        Raises AssertionError where some are left after so many *seconds*, and ends them.
        """
        deadline = clock() + (self.gone_within_s if seconds is None else max(seconds, self.gone_within_s))
        while left := self.processes():
            if clock() > deadline:
                lines = [_command_line(pid) for pid in left]
                self.end()
                raise AssertionError(f"processes are left: {lines}")
            time.sleep(0.01)
        gone = clock()
        ours_or_not = set(dying())  # whose they are nobody can tell any more; all are gone within moments
        while ours_or_not & set(dying()) and clock() < deadline:
            time.sleep(0.01)
        return max(0.0, gone - begun)

    def end(self) -> None:
        """Kill what was started here."""
        for pid in self.processes():
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)

    def check_files(self, *, recorder_killed: bool) -> None:
        """Nothing lies beside the database but the log of a killed recorder, which the next reader tidies up.

        Nor of one that got no time to close it within a second of its training's death: a *patient* scene allows that.
        """
        allowed = {"greentrack.db"}
        if recorder_killed or self.patient:
            allowed |= {"greentrack.db-wal", "greentrack.db-shm", "greentrack.db-journal"}
        assert names(self.db.parent) <= allowed, f"left beside the database: {names(self.db.parent) - allowed}"
        left = {name for name in names(self.temporary) if not name.startswith("torchinductor")}  # torch's own
        assert not left, f"temporary files are left: {left}"

    def records(self) -> list[Record]:
        """Every run of the database as a reader sees it a few seconds later; the file is whole, and alone afterwards.

        Raises AssertionError where it is not.
        """
        if not self.db.exists() or self.db.stat().st_size == 0:
            return []
        assert integrity(self.db) == "ok"
        with Reader(self.db, clock=lambda: time.time() + 6) as reader:  # a recorder that wrote within 5 s holds its run
            found = [reader.record(row.id) for row in reader.runs()]
        assert names(self.db.parent) == {"greentrack.db"}, f"left after reading: {names(self.db.parent)}"
        return found


def dying() -> list[int]:
    """The processes that are being torn down: their memory is gone, while their files and locks may be held still.

    Who opens the database then is not the last one to close it, and leaves its log where it is.
    """
    found = []
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                state, _, _, _, _, _, flags = (folder / "stat").read_text().rpartition(")")[2].split()[:7]
                if int(flags) & EXITING and (state not in "ZX" or len(list((folder / "task").iterdir())) > 1):
                    found.append(int(folder.name))
            except OSError:
                continue
    return found


def _command_line(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()
    except OSError:
        return f"process {pid}, which has ended since"


def integrity(db: Path) -> str:
    """What SQLite says of the whole of *db*; "ok" where nothing is wrong."""
    with closing(sqlite3.connect(db)) as other:
        return str(other.execute("PRAGMA integrity_check").fetchone()[0])


def names(folder: Path) -> set[str]:
    """The names of what is in *folder*."""
    return {path.name for path in folder.iterdir()}


def seconds_of(record: Record) -> float:
    """The seconds of which a run knows the energy: those of the device that knows most."""
    return max((use.energy.seconds for use in record.devices), default=0.0)


def check_energy(record: Record, watts: Mapping[str, float]) -> None:
    """Every device has its watts times its seconds, and nothing that is no number. Raises AssertionError."""
    for use in record.devices:
        power, energy = watts[use.device.kind], use.energy
        assert abs(energy.joules - power * energy.seconds) <= power * 0.1 + 0.01 * energy.joules, (use.device, energy)


def shown_so_far(scene: Scene) -> list[float]:
    """How many seconds the figures covered, each time that the training saw new ones."""
    return [0.0, *(float(words[0]) for words in scene.all_said("shown"))]


def check_shown(shown: Sequence[float], kept_s: float, lost_s: float) -> None:
    """Of the seconds that were *shown* to the training, all but *lost_s* at most are among the *kept_s* of its run.

    However slow the machine: where a recorder was late, it showed nothing meanwhile, and by as much more may be lost.
    Raises AssertionError.
    """
    late = max((after - before for before, after in pairwise(shown)), default=0.0)
    assert shown[-1] - kept_s <= lost_s + late + 0.001, f"{shown[-1]:.2f} s were shown, {kept_s:.2f} s are kept"


def strings(values: Sequence[object]) -> list[str]:
    """Every value as text."""
    return [str(value) for value in values]
