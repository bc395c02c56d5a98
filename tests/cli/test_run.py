"""``greentrack run`` around real processes."""

import json
import os
import pty
import select
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import IO, Any

import pytest

from greentrack.model import Record
from greentrack.store.reader import Reader
from tests.cli.conftest import COMMAND, Ask, Start

SAY = "import os, signal, sys\ndef say(*words): print(*words, flush=True)\n"
COUNT = (
    SAY
    + """
counts = {}
def handle(number, frame):
    counts[number] = counts.get(number, 0) + 1
    say("got", signal.Signals(number).name)
for name in ("SIGINT", "SIGTERM", "SIGHUP", "SIGUSR1"):
    signal.signal(getattr(signal, name), handle)
say("ready", os.getpid())
sys.stdin.readline()
say("counts", *counts.values())
sys.exit(5)
"""
)


BURN = """
import time
from greentrack.host.cpu_time import busy_seconds
began, busy = time.monotonic(), busy_seconds()[0]
begun = time.process_time()
while time.process_time() < begun + 1.3: pass
print(time.monotonic() - began, busy_seconds()[0] - busy)
"""


def kept(db: Path) -> Record:
    """The latest run in the database."""
    with Reader(db) as reader:
        return reader.record(reader.find("latest"))


def python(script: str) -> list[str]:
    return [sys.executable, "-c", script]


def line(stream: IO[bytes] | None) -> list[str]:
    assert stream is not None
    return stream.readline().decode().split()


@pytest.mark.parametrize(
    ("script", "code", "status", "error"),
    [
        ("exit 0", 0, "finished", None),
        ("exit 3", 3, "failed", "exit status 3"),
        ("kill -SEGV $$", 128 + 11, "failed", "killed by SIGSEGV"),
        ("kill -KILL $$", 128 + 9, "interrupted", "killed by SIGKILL"),
        ("kill -INT $$", 128 + 2, "interrupted", "killed by SIGINT"),
    ],
)
def test_the_exit_status_is_the_commands(
    record: Ask, db: Path, script: str, code: int, status: str, error: str | None
) -> None:
    """What the command returns is returned, and how it ended is kept with its run."""
    assert record(["sh", "-c", script]).status == code
    run = kept(db).run
    assert (run.status, run.error) == (status, error)


def test_the_run_is_the_commands(record: Ask, db: Path) -> None:
    """The run holds the command's own process, command line, name and what was said of it."""
    options = ("--project", "p", "--tag", "a", "--tag", "b", "--param", "lr=0.5", "--param", "opt=adam")
    answer = record(python("import os; print(os.getpid(), os.environ['GREENTRACK_RUN_ID'])"), *options)
    run = kept(db).run
    assert answer.out.split() == [str(run.pid), run.id]
    assert run.command[:2] == (sys.executable, "-c")
    assert (run.project, run.tags, run.params) == ("p", ("a", "b"), {"lr": 0.5, "opt": "adam"})
    assert run.name == Path(sys.executable).name


def test_one_line_says_what_it_cost(record: Ask) -> None:
    """The line goes to standard error, so that standard output stays the command's own."""
    answer = record(["echo", "hello"], "--name", "greeting")
    assert answer.out == "hello\n"
    assert answer.err.startswith("greentrack: greeting  ")
    assert "100 % measured" in answer.err
    assert answer.err.count("\n") == 1


def test_quiet_says_nothing(record: Ask) -> None:
    """With --quiet there is no line."""
    assert record(["true"], "--quiet").err == ""


def test_input_passes_through(record: Ask) -> None:
    """Standard input reaches the command byte for byte."""
    assert record(["cat"], said=b"a\x00b\nc").out == "a\x00b\nc"


def test_what_follows_the_command_is_its_own(record: Ask) -> None:
    """Options after the command are not ours, "--" or not."""
    assert record(["echo", "--zone", "nowhere", "--help"]).out == "--zone nowhere --help\n"


def test_the_command_starts_as_it_would_without_us(record: Ask) -> None:
    """It blocks and ignores the signals that it would block and ignore, and inherits no file of ours."""
    look = ["sh", "-c", "grep -E 'Sig(Blk|Ign)' /proc/self/status; ls /proc/self/fd"]
    assert record(look).out == subprocess.run(look, capture_output=True, text=True, check=True).stdout


def test_nothing_of_the_command_goes_unseen(record: Ask, db: Path) -> None:
    """The recorder has made its first reads before the command begins."""
    began = float(record(python("import time; print(time.time())")).out)
    with Reader(db) as reader:
        for readings in reader.readings(reader.find("latest")).values():
            assert readings[0].at - readings[0].seconds < began


def test_the_whole_process_tree_is_metered(record: Ask, db: Path) -> None:
    """Most of what a grandchild burns, by its part of the machine's CPU time at 50 W, counts as this run's."""
    answer = record(["sh", "-c", f"{sys.executable} -c '{BURN}'; true"], "--interval", "0.1")
    cpu = next(use for use in kept(db).devices if use.device.kind == "cpu")
    assert cpu.process is not None
    seconds, busy = map(float, answer.out.split())
    assert cpu.process > 50.0 * seconds * 1.3 / busy / 2


