"""Export the stored rows of runs as CSV, JSON lines or Parquet, in joules, seconds and Unix time."""

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, NamedTuple

from greentrack.errors import ConfigError, did_you_mean
from greentrack.registry import EXPORTS, attribute, check
from greentrack.store.export import TABLES, exporting
from greentrack.store.location import make_folder, opener, path_of
from greentrack.store.reader import Reader
from greentrack.store.run_row import RunRow
from greentrack.store.statements import Row, Statement

WHAT = (*TABLES, "all")

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

    *form* is one of ``EXPORTS``, by default the one that the file's name ends in, or else CSV. *to* is a file (which
    is replaced once all is written), an open binary file, or, for ``all`` in other forms than jsonl, a folder with a
    file for each table. Raises NotFoundError for a run that is not there, ConfigError for what cannot be written.
    """
    from greentrack import config

    if what not in WHAT:
        raise ConfigError(f"unknown rows {what!r}{did_you_mean(what, WHAT)}; known: {', '.join(WHAT)}")
    form = form or _form_of(to)
    check(EXPORTS, form, "format")
    facts = EXPORTS[form]
    if facts.check:
        attribute(facts.check)()  # before anything is made
    write = attribute(facts.write)
    path = path_of(config.load({"db": db}).db)
    chosen = _chosen(path, runs, project)
    with exporting(path, chosen) as read:
        if what == "all" and not facts.takes_name:
            return Exported(_folder(to, form, write, read, path), len(chosen))
        with _opened(to, path) as file:
            if what == "all":
                counts = {name: write(file, table, read(name), name) for name, table in TABLES.items()}
            else:
                counts = {what: write(file, TABLES[what], read(what))}
        return Exported(counts, len(chosen))


def _form_of(to: str | Path | BinaryIO) -> str:
    ending = Path(to).suffix.removeprefix(".").lower() if isinstance(to, (str, Path)) else ""
    return ending if ending in EXPORTS else "csv"


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
