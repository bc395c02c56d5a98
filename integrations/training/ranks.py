"""The processes that train together: which of them records, on which host, for which GPUs."""

import platform
from collections.abc import Callable
from typing import Any, NamedTuple

from greentrack.host import facts as host
from greentrack.tracking.budget import Limit


class Ranks(NamedTuple):
    """The processes that train together, as one of them sees it.

    *records* is True in the one process of each host that records; *hosts* is the number of hosts, *local* that of the
    processes on this one. *gpus* are the UUIDs of this host's GPUs in use, None if they are not known. *group* and
    *limits* (the budget) are the same in all of them; *off* is True if none of them records.
    """

    rank: int = 0
    world_size: int = 1
    hosts: int = 1
    local: int = 1
    records: bool = True
    gpus: tuple[str, ...] | None = None
    group: str | None = None
    off: bool = False
    limits: tuple[Limit, ...] = ()


def alone(*, gpu: str | None = None, off: bool = False, limits: tuple[Limit, ...] = ()) -> Ranks:
    """Return the ranks of a training in a single process, which computes on *gpu*."""
    if off:
        return Ranks(records=False, off=True)
    return Ranks(gpus=(gpu,) if gpu else None, limits=limits)


def gathered(
    rank: int,
    world_size: int,
    gather: Callable[[dict[str, Any]], list[dict[str, Any]]],
    *,
    group: str,
    gpu: str | None = None,
    off: bool = False,
    limits: tuple[Limit, ...] = (),
) -> Ranks:
    """Return the ranks of a job after one exchange of small objects; all ranks must call this at the same time.

    *gather* sends an object of this rank and returns those of all. The environment may tell the ranks different things
    (*off*: do not record; *limits*: a budget), but all must do the same: a rank that stays away from an exchange would
    let the others wait for ever.
    """
    place = f"{host.boot_id()} {_host_name()}"
    every = gather({"host": place, "rank": rank, "gpu": gpu, "group": group, "off": off, "limits": limits})
    every = sorted(every, key=lambda one: int(one["rank"]))
    here = [one for one in every if one["host"] == place]
    recorder = next((one["rank"] for one in here if not one["off"]), None)
    uuids = tuple(dict.fromkeys(one["gpu"] for one in here if one["gpu"]))
    return Ranks(
        rank=rank,
        world_size=world_size,
        hosts=len({one["host"] for one in every}),
        local=len(here),
        records=rank == recorder,
        gpus=uuids or None,
        group=every[0]["group"],
        off=all(one["off"] for one in every),
        limits=next((one["limits"] for one in every if one["limits"]), ()),
    )


def _host_name() -> str:
    return platform.node()