def test_signals_to_greentrack_reach_the_command_once(start: Start, db: Path) -> None:
    """What is sent to greentrack alone is passed on, and ends neither."""
    process = start(python(COUNT))
    assert line(process.stdout)[0] == "ready"
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGUSR1):
        process.send_signal(number)
        assert line(process.stdout) == ["got", number.name]
    out, _ = process.communicate(b"\n", timeout=300)
    assert out == b"counts 1 1 1 1\n"
    assert process.returncode == 5
    assert kept(db).run.error == "exit status 5"


def test_a_terminated_command_is_a_kept_run(start: Start, db: Path) -> None:
    """A scheduler's SIGTERM ends the command, and the run is there, as interrupted."""
    process = start(python(SAY + "say('ready'); sys.stdin.readline()"))
    assert line(process.stdout) == ["ready"]
    process.terminate()
    assert process.wait(300) == 128 + 15
    assert (kept(db).run.status, kept(db).run.error) == ("interrupted", "killed by SIGTERM")


class Terminal:
    """A terminal with a program as the leader of its session."""

    def __init__(self, *command: str) -> None:
        self.pid, self._fd = pty.fork()
        if self.pid == 0:
            os.execv(command[0], command)  # noqa: S606  # a real process is the point
        self._seen = b""

    def type(self, keys: bytes) -> None:
        os.write(self._fd, keys)

    def until(self, word: bytes) -> bytes:
        """What is on the screen up to *word*."""
        while word not in self._seen:
            assert select.select([self._fd], [], [], 300)[0], self._seen
            self._seen += os.read(self._fd, 4096)
        before, _, self._seen = self._seen.partition(word)
        return before

    def code(self) -> int:
        """The exit status, when all has been read."""
        try:
            while os.read(self._fd, 4096):
                pass
        except OSError:  # the other end is closed
            pass
        os.close(self._fd)
        return os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])


def test_ctrl_c_reaches_the_command_once(db: Path) -> None:
    """The terminal has told the command already: greentrack stays and does not tell it again."""
    terminal = Terminal(*COMMAND, "run", "--db", str(db), "--meters", "fake", "--", *python(COUNT))
    terminal.until(b"ready")
    terminal.type(b"\x03")
    terminal.until(b"got SIGINT")
    terminal.type(b"\n")
    assert b"counts 1\r\n" in terminal.until(b"greentrack: ") + b"\r\n"
    assert terminal.code() == 5


JOB_CONTROL = """
import glob, os, signal, sys
def going():
    for file in glob.glob("/proc/[0-9]*/stat"):
        try: state, _, group = open(file).read().rpartition(")")[2].split()[:3]
        except OSError: continue
        if int(group) == job and state != "T": return True
signal.signal(signal.SIGTTOU, signal.SIG_IGN)
job = os.fork()
if job == 0:
    os.setpgid(0, 0)
    os.tcsetpgrp(0, os.getpid())
    signal.signal(signal.SIGTTOU, signal.SIG_DFL)
    os.execv(sys.argv[1], sys.argv[1:])
stopped = os.WIFSTOPPED(os.waitpid(job, os.WUNTRACED)[1])
while going(): os.sched_yield()  # one that is still on its way to stop would take what is typed next
os.tcsetpgrp(0, os.getpgrp())
print("put aside", stopped, flush=True)
sys.stdin.readline()
os.tcsetpgrp(0, job)
os.killpg(job, signal.SIGCONT)
print("taken up", flush=True)
sys.exit(os.waitstatus_to_exitcode(os.waitpid(job, 0)[1]))
"""
"""What a shell does with a job: it gives it the terminal, sees it stop, takes the terminal back, and lets it go on."""


def test_a_command_can_be_put_aside_and_taken_up_again(db: Path) -> None:
    """Ctrl-Z stops command and greentrack as one job of the shell, and fg continues both."""
    told = ["sh", "-c", "echo ready; read x; echo had $x; exit 7"]
    job = (*COMMAND, "run", "--db", str(db), "--meters", "fake", "--quiet", "--", *told)
    shell = Terminal(sys.executable, "-c", JOB_CONTROL, *job)
    shell.until(b"ready")
    shell.type(b"\x1a")
    shell.until(b"put aside True")
    shell.type(b"\n")
    shell.until(b"taken up")
    shell.type(b"tea\n")
    shell.until(b"had tea")
    assert shell.code() == 7
    assert kept(db).run.status == "failed"


