"""Rows as Parquet, by pyarrow."""

from collections.abc import Iterable
from itertools import islice
from typing import Any, BinaryIO

from greentrack.errors import ConfigError
from greentrack.store.statements import Row, Statement

ROWS_PER_GROUP = 50_000
"""Rows that are written to Parquet, and are in memory, at a time."""


def check() -> None:
    """Raise ConfigError, with what to install, if pyarrow cannot be imported."""
    _pyarrow()


def _pyarrow() -> tuple[Any, Any]:
    try:
        import pyarrow
        import pyarrow.parquet
    except ImportError as error:
        raise ConfigError(
            f"the format parquet needs pyarrow ({error}); pip install 'greentrack[parquet]', or use csv or jsonl"
        ) from error
    return pyarrow, pyarrow.parquet


def write(file: BinaryIO, table: Statement, rows: Iterable[Row]) -> int:
    """Write *rows* of *table*, in groups of ``ROWS_PER_GROUP``; return how many rows there were."""
    pyarrow, parquet = _pyarrow()
    types = {
        **{"text": pyarrow.string(), "json": pyarrow.string()},
        **{"real": pyarrow.float64(), "whole": pyarrow.int64(), "flag": pyarrow.bool_()},
    }
    schema = pyarrow.schema([(column.name, types[column.value_type.export]) for column in table.columns])
    flags = {index for index, column in enumerate(table.columns) if column.value_type.export == "flag"}
    left = iter(rows)
    count = 0
    with parquet.ParquetWriter(file, schema) as writer:
        while group := list(islice(left, ROWS_PER_GROUP)):
            count += len(group)
            columns = [
                [None if cell is None else bool(cell) for cell in column] if index in flags else column
                for index, column in enumerate(zip(*group, strict=True))
            ]
            arrays = [pyarrow.array(column, field.type) for column, field in zip(columns, schema, strict=True)]
            writer.write_table(pyarrow.Table.from_arrays(arrays, schema=schema))
    return count
