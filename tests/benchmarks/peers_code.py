"""How each tracker is used by somebody who trains: what to import, how to start and stop it, where its joules are."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Peer:
    """A tracker: what one writes to import, start and stop it, and the expression for its *joules* of all GPUs."""

    name: str
    imports: str
    start: str
    stop: str
    joules: str


PEERS = (
    Peer(
        "greentrack",
        "from greentrack import track",
        "tracker = track('peers')\nrun = tracker.start()",
        "tracker.stop()",
        "sum(use.joules for use in run.record().devices if use.device.kind == 'gpu')",
    ),
    Peer(
        "codecarbon",
        "from codecarbon import OfflineEmissionsTracker",
        "tracker = OfflineEmissionsTracker(country_iso_code='FRA', save_to_file=False, log_level='critical')\n"
        "tracker.start()",
        "tracker.stop()",
        "tracker.final_emissions_data.gpu_energy * 3.6e6",
    ),
    Peer(
        "carbontracker",
        "from carbontracker.tracker import CarbonTracker",
        "tracker = CarbonTracker(epochs=1, epochs_before_pred=0, verbose=0)\n"
        "thread = tracker.tracker\ntracker.epoch_start()",
        "tracker.epoch_end()",
        "sum(sum(part.energy_usage(thread.epoch_times)) for part in thread.components if part.name == 'gpu') * 3.6e6",
    ),
    Peer(
        "eco2ai",
        "from eco2ai import Tracker",
        "tracker = Tracker(project_name='peers', experiment_description='peers', file_name='emission.csv',\n"
        "                  alpha_2_code='FR', ignore_warnings=True)\n"
        "tracker.start()",
        "tracker.stop()",
        "tracker._gpu.get_consumption() * 3.6e6",
    ),
    Peer(
        "zeus",
        "from zeus.monitor import ZeusMonitor",
        "monitor = ZeusMonitor()\nmonitor.begin_window('peers', sync_execution=False)",
        "found = monitor.end_window('peers', sync_execution=False)",
        "sum(found.gpu_energy.values())",
    ),
)

IMPORT = """
import json, time
began = time.perf_counter()
{imports}
print(json.dumps({{"import_ms": (time.perf_counter() - began) * 1000}}))
"""

RUN = """
import json, os, resource, sys, time
sys.path.insert(0, {root!r})
from tests.benchmarks.proc import children, cpu_seconds, memory_mib, threads
del sys.path[0]

def now():
    return time.clock_gettime(time.CLOCK_BOOTTIME)

def cpu():
    return {{pid: cpu_seconds(pid) for pid in [os.getpid(), *children(os.getpid())]}}

memory, own_threads = memory_mib()[0], threads()
{imports}
starting = now()
{start}
begun = now()
time.sleep(1)
before = cpu()
time.sleep({seconds} - 2)
after = cpu()
helpers = after.keys() - {{os.getpid()}}
told = {{
    "cpu_percent": 100 * sum(used - before.get(pid, 0.0) for pid, used in after.items()) / ({seconds} - 2),
    "own_mib": memory_mib()[0] - memory,
    "helper_mib": sum(memory_mib(pid)[0] for pid in helpers),
    "threads": threads() - own_threads,
    "processes": len(helpers),
}}
time.sleep(max(0.0, begun + {seconds} - now()))
ended = now()
{stop}
stopped = now()
spent = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
print(json.dumps(told | {{
    "joules": float({joules}),
    "begun": begun,
    "ended": ended,
    "start_ms": (begun - starting) * 1000,
    "stop_ms": (stopped - ended) * 1000,
    "cpu_seconds": sum(each.ru_utime + each.ru_stime for each in spent),
}}))
"""
"""Trains for *seconds* by sleeping, so that what is seen is the tracker; the edges are told on the machine's clock."""
