"""A run of the past as the reports find it again: its record, its readings where a tariff needs them, its parts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from greentrack.model import Reading, Record

if TYPE_CHECKING:
    from greentrack.config import Settings
    from greentrack.costing.options import ParsedOptions


class StoredRun(NamedTuple):
    """A record, its *readings* (by device uid) where the terms need their hours, and how many *parts* its work has."""

    record: Record
    readings: Mapping[str, Sequence[Reading]] | None = None
    parts: int = 1

    @property
    def name(self) -> str:
        """The run as messages call it."""
        return f"run {self.record.run.id[:13]} ({self.record.run.name})"


def past(run: str | Record, settings: Settings, terms: ParsedOptions) -> StoredRun:
    """Return the run that is meant: a record, or an id, the start of one, a name, ``latest``. Raises NotFoundError."""
    if isinstance(run, Record):
        return StoredRun(run)
    from greentrack.store.location import default_path
    from greentrack.store.reader import Reader

    by_hour = terms.tariff is not None and bool(terms.tariff.hours)
    with Reader(Path(settings.db) if settings.db else default_path()) as reader:
        run_id = reader.find(run)
        return StoredRun(
            record=reader.record(run_id),
            readings=reader.readings(run_id) if by_hour else None,
            parts=len(reader.parts_of(run_id)),
        )
