"""Power cuts: the database and its log are copied while a run writes, as a disk would hold them when the power goes."""

import os
import random
import shutil
import signal
import time
from pathlib import Path
from typing import NamedTuple

from greentrack.host.facts import clock
from greentrack.store.reader import Reader
from tests.campaign.kills import VICTIM, WATTS
from tests.campaign.scene import Scene, check_energy, check_shown, integrity, seconds_of, shown_so_far, strings

INTERVAL = 0.2


class Cut(NamedTuple):
    """One copy: what is wrong with it, and the seconds whose energy is not in it (None where it has no run yet)."""

    trouble: str
    lost_s: float | None


def cuts(count: int, folder: Path, seed: int = 1, *, patient: bool = False) -> list[Cut]:
    """Copy the files of a run so often, each time at another moment of its interval, and open every copy.

    The recorder is stopped (SIGSTOP) for as long as it takes to copy, wherever it was. Every fourth log is cut off
    anywhere in its last page, which gives the state before that commit. The memory that readers share is not copied: it
    is not on the disk.
    """
    scene, rng = Scene(folder, patient=patient), random.Random(seed)
    process = scene.start(str(VICTIM), *strings([scene.db, INTERVAL, 120 + count, "none", "neither"]))
    on = scene.wait_for("on", process)
    assert on is not None
    while not scene.db.exists():
        time.sleep(0.01)
    seen = scene.wait_for("seen", process)
    assert seen is not None
    began, copies = max(float(on[3]), float(seen[0])), []
    for number in range(count):
        time.sleep(rng.uniform(0.0, 0.1))
        _stop(int(on[1]))
        at = clock()
        copy = _copied(scene.db, folder / f"cut{number}", rng if number % 4 == 3 else None)
        copies.append((copy, at, shown_so_far(scene)))
        os.kill(int(on[1]), signal.SIGCONT)
    process.kill()
    process.wait()
    scene.emptied_after(clock())
    return [_judged(copy, at - began, shown, scene.slack_s) for copy, at, shown in copies]


def _stop(pid: int) -> None:
    """Stop the process, wherever it is, and wait until it stands still."""
    os.kill(pid, signal.SIGSTOP)
    while Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "T":
        time.sleep(0.001)


def _copied(db: Path, folder: Path, cut: random.Random | None) -> Path:
    folder.mkdir()
    log = Path(f"{db}-wal")
    frames = log.read_bytes() if log.exists() else b""
    if cut is not None:  # the last commit had not reached the disk whole
        frames = frames[: len(frames) - cut.randrange(0, 4096)]
    (folder / "greentrack.db").write_bytes(db.read_bytes())
    (folder / "greentrack.db-wal").write_bytes(frames)
    return folder / "greentrack.db"


def _judged(copy: Path, lived: float, shown: list[float], slack_s: float) -> Cut:
    try:
        assert integrity(copy) == "ok"
        with Reader(copy, clock=lambda: time.time() + 6) as reader:
            records = [reader.record(row.id) for row in reader.runs()]
        most = 2 * INTERVAL + slack_s  # an interval, and one more where its commit was cut off
        check_shown(shown, max(map(seconds_of, records), default=0.0), 2 * INTERVAL)
        if not records:
            assert lived < most, f"a run of {lived:.2f} s is missing"
            return Cut("", None)
        check_energy(records[0], WATTS)
        lost = max(0.0, lived - seconds_of(records[0]))
        assert lost <= most, f"{lost:.2f} s are lost"
    except Exception as error:  # noqa: BLE001  # what a copy is like is told, never raised
        return Cut(str(error) or repr(error), None)
    else:
        return Cut("", lost)
    finally:
        shutil.rmtree(copy.parent)
