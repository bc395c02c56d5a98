"""A run's share of a shared processor: never more than the machine, whatever the counts say."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from greentrack.meters.fake import FakeMeter
from greentrack.model import RunInfo
from greentrack.recorder.sampler import Recorder
from greentrack.recorder.transport import protocol
from greentrack.store.batch import Batch
from tests.rig.clock import FakeClock


class Tree:
    """A process tree whose CPU seconds are what a test says."""

    pids = frozenset({1})

    def __init__(self) -> None:
        self.seconds = 0.0

    def cpu_seconds(self) -> float:
        return self.seconds


class Nowhere:
    """A store that keeps nothing."""

    def write(self, batch: Batch) -> None:
        pass

    def close(self) -> None:
        pass


@given(steps=st.lists(st.tuples(st.floats(0, 8), st.floats(0, 4)), min_size=1, max_size=8))
def test_a_process_never_has_more_than_the_machine(steps: list[tuple[float, float]]) -> None:
    """Even where the tree's own count runs ahead of the machine's, as it does by a tick or so."""
    clock, tree, busy = FakeClock(), Tree(), [0.0]
    meter = FakeMeter("cpu", "cpu", 100.0, clock)
    made = Recorder(RunInfo(id="r", name="r"), [meter], Nowhere(), clock=clock, wall=0.0, cpu_time=lambda: 0.0)
    made.start(clock())
    made.attribute(tree, lambda: busy[0])
    for own, all_of_it in steps:
        tree.seconds += own
        busy[0] += all_of_it
        clock.advance(1.0)
        made.tick()
    (use,) = protocol.figures_of(made.finish("finished"))[0]
    assert use.joules == pytest.approx(100.0 * len(steps))
    assert use.process is None or 0 <= use.process <= use.joules * (1 + 1e-9)
