"""What the devices of a run drew over time, in as few pieces as a picture has room for."""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from greentrack.store.columns import MAX_SIZE
from greentrack.store.statements import Row
from greentrack.store.values import loaded

# a stretch of the index is looked up for each piece: to group all readings would have to sort them first
_QUERY = """WITH RECURSIVE piece(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM piece WHERE n + 1 < :pieces)
    SELECT used.device, (
        SELECT json_array(min(at - read.seconds), max(at), total(read.seconds),
            total(CASE WHEN used.trusted THEN read.joules ELSE coalesce(read.check_joules, read.joules) END))
        FROM readings AS read WHERE read.run = used.run AND read.device = used.device
            AND at > CASE WHEN n = 0 THEN -9e999 ELSE :since + n * :width END
            AND at <= CASE WHEN n + 1 = :pieces THEN 9e999 ELSE :since + (n + 1) * :width END)
    FROM run_devices AS used, piece WHERE used.run = (SELECT key FROM runs WHERE id = :run) ORDER BY 1, n"""


class PowerBin(NamedTuple):
    """*joules* that one *device* (a number) used from *begun* to *ended* (Unix time), *seconds* of which were seen."""

    device: int
    begun: float
    ended: float
    seconds: float
    joules: float


def power_bins(
    query: Callable[[str, Mapping[str, Any]], list[Row]], run_id: str, since: float, seconds: float, pieces: int
) -> list[PowerBin]:
    """Return what each device used in each of so many equal *pieces* of the *seconds* after *since*.

    A reading counts in the piece that it ended in. Pieces without a reading are left out.
    """
    values = {"run": run_id, "since": since, "width": seconds / pieces, "pieces": pieces}
    found = ((device, loaded(text, [])) for device, text in query(_QUERY, values))
    return [PowerBin(device, *sums) for device, sums in found if sums and _is_valid(sums)]


def _is_valid(sums: list[Any]) -> bool:
    """Whether a piece has readings, and figures that somebody did not turn into texts."""
    return all(isinstance(figure, int | float) and abs(figure) <= MAX_SIZE for figure in sums) and sums[2] > 0
