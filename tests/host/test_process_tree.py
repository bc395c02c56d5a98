"""CPU time of process trees: with files that say what happened, and with real processes."""

import itertools
import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from greentrack.host.process_tree import ProcessTree
from tests.rig.powercap import PowercapMachine


class Clock:
    """Time that goes on when it is told to."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def machine(tmp_path: Path) -> PowercapMachine:
    return PowercapMachine(tmp_path)


@pytest.fixture
def clock() -> Clock:
    return Clock()


def tree(machine: PowercapMachine, clock: Clock) -> ProcessTree:
    return ProcessTree(10, machine.proc, clock=clock, cost=lambda: 0.0)


def test_only_time_after_the_start_counts(machine: PowercapMachine, clock: Clock) -> None:
    """A root with 50 s and a child with 30 s behind them begin at 0; 2 s and 1 s later they have used 3 s."""
    machine.process(10, 1, used=50)
    machine.process(11, 10, used=30)
    members = tree(machine, clock)
    assert members.cpu_seconds() == 0.0
    machine.process(10, 1, used=52)
    machine.process(11, 10, used=31)
    assert members.cpu_seconds() == pytest.approx(3.0)
    assert members.pids == {10, 11}


def test_a_stranger_does_not_count(machine: PowercapMachine, clock: Clock) -> None:
    machine.process(10, 1)
    machine.process(20, 1)
    members = tree(machine, clock)
    machine.process(20, 1, used=9)
    machine.process(21, 20, used=9)
    clock.now += 1
    assert members.cpu_seconds() == 0.0
    assert members.pids == {10}


def test_a_child_and_its_child_count_from_their_birth(machine: PowercapMachine, clock: Clock) -> None:
    """Found a second later, with 4 s and 5 s used by then."""
    machine.process(10, 1)
    members = tree(machine, clock)
    machine.process(12, 11, used=5, started=9)
    machine.process(11, 10, used=4, started=8)
    assert members.cpu_seconds() == 0.0  # a search is not due yet
    clock.now += 1
    assert members.cpu_seconds() == pytest.approx(9.0)


def test_a_child_that_was_never_seen_counts_through_its_parent(machine: PowercapMachine, clock: Clock) -> None:
    """It lived between two looks; its parent waited for it and has its 0.7 s."""
    machine.process(10, 1)
    members = tree(machine, clock)
    machine.process(10, 1, reaped=0.7)
    assert members.cpu_seconds() == pytest.approx(0.7)


def test_the_end_of_a_child_counts_its_last_moments_only(machine: PowercapMachine, clock: Clock) -> None:
    """30 s before the start, 4 s seen, 0.5 s more before it ended: 4.5 s, not 34.5 and not 4."""
    machine.process(10, 1)
    machine.process(11, 10, used=30)
    members = tree(machine, clock)
    machine.process(11, 10, used=34)
    assert members.cpu_seconds() == pytest.approx(4.0)
    machine.ends(11)
    machine.process(10, 1, reaped=34.5)
    assert members.cpu_seconds() == pytest.approx(4.5)
    assert members.cpu_seconds() == pytest.approx(4.5)


def test_a_child_that_nobody_waits_for_takes_nothing_away(machine: PowercapMachine, clock: Clock) -> None:
    """Its parent ignores SIGCHLD and gets none of its 4 s; the parent's own second still counts."""
    machine.process(10, 1)
    machine.process(11, 10)
    members = tree(machine, clock)
    machine.process(11, 10, used=4)
    assert members.cpu_seconds() == pytest.approx(4.0)
    machine.ends(11)
    machine.process(10, 1, used=1)
    assert members.cpu_seconds() == pytest.approx(5.0)


def test_a_daemon_stays_a_member(machine: PowercapMachine, clock: Clock) -> None:
    """Its parent died and init adopted it; its end then hides nobody else's time."""
    machine.process(10, 1)
    machine.process(11, 10)
    machine.process(12, 11)
    members = tree(machine, clock)
    machine.ends(11)
    machine.process(12, 1, used=3)
    assert members.cpu_seconds() == pytest.approx(3.0)
    machine.ends(12)
    machine.process(10, 1, reaped=2)
    assert members.cpu_seconds() == pytest.approx(5.0)


def test_a_number_given_out_again_is_another_process(machine: PowercapMachine, clock: Clock) -> None:
    """Process 11 of later has nothing to do with the 11 that was a member."""
    machine.process(10, 1)
    machine.process(11, 10, started=5)
    members = tree(machine, clock)
    machine.process(11, 1, used=100, started=900)
    clock.now += 1
    assert members.cpu_seconds() == 0.0
    clock.now += 1
    assert members.cpu_seconds() == 0.0
    assert members.pids == {10}


def test_the_root_may_be_gone(machine: PowercapMachine, clock: Clock) -> None:
    """What it used is kept; a tree whose root never was is empty."""
    machine.process(10, 1)
    members = tree(machine, clock)
    machine.process(10, 1, used=2)
    members.cpu_seconds()
    machine.ends(10)
    assert members.cpu_seconds() == pytest.approx(2.0)
    assert ProcessTree(999, machine.proc).cpu_seconds() == 0.0


