"""A run as a line of a list."""

from collections.abc import Callable
from typing import Any, NamedTuple

from greentrack.model import Host


class RunRow(NamedTuple):
    """A run in a list, and what is needed to tell what it cost: ``Reader.record`` knows the rest of it.

    *seconds* is how long it took so far. *joules* are those to believe; *measured_joules* come from sensors;
    *seen_seconds* is for how much of it its best watched device was read, 0 where nothing was; *has_rest* is True where
    a meter saw the rest of the machine.
    """

    id: str
    name: str
    status: str
    project: str | None
    tags: tuple[str, ...]
    started_at: float
    ended_at: float | None
    seconds: float
    zone: str | None
    rest: str
    host: Host | None
    joules: float
    measured_joules: float
    seen_seconds: float
    has_rest: bool


ORDERS: dict[str, Callable[[RunRow], Any]] = {
    "started": lambda row: -row.started_at,
    "energy": lambda row: -row.joules,
    "seconds": lambda row: -row.seconds,
    "name": lambda row: (row.name.casefold(), -row.started_at),
}
SORTS = tuple(ORDERS)
"""How a list of runs can be sorted: newest, most energy, longest first, or by name."""
