"""Memory without a counter: a fixed number of watts per installed gigabyte."""

from greentrack.host import facts
from greentrack.host.cpu_time import cgroup_folders
from greentrack.meters.base import Context, Discovery, Gauge
from greentrack.model import Device, Missing

WATTS_PER_GB = 0.3725
"""Green Algorithms v3.0 (Lannelongue, Grealey, Inouye 2021). Teads measured 0.19 to 1.1 W/GB, idle to busy."""

GB = 2**30  # memory is sold in binary gigabytes


class RamModel(Gauge):
    """Memory whose modelled power is constant."""

    interval = 1.0
    rule = "backward"
    method = "ram-model"

    def __init__(self, device: Device, watts: float) -> None:
        super().__init__(device)
        self._constant_watts = watts

    def power(self) -> float:
        """Return the constant watts."""
        return self._constant_watts


def memory_bytes(context: Context) -> int | None:
    """Return the memory of this machine, or of this container if it may use less; None if unknown."""
    installed = facts.memory_bytes(context.proc)
    if installed is None:
        return None
    groups = cgroup_folders("memory", context.sys, context.proc)
    limits = [facts.number_in(folder / name) for folder in groups for name in ("memory.max", "memory.limit_in_bytes")]
    return min([installed, *filter(None, limits)])  # the root group has no limit, others may have "max"


def discover(context: Context) -> Discovery:
    """Return the modelled memory, unless an earlier vendor measures it."""
    if context.has("dram"):
        return Discovery()
    size = memory_bytes(context)
    if not size:
        return Discovery(
            missing=[Missing(source="ram_model", reason="this system does not tell how much memory it has")]
        )
    watts = size / GB * WATTS_PER_GB
    device = Device(
        uid="ram-model",
        kind="ram",
        name=f"{size / GB:.1f} GB of memory",
        details={
            "bytes": size,
            "watts": round(watts, 3),
            "watts_per_gb": WATTS_PER_GB,
            "source": "Green Algorithms v3.0",
            "year": 2021,
        },
    )
    meter = RamModel(device, watts)
    meter.note = f"{size / GB:.1f} GB at {WATTS_PER_GB:g} W each, whatever the load"
    return Discovery(meters=[meter])
