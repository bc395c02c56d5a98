"""``python -m tests.campaign [--quick] [--kills N] [--seed N]``: kills, trouble and processes; writes the page."""

import argparse
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.campaign import document, kills, power, processes, troubles
from tests.campaign.scene import ROOT

PAGE = ROOT / "docs" / "reliability.md"
ALONE = ("many processes write at once", "recorder starved")
"""What would disturb others beside it."""


def main() -> int:
    """Run all, print as it goes, and write the page where nothing was left out; 1 where a promise was not kept."""
    parser = argparse.ArgumentParser(prog="python -m tests.campaign", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="the short form of all, without frameworks and the page")
    parser.add_argument("--kills", type=int, default=270, help="kills of scripts and commands; by default 270")
    parser.add_argument("--seed", type=int, default=20261122, help="of the random moments")
    chosen = parser.parse_args()
    began, count = time.monotonic(), min(chosen.kills, 30) if chosen.quick else chosen.kills
    shared = _shared()
    with tempfile.TemporaryDirectory(prefix="campaign") as place:
        folder = Path(place)
        attempts = kills.plan(count, chosen.seed, frameworks=not chosen.quick)
        outcomes = []
        for number, one in enumerate(kills.all_of(attempts, folder / "kills"), 1):
            outcomes.append(one)
            if one.trouble or number % 50 == 0:
                print(f"kill {number}: {one.attempt[:3]}: {one.trouble or 'ok'}", flush=True)
        copies = power.cuts(20 if chosen.quick else 200, folder / "cuts", chosen.seed)
        print(document.cuts(copies), flush=True)
        under = _troubles(folder / "troubles", full=not chosen.quick)
        around = []
        for number, (name, check) in enumerate(processes.CHECKS.items()):
            well, seen = processes.checked(name, folder / "processes" / str(number))
            around.append((name, (check.__doc__ or "").strip(), well, seen))
            print(f"{name}: {well} {seen}", flush=True)
    left = sorted(_shared() - shared)
    failed = sum(bool(one.trouble) for one in outcomes) + sum(bool(one.trouble) for one in copies)
    failed += sum(row[2] is False for row in (*under, *around))
    print(f"{failed} of {len(outcomes) + len(copies) + len(under) + len(around)} failed; new in /dev/shm: {left}")
    if not chosen.quick:
        parts = [
            document.circumstances(time.monotonic() - began),
            f"**{len(outcomes)} kills, {len(copies)} power cuts, {len(under)} troubles, {len(around)} checks of "
            f"processes: {failed} failed.** New files in shared memory afterwards: {', '.join(left) or 'none'}.",
            "### Kills",
            "\n".join(document.kills(outcomes)),
            "\n".join(document.failures(outcomes)),
            "### Power cuts",
            document.cuts(copies),
            "### Trouble underneath",
            "\n".join(document.table(under)),
            "### Processes",
            "\n".join(document.table(around)),
        ]
        document.update(PAGE, "\n\n".join(part for part in parts if part))
    return 1 if failed or left else 0


def _troubles(folder: Path, *, full: bool) -> list[tuple[str, str, bool | None, str]]:
    """Make every trouble, most of which are long waits, three at a time; some alone."""
    found = {}

    def one(name: str) -> None:
        found[name] = troubles.tried(name, folder / name.replace(" ", "-").replace(",", ""), full=full)
        print(f"{name}: {found[name][0]} {found[name][1]}", flush=True)

    with ThreadPoolExecutor(3) as pool:
        list(pool.map(one, (name for name in troubles.TROUBLES if name not in ALONE)))
    for name in ALONE:
        one(name)
    return [(name, (make.__doc__ or "").strip(), *found[name]) for name, (make, _, _) in troubles.TROUBLES.items()]


def _shared() -> set[str]:
    folder = Path("/dev/shm")
    return {path.name for path in folder.iterdir()} if folder.is_dir() else set()


if __name__ == "__main__":
    sys.exit(main())
