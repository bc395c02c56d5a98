"""Whose work a device did."""

from collections.abc import Iterable

from greentrack.meters.fake import FakeMeter
from greentrack.recorder.process_share import ProcessShare


class Tree:
    """A process tree that has used what it is told."""

    pids = frozenset({7})
    used = 0.0

    def cpu_seconds(self) -> float:
        return self.used


class Gpu(FakeMeter):
    """A GPU that sometimes cannot tell whose work it does."""

    answer: float | None = None

    def share(self, pids: Iterable[int]) -> float | None:
        if self.answer == -1:
            raise RuntimeError("the driver does not know")
        return self.answer


def test_a_gpu_that_cannot_tell_keeps_its_last_answer() -> None:
    """Unknown is not nothing: between two answers, and while the driver fails, the last one holds."""
    gpu = Gpu("gpu:0", "gpu", 100.0, lambda: 0.0)
    shares = ProcessShare(Tree(), lambda: 0.0)
    told = []
    for gpu.answer in (None, 0.75, None, -1, 0.5):
        told.append(shares.of(gpu))
    assert told == [None, 0.75, 0.75, 0.75, 0.5]


def test_the_share_of_the_processor_is_that_of_the_time_between_two_looks() -> None:
    """1 of 4 busy seconds is a quarter; where nobody was busy it is unknown."""
    tree, busy = Tree(), [10.0]
    cpu = FakeMeter("cpu:0", "cpu", 100.0, lambda: 0.0)
    shares = ProcessShare(tree, lambda: busy[0])
    assert shares.of(cpu) is None
    tree.used, busy[0] = 1.0, 14.0
    shares.look()
    assert shares.of(cpu) == 0.25
    shares.look()
    assert shares.of(cpu) is None
