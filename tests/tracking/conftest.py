"""Programs that are tracked, run as real processes."""

import os
import select
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

PREAMBLE = """
import os, signal, sys, threading, time
from greentrack import track
tracked = track("job", meters=["fake:gpu=300,cpu=100"], db={db!r}, quiet=True)
def say(*words): print(*words, flush=True)
def recorder(run): return run._link._process.pid
"""


class Program:
    """A script that has been started, talked to over its standard input and output."""

    def __init__(self, script: str, db: Path, env: dict[str, str] | None = None) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", PREAMBLE.format(db=str(db)) + script],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, **(env or {})},
        )

    def line(self) -> str:
        """The next line it says."""
        assert self.process.stdout is not None
        return self.process.stdout.readline().strip()

    def end(self, say: str = "") -> tuple[int, str, str]:
        """Let it go on to its end: exit code, output, errors."""
        out, err = self.process.communicate(say, timeout=300)
        return self.process.returncode, out, err


@pytest.fixture
def program(db: Path) -> Iterator[Callable[..., Program]]:
    """Start a script that finds ``tracked``, ``say`` and ``recorder`` ready."""
    started: list[Program] = []

    def start(script: str, env: dict[str, str] | None = None) -> Program:
        started.append(Program(script, db, env))
        return started[-1]

    yield start
    for one in started:
        if one.process.poll() is None:
            one.process.kill()
            one.process.wait()
        for pipe in (one.process.stdin, one.process.stdout, one.process.stderr):
            if pipe is not None:
                pipe.close()


def gone(pid: int) -> bool:
    """Whether process *pid* (of any parent) ends by itself; what takes two minutes never does."""
    try:
        fd = os.pidfd_open(pid)
    except ProcessLookupError:
        return True
    try:
        return bool(select.select([fd], [], [], 120.0)[0])
    finally:
        os.close(fd)
