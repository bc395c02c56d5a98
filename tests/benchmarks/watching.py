"""What a run costs while it lasts: CPU, memory, threads; and what a recorder gathers in a day."""

import json
import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from tests.benchmarks.measure import CODECARBON, EIGHT_GPUS, Row, answer, at_most, figure
from tests.benchmarks.proc import memory_mib

SECONDS = 30

OURS = """
import json, os, time
from tests.benchmarks.proc import children, cpu_seconds, memory_mib, threads
before, before_threads = memory_mib(), threads()
from greentrack import track
with track(meters=[{meters!r}], quiet=True) as run:
    time.sleep(3)
    [recorder] = children(os.getpid())
    recorder_cpu, own_cpu, toll = cpu_seconds(recorder), cpu_seconds(), run.record().tracker_overhead.cpu_seconds
    time.sleep({seconds})
    own_cpu = cpu_seconds() - own_cpu
    print(json.dumps({{
        "both": cpu_seconds(recorder) - recorder_cpu + own_cpu,
        "own_cpu": own_cpu,
        "toll": run.record().tracker_overhead.cpu_seconds - toll,
        "own": [after - begun for after, begun in zip(memory_mib(), before)],
        "recorder": memory_mib(recorder),
        "threads": threads() - before_threads,
    }}))
"""

THEIRS = """
import json, time
from tests.benchmarks.proc import cpu_seconds, memory_mib, threads
before, before_threads = memory_mib(), threads()
from codecarbon import OfflineEmissionsTracker
tracker = {tracker}
tracker.start()
time.sleep(3)
cpu = cpu_seconds()
time.sleep({seconds})
print(json.dumps({{
    "cpu": cpu_seconds() - cpu,
    "own": [after - begun for after, begun in zip(memory_mib(), before)],
    "threads": threads() - before_threads,
}}))
tracker.stop()
"""

BARE = """
import json
from tests.benchmarks.proc import memory_mib
print(json.dumps(memory_mib()))
"""


def rows(place: Path) -> Iterator[Row]:
    """CPU at 1 Hz with 8 GPUs and 2 packages, memory of both processes, threads, growth a day."""
    ours = answer(place, OURS.format(meters=EIGHT_GPUS, seconds=SECONDS))
    slow = answer(place, THEIRS.format(tracker=CODECARBON.format(more=""), seconds=SECONDS))
    fast = answer(place, THEIRS.format(tracker=CODECARBON.format(more=", measure_power_secs=1"), seconds=SECONDS))
    bare = answer(place, BARE)

    def of_a_core(seconds: float) -> float:
        return seconds / SECONDS * 100

    both, own, toll = (of_a_core(ours[name]) for name in ("both", "own_cpu", "toll"))
    yield at_most(
        "CPU of run and recorder, 8 GPUs and 2 packages at 1 Hz (codecarbon: no GPU, at 1 Hz)",
        both,
        0.3,
        "% of a core",
        of_a_core(fast["cpu"]),
        f"; of it the training {figure(own)}; the recorder counts {figure(toll)}",
    )
    yield Row(
        what="the same, codecarbon at its usual 15 s",
        measured=f"{figure(both)} % of a core",
        theirs=f"{figure(of_a_core(slow['cpu']))} % of a core",
        ratio=f"{figure(of_a_core(slow['cpu']) / both)}x",
    )
    yield at_most("memory added to the training (RSS)", ours["own"][0], 5, "MiB", slow["own"][0])
    yield at_most(
        "memory of the recorder (RSS)", ours["recorder"][0], 20, "MiB", None, f", PSS {figure(ours['recorder'][1])}"
    )
    yield Row(what="bare Python's memory (yardstick)", measured=f"RSS {figure(bare[0])} MiB, PSS {figure(bare[1])} MiB")
    yield at_most("threads added to the training", ours["threads"], 0, "threads", slow["threads"])
    day = answer(place, "from tests.benchmarks.watching import day; day()", BENCHMARK_PLACE=str(place))
    yield at_most(
        "growth of the recorder in a day (simulated, 86,400 ticks, 3 devices, real store)",
        day["mib"],
        1,
        "MiB",
        None,
        f" of RSS, {day['blocks']:+,} allocated blocks, from hour 3 to hour 24",
    )
    yield Row(what="CPU of a tick in that day (sensors, store, board)", measured=f"{figure(day['us'])} us")


def day() -> None:
    """Drive a recorder through a day on a clock of its own; print what grew after it had kept all that it keeps."""
    from greentrack.meters.base import Context
    from greentrack.meters.fake import discover
    from greentrack.model import RunInfo
    from greentrack.recorder.sampler import Recorder
    from greentrack.recorder.transport import shared_memory
    from greentrack.store.writer import Writer
    from tests.rig.clock import FakeClock

    clock, board = FakeClock(), bytearray(shared_memory.MEMORY_BYTES)
    recorder = Recorder(
        RunInfo(id="day", name="day"),
        discover(Context(spec="gpu=300,cpu=100,dram=20"), clock).meters,
        Writer(Path(os.environ["BENCHMARK_PLACE"]) / "day.db"),
        clock=clock,
        wall=0.0,
        publish=lambda figures: shared_memory.write_figures(board, figures),
    )
    recorder.start()

    def hours(count: int) -> tuple[float, int]:
        for _ in range(count * 3600):
            clock.advance(1.0)
            recorder.tick()
        return memory_mib()[0], sys.getallocatedblocks()

    began = time.process_time()
    early = hours(3)  # more than the 7,200 readings that the store keeps, so merging has begun
    late = hours(21)
    cpu = time.process_time() - began
    recorder.finish("finished")
    print(json.dumps({"mib": late[0] - early[0], "blocks": late[1] - early[1], "us": cpu / 86400 * 1e6}))
