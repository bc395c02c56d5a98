"""Opens the database for reading at the first query, and checks the rows of every answer."""

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Self

from greentrack.store.connect import open_for_reading, translated
from greentrack.store.location import path_of
from greentrack.store.statements import Row, Statement
from greentrack.store.validation import checked
from greentrack.store.values import bound


class ReadDatabase:
    """The database at *path*, by default the user's own; where there is none yet, every answer is empty."""

    def __init__(self, path: Path | None = None, *, busy_timeout_s: float = 5.0) -> None:
        self.path = path_of(path)
        self._busy_timeout_s = busy_timeout_s
        self._db: sqlite3.Connection | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the file."""
        db, self._db = self._db, None
        if db is not None:
            db.close()

    def query(self, query: Statement | str, values: Sequence[Any] | Mapping[str, Any] = ()) -> list[Row]:
        """Return the rows of *query*, and check those of a ``Statement``. Raises StoreError."""
        if self._db is None:
            self._db = open_for_reading(self.path, self._busy_timeout_s)
        if self._db is None:
            return []
        with translated(self.path):
            if isinstance(query, str):
                return self._db.execute(query, bound(values)).fetchall()
            return checked(self._db.execute(query.sql, bound(values)), query.columns, self.path)

    @contextmanager
    def _snapshot(self) -> Iterator[None]:
        """Within this, all queries see the same state, whatever a recorder writes meanwhile."""
        self.query("BEGIN")
        try:
            yield
        finally:
            if self._db is not None and self._db.in_transaction:
                self.query("COMMIT")
