"""``python -m tests.benchmarks [GROUP...]``: measures and prints; without a group all, and docs/benchmarks.md too."""

import sys
import tempfile
import time
from pathlib import Path

from tests.benchmarks import (
    asking,
    calls,
    document,
    heavy,
    lateness,
    lightning,
    month,
    slowdown,
    starting,
    trainings,
    watching,
)
from tests.benchmarks.measure import ROOT, Row

GROUPS = {
    "starting": starting.rows,
    "watching": watching.rows,
    "calls": calls.rows,
    "lateness": lateness.rows,
    "slowdown": slowdown.rows,
    "trainings": trainings.rows,
    "lightning": lightning.rows,
    "asking": asking.rows,
    "heavy": heavy.rows,
    "month": month.rows,
}


def main(names: list[str]) -> int:
    """Measure the groups of these *names*, or all; 1 where one of the names is unknown."""
    if unknown := set(names) - set(GROUPS):
        print(f"no group is called {', '.join(sorted(unknown))}; known: {', '.join(GROUPS)}", file=sys.stderr)
        return 1
    began, found = time.monotonic(), list[Row]()
    with tempfile.TemporaryDirectory() as folder:
        for name in names or GROUPS:
            for row in GROUPS[name](Path(folder)):
                found.append(row)
                mark = {True: "ok  ", False: "MISS", None: "    "}[row.reached]
                beside = f" | codecarbon {row.theirs} {row.ratio}".rstrip() if row.theirs else ""
                must = f" | must {row.must}" if row.must else ""
                print(f"{mark} {row.what}: {row.measured}{must}{beside}", flush=True)
    print(f"\n{document.circumstances()} {time.monotonic() - began:.0f} s.")
    if not names:
        document.update(ROOT / "docs" / "benchmarks.md", found)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
