"""A machine whose NVIDIA library is ours (libnvml.c): compiled, told its boards, and handed to a process by its env."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

import pytest

from greentrack.meters.fake import Wave
from tests.rig.nvml import ADA, steady

ROOT = Path(__file__).parents[2]
EVER = (0.0, 1e12)
COMPILER = shutil.which("cc")
SOURCE = Path(__file__).with_name("libnvml.c")
needs_compiler = pytest.mark.skipif(
    sys.platform != "linux" or COMPILER is None, reason="the NVIDIA library is compiled here: needs Linux and cc"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """A *call* that fails with NVML's *code* between two times: a function, a field's number, or "*" for all."""

    call: str
    code: int
    between: tuple[float, float] = EVER


@dataclass(frozen=True, slots=True, kw_only=True)
class Board:
    """One GPU; its energy is ``power.joules``, to the microjoule.

    Its counter and its powers change every *update* seconds; its instant power is that of the *window* before. The
    counter shows *gain* x energy + *offset*, starts anew at *reset*, and where *lazy* is not None it loses joules at
    each read, as a GeForce's does: *lazy* are the seconds between the reads of another program (0: there is none).
    *module* are the watts of the rest of a Grace module; *busy* is what it tells of its use (percent; None: nothing);
    *processes* are (pid, percent), *slices* (MIG UUID, size).
    """

    uuid: str = "GPU-aaaa0000-1111"
    name: str = "NVIDIA L40S"
    power: Wave = field(default_factory=lambda: steady(300.0))
    architecture: int = ADA
    update: float = 0.1
    window: float = 0.1
    gain: float = 1.0
    offset: float = 5_000.0
    lazy: float | None = None
    reset: float | None = None
    module: float | None = None
    busy: int | None = None
    faults: Sequence[Fault] = ()
    processes: Sequence[tuple[int, int]] = ()
    slices: Sequence[tuple[str, int]] = ()

    def lines(self) -> Iterable[str]:
        """As the library reads it."""
        yield f"gpu {self.uuid}"
        yield f"name {self.name}"
        yield f"arch {self.architecture}"
        yield f"power {self.power.low!r} {self.power.high!r} {self.power.period!r}"
        yield f"update {self.update!r}"
        yield f"window {self.window!r}"
        yield f"counter {self.gain!r} {self.offset!r}"
        for key in ("lazy", "reset", "module", "busy"):
            if (value := getattr(self, key)) is not None:
                yield f"{key} {value!r}"
        for fault in self.faults:
            yield f"fault {fault.call} {fault.code} {fault.between[0]!r} {fault.between[1]!r}"
        for key, pairs in (("process", self.processes), ("slice", self.slices)):
            for first, second in pairs:
                yield f"{key} {first} {second}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Driver:
    """What every process in *env* finds in place of NVIDIA's library; *folder* holds the library and the scenario."""

    folder: Path

    def env(self, *boards: Board, init: int = 0, latency: float = 0.0, real_time: bool = True) -> dict[str, str]:
        """The environment of a machine with these *boards* (16 at most).

        *init* is the code that starting the library fails with, *latency* the seconds that every call takes. Where it
        is not *real_time*, the library's time is what somebody writes to its clock file.
        """
        lines = [f"init {init}", f"latency {latency!r}", *(line for board in boards for line in board.lines())]
        (self.folder / "scenario").write_text("\n".join(lines) + "\n")
        env = {"LD_LIBRARY_PATH": str(self.folder), "FAKE_NVML": str(self.folder / "scenario")}
        return env if real_time else {**env, "FAKE_NVML_CLOCK": str(self.folder / "clock")}


@dataclass(frozen=True, slots=True, kw_only=True)
class Watched:
    """What a process saw: its *devices* as they were at the end, what was *missing*; by time and device, its *reads*
    (joules, seconds, check and how busy it was, or an error) and *shares*.
    """

    devices: list[dict[str, Any]]
    missing: list[dict[str, str]]
    reads: list[list[dict[str, Any]]]
    shares: list[list[float | None]]

    @property
    def uids(self) -> list[str]:
        """The GPUs found."""
        return [device["uid"] for device in self.devices]

    @property
    def last(self) -> dict[str, Any]:
        """The last read of the first GPU."""
        return self.reads[-1][0]


def compiled(folder: Path, source: Path = SOURCE) -> Driver:
    """Compile the library into *folder*."""
    library = folder / "libnvidia-ml.so.1"
    flags = ["-shared", "-fPIC", "-O1", "-Wall", "-Wextra", f"-Wl,-soname,{library.name}"]
    subprocess.run([str(COMPILER), *flags, "-o", str(library), str(source), "-lm"], check=True)
    return Driver(folder=folder)


class Watcher:
    """A process with *driver* for NVIDIA's library, which tells what GreenTrack sees there; see watcher.py."""

    def __init__(self, driver: Driver) -> None:
        self._driver = driver

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.rig.watcher"],
            cwd=ROOT,
            env={**os.environ, **self._driver.env(real_time=False)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        return self

    def __exit__(self, *_: object) -> None:
        self._process.communicate(timeout=120)

    def watch(
        self,
        *boards: Board,
        times: Sequence[float] = (1000.0,),
        context: Mapping[str, Any] | None = None,
        pids: Sequence[int] = (),
        fork_after: int | None = None,
        init: int = 0,
    ) -> Watched:
        """Have it discover these *boards* in this *context* and read them at *times*."""
        self._driver.env(*boards, init=init, real_time=False)
        request = {"times": list(times), "context": context or {}, "pids": list(pids), "fork_after": fork_after}
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(request) + "\n")
        self._process.stdin.flush()
        answer = self._process.stdout.readline()
        assert answer, "the watching process has died; its standard error says why"
        return Watched(**json.loads(answer))