def test_a_slow_search_runs_rarely(machine: PowercapMachine, clock: Clock) -> None:
    """A search that takes 5 ms of CPU is not repeated within 5 s: a thousandth of a core."""
    spent = iter([0.0, 0.005] * 10)
    machine.process(10, 1)
    members = ProcessTree(10, machine.proc, clock=clock, cost=lambda: next(spent))
    clock.now += 1
    members.cpu_seconds()  # the second search; the first, which looks at everybody, does not count
    machine.process(11, 10)
    clock.now += 4.9
    members.cpu_seconds()
    assert members.pids == {10}
    clock.now += 0.2
    members.cpu_seconds()
    assert members.pids == {10, 11}


@pytest.mark.skipif(not Path(f"/proc/self/task/{os.getpid()}/children").exists(), reason="kernel lists no children")
def test_a_real_child_is_seen_at_once_however_slow_the_search_is(clock: Clock) -> None:
    """A search that takes an hour of CPU is not due for weeks; the child and its own child are members all the same."""
    members = ProcessTree(os.getpid(), clock=clock, cost=itertools.count(0.0, 3600.0).__next__)
    clock.now += 1
    members.cpu_seconds()  # the search
    inner = "import os; print(os.getpid(), flush=True); input()"
    outer = (
        f"import os, subprocess, sys; print(os.getpid(), flush=True); subprocess.run([sys.executable, '-c', {inner!r}])"
    )
    with subprocess.Popen([sys.executable, "-c", outer], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as child:
        assert child.stdout is not None
        family = {int(child.stdout.readline()) for _ in range(2)}
        members.cpu_seconds()
        assert family <= members.pids
        child.communicate(b"\n")


@settings(max_examples=50)
@given(
    events=st.lists(
        st.tuples(st.sampled_from(["work", "fork", "end", "lose"]), st.integers(0, 4), st.integers(0, 500)), max_size=25
    )
)
def test_it_never_goes_down(tmp_path_factory: pytest.TempPathFactory, events: list[tuple[str, int, int]]) -> None:
    """Whatever ends, with or without being waited for; and where all are waited for, it is exact."""
    machine, clock = PowercapMachine(tmp_path_factory.mktemp("machine")), Clock()
    used, reaped, done, lost = {10: 0}, 0, 0, False  # hundredths of a second; process 10 is the parent of all others
    machine.process(10, 1)
    members, shown = tree(machine, clock), 0.0
    for what, which, hundredths in events:
        pid = 10 + which
        if what == "fork" and pid not in used:
            used[pid] = 0
        elif what == "work" and pid in used:
            used[pid] += hundredths
            done += hundredths
        elif what in ("end", "lose") and pid in used and pid != 10:
            if what == "end":
                reaped += used[pid]
            lost = lost or what == "lose"
            del used[pid]
            machine.ends(pid)
        for each, spent in used.items():
            machine.process(each, 1 if each == 10 else 10, used=spent / 100, reaped=reaped / 100 if each == 10 else 0)
        clock.now += 1
        now = members.cpu_seconds()
        assert now >= shown
        shown = now
    if not lost:
        assert shown == pytest.approx(done / 100)


BURN = "import time\nwhile time.process_time() < {seconds}: pass\n"


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="children's times are told by Linux")
def test_real_children_and_grandchildren_count_when_they_have_ended() -> None:
    """A child burns 0.2 s and has its own child burn 0.2 s; nobody looked while they lived."""
    members = ProcessTree(os.getpid())
    own = sum(os.times()[:2])
    inner = BURN.format(seconds=0.2)
    subprocess.run(
        [
            sys.executable,
            "-S",
            "-c",
            f"import subprocess, sys\nsubprocess.run([sys.executable, '-S', '-c', {inner!r}])\n{inner}",
        ],
        check=True,
    )
    own = sum(os.times()[:2]) - own
    assert 0.38 <= members.cpu_seconds() - own < 1.5  # and what two interpreters need to start


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="children's times are told by Linux")
def test_a_real_child_of_before_counts_from_now_on() -> None:
    """It burned 0.3 s before the tree was made and 0.2 s after; the 0.3 s do not come back when it ends."""
    code = (
        BURN.format(seconds=0.3)
        + "print('half', flush=True)\ninput()\n"
        + BURN.format(seconds=0.5)
        + "print(time.process_time())\n"
    )
    with subprocess.Popen(
        [sys.executable, "-S", "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as child:
        assert child.stdin is not None
        assert child.stdout is not None
        child.stdout.readline()
        members = ProcessTree(child.pid)
        parent = ProcessTree(os.getpid())
        own = sum(os.times()[:2])
        child.stdin.write("\n")
        child.stdin.flush()
        child.stdout.readline()
        assert child.pid in parent.pids
    own = sum(os.times()[:2]) - own
    assert 0.15 <= parent.cpu_seconds() - own < 0.29
    assert members.cpu_seconds() == 0.0  # it had ended before anybody looked, and nobody of its own waited for it


def test_without_proc_psutil_answers(tmp_path: Path) -> None:
    """The way of macOS and Windows, on whatever the tests run."""
    none = tmp_path / "none"
    members = ProcessTree(os.getpid(), none)
    sum(range(2_000_000))
    assert members.cpu_seconds() > 0.0
    assert os.getpid() in members.pids


def test_a_child_older_than_its_parent_is_none(machine: PowercapMachine, clock: Clock) -> None:
    """Its parent is long dead, and the number is a member's now (Windows never mends that)."""
    machine.process(10, 1, started=500)
    machine.process(11, 10, used=3, started=400)
    assert tree(machine, clock).pids == {10}
