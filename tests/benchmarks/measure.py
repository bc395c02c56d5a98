"""What the benchmarks share: a figure beside its target, fresh processes to measure in, medians and intervals."""

import json
import os
import random
import statistics
import subprocess
import sysconfig
import time
import venv
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]

CODECARBON = 'OfflineEmissionsTracker(country_iso_code="FRA", save_to_file=False, log_level="critical"{more})'
"""The tracker that GreenTrack is held against, at its quietest: no file, no network."""

EIGHT_GPUS = "fake:" + ",".join(["gpu=300"] * 8 + ["cpu=100"] * 2)
"""The meters of a large host: 8 GPUs and 2 packages, virtual, so that the recorder's own work is what is measured."""


WITHIN = 0.5
"""So many percent slower or faster is no slowdown that anybody would notice."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One figure: what it is, what it must reach, what it is here, and the same of codecarbon where there is such.

    *reached* is None for what has no target, or what this machine is too noisy to tell.
    """

    what: str
    must: str = ""
    measured: str
    theirs: str = ""
    ratio: str = ""
    reached: bool | None = None


def at_most(what: str, value: float, limit: float, unit: str, theirs: float | None = None, note: str = "") -> Row:
    """A row whose *value* must not exceed *limit*; *note* follows the value."""
    return Row(
        what=what,
        must=f"<= {limit:g} {unit}",
        measured=f"{figure(value)} {unit}{note}",
        theirs="" if theirs is None else f"{figure(theirs)} {unit}",
        ratio=times(theirs, value),
        reached=value <= limit,
    )


def times(theirs: float | None, ours: float) -> str:
    """How many times ours theirs is; empty where that says nothing."""
    return f"{figure(theirs / ours)}x" if theirs is not None and ours > 0 else ""


def figure(value: float) -> str:
    """A number with three figures, in full where it is large.

    >>> figure(1234.5), figure(12.345), figure(0.012345), figure(0.0)
    ('1,234', '12.3', '0.0123', '0')
    """
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"


def quantile(values: Sequence[float], part: float) -> float:
    """The value below which *part* (0 to 1) of *values* lie: one of them, the higher one in doubt.

    >>> quantile([1.0, 2.0, 3.0, 4.0], 0.5), quantile([1.0, 2.0], 0.99)
    (3.0, 2.0)
    """
    return sorted(values)[min(len(values) - 1, int(len(values) * part))]


def interval(values: Sequence[float], of: Callable[[list[float]], float]) -> tuple[float, float, float]:
    """A statistic *of* the *values* and its 95 % bootstrap interval."""
    chance = random.Random(1)
    drawn = [of(chance.choices(values, k=len(values))) for _ in range(1000)]
    return of(list(values)), quantile(drawn, 0.025), quantile(drawn, 0.975)


def slowdown(what: str, slower: Sequence[float]) -> Row:
    """The row of pairs in each of which what is tracked took so many percent longer than what is not."""
    middle, low, high = interval(slower, statistics.median)
    apart = low > 0 or high < 0
    return Row(
        what=f"{what}, median of {len(slower):,} pairs (95 % interval)",
        must=f"interval within +-{WITHIN} %",
        measured=f"{middle:+.2f} % ({low:+.2f} to {high:+.2f})",
        reached=True if low >= -WITHIN and high <= WITHIN else False if apart else None,
    )


def environment(home: Path, more: Mapping[str, str]) -> dict[str, str]:
    """The variables of a measured process: no settings of the developer's, and a home of its own."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("GREENTRACK_")}
    places = {name: str(home) for name in ("HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_CACHE_HOME")}
    paths = (str(ROOT), sysconfig.get_path("purelib"), sysconfig.get_path("platlib"))
    return {**kept, **places, "PYTHONPATH": os.pathsep.join(dict.fromkeys(paths)), **more}


@cache
def plain_python(home: Path) -> Path:
    """A Python without the start-up hook of an editable install, which imports half of what GreenTrack needs."""
    folder = home / "plain"
    venv.create(folder, symlinks=True)
    return folder / "bin" / "python"


def run(home: Path, *arguments: object, **variables: str) -> str:
    """Run Python with *arguments* in a fresh process; return what it writes. Raises where it fails."""
    done = subprocess.run(
        [plain_python(home), *map(str, arguments)],
        env=environment(home, variables),
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(f"a benchmark failed: {done.stderr[-2000:]}")
    return done.stdout


def answer(home: Path, script: str, **variables: str) -> Any:
    """Run *script* in a fresh Python; return the JSON of its last line."""
    return json.loads(run(home, "-c", script, **variables).splitlines()[-1])


def wall_ms(home: Path, commands: Mapping[str, Sequence[str]], rounds: int) -> dict[str, float]:
    """The median wall time (ms) of whole Python processes, the commands taking turns; a first round is not counted."""
    taken: dict[str, list[float]] = {name: [] for name in commands}
    for number in range(rounds + 1):
        for name, arguments in commands.items():
            began = time.perf_counter()
            run(home, *arguments)
            if number:
                taken[name].append((time.perf_counter() - began) * 1000)
    return {name: statistics.median(values) for name, values in taken.items()}
