"""How each tracker is used by somebody who trains: what to import, how to start and stop it, where its joules are."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Peer:
    """A tracker. *joules* is the expression for what it says that the GPUs used; *more* lists what it also tells of."""

    name: str
    imports: str
    start: str
    stop: str
    joules: str
    how: str


PEERS = (
    Peer(
        "greentrack",
        "from greentrack import track",
        "tracker = track('peers')\nrun = tracker.start()",
        "tracker.stop()",
        "sum(use.joules for use in run.record().devices if use.device.kind == 'gpu')",
        "counter at 1 Hz, held against power; without one power at 10 Hz",
    ),
    Peer(
        "codecarbon",
        "from codecarbon import OfflineEmissionsTracker",
        "tracker = OfflineEmissionsTracker(country_iso_code='FRA', save_to_file=False, log_level='critical')\n"
        "tracker.start()",
        "tracker.stop()",
        "tracker.final_emissions_data.gpu_energy * 3.6e6",
        "counter each 15 s; without one power at those moments",
    ),
    Peer(
        "carbontracker",
        "from carbontracker.tracker import CarbonTracker",
        "tracker = CarbonTracker(epochs=1, epochs_before_pred=0, verbose=0)\n"
        "thread = tracker.tracker\ntracker.epoch_start()",
        "tracker.epoch_end()",
        "sum(sum(part.energy_usage(thread.epoch_times)) for part in thread.components if part.name == 'gpu') * 3.6e6",
        "power at 1 Hz; the mean of all GPUs counts as their sum",
    ),
    Peer(
        "eco2ai",
        "from eco2ai import Tracker",
        "tracker = Tracker(project_name='peers', experiment_description='peers', file_name='emission.csv',\n"
        "                  alpha_2_code='FR', ignore_warnings=True)\n"
        "tracker.start()",
        "tracker.stop()",
        "tracker._gpu.get_consumption() * 3.6e6",
        "power each 10 s",
    ),
    Peer(
        "zeus",
        "from zeus.monitor import ZeusMonitor",
        "monitor = ZeusMonitor()\nmonitor.begin_window('peers', sync_execution=False)",
        "found = monitor.end_window('peers', sync_execution=False)",
        "sum(found.gpu_energy.values())",
        "counter at both ends; without one power polled in a process of its own",
    ),
)

IMPORT = """
import json, time
began = time.perf_counter()
{imports}
print(json.dumps({{"import_ms": (time.perf_counter() - began) * 1000}}))
"""

RUN = """
import json, os, sys, time
sys.path.insert(0, {root!r})
from tests.benchmarks.proc import cpu_seconds, family, memory_mib, threads

def now():
    return time.clock_gettime(time.CLOCK_BOOTTIME)

before, before_threads = memory_mib()[0], threads()
{imports}
before_start = now()
{start}
begun = now()
time.sleep(1)
cpu = {{pid: cpu_seconds(pid) for pid in family(os.getpid())}}
time.sleep({seconds} - 2)
used = sum(cpu_seconds(pid) - cpu.get(pid, 0.0) for pid in family(os.getpid()))
own, own_threads = memory_mib()[0] - before, threads() - before_threads
helpers = [memory_mib(pid)[0] for pid in family(os.getpid()) if pid != os.getpid()]
time.sleep(begun + {seconds} - now())
ended = now()
{stop}
after_stop = now()
print(json.dumps({{
    "joules": float({joules}),
    "begun": begun, "ended": ended,
    "start_ms": (begun - before_start) * 1000, "stop_ms": (after_stop - ended) * 1000,
    "cpu_percent": 100 * used / ({seconds} - 2),
    "own_mib": own, "helper_mib": sum(helpers), "threads": own_threads, "processes": len(helpers),
}}))
"""