def test_a_killed_greentrack_takes_no_run_along(start: Start, db: Path) -> None:
    """After kill -9 of greentrack the recorder stays with the command, and closes the run when the command ends."""
    process = start(python(SAY + "say('ready'); sys.stdin.readline(); say('went on')"), stderr=subprocess.DEVNULL)
    assert line(process.stdout) == ["ready"]
    while not db.exists() or not Reader(db).runs():  # the recorder keeps the run right after it has opened the gate
        os.sched_yield()
    command = kept(db).run.pid
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
    recorder = os.pidfd_open(next(int(pid) for pid in children if int(pid) != command))
    process.kill()
    process.wait()
    assert process.stdin is not None
    process.stdin.write(b"\n")
    process.stdin.flush()
    assert line(process.stdout) == ["went", "on"]
    assert select.select([recorder], [], [], 120)[0]
    os.close(recorder)
    record = kept(db)
    assert record.run.status == "interrupted"
    assert sum(use.joules for use in record.devices) > 0


@pytest.mark.parametrize(
    ("program", "code", "words"),
    [
        ("no-such-command", 127, "no-such-command: there is no such command"),
        ("./plain.txt", 126, "may not be executed; try: chmod +x ./plain.txt"),
        ("./folder", 126, "./folder is a folder"),
    ],
)
def test_what_cannot_be_run_leaves_no_run(start: Start, db: Path, program: str, code: int, words: str) -> None:
    """A command that does not exist is one line, a shell's exit status, and nothing in the database."""
    (db.parent / "plain.txt").write_text("")
    (db.parent / "folder").mkdir()
    process = start([program], cwd=db.parent)
    _, err = process.communicate(timeout=300)
    assert process.returncode == code
    assert words in err.decode()
    assert err.count(b"\n") == 1
    assert not db.exists()


def test_what_the_system_will_not_execute_is_said(record: Ask, db: Path) -> None:
    """A file that is no program is found out late: 126, and the run says why it failed."""
    file = db.parent / "nonsense"
    file.write_bytes(b"\x00\x01")
    file.chmod(0o755)
    answer = record([str(file)], "--quiet")
    assert answer.status == 126
    assert "could not be executed: Exec format error" in answer.err
    assert kept(db).run.status == "failed"


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--zone", "FRR"), "zone 'FRR'"),
        (("--meters", "nvida"), "unknown meter 'nvida' (did you mean nvidia?)"),
        (("--meters", "fake:gup=1"), "no device is a 'gup' (did you mean gpu"),
        (("--interval", "soon"), "interval = 'soon' is not a number of seconds"),
        (("--rest", "tower"), "rest = 'tower' is not one of"),
        (("--param", "lr"), "--param 'lr' is not KEY=VALUE"),
        (("--nmae", "x"), "No such option '--nmae'"),
    ],
)
def test_a_wrong_setting_is_found_before_the_command_runs(
    record: Ask, db: Path, options: tuple[str, ...], words: str
) -> None:
    """One line and exit status 2; the command has not begun and nothing is kept."""
    answer = record(["touch", str(db.parent / "ran")], *options)
    assert answer.status == 2
    assert words in answer.err
    assert answer.err.count("\n") == 1
    assert not (db.parent / "ran").exists()
    assert not db.exists()


def test_another_programs_database_is_refused_before_the_command_runs(record: Ask, db: Path) -> None:
    """A wrong --db is a mistake to mend at once, and that file stays as it was."""
    other = sqlite3.connect(db)
    other.execute("CREATE TABLE notes (text)")
    other.close()
    before = db.read_bytes()
    answer = record(["touch", str(db.parent / "ran")])
    assert answer.status == 2
    assert "is another program's database" in answer.err
    assert not (db.parent / "ran").exists()
    assert db.read_bytes() == before


def test_a_database_that_cannot_be_written_harms_no_command(record: Ask, db: Path) -> None:
    """The command runs and its status is returned; that nothing was kept is said."""
    (db.parent / "file").write_text("")
    answer = record(["sh", "-c", "echo worked; exit 4"], "--db", str(db.parent / "file" / "runs.db"))
    assert (answer.status, answer.out) == (4, "worked\n")
    assert "could not be kept" in answer.err
    assert "Traceback" not in answer.err


def test_disabled_only_runs_the_command(record: Ask, db: Path) -> None:
    """With GREENTRACK_DISABLED=1 there is the command, its exit status, and nothing else."""
    answer = record(["sh", "-c", "echo here; exit 6"], env={"GREENTRACK_DISABLED": "1"})
    assert (answer.status, answer.out, answer.err) == (6, "here\n", "")
    assert not db.exists()


def test_runs_inside_belong_to_the_run_outside(record: Ask, db: Path) -> None:
    """What the command tracks itself carries the id of its wrapper's run as its group."""
    script = f"from greentrack import track\nwith track('inner', db={str(db)!r}, meters=['fake'], quiet=True): pass"
    record(python(script), "--name", "outer")
    with Reader(db) as reader:
        runs: dict[str, Any] = {row.name: reader.record(row.id).run for row in reader.runs()}
    assert runs["inner"].group == runs["outer"].id
    assert json.dumps(runs["outer"].group) == "null"
