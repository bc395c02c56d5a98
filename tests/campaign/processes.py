"""Forks, workers, threads, loops, interpreters, notebooks: what a training may do while it is recorded."""

import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from tests.campaign.scene import HANGS_S, ROOT, Scene
from tests.campaign.troubles import UnavailableError, told

INTERRUPTED = ROOT / "tests" / "campaign" / "interrupted.py"
BEGIN = "with tracker as run:\n    with run.span('parent'): pass\n"


def _one_run(scene: Scene, spans: int = 1) -> None:
    """There is one run, finished, with the parent's spans alone, and nothing is left of it."""
    scene.emptied_after(0.0)
    (record,) = scene.records()
    assert (record.run.name, record.run.status) == ("job", "finished")
    assert [span.name for span in record.spans] == ["parent"] * spans
    assert sum(use.joules for use in record.devices) > 0


def os_fork(scene: Scene) -> str:
    """os.fork, the child ends with sys.exit, os._exit, an exception, or tracks a run of its own."""
    text = told(
        scene,
        BEGIN
        + """
    for how in ("exit", "_exit", "raise"):
        child = os.fork()
        if child == 0:
            with run.span("child"): run.advance(child=1)
            sys.stderr = open(os.devnull, "w")
            if how == "exit": sys.exit(7)
            if how == "_exit": os._exit(7)
            raise RuntimeError("child")
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) in (1, 7)
""",
    ).text
    assert text == "", text
    _one_run(scene)
    return "the children write nothing and end nothing"


def _multiprocessing(scene: Scene, method: str) -> str:
    script = scene.folder / "train.py"
    script.write_text(
        f"""
import multiprocessing, sys
from greentrack import track
def square(number): return number * number
if __name__ == "__main__":
    context = multiprocessing.get_context({method!r})
    with track("job", meters=["fake:gpu=300"], db={str(scene.db)!r}, interval=0.1, quiet=True) as run:
        with run.span("parent"):
            with context.Pool(2) as pool: assert pool.map(square, range(4)) == [0, 1, 4, 9]
        while not run.joules(): pass
"""
    )
    process = scene.start(str(script))
    assert process.wait(HANGS_S) == 0, scene.log().read_text()
    assert scene.log().read_text() == "", scene.log().read_text()
    _one_run(scene)
    return f"a pool of two ({method}): one run, nothing said, nothing left"


def fork(scene: Scene) -> str:
    """multiprocessing with fork."""
    return _multiprocessing(scene, "fork")


def spawn(scene: Scene) -> str:
    """multiprocessing with spawn."""
    return _multiprocessing(scene, "spawn")


def forkserver(scene: Scene) -> str:
    """multiprocessing with forkserver, whose server lives as long as the training."""
    return _multiprocessing(scene, "forkserver")


def data_loader(scene: Scene) -> str:
    """Workers of torch's DataLoader, anew each epoch."""
    told(
        scene,
        """
import torch
from torch.utils.data import DataLoader, TensorDataset
loader = DataLoader(TensorDataset(torch.zeros(64, 4)), batch_size=8, num_workers=2)
with tracker as run:
    for epoch in range(3):
        with run.span("parent"):
            assert sum(1 for _ in loader) == 8
""",
    )
    _one_run(scene, spans=3)
    return "three epochs with two workers: none hangs, none is counted"


def children(scene: Scene) -> str:
    """subprocess, which outlives the run and holds none of its files."""
    told(
        scene,
        BEGIN
        + """
    code = "import os; input(); print(len(os.listdir('/proc/self/fd')))"
    child = subprocess.Popen([sys.executable, "-c", code],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, close_fds=False)
assert child.poll() is None
assert int(child.communicate(b"\\n")[0]) <= 5
""",
    )
    _one_run(scene)
    return "the run ends before its child, which inherits none of our files"


def threads(scene: Scene) -> str:
    """Eight threads open spans and phases, daemons among them that never end."""
    told(
        scene,
        """
def forever(run):
    while True: run.phase("daemon").__enter__(); time.sleep(0.01)
with tracker as run:
    for _ in range(2): threading.Thread(target=forever, args=(run,), daemon=True).start()
    def one():
        for _ in range(20):
            with run.span("parent"): run.advance(samples=1)
    many = [threading.Thread(target=one) for _ in range(8)]
    for each in many: each.start()
    for each in many: each.join()
    assert threading.active_count() == 3
""",
    )
    _one_run(scene, spans=160)
    return "160 spans of 8 threads are kept; none of the threads is ours"


