"""What a virtual machine has and what befalls it, for ``machine.play``; times are in seconds of its clock."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tests.rig.nvml import FakeGpu
from tests.rig.powercap import INTEL_RANGE
from tests.rig.traces import Power, constant

WALL = 1_700_000_000.0
"""Unix time when the clock was 0."""

LOST, DENIED = 15, 4  # NVML's codes for a GPU that fell off the bus, and for no permission


@dataclass
class Zone:
    """One powercap zone, which has counted *began* joules at 0; *mmio* is the other control type.

    What can go wrong with it: it shows *text* instead of its count, its file has another *mode*, or is not *there*.
    """

    key: str = "0"
    name: str = "package-0"
    power: Power = field(default_factory=lambda: constant(100.0))
    began: float = 0.0
    range_uj: int = INTEL_RANGE
    mmio: bool = False
    text: str | None = None
    mode: int = 0o444
    there: bool = True


@dataclass(frozen=True, kw_only=True)
class Cpu:
    """The processors: what they are, and how many of their *threads* are *busy* (a trace of CPUs instead of watts).

    A *quota* (CPUs) puts this process in a control group of which *ours* are busy.
    """

    kind: Mapping[str, Any] = field(default_factory=dict)
    threads: int = 8
    busy: Power = field(default_factory=lambda: constant(0.0))
    quota: float | None = None
    ours: Power = field(default_factory=lambda: constant(0.0))


@dataclass(frozen=True, kw_only=True)
class Fault:
    """Between *at* and *until* the *device* (a GPU's UUID, a zone's key) *shows* other attributes: ``{"error": LOST}``.

    Faults of one device and attribute do not overlap.
    """

    device: str
    at: float
    until: float
    shows: Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class Reset:
    """The counter of *device* begins anew at 0."""

    device: str
    at: float


@dataclass(frozen=True, kw_only=True)
class Scenario:
    """A machine and its fate. In each pause (start, end) the recorder gets no time: it is starved, or all sleeps.

    *env* and *gpus_wanted* are for discovery; *slices* are MIG UUIDs with their GPU's index and size; *wall_steps* are
    (at, seconds) by which somebody sets the wall clock.
    """

    gpus: Sequence[FakeGpu] = ()
    zones: Sequence[Zone] = ()
    cpu: Cpu = field(default_factory=Cpu)
    memory_gb: float = 64.0
    faults: Sequence[Fault | Reset] = ()
    pauses: Sequence[tuple[float, float]] = ()
    wall_steps: Sequence[tuple[float, float]] = ()
    start: float = 0.0
    env: Mapping[str, str] = field(default_factory=dict)
    gpus_wanted: str | Sequence[int | str] = "auto"
    slices: Mapping[str, tuple[int, int]] = field(default_factory=dict)

    def power(self, uid: str) -> Power:
        """What the device *uid* truly draws."""
        owners = {zone.key: zone.name for zone in self.zones}
        powers = {gpu.uuid: gpu.power for gpu in self.gpus}
        for zone in self.zones:
            owner = owners.get(zone.key.rpartition(":")[0])
            powers.setdefault(f"rapl:{owner}/dram" if zone.name == "dram" else f"rapl:{zone.name}", zone.power)
        return powers[uid]
