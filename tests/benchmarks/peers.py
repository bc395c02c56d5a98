"""``python -m tests.benchmarks.peers``: GreenTrack and other trackers, one after another on one virtual machine.

Two virtual GPUs of known energy; each tracker as its own documents start it, in a fresh process, with the packages that
peers.txt names for it. Writes one table into docs/benchmarks.md.
"""

import json
import os
import re
import shutil
import statistics
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from greentrack.meters.fake import Wave
from tests.benchmarks.document import circumstances
from tests.benchmarks.measure import ROOT, environment, figure, plain_python
from tests.benchmarks.peers_code import IMPORT, PEERS, RUN, Peer
from tests.rig.library import COMPILER, Board, Fault, compiled
from tests.rig.nvml import ENERGY

BEGIN, END = "<!-- peers: written by make bench -->", "<!-- end of peers -->"
PLACE = ROOT / ".venv-peers"
SECONDS = 20
PATIENCE_S = 120.0
NOT_SUPPORTED = 3
HEAD = (
    "| tracker | energy, GPUs that count | energy, GPUs that only gauge | import | start | stop | CPU while training "
    "| CPU in all | memory added | threads added |"
)

POWERS = (Wave(low=100, high=400, period=3.1), Wave(low=100, high=400, period=0.7))
COUNTED = [Board(uuid=f"GPU-{index}", power=power, busy=90) for index, power in enumerate(POWERS)]
_CALLS = (str(ENERGY), "nvmlDeviceGetTotalEnergyConsumption")
GAUGED = [
    Board(uuid=f"GPU-{index}", power=power, busy=90, faults=[Fault(call=call, code=NOT_SUPPORTED) for call in _CALLS])
    for index, power in enumerate(POWERS)
]


@dataclass(slots=True)
class Seen:
    """What one tracker cost and said: *told* beside GPUs that count, *gauged* beside such that do not.

    *trouble* says why the first, the last, or both are missing.
    """

    peer: Peer
    import_ms: float = 0.0
    told: Mapping[str, Any] | None = None
    gauged: Mapping[str, Any] | None = None
    trouble: str = ""


def requirements() -> dict[str, list[str]]:
    """By name of a peer, what pip installs for it."""
    lines = Path(__file__).with_name("peers.txt").read_text(encoding="utf-8").splitlines()
    wanted = [line.split() for line in lines if line and not line.startswith("#")]
    return {words[0].partition("==")[0]: words for words in wanted}


def install(name: str, words: list[str]) -> None:
    """Have the packages in a folder of their own; anew where the list has changed, and not where pip cannot."""
    folder, done = PLACE / name, PLACE / f"{name}.txt"
    if done.exists() and done.read_text(encoding="utf-8") == " ".join(words):
        return
    shutil.rmtree(folder, ignore_errors=True)
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    if not subprocess.run([*pip, "--target", folder, *words], check=False).returncode:
        done.write_text(" ".join(words), encoding="utf-8")


def error(told: Mapping[str, Any]) -> float:
    """What a tracker said, over what its GPUs drew between the end of its start and the beginning of its stop."""
    truth = sum(power.joules(told["ended"]) - power.joules(told["begun"]) for power in POWERS)
    return float(told["joules"]) / truth - 1


class Machine:
    """A virtual machine with two GPUs in the folder *home*, and the programs that run on it."""

    def __init__(self, home: Path) -> None:
        self._home = home
        self._drivers = {}
        for name, boards in (("counted", COUNTED), ("gauged", GAUGED)):
            folder = home / name
            folder.mkdir()
            driver = compiled(folder, Path(__file__).with_name("peers_nvml.c"))
            self._drivers[name] = driver.env(*boards)
        self._python = plain_python(home)  # once, before several peers ask for it at the same time
        command = home / "bin" / "nvidia-smi"  # codecarbon takes a machine without it for one without NVIDIA
        command.parent.mkdir()
        command.write_text("#!/bin/sh\nexit 0\n", encoding="utf-8")
        command.chmod(0o755)

    def run(self, peer: Peer, script: str, boards: str = "counted") -> dict[str, Any]:
        """Run *script* with the packages of *peer*; return the JSON of its last line. Raises RuntimeError."""
        paths = [str(PLACE / peer.name)]
        if peer.name == "greentrack":
            paths = [str(ROOT), sysconfig.get_path("purelib")]
        home = self._home / f"{peer.name} {boards}"
        home.mkdir(exist_ok=True)
        env = environment(home, self._drivers[boards]) | {
            "PATH": f"{self._home / 'bin'}{os.pathsep}{os.environ['PATH']}",
            "PYTHONPATH": os.pathsep.join(paths),
        }
        env.pop("CUDA_VISIBLE_DEVICES", None)
        try:
            done = subprocess.run(
                [self._python, "-c", script],
                env=env,
                cwd=home,
                capture_output=True,
                text=True,
                check=False,
                timeout=PATIENCE_S,
            )
        except subprocess.TimeoutExpired:
            raise RuntimeError(f"did not end within {PATIENCE_S:.0f} s") from None
        answers = [line for line in done.stdout.splitlines() if line.startswith('{"')]
        if done.returncode or not answers:
            last = (done.stderr.strip().splitlines() or ["it said nothing"])[-1]
            raise RuntimeError(re.sub(r"^[\w.]+\.(\w+:)", r"\1", last))
        found: dict[str, Any] = json.loads(answers[-1])
        return found