def asynchronous(scene: Scene) -> str:
    """asyncio: tasks open spans at the same time, one is cancelled."""
    told(
        scene,
        """
import asyncio
async def one(run, seconds):
    with run.span("parent"): await asyncio.sleep(seconds)
async def main():
    with tracker as run:
        slow = asyncio.create_task(one(run, 60))
        await asyncio.gather(*(one(run, 0.05) for _ in range(5)))
        slow.cancel()
        try: await slow
        except asyncio.CancelledError: pass
asyncio.run(main())
""",
    )
    _one_run(scene, spans=6)
    return "six spans at once, one of them cancelled, are kept"


def handlers(scene: Scene) -> str:
    """Signal handlers, exception hooks, logging, the locale and the environment are as they were."""
    told(
        scene,
        """
import locale, warnings
def state():
    hooks = (sys.excepthook, sys.unraisablehook, threading.excepthook, sys.displayhook)
    watchers = (sys.gettrace(), sys.getprofile(), signal.getitimer(signal.ITIMER_REAL), threading.active_count())
    handlers = [signal.getsignal(n) for n in sorted(signal.valid_signals()) if n not in (9, 19)]
    logs = (logging.root.level, list(logging.root.handlers), logging.getLogger("greentrack").handlers)
    mask = os.umask(0o22)
    os.umask(mask)
    rest = (mask, locale.setlocale(locale.LC_ALL), list(warnings.filters), sys.getswitchinterval())
    return hooks, watchers, handlers, logs, dict(os.environ), os.getcwd(), rest
before = state()
with tracker as run:
    assert state() == before
    with run.span("parent"): pass
assert state() == before
""",
    )
    _one_run(scene)
    return "all of them are as they were, inside and afterwards"


def exit_handlers(scene: Scene) -> str:
    """atexit: handlers before and after ours may still use the run; a run that was let go of is finished."""
    told(
        scene,
        """
import atexit
atexit.register(lambda: print("before"))
def begin():
    run = tracker.start()
    with run.span("parent"): pass
    atexit.register(lambda: (run.log(loss=1), run.joules(), run.record()))
begin()
track("other", meters=["fake:gpu=1"], db=db, quiet=True).start()  # held by nobody
gc.collect()
""",
    )
    scene.emptied_after(0.0)
    assert sorted((r.run.name, r.run.status) for r in scene.records()) == [("job", "finished"), ("other", "finished")]
    return "both are finished, the one that nobody held as well"


def shutdown(scene: Scene) -> str:
    """The interpreter ends during a tick of the recorder's thread (recorder="thread", a read each 0.1 s), 20 times."""
    for number in range(20):
        text = told(
            scene,
            f"""
run = track("job", meters=["fake:gpu=300"], db=db, interval=0.1, recorder="thread", quiet=True).start()
time.sleep(0.1 + {number} * 0.01)
""",
        ).text
        assert text == "", text
    statuses = {record.run.status for record in scene.records()}
    assert statuses == {"finished"}, statuses
    return "20 ends: all finished, nothing said"


def sub_interpreters(scene: Scene) -> str:
    """Sub-interpreters, isolated (as _xxsubinterpreters makes them) and sharing."""
    if sys.version_info >= (3, 13):
        raise UnavailableError("this Python has another module for them")
    found = told(
        scene,
        f"""
import _xxsubinterpreters as interpreters
script = '''
import logging; logging.basicConfig(format="warned %(message)s")
from greentrack import track
with track("job", meters=["fake:gpu=300"], db={str(scene.db)!r}, quiet=True) as run:
    with run.span("parent"): pass
'''
interpreters.run_string(interpreters.create(), script)
say(on=1)
""",
    )
    assert found.values["on"] == 1
    assert found.text == "", found.text
    _one_run(scene)
    return "an isolated one is recorded as any other"


def notebook(scene: Scene) -> str:
    """A cell that starts a run by hand is run three times: each ends the one before."""
    told(
        scene,
        """
import types
sys.modules["ipykernel"] = types.ModuleType("ipykernel")
cell = "run = track('job', meters=['fake:gpu=300'], db=db, interval=0.1, quiet=True).start()"
for _ in range(3):
    exec(cell)
    with run.span("parent"): pass
children = Path(f"/proc/self/task/{os.getpid()}/children").read_text().split()
assert len(children) == 1, children
""",
    )
    scene.emptied_after(0.0)
    assert [record.run.status for record in scene.records()] == ["finished"] * 3
    return "three runs, one after the other, and one recorder at any time"


