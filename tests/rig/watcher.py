"""Reads this process's NVIDIA GPUs at the times it is told, through the real pynvml, and prints what it got.

Each line of standard input is a request, in JSON: the *context* to discover in, the *times* at which to read (written
to the library's clock first), the *pids* whose share is asked after each, and *fork_after*, the number of reads after
which a forked child takes over.
"""

import json
import os
import struct
import sys
from collections.abc import Mapping, Sequence
from typing import Any

import pynvml  # noqa: F401  # it loads no library before nvmlInit

from greentrack.errors import MeterError
from greentrack.meters.base import Context, Meter
from greentrack.meters.nvidia.discovery import discover


def set_clock(at: float) -> None:
    """Let it be *at*, for the library."""
    with open(os.environ["FAKE_NVML_CLOCK"], "wb") as file:
        file.write(struct.pack("d", at))


def read(meter: Meter, at: float) -> dict[str, Any]:
    """What *meter* says at the time *at*."""
    try:
        energy = meter.read(at)
    except MeterError as error:
        return {"error": str(error)}
    return {"joules": energy.joules, "seconds": energy.seconds, "check": energy.cross_check, "busy": meter.busy()}


def ended(child: int) -> int:
    """Wait for a child's end, and return its exit code."""
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def watch(meters: Sequence[Meter], times: Sequence[float], pids: Sequence[int], fork_after: int | None) -> Any:
    """Read all *meters* at each of *times*: their reads, and their shares, by time and then by meter."""
    reads, shares = [], []
    for number, at in enumerate(times):
        if number == fork_after and (child := os.fork()):
            os._exit(ended(child))  # it has answered
        set_clock(at)
        reads.append([read(meter, at) for meter in meters])
        shares.append([meter.share(pids) for meter in meters])
    return reads, shares


def answer(asked: Mapping[str, Any]) -> None:
    """Discover, read, tell."""
    if asked["times"]:
        set_clock(asked["times"][0])
    found = discover(Context(**asked["context"]))
    reads, shares = watch(found.meters, asked["times"], asked["pids"], asked["fork_after"])
    devices = [
        {
            "uid": meter.device.uid,
            "method": meter.method,
            "valid": meter.counter_valid,
            "note": meter.note,
            "failures": meter.failures,
            "details": dict(meter.device.details),
        }
        for meter in found.meters
    ]
    for meter in found.meters:
        meter.close()
    missing = [{"reason": one.reason, "remedy": one.remedy} for one in found.missing]
    print(json.dumps({"devices": devices, "missing": missing, "reads": reads, "shares": shares}), flush=True)


if __name__ == "__main__":
    for line in sys.stdin:
        if child := os.fork():  # each request has a library of its own, without the cost of the imports
            if ended(child):
                break  # nobody must wait for its answer
            continue
        answer(json.loads(line))
        os._exit(0)
