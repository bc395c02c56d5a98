"""What is declared of a column: the type of its values, its attribute of the model, and how they are merged."""

import sys
from collections.abc import Callable
from types import NoneType
from typing import Any, Literal

from greentrack.store import values

MAX_SIZE = 1e15
"""No figure is larger: as joules, three thousand years of a machine that draws 10 kW."""

MAX_TIME = 1e11
"""Unix time (or a length of time) up to the year 5138: what is later no calendar can be trusted with."""

Kind = Literal["text", "real", "whole", "flag", "json"]
"""What the values of an exported column are."""


# plain classes: a NamedTuple takes a tenth of a millisecond to make, and every recorder imports these


class ValueType:
    """What the values of a column are.

    *types* and *maximum* are what may be read (no types: anything; 0: of any size); *dump* makes a value of the
    database of the model's, *load* the model's of the database's, where they differ.
    """

    def __init__(
        self,
        sql: str,
        types: tuple[type, ...] = (),
        maximum: float = 0.0,
        export: Kind = "text",
        *,
        dump: Callable[[Any], Any] | None = None,
        load: Callable[[Any], Any] | None = None,
    ) -> None:
        self.sql, self.types, self.maximum, self.export = sql, types, maximum, export
        self.dump, self.load = dump, load


ANY = ValueType("")
ID = ValueType("TEXT", (str,))
TEXT = ValueType("TEXT", (str,), dump=values.text)
MAPPING = ValueType("TEXT", (str,), export="json", dump=values.dumped, load=values.mapping)
WORDS = ValueType("TEXT", (str,), export="json", dump=values.dumped, load=values.words)
TAGS = ValueType("TEXT", (str,), export="json", dump=values.dumped, load=values.tags)
WHOLE = ValueType("INTEGER", (int,), MAX_SIZE, "whole")
WHOLE_TIME = ValueType("INTEGER", (int,), MAX_TIME, "whole")
FLAG = ValueType("INTEGER", (int,), MAX_SIZE, "flag", load=bool)
TIME = ValueType("REAL", (int, float), MAX_TIME, "real")
AMOUNT = ValueType("REAL", (int, float), MAX_SIZE, "real")
COUNT = ValueType("REAL", (int, float), sys.float_info.max, "real")  # floating-point operations may be counted
OUTCOME = ValueType("REAL", (int, float), 0.0, "real")  # a loss may be infinite

# how a value that is written again changes what is stored, for str.format
REPLACE = "{name} = {new}"
ADD = "{name} = {name} + {new}"
ADD_KNOWN = "{name} = CASE WHEN {new} IS NULL THEN {name} ELSE coalesce({name}, 0) + {new} END"
KEEP_KNOWN = "{name} = coalesce({new}, {name})"


class Column:
    """A column, or a computed value of a query.

    *optional* columns may be NULL: not known. *field* is the attribute of the model, by default of the same name.
    *is_long* columns are only read for a run that is shown itself. *source* is the SQL in a query.
    """

    def __init__(
        self,
        name: str,
        value_type: ValueType,
        *,
        optional: bool = False,
        field: str = "",
        note: str = "",
        merge: str = REPLACE,
        is_long: bool = False,
        source: str = "",
    ) -> None:
        self.name, self.value_type, self.optional = name, value_type, optional
        self.field, self.note, self.merge = field or name, note, merge
        self.is_long, self.source = is_long, source

    @property
    def types(self) -> tuple[type, ...]:
        """The types that its values may have; none where they may have any."""
        return (*self.value_type.types, NoneType) if self.optional and self.value_type.types else self.value_type.types

    def selected(self, source: str, name: str = "") -> "Column":
        """Return the column as it is in a query, where its SQL is *source*."""
        made = Column.__new__(Column)
        made.__dict__.update(self.__dict__, source=source, name=name or self.name)
        return made


class TableColumns:
    """A table: what one *row* is, its columns, and the columns by which a row that is written again is found."""

    def __init__(self, name: str, row: str, key: str, *columns: Column) -> None:
        self.name, self.row, self.key = name, row, tuple(key.split())
        self.columns = tuple(column.selected(f"{name}.{column.name}") for column in columns)

    def column(self, name: str) -> Column:
        """Return the column of this name."""
        return next(column for column in self.columns if column.name == name)

    def pick(self, *names: str) -> tuple[Column, ...]:
        """Return the columns of these names, in this order."""
        return tuple(map(self.column, names))

    def without(self, *names: str) -> tuple[Column, ...]:
        """Return all columns but those of these names."""
        return tuple(column for column in self.columns if column.name not in names)

    def of(self, fields: tuple[str, ...]) -> tuple[Column, ...]:
        """Return the columns that hold these *fields* of the model, in the order of the fields."""
        found = {column.field: column for column in self.columns}
        return tuple(found[field] for field in fields if field in found)
