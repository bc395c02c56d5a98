"""The comparison with other trackers: its truth, its table, and GreenTrack's own line for real."""

from pathlib import Path

import pytest

from tests.benchmarks.peers import BEGIN, END, HEAD, POWERS, Machine, Seen, error, requirements, row, written
from tests.benchmarks.peers_code import PEERS, RUN, Peer
from tests.rig.library import needs_compiler

NOBODY = Peer(name="nobody", imports="", start="", stop="", joules="0")
TOLD = {
    "joules": 5_000.0,
    "begun": 100 * 3.1 * 0.7,
    "ended": 110 * 3.1 * 0.7,
    "start_ms": 1.0,
    "stop_ms": 2.0,
    "cpu_percent": 0.1,
    "cpu_seconds": 0.5,
    "own_mib": 10.0,
    "helper_mib": 20.0,
    "threads": 0,
    "processes": 1,
}


def test_the_truth_is_what_the_boards_drew() -> None:
    """Two boards of 250 W on average for 21.7 s are 10.85 kJ; whoever says 5 kJ misses 54 %."""
    assert error(TOLD) == pytest.approx(5_000 / 10_850 - 1)
    assert error(TOLD | {"joules": 10_850.0}) == pytest.approx(0, abs=1e-9)
    assert [power.joules(21.7) for power in POWERS] == pytest.approx([5_425, 5_425])


def test_every_tracker_but_ours_is_installed_in_one_version() -> None:
    """The list names each once, and no version is left to chance."""
    wanted = requirements()
    assert set(wanted) == {peer.name for peer in PEERS} - {"greentrack"}
    assert all("==" in word for words in wanted.values() for word in words)


@pytest.mark.parametrize(
    "seen",
    [
        Seen(NOBODY, told=TOLD, gauged=TOLD),
        Seen(NOBODY, told=TOLD, trouble="Not Supported"),
        Seen(NOBODY, gauged=TOLD, trouble="gone"),
        Seen(NOBODY, trouble="gone"),
    ],
)
def test_a_line_has_a_cell_for_each_column(seen: Seen) -> None:
    """Whoever did not run says why, in its place."""
    line = row(seen)
    assert line.count("|") == HEAD.count("|")
    assert seen.trouble in line


def test_the_table_takes_the_place_of_the_old_one() -> None:
    """What stands around the markers stays; without markers it is an error."""
    assert written(f"a\n{BEGIN}\nold\n{END}\nb", "new") == f"a\n{BEGIN}\n\nnew\n\n{END}\nb"
    with pytest.raises(ValueError, match="no place"):
        written("a", "new")


@needs_compiler
def test_ours_is_measured_as_the_others_are(tmp_path: Path) -> None:
    """Three seconds on the virtual machine: both GPUs' joules, once, but for what a recorder late to start has missed.

    One of three runs is as good, where the machine gives its recorder no time.
    """
    ours = PEERS[0]
    script = RUN.format(
        root=str(Path(__file__).parents[2]),
        seconds=3,
        imports=ours.imports,
        start=ours.start,
        stop=ours.stop,
        joules=ours.joules,
    )
    machine, errors = Machine(tmp_path), list[float]()
    while not errors or (not -0.4 < errors[-1] < 0.15 and len(errors) < 3):
        told = machine.run(ours, script)
        errors.append(error(told))
        assert told["processes"] == 1
        assert told["threads"] == 0
    assert -0.4 < errors[-1] < 0.15, errors