def watch(machine: Machine, seen: Sequence[Seen]) -> None:
    """Fill all of *seen*: together what they say of GPUs without a counter, then one by one the rest."""
    with ThreadPoolExecutor(len(seen)) as together:
        list(together.map(lambda one: _tried(_gauge, machine, one), seen))
    for one in seen:
        _tried(_measure, machine, one)
        print(row(one), flush=True)


def _tried(work: Callable[[Machine, Seen], None], machine: Machine, one: Seen) -> None:
    try:
        work(machine, one)
    except RuntimeError as trouble:
        one.trouble = str(trouble)


def _gauge(machine: Machine, one: Seen) -> None:
    one.gauged = machine.run(one.peer, _script(one.peer), "gauged")


def _measure(machine: Machine, one: Seen) -> None:
    imports = [machine.run(one.peer, IMPORT.format(imports=one.peer.imports)) for _ in range(3)]
    one.import_ms = statistics.median(found["import_ms"] for found in imports)
    one.told = machine.run(one.peer, _script(one.peer))


def _script(peer: Peer) -> str:
    return RUN.format(**asdict(peer), root=str(ROOT), seconds=SECONDS)


def table(seen: Iterable[Seen]) -> str:
    """The Markdown table, a line a tracker."""
    return "\n".join([HEAD, "|---" * HEAD.count(" | ") + "|---|", *map(row, seen)])


def row(one: Seen) -> str:
    """A tracker's line."""
    gauged = f"did not run: {one.trouble}" if one.gauged is None else f"{error(one.gauged):+.1%}"
    if one.told is None:
        return f"| {one.peer.name} | did not run: {one.trouble} |" + f" {gauged} |" + " |" * (HEAD.count("|") - 4)
    told = one.told
    helpers = f" + {told['helper_mib']:.0f} in {told['processes']} more" if told["processes"] else ""
    cells = [
        one.peer.name,
        f"{error(told):+.1%}",
        gauged,
        f"{figure(one.import_ms)} ms",
        f"{figure(told['start_ms'])} ms",
        f"{figure(told['stop_ms'])} ms",
        f"{figure(told['cpu_percent'])} %",
        f"{figure(told['cpu_seconds'])} s",
        f"{told['own_mib']:.0f} MiB{helpers}",
        str(told["threads"]),
    ]
    return f"| {' | '.join(cells)} |"


def written(text: str, made: str) -> str:
    """Return *text* with *made* between its markers. Raises ValueError where it has none."""
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"there is no place for the trackers; put {BEGIN} and {END} into it")
    return f"{before}{BEGIN}\n\n{made}\n\n{END}{after}"


def main() -> int:
    """Install, measure, print, and write into docs/benchmarks.md; 1 where there is no compiler."""
    if COMPILER is None:
        print("the virtual machine's NVIDIA library is compiled here: install a C compiler (cc)", file=sys.stderr)
        return 1
    wanted = requirements()
    seen = [Seen(peer) for peer in PEERS]
    for name, words in wanted.items():
        install(name, words)
    with tempfile.TemporaryDirectory() as folder:
        watch(Machine(Path(folder)), seen)
    versions = "; ".join(", ".join(words).replace("==", " ") for words in wanted.values())
    file = ROOT / "docs" / "benchmarks.md"
    made = f"{circumstances()} Packages: {versions}.\n\n{table(seen)}"
    file.write_text(written(file.read_text(encoding="utf-8"), made), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
