"""Builds SQL from declared columns; values are always bound."""
# ruff: noqa: S608  # names of tables and columns are constants of this package

from collections.abc import Mapping, Sequence
from typing import Any

from greentrack.store.columns import ANY, Column, TableColumns, ValueType

Row = Sequence[Any]


class Statement:
    """A query and the columns of its rows, or a change and the columns whose values it binds."""

    def __init__(self, sql: str, columns: Sequence[Column]) -> None:
        self.sql, self.columns = sql, tuple(columns)

    def row(self, facts: Mapping[str, Any]) -> Row:
        """Return the values to bind: *facts* are the attributes of the model by their names."""
        return to_row(self.columns, facts)


def select(columns: Sequence[Column], source: str) -> Statement:
    """Select *columns*; *source* is the query from FROM on."""
    return Statement(f"SELECT {', '.join(column.source for column in columns)} {source}", columns)


def computed(name: str, sql: str, value_type: ValueType = ANY, *, optional: bool = False) -> Column:
    """Return a value that a query works out as a column of it."""
    return Column(name, value_type, optional=optional, source=f"{sql} AS {name}")


def renamed(name: str, column: Column) -> Column:
    """Return *column* under another name."""
    return column.selected(f"{column.source} AS {name}", name)


def insert(table: TableColumns, columns: Sequence[Column]) -> Statement:
    """Add a row to *table*."""
    names, placeholders = ", ".join(column.name for column in columns), ", ".join("?" * len(columns))
    return Statement(f"INSERT INTO {table.name} ({names}) VALUES ({placeholders})", columns)


def upsert(table: TableColumns, columns: Sequence[Column]) -> Statement:
    """Add a row to *table*, or merge it into the one with its key as each of its columns says."""
    changes = (
        column.merge.format(name=column.name, new=f"excluded.{column.name}")
        for column in columns
        if column.name not in table.key
    )
    added = insert(table, columns).sql
    return Statement(f"{added} ON CONFLICT ({', '.join(table.key)}) DO UPDATE SET {', '.join(changes)}", columns)


def update(table: TableColumns, columns: Sequence[Column], *key: str) -> Statement:
    """Merge values into the row that has these values in the columns *key*, which are bound last."""
    changes = (column.merge.format(name=column.name, new=f"?{at}") for at, column in enumerate(columns, 1))
    found = (f"{name} = ?{at}" for at, name in enumerate(key, len(columns) + 1))
    return Statement(
        f"UPDATE {table.name} SET {', '.join(changes)} WHERE {' AND '.join(found)}", (*columns, *table.pick(*key))
    )


def to_row(columns: Sequence[Column], facts: Mapping[str, Any]) -> Row:
    """Return the values of *columns* for the database; *facts* are the attributes of the model by their names."""
    return tuple(
        value if value is None or column.value_type.dump is None else column.value_type.dump(value)
        for column, value in ((column, facts[column.field]) for column in columns)
    )


def from_row(columns: Sequence[Column], row: Row) -> dict[str, Any]:
    """Return the attributes of the model that *columns* hold."""
    return {
        column.field: value if value is None or column.value_type.load is None else column.value_type.load(value)
        for column, value in zip(columns, row, strict=True)
    }
