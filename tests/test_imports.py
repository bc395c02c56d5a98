"""Importing does nothing; a training process stays as it was."""

import json
import subprocess
import sys
from pathlib import Path


def run(script: str) -> dict[str, object]:
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    answer: dict[str, object] = json.loads(done.stdout)
    return answer


def test_import_makes_no_network_call_starts_no_thread_and_touches_no_file() -> None:
    """Neither for the package nor for every public name in it."""
    seen = run(
        """
import json, sys
seen = []
def hook(event, args):
    if event.startswith(("socket.", "subprocess.", "os.posix_spawn", "os.fork", "sqlite3.", "ctypes.", "os.mkdir")):
        seen.append(event)
    if event == "_thread.start_new_thread": seen.append(event)
    if event == "open" and args[1] and set(str(args[1])) & set("wax+") and "__pycache__" not in str(args[0]):
        seen.append(f"{event} {args}")
sys.addaudithook(hook)
sys.dont_write_bytecode = True
import greentrack
for name in greentrack.__all__: getattr(greentrack, name)
print(json.dumps({"seen": seen}))
"""
    )
    assert seen == {"seen": []}


def test_a_training_gets_no_thread_no_database_and_no_sensor_library(db: Path) -> None:
    """While it is tracked it has one thread, and neither sqlite3 nor a meter is loaded."""
    state = run(
        f"""
import json, os, sys
from greentrack import track
with track("x", db={str(db)!r}, meters=["fake:gpu=300"]) as run:
    with run.span("s"), run.phase("p"): run.advance(n=1)
    run.joules()
    during = sorted(n for n in sys.modules if n == "sqlite3" or n.startswith(("pynvml", "psutil", "greentrack.meters")))
    threads = len(os.listdir("/proc/self/task")) if os.path.isdir("/proc/self/task") else 1
after = sorted(n for n in sys.modules if n in ("sqlite3", "pynvml", "psutil", "pandas", "codecarbon", "rich", "click"))
print(json.dumps({{"during": during, "threads": threads, "after": after}}))
"""
    )
    assert state == {"during": [], "threads": 1, "after": []}


def test_every_public_name_is_there_and_sorted() -> None:
    """``__all__`` is the public surface, and ``dir`` shows it."""
    import greentrack

    assert greentrack.__all__ == sorted(greentrack.__all__)
    assert set(greentrack.__all__) <= set(dir(greentrack))
    for name in greentrack.__all__:
        assert getattr(greentrack, name).__name__ == name
