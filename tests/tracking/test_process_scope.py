"""Whose energy it was: real processes that work beside each other, and the part of a shared machine that is theirs."""

import json
import sys
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import pytest

from greentrack.cli import main
from greentrack.store.reader import Reader
from tests.tracking.conftest import Program

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="counts CPU seconds in /proc")

Start = Callable[..., Program]

WATTS = 100.0

WORK = """
import json, resource
from greentrack.host.cpu_time import busy_seconds

def spin(seconds):
    end = time.process_time() + seconds
    while time.process_time() < end: pass

def family():
    spent = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(each.ru_utime + each.ru_stime for each in spent)

def emitted(run):
    return (run._link.look() or {"overhead": {"readings": 0}})["overhead"]["readings"]

def worked(run, work):
    first = emitted(run)
    begun, before, busy = time.time(), family(), busy_seconds()[0]
    work()
    while emitted(run) < first + 4: work()  # a recorder that got no time has not seen enough of it
    told = {"cpu": family() - before, "busy": busy_seconds()[0] - busy, "begun": begun, "ended": time.time()}
    say(json.dumps(told | {"run": run.id}))

tracked = track(meters=["fake:cpu=100"], db=DB, interval=0.2, rest="off", quiet=True)
"""

ALONE = """
with tracked as run:
    while not run.joules(): pass
    worked(run, work)
"""

TOGETHER = """
with tracked as run:
    while not run.joules(): os.sched_yield()
    say("ready")
    sys.stdin.readline()
    worked(run, lambda: spin(1.2))
    sys.stdin.readline()
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Worked:
    """What a program did: its family's *cpu* seconds among the machine's *busy* ones, between two moments."""

    run: str
    cpu: float
    busy: float
    begun: float
    ended: float

    @property
    def truth(self) -> float:
        """Its part of what the machine did meanwhile."""
        return self.cpu / self.busy

    def part(self, db: Path) -> float:
        """The part that the recorder gave it, in the readings that lie within its work."""
        with Reader(db) as reader:
            (readings,) = reader.readings(self.run).values()
        within = [one for one in readings if self.begun <= one.at - one.seconds and one.at <= self.ended]
        assert len(within) >= 3, "it was over before it was seen"
        assert all(one.share is not None for one in within)
        return sum(one.joules * (one.share or 0.0) for one in within) / sum(one.joules for one in within)


def worked(program: Program) -> Worked:
    """What the program says that it did."""
    line = program.line()
    assert line, program.end()[2]
    return Worked(**json.loads(line))


def alone(program: Start, db: Path, work: str) -> Worked:
    """Run a program that does *work* under a recorder, to its end."""
    training = program(f"DB = {str(db)!r}\n{WORK}{work}{ALONE}")
    told = worked(training)
    code, _, errors = training.end()
    assert code == 0, errors
    return told


@pytest.fixture
def pair(db: Path, program: Start) -> list[Worked]:
    """Two programs that worked on one machine at the same time."""
    both = [program(f"DB = {str(db)!r}\n{WORK}{TOGETHER}") for _ in range(2)]
    for one in both:
        assert one.line() == "ready"
    for one in both:
        assert one.process.stdin is not None
        one.process.stdin.write("\n")
        one.process.stdin.flush()
    told = [worked(one) for one in both]
    for one in both:
        code, _, errors = one.end("\n")
        assert code == 0, errors
    return told


def asked(capsys: pytest.CaptureFixture[str], *arguments: object) -> str:
    """What the command line answers."""
    capsys.readouterr()
    with suppress(SystemExit):
        main([str(argument) for argument in arguments])
    return capsys.readouterr().out


def test_two_runs_at_once_share_the_machine(db: Path, pair: list[Worked], capsys: pytest.CaptureFixture[str]) -> None:
    """Each has the part that its work had, and together they have no more than the machine drew."""
    for one in pair:
        assert one.part(db) == pytest.approx(one.truth, rel=0.25)
    assert sum(one.part(db) for one in pair) <= 1.05
    with Reader(db) as reader:
        once = reader.deduplicated_energy(one.run for one in pair)
    shown = [json.loads(asked(capsys, "show", one.run, *as_json(db), "--scope", "process")) for one in pair]
    assert sum(one["energy"]["kwh"]["value"] for one in shown) * 3.6e6 <= once.joules * 1.05


def test_what_is_shown_and_totalled_counts_once(
    db: Path, pair: list[Worked], capsys: pytest.CaptureFixture[str]
) -> None:
    """`show` has both scopes, `runs --totals` what the machine drew while either ran, and what both of them saw."""
    for one in pair:
        machine, own = (
            json.loads(asked(capsys, "show", one.run, *as_json(db), "--scope", scope))
            for scope in ("machine", "process")
        )
        with Reader(db) as reader:
            (use,) = reader.record(one.run).devices
        assert (machine["scope"], own["scope"]) == ("machine", "process")
        assert machine["energy"]["kwh"]["value"] * 3.6e6 == pytest.approx(use.joules)
        assert own["energy"]["kwh"]["value"] * 3.6e6 == pytest.approx(use.process)
    listed = json.loads(asked(capsys, "runs", "--totals", *as_json(db)))
    counted, overlapped = (listed["totals"][key] * 3.6e6 for key in ("kwh", "overlapped_kwh"))
    assert sum(row["kwh"] for row in listed["runs"]) * 3.6e6 == pytest.approx(counted + overlapped)
    first, last = min(one.begun for one in pair), max(one.ended for one in pair)
    assert counted >= WATTS * (last - first) * 0.9
    assert overlapped >= WATTS * (min(one.ended for one in pair) - max(one.begun for one in pair)) * 0.9
    assert "Runs overlapped" in asked(capsys, "runs", "--totals", "--db", db)


def as_json(db: Path) -> tuple[object, ...]:
    """Options for figures that can be added up."""
    return "--db", db, "--format", "json"


SHORT_LIVED = """
def work():
    for _ in range(40):  # each is gone long before anybody looks at it
        child = os.fork()
        if child == 0:
            spin(0.03)
            os._exit(0)
        os.waitpid(child, 0)
"""

POOL = """
import multiprocessing
def load(index):
    spin(0.03)
def work():
    with multiprocessing.get_context("fork").Pool(2) as workers:
        workers.map(load, range(80))
        workers.close()
        workers.join()
"""

LOADER = """
from torch.utils.data import DataLoader
class Digits:
    def __len__(self): return 80
    def __getitem__(self, index):
        spin(0.03)
        return index
def work():
    assert sum(len(batch) for batch in DataLoader(Digits(), batch_size=4, num_workers=2)) == 80
"""


@pytest.mark.parametrize(
    "work",
    [
        pytest.param(SHORT_LIVED, id="children of 30 ms"),
        pytest.param(POOL, id="a pool of forked workers"),
        pytest.param(
            LOADER,
            id="the workers of a DataLoader",
            marks=pytest.mark.skipif(find_spec("torch") is None, reason="needs torch"),
        ),
    ],
)
def test_the_work_of_children_is_the_runs(db: Path, program: Start, work: str) -> None:
    """All but nothing of a CPU second or two is the training's own; they count as if it were."""
    told = alone(program, db, work)
    assert told.cpu >= 40 * 0.03
    assert told.part(db) == pytest.approx(told.truth, rel=0.25)
