"""The processes that train together: which of them records, on which host, for which GPUs."""

import platform
from collections.abc import Callable, Sequence
from typing import NamedTuple

from greentrack.host import facts as host
from greentrack.tracking.budget import Limit


class Ranks(NamedTuple):
    """The processes that train together, as one of them sees it.

    *is_recorder* is True in the one process of each host that records; *hosts* is the number of hosts, *local_size*
    that of the processes on this one. *gpus* are the UUIDs of this host's GPUs in use, None if they are not known.
    *group* and *limits* (the budget) are the same in all of them; *is_disabled* is True if none of them records.
    """

    rank: int = 0
    world_size: int = 1
    hosts: int = 1
    local_size: int = 1
    is_recorder: bool = True
    gpus: tuple[str, ...] | None = None
    group: str | None = None
    is_disabled: bool = False
    limits: tuple[Limit, ...] = ()


class RankFacts(NamedTuple):
    """What each rank tells the others: what its environment says, the UUID of its *gpu*, and its *host*."""

    group: str
    is_disabled: bool = False
    limits: tuple[Limit, ...] = ()
    rank: int = 0
    gpu: str | None = None
    host: str = ""


def alone(mine: RankFacts) -> Ranks:
    """Return the ranks of a training in a single process."""
    if mine.is_disabled:
        return Ranks(is_recorder=False, is_disabled=True)
    return Ranks(gpus=(mine.gpu,) if mine.gpu else None, limits=mine.limits)


def gathered(mine: RankFacts, gather: Callable[[RankFacts], Sequence[RankFacts]]) -> Ranks:
    """Return the ranks of a job after one exchange of small objects; all ranks must call this at the same time.

    *gather* sends an object of this rank and returns those of all. The environment may tell the ranks different things,
    but all must do the same: a rank that stays away from an exchange would let the others wait for ever.
    """
    mine = mine._replace(host=f"{host.boot_id()} {platform.node()}")
    every = sorted(gather(mine), key=lambda one: one.rank)
    here = [one for one in every if one.host == mine.host]
    uuids = tuple(dict.fromkeys(one.gpu for one in here if one.gpu))
    return Ranks(
        rank=mine.rank,
        world_size=len(every),
        hosts=len({one.host for one in every}),
        local_size=len(here),
        is_recorder=mine.rank == next((one.rank for one in here if not one.is_disabled), None),
        gpus=uuids or None,
        group=every[0].group,
        is_disabled=all(one.is_disabled for one in every),
        limits=next((one.limits for one in every if one.limits), ()),
    )
