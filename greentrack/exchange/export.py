"""Export the stored rows of runs as CSV, JSON lines or Parquet, in joules, seconds and Unix time."""

import csv
import json
import math
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

from greentrack.errors import ConfigError, did_you_mean
from greentrack.formatting.escape import FORMULAS
from greentrack.store.columns import Kind
from greentrack.store.export import TABLES, exporting
from greentrack.store.location import make_folder, opener, path_of
from greentrack.store.reader import Reader
from greentrack.store.run_row import RunRow
from greentrack.store.statements import Row, Statement

WHAT = (*TABLES, "all")
FORMS = ("csv", "jsonl", "parquet")

ROWS_PER_GROUP = 50_000
"""Rows that are written to Parquet, and are in memory, at a time."""

Read = Callable[[str], Iterable[Row]]
Write = Callable[[BinaryIO, Statement, Iterable[Row]], int]


class Exported(NamedTuple):
    """The number of rows of each table that were written, and of runs."""

    rows: Mapping[str, int]
    runs: int


def export(
    to: str | Path | BinaryIO,
    *,
    runs: Sequence[str] = (),
    project: str | None = None,
    what: str = "readings",
    form: str | None = None,
    db: str | Path | None = None,
) -> Exported:
    """Write the readings (or *what* else, see ``WHAT``) of *runs*, of *project*, or of all runs, the oldest first.

    *form* is one of ``FORMS``, by default the one that the name of the file ends in, or else CSV. *to* is a file (which
    is replaced once all is written), an open binary file, or, for ``all`` in other forms than jsonl, a folder with a
    file for each table. Raises NotFoundError for a run that is not there; ConfigError for what cannot be written.
    """
    from greentrack import config

    if what not in WHAT:
        raise ConfigError(f"unknown rows {what!r}{did_you_mean(what, WHAT)}; known: {', '.join(WHAT)}")
    form = form or _form_of(to)
    if form not in FORMS:
        raise ConfigError(f"unknown format {form!r}{did_you_mean(form, FORMS)}; known: {', '.join(FORMS)}")
    write = {"csv": _csv, "jsonl": _jsonl, "parquet": _parquet}[form]
    if form == "parquet":
        _pyarrow()  # before anything is made
    path = path_of(config.load({"db": db}).db)
    chosen = _chosen(path, runs, project)
    with exporting(path, chosen) as read:
        if what == "all" and form != "jsonl":
            return Exported(_folder(to, form, write, read, path), len(chosen))
        with _opened(to, path) as file:
            if what == "all":
                counts = {name: _jsonl(file, table, read(name), name) for name, table in TABLES.items()}
            else:
                counts = {what: write(file, TABLES[what], read(what))}
        return Exported(counts, len(chosen))


def _form_of(to: str | Path | BinaryIO) -> str:
    ending = Path(to).suffix.removeprefix(".").lower() if isinstance(to, (str, Path)) else ""
    return ending if ending in FORMS else "csv"


def _chosen(path: Path, refs: Sequence[str], project: str | None) -> list[RunRow]:
    if refs and project is not None:
        raise ConfigError("name runs, or a project, not both")
    with Reader(path) as reader:
        found = reader.listed([reader.find(ref) for ref in refs]) if refs else reader.runs(project=project)
    return found[::-1]


def _folder(to: str | Path | BinaryIO, form: str, write: Write, read: Read, path: Path) -> dict[str, int]:
    if not isinstance(to, (str, Path)):
        raise ConfigError(f"all tables do not go into one {form} file; name a folder, or use the format jsonl")
    folder = Path(to).expanduser()
    try:
        make_folder(folder)
    except OSError as error:
        raise ConfigError(f"{folder} cannot be a folder for all tables ({error.strerror}); name another") from error
    counts = {}
    for name, table in TABLES.items():
        with _opened(folder / f"{name}.{form}", path) as file:
            counts[name] = write(file, table, read(name))
    return counts


@contextmanager
def _opened(to: str | Path | BinaryIO, db: Path) -> Iterator[BinaryIO]:
    """Open a file that replaces *to* once it is complete; a pipe or device is written to directly."""
    if not isinstance(to, (str, Path)):
        yield to
        return
    file = Path(os.path.realpath(os.path.expanduser(to)))
    if file == Path(os.path.realpath(db)):
        raise ConfigError(f"{file} is the database itself; name another file")
    try:
        if file.exists() and not file.is_file() and not file.is_dir():  # /dev/stdout, a pipe
            with file.open("wb") as open_file:
                yield open_file
            return
        if file.is_dir():
            raise ConfigError(f"{file} is a folder; name a file in it")
        begun = file.with_name(f".{file.name}.{os.getpid()}")
        try:
            with open(begun, "xb", opener=opener) as open_file:
                yield open_file
            begun.replace(file)
        finally:
            begun.unlink(missing_ok=True)
    except OSError as error:
        raise ConfigError(f"{file} cannot be written ({error.strerror or error}); name another place") from error


class _Line:
    """A file for a CSV writer that returns the written line."""

    def write(self, line: str) -> str:
        return line


def _csv(file: BinaryIO, table: Statement, rows: Iterable[Row]) -> int:
    # a cell is quoted for a line end in it only where that is among the writer's own
    line_of = csv.writer(_Line(), lineterminator="\r\n").writerow
    file.write(f"{','.join(column.name for column in table.columns)}\n".encode())
    count = 0
    for row in rows:
        count += 1
        # the text as recorded, not made printable: whoever reads it back needs the original
        cells = [f"'{cell}" if isinstance(cell, str) and cell.lstrip().startswith(FORMULAS) else cell for cell in row]
        file.write(f"{line_of(cells)[:-2]}\n".encode())
    return count


def _jsonl(file: BinaryIO, table: Statement, rows: Iterable[Row], name: str | None = None) -> int:
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


def _parquet(file: BinaryIO, table: Statement, rows: Iterable[Row]) -> int:
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


def _pyarrow() -> tuple[Any, Any]:
    try:
        import pyarrow
        import pyarrow.parquet
    except ImportError as error:
        raise ConfigError(
            f"the format parquet needs pyarrow ({error}); pip install 'greentrack[parquet]', or use csv or jsonl"
        ) from error
    return pyarrow, pyarrow.parquet
