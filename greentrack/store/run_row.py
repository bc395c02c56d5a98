"""A run in a list of runs."""

from collections.abc import Callable
from typing import Any, NamedTuple

from greentrack.model import Host


class RunRow(NamedTuple):
    """A run in a list, with what its costs need; ``Reader.record`` returns all of it.

    *seconds* is how long it took so far. *joules* are the valid ones; *measured_joules* come from sensors;
    *seen_seconds* is for how long its best covered device was read, 0 where none was; *has_rest* is True where a meter
    read the rest of the machine.
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
"""The orders of a list of runs: newest first, most energy first, longest first, or by name."""
