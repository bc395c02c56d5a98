"""What a virtual machine's device can truly have used in the time that its readings cover."""

from dataclasses import dataclass

from tests.rig.machine import Played
from tests.rig.scenario import WALL, Fault
from tests.rig.traces import Steps

ALIKE_S = 1e-3


@dataclass(frozen=True, slots=True)
class Bounds:
    """The *least* and the *most* joules that a device can have used where it was covered, in so many *stretches*."""

    least: float
    most: float
    stretches: int


def covered(played: Played, uid: str) -> Bounds:
    """Add up the truth over the covered time: exactly where a reading covers all since the one before.

    Where it covers less, nobody knows which part: any is possible. So it is of the end of a run that was heard of late.
    """
    power = played.scenario.power(uid)
    assert isinstance(power, Steps)
    least = most = 0.0
    stretches, before = 1, played.start
    for reading in played.readings[uid]:
        at = reading.at - WALL
        if at >= played.end - ALIKE_S:  # a pause across the end: power is spread over all of it
            at = max(at, played.heard)
        if reading.seconds < at - before - ALIKE_S:
            stretches += 1
        seconds = min(reading.seconds, at - before)
        least += power.least(before, at, seconds)
        most += power.most(before, at, seconds)
        before = at
    return Bounds(least, most, stretches)


def unwatched(played: Played, uid: str, longer_than: float) -> float:
    """Seconds of the run, in stretches *longer_than* so many, in which *uid* failed or the recorder was not awake."""
    scenario = played.scenario
    windows = [(max(played.start, start), min(played.end, end)) for start, end in scenario.pauses]
    faults = [fault for fault in scenario.faults if isinstance(fault, Fault) and fault.device == uid]
    windows += [(max(played.start, fault.at), min(played.end, fault.until)) for fault in faults]
    seconds, open_until = 0.0, played.start
    for start, end in sorted(windows):
        begins = max(start, open_until)
        if end - begins > longer_than:
            seconds += end - begins
        open_until = max(open_until, end)
    return seconds
