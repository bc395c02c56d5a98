"""Rows as JSON lines: an object for each row, one a line."""

import json
import math
from collections.abc import Iterable
from typing import Any, BinaryIO

from greentrack.store.columns import Kind
from greentrack.store.statements import Row, Statement


def write(file: BinaryIO, table: Statement, rows: Iterable[Row], name: str | None = None) -> int:
    """Write *rows* of *table*, each with the *name* of the table if one is given; return how many rows there were."""
    encode = json.JSONEncoder(ensure_ascii=False, allow_nan=False).encode
    kinds = [(column.name, column.value_type.export) for column in table.columns]
    head = {} if name is None else {"table": name}
    count = 0
    for row in rows:
        count += 1
        facts = {column: _value(kind, cell) for (column, kind), cell in zip(kinds, row, strict=True)}
        # half a surrogate pair, which UTF-8 has no bytes for, stays the escape that JSON knows it by
        file.write((encode(head | facts) + "\n").encode(errors="backslashreplace"))
    return count


def _value(kind: Kind, cell: Any) -> Any:
    """Return *cell* as a JSON value: None for infinity, a text where a column of JSON does not hold JSON."""
    if kind == "flag":
        return None if cell is None else bool(cell)
    if kind == "json" and cell is not None:
        try:
            return json.loads(cell)
        except ValueError:
            return str(cell)
    return None if isinstance(cell, float) and not math.isfinite(cell) else cell
