"""An open database and the questions put to it: opened at the first, and every row of an answer checked."""

import os
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from greentrack.store import rows
from greentrack.store.connect import open_for_reading, translated
from greentrack.store.location import default_path
from greentrack.store.validation import checked


class ReadDatabase:
    """The database at *path*, by default the user's own; where there is none yet, every answer is empty."""

    def __init__(self, path: Path | None = None) -> None:
        self.path = default_path() if path is None else Path(os.path.expanduser(path))
        self._db: sqlite3.Connection | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the file."""
        db, self._db = self._db, None
        if db is not None:
            db.close()

    def _query(
        self, query: str, values: Sequence[Any] | Mapping[str, Any] = (), *, check: bool = True
    ) -> list[rows.Row]:
        if self._db is None:
            self._db = open_for_reading(self.path)
        if self._db is None:
            return []
        with translated(self.path):
            found = self._db.execute(query, rows.bound(values))
            return checked(found, self.path) if check else found.fetchall()

    @contextmanager
    def _snapshot(self) -> Iterator[None]:
        """Within this, every query sees the same moment, whatever a recorder writes meanwhile."""
        self._query("BEGIN")
        try:
            yield
        finally:
            if self._db is not None and self._db.in_transaction:
                self._query("COMMIT")
