"""The power of a run's devices over time, in as few time bins as a picture has room for."""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from greentrack.store.columns import MAX_SIZE
from greentrack.store.statements import Row
from greentrack.store.values import loaded

# looks up a range of the index for each bin: grouping all readings would sort them first
_QUERY = """WITH RECURSIVE bin(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM bin WHERE n + 1 < :bins)
    SELECT used.device, (
        SELECT json_array(min(at - read.seconds), max(at), total(read.seconds),
            total(CASE WHEN used.trusted THEN read.joules ELSE coalesce(read.check_joules, read.joules) END))
        FROM readings AS read WHERE read.run = used.run AND read.device = used.device
            AND at > CASE WHEN n = 0 THEN -9e999 ELSE :since + n * :width END
            AND at <= CASE WHEN n + 1 = :bins THEN 9e999 ELSE :since + (n + 1) * :width END)
    FROM run_devices AS used, bin WHERE used.run = (SELECT key FROM runs WHERE id = :run) ORDER BY 1, n"""


class PowerBin(NamedTuple):
    """*joules* that one *device* (a number) used from *begun* to *ended* (Unix time); *seconds* of it were read."""

    device: int
    begun: float
    ended: float
    seconds: float
    joules: float


def power_bins(
    query: Callable[[str, Mapping[str, Any]], list[Row]], run_id: str, since: float, seconds: float, bins: int
) -> list[PowerBin]:
    """Return what each device used in each of *bins* equal parts of the *seconds* after *since*.

    A reading counts in the bin that it ends in. Bins without a reading are left out.
    """
    values = {"run": run_id, "since": since, "width": seconds / bins, "bins": bins}
    found = ((device, loaded(text, [])) for device, text in query(_QUERY, values))
    return [PowerBin(device, *sums) for device, sums in found if sums and _is_valid(sums)]


def _is_valid(sums: list[Any]) -> bool:
    """True where a bin has readings, and figures that nobody edited into texts."""
    return all(isinstance(figure, int | float) and abs(figure) <= MAX_SIZE for figure in sums) and sums[2] > 0
