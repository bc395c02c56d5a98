"""The command line in this process and as a real one, and a database of runs with round figures."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from greentrack.cli import main
from greentrack.model import Device, DeviceUse, Host, Reading, RunInfo
from greentrack.store.batch import Batch
from greentrack.store.writer import Writer

COMMAND = (sys.executable, "-m", "greentrack")
HOST = Host(id="h1", name="box", chassis="server")


@dataclass(frozen=True)
class Answer:
    """What a command said, and its exit status."""

    status: int
    out: str
    err: str


Ask = Callable[..., Answer]
Keep = Callable[..., RunInfo]
Start = Callable[..., "subprocess.Popen[bytes]"]


@pytest.fixture
def ask(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Ask:
    """Run ``greentrack`` in this process, in a folder of its own."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "80")

    def run(*args: object) -> Answer:
        with pytest.raises(SystemExit) as end:
            main([str(arg) for arg in args])
        said = capsys.readouterr()
        return Answer(int(end.value.code or 0), said.out, said.err)

    return run


@pytest.fixture
def keep(db: Path) -> Keep:
    """Store a run of one GPU that drew *watts* (None: none was read) for *seconds*; a server's rest is a quarter."""
    writer = Writer(db)

    def make(
        name: str = "digits",
        *,
        watts: float | None = 360.0,
        seconds: float = 3600.0,
        method: str = "fake",
        started_at: float = 1_790_000_000.0,
        uid: str = "gpu:0",
        **facts: Any,
    ) -> RunInfo:
        number = getattr(make, "number", 0)
        make.number = number + 1  # type: ignore[attr-defined]
        run = RunInfo(
            id=f"019a{number:04x}-0000-7000-8000-000000000000",
            name=name,
            started_at=started_at,
            ended_at=started_at + seconds,
            seconds=seconds,
            **{"status": "finished", "host": HOST, "zone": "FR", "boot_id": "b1", **facts},
        )
        use = DeviceUse(device=Device(uid=uid, kind="gpu", name="A GPU"), method=method)
        at = started_at + seconds
        readings = [Reading(device=uid, at=at, seconds=seconds, joules=watts * seconds)] if watts is not None else []
        writer.write(Batch(run_id=run.id, run=run, devices=[use], readings=readings))
        writer.close()
        return run

    return make


@pytest.fixture
def start(db: Path) -> Iterator[Start]:
    """Start ``greentrack run OPTIONS -- COMMAND`` as a process; what still runs at the end is killed."""
    started: list[subprocess.Popen[bytes]] = []

    def begin(
        command: Sequence[str],
        *options: str,
        stderr: int = subprocess.PIPE,
        env: dict[str, str] | None = None,
        cwd: Path | None = None,
    ) -> "subprocess.Popen[bytes]":
        usual = ("--db", str(db), "--meters", "fake:gpu=100,cpu=50", "--rest", "off")
        started.append(
            subprocess.Popen(
                [*COMMAND, "run", *usual, *options, "--", *command],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=stderr,
                env=env,
                cwd=cwd,
            )
        )
        return started[-1]

    yield begin
    for process in started:
        if process.poll() is None:
            process.kill()
        process.communicate()


@pytest.fixture
def record(start: Start) -> Ask:
    """Run ``greentrack run OPTIONS -- COMMAND`` to its end."""

    def whole(command: Sequence[str], *options: str, said: bytes = b"", env: dict[str, str] | None = None) -> Answer:
        process = start(command, *options, env={**os.environ, **(env or {})})
        out, err = process.communicate(said, timeout=300)
        return Answer(process.returncode, out.decode(), err.decode())

    return whole