def pickling(scene: Scene) -> str:
    """A run is pickled, copied, or handed to a process of a pool."""
    told(
        scene,
        BEGIN
        + """
    import copy, pickle
    for way in (pickle.dumps, copy.copy, copy.deepcopy):
        try: way(run)
        except TypeError as error: assert "run.id" in str(error)
        else: raise AssertionError(way)
""",
    )
    _one_run(scene)
    return "a TypeError names the way out"


def becoming_another(scene: Scene) -> str:
    """os.execv inside a run: the process goes on as another program, and the recorder with it."""
    process = scene.start(
        "-c",
        f"""
import os, sys
from greentrack import track
run = track("job", meters=["fake:gpu=300"], db={str(scene.db)!r}, interval=0.1, quiet=True).start()
with run.span("parent"): pass
while not run.joules(): pass
os.execv(sys.executable, [sys.executable, "-c", "import time; time.sleep(1)"])
""",
    )
    assert process.wait(HANGS_S) == 0
    scene.emptied_after(0.0)
    (record,) = scene.records()
    assert record.run.status == "interrupted"
    assert max(use.energy.seconds for use in record.devices) >= (0.5 if scene.patient else 0.9)
    return "it is recorded to the end of the process and reads interrupted; the recorder ends with it"


def interrupted_start(scene: Scene) -> str:
    """Ctrl-C 40 times while a run starts or stops, in a program that lives on: no recorder is left behind."""
    told(
        scene,
        """
caught = 0
for number in range(40):
    signal.setitimer(signal.ITIMER_REAL, 0.002 + number * 0.004)
    signal.signal(signal.SIGALRM, signal.default_int_handler)
    try:
        with track("job", meters=["fake:gpu=300"], db=db, quiet=True):
            time.sleep(0.02)
        signal.setitimer(signal.ITIMER_REAL, 0)
    except KeyboardInterrupt:
        caught += 1
signal.setitimer(signal.ITIMER_REAL, 0)
assert caught > 5, caught
until = time.monotonic() + 5
def recorders():
    pids = Path(f"/proc/self/task/{os.getpid()}/children").read_text().split()
    return [p for p in pids if Path(f"/proc/{p}/stat").read_text().rpartition(")")[2].split()[0] != "Z"]
while recorders() and time.monotonic() < until: time.sleep(0.02)
assert not recorders(), recorders()
""",
    )
    scene.emptied_after(0.0)
    scene.records()
    return "40 tries, none left a process"


WAYS = ("with", "call", "start and stop")


def interrupted_everywhere(scene: Scene, ways: Sequence[str] = WAYS, every: int = 1) -> str:
    """Ctrl-C at each instruction of a start and an end at which Python takes it; ``with``, a call, start and stop."""
    tried = 0
    for way in ways:
        process = scene.start(str(INTERRUPTED), way, str(every), env={"GREENTRACK_DB": str(scene.db)})
        assert process.wait(900) == 0, scene.log(scene.started).read_text()[-800:]
        tried += int((scene.said("tried", scene.started) or ["0"])[0])
    scene.emptied_after(0.0)
    scene.records()
    return f"{tried} instructions: no recorder is left, no run is open, and two descriptors at most"


CHECKS: dict[str, Callable[[Scene], str]] = {
    "os.fork": os_fork,
    "multiprocessing, fork": fork,
    "multiprocessing, spawn": spawn,
    "multiprocessing, forkserver": forkserver,
    "DataLoader workers": data_loader,
    "subprocess": children,
    "threads": threads,
    "asyncio": asynchronous,
    "handlers and hooks": handlers,
    "atexit": exit_handlers,
    "interpreter shutdown": shutdown,
    "sub-interpreters": sub_interpreters,
    "notebook": notebook,
    "pickle and copy": pickling,
    "os.execv": becoming_another,
    "Ctrl-C at the start and the end": interrupted_start,
    "Ctrl-C at each instruction": interrupted_everywhere,
}


def checked(name: str, folder: Path, *, patient: bool = False) -> tuple[bool | None, str]:
    """Make the check called *name* in the new *folder*: whether all was well (None: not possible here), and how."""
    scene = Scene(folder, patient=patient)
    try:
        return True, CHECKS[name](scene)
    except UnavailableError as reason:
        return None, str(reason)
    except Exception as error:  # noqa: BLE001  # what is wrong is told in the page
        return False, f"{type(error).__name__}: {error}"
    finally:
        scene.end()
