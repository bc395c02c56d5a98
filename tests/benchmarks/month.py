"""How much room a run of thirty days takes: the real recorder and the real store, on a clock of their own.

Everything that a Lightning training says is in it: an epoch and a validation each hour with their outcomes and a
forecast, and with each reading how long two phases took. How many readings are kept does not depend on their pace once
there are more than the store keeps, so that a month is simulated at a slower one; ``month(1.0)`` takes half an hour.
"""

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from greentrack.meters.base import Context
from greentrack.meters.fake import discover
from greentrack.model import RunInfo
from greentrack.recorder.sampler import Recorder
from greentrack.recorder.transport import shared_memory
from greentrack.store.writer import MAX_READINGS, Writer
from tests.benchmarks.measure import Row, answer, at_most, figure
from tests.rig.clock import FakeClock

if TYPE_CHECKING:
    from greentrack.recorder.transport.messages import Event

DAYS = (1, 7, 30)
INTERVAL_S = 30.0
EPOCH_S = 3600.0
VALIDATIONS = 100_000  # what the number of an epoch's validation is larger by
METERS = "gpu=300,cpu=100,dram=20"
MAX_MIB_A_DAY = 0.1


def rows(place: Path) -> Iterator[Row]:
    """The size of the database after a day, a week and a month, and what a day adds to it."""
    script = f"from tests.benchmarks.month import month; month({INTERVAL_S})"
    sizes, log = answer(place, script, BENCHMARK_PLACE=str(place))
    yield Row(
        what=f"database of a run of {', '.join(map(str, DAYS))} days (simulated: 3 devices, 24 epochs a day)",
        measured=f"{', '.join(figure(size) for size in sizes)} MiB; its log, while it lasts, {figure(log)} "
        f"({MAX_READINGS:,} readings a device at most)",
    )
    week, month = DAYS[-2:]
    more = (sizes[-1] - sizes[-2]) / (month - week)
    yield at_most(f"growth of it a day, from day {week} to day {month}", more, MAX_MIB_A_DAY, "MiB")


def month(interval: float) -> None:
    """Print the MiB of the database after each of DAYS, and those of the log beside it."""
    training = Training(Path(os.environ["BENCHMARK_PLACE"]) / "month.db", interval)
    sizes = []
    for day in DAYS:
        training.go_on(day * 86400.0)
        sizes.append(training.path.stat().st_size / 2**20)
    log = Path(f"{training.path}-wal").stat().st_size / 2**20
    training.end()
    print(json.dumps([sizes, log]))


class Training:
    """A training that is recorded to *path* with a reading each *interval* seconds, on a clock of its own."""

    def __init__(self, path: Path, interval: float) -> None:
        self.path = path
        self._clock, board = FakeClock(0.0), bytearray(shared_memory.MEMORY_BYTES)
        self._recorder = Recorder(
            RunInfo(id="month", name="month", interval=interval),
            discover(Context(spec=METERS), self._clock).meters,
            Writer(path),
            clock=self._clock,
            wall=0.0,
            publish=lambda figures: shared_memory.write_figures(board, figures),
        )
        self._interval, self._epochs = interval, 0
        self._recorder.start()

    def go_on(self, seconds: float) -> None:
        """Train until so many *seconds* after the beginning."""
        while (since := self._clock()) < seconds:
            if since % EPOCH_S == 0:
                self._epoch()
            if since % EPOCH_S == EPOCH_S - self._interval:
                self._say(m="open", id=self._epochs + VALIDATIONS, parent=self._epochs, name="validation")
            self._clock.advance(self._interval)
            phases = {"data": (20, self._interval / 10), "step": (20, self._interval / 2)}
            self._say(m="count", since=since, phases=phases, work={"samples": 1280.0, "batches": 20.0})
            self._recorder.tick()

    def end(self) -> None:
        """End it."""
        self._recorder.finish("finished")

    def _epoch(self) -> None:
        """The epoch before ends with its validation, and another begins."""
        if self._epochs:
            self._say(m="close", id=self._epochs + VALIDATIONS)
            self._say(m="log", values={"train_loss": 0.1, "val_loss": 0.2, "val_acc": 0.9, "lr": 0.001})
            self._say(m="forecast", progress=0.5, joules=[7e8, 6e8, 9e8], seconds=[2.6e6, 2.5e6, 2.7e6])
            self._say(m="close", id=self._epochs)
        self._epochs += 1
        self._say(m="open", id=self._epochs, parent=None, name="epoch", attrs={"index": self._epochs - 1})

    def _say(self, **message: Any) -> None:
        self._recorder.handle([cast("Event", {"t": self._clock(), **message})])
