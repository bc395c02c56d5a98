"""The part of the campaign that every test run makes: some kills, every trouble in short, every check of processes."""

import fcntl
import sys
import time
from pathlib import Path

import pytest

from tests.campaign import document, kills, power, processes, troubles
from tests.campaign.kills import Attempt, Outcome
from tests.campaign.scene import Scene, check_shown

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="processes are watched through /proc")

SLOW = (
    "many processes write at once",
    "sensor hangs",
    "recorder never continued",
    "no file descriptor at the start",
    "disk full to the end",
    "database damaged",
    "no locks",
    "recorder starved",
)
"""Only in the campaign itself: they wait for seconds, start many processes, or starve what is beside them."""

SLOW_CHECKS = (
    "DataLoader workers",
    "interpreter shutdown",
    "Ctrl-C at the start and the end",
    "Ctrl-C at each instruction",
)

SOME = (
    Attempt("script", "training", "SIGKILL", 0.5, 0.2),
    Attempt("script", "training", "SIGHUP", 0.6, 0.2),
    Attempt("script", "training", "segfault", 0.3, 0.2, "both"),
    Attempt("script", "training", "os._exit", 0.3, 0.2, "span"),
    Attempt("script", "training", "out of memory", 0.3, 0.2, "phase"),
    Attempt("script", "training", "sys.exit", 0.0, 0.2, "span"),
    Attempt("script", "recorder", "SIGKILL", 0.2, 0.2),
    Attempt("script", "recorder", "SIGKILL", 1.49, 0.2),
    Attempt("script", "both", "SIGKILL", 0.7, 0.2),
    Attempt("script", "process group", "SIGINT", 0.9, 0.2),
    Attempt("greentrack run", "command", "SIGTERM", 0.5, 0.2),
    Attempt("greentrack run", "both", "SIGKILL", 0.5, 0.2),
)


@pytest.mark.parametrize("attempt", SOME, ids=lambda one: f"{one.what}-{one.whom}-{one.how}-{one.after_s}")
def test_a_kill_loses_one_interval_at_most_and_leaves_nothing(attempt: Attempt, tmp_path: Path) -> None:
    """The database is whole, the run reads as it ended, its energy is there, and no process or file is left."""
    assert kills.outcome(attempt, tmp_path / "scene", patient=True).trouble == ""


def test_a_power_cut_loses_one_interval_at_most(tmp_path: Path) -> None:
    """Whatever instant of the files the disk has kept: they open, whole."""
    assert {cut.trouble for cut in power.cuts(15, tmp_path / "cuts", patient=True)} == {""}


@pytest.mark.parametrize("name", [name for name in troubles.TROUBLES if name not in SLOW])
def test_trouble_underneath_never_reaches_the_training(name: str, tmp_path: Path) -> None:
    """It ends well, what could be kept is kept, and a warning tells the rest."""
    well, seen = troubles.tried(name, tmp_path / "scene", full=False)
    if well is None:
        pytest.skip(seen)
    assert well, seen


@pytest.mark.parametrize("name", [name for name in processes.CHECKS if name not in SLOW_CHECKS])
def test_a_run_is_its_processs_own(name: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Whatever a training does with processes, threads and interpreters."""
    # a short name: the addresses of multiprocessing's sockets are no longer than 107 characters
    well, seen = processes.checked(name, tmp_path_factory.mktemp("p") / "s", patient=True)
    if well is None:
        pytest.skip(seen)
    assert well, seen


def test_ctrl_c_leaves_no_recorder_wherever_it_comes(tmp_path: Path) -> None:
    """At every sixth instruction of a start and an end: the program that lives on has no recorder, and no run open."""
    scene = Scene(tmp_path / "scene", patient=True)
    assert "no recorder is left" in processes.interrupted_everywhere(scene, ways=("with",), every=6)


def test_what_is_looked_at_is_gone_with_its_locks(tmp_path: Path) -> None:
    """A killed process loses its memory, by which it is known, well before its locks: the campaign waits for both."""
    scene = Scene(tmp_path / "scene", patient=True)
    file = scene.folder / "held"
    file.touch()
    script = """
import fcntl, sys, time
held = open(sys.argv[1], "r+b")
fcntl.lockf(held, fcntl.LOCK_EX)
much = bytearray(100 << 20)  # tearing it down takes a while
print("on ", flush=True)
time.sleep(60)
"""
    for number in range(1, 4):
        process = scene.start("-c", script, str(file))
        while scene.said("on", number) is None and process.poll() is None:
            time.sleep(0.01)
        process.kill()
        scene.emptied_after(0.0)
        with file.open("r+b") as other:
            fcntl.lockf(other, fcntl.LOCK_EX | fcntl.LOCK_NB)  # raises where it is held
        process.wait()


def test_what_was_shown_is_kept_but_for_an_interval_and_the_longest_delay() -> None:
    """2 s were shown, one every 0.5 s: with an interval of 0.2 s at most 0.7 s may be missing."""
    shown = [0.0, 0.5, 1.0, 1.5, 2.0]
    check_shown(shown, kept_s=1.3, lost_s=0.2)
    with pytest.raises(AssertionError, match=r"2\.00 s were shown, 1\.20 s are kept"):
        check_shown(shown, kept_s=1.2, lost_s=0.2)
    with pytest.raises(AssertionError):  # nobody was late
        check_shown([number / 20 for number in range(41)], kept_s=1.7, lost_s=0.2)


def test_the_plan_has_every_way_to_die() -> None:
    """Three hundred attempts meet every signal, every own end and every victim; frameworks often enough to tell."""
    planned = kills.plan(270, seed=1)
    assert len(planned) >= 300
    assert sum(one.what == "Lightning" for one in planned) >= 20
    assert sum(one.what == "two ranks" for one in planned) >= 10
    assert {one.how for one in planned} >= {*kills.SIGNALS, *kills.OWN_ENDS}
    assert {(one.what, one.whom) for one in planned} >= {
        *(("script", whom) for whom in ("training", "recorder", "both", "process group")),
        *(("greentrack run", whom) for whom in ("command", "greentrack", "recorder", "both", "process group")),
        *(("Lightning", whom) for whom in ("training", "recorder", "both", "process group")),
        *(("two ranks", whom) for whom in ("rank 0", "rank 1", "process group")),
    }


def test_the_page_tells_what_failed(tmp_path: Path) -> None:
    """Nothing that went wrong is left out of the counts."""
    attempt = Attempt("script", "training", "SIGKILL", 0.5, 0.2)
    found = [Outcome(attempt, "", 0.1, 0.2), Outcome(attempt, "it reads running", None, 0.0)]
    assert document.kills(found)[-1] == "| script | training | SIGKILL | 2 | 0 | 0.10 | 0.10 | 0.20 s | 1 |"
    assert document.failures(found) == ["- script, training, SIGKILL after 0.50 s: it reads running"]
    page = tmp_path / "page.md"
    page.write_text(f"head\n{document.BEGIN}\nold\n{document.END}\ntail\n")
    document.update(page, "new")
    assert page.read_text() == f"head\n{document.BEGIN}\n\nnew\n\n{document.END}\ntail\n"
