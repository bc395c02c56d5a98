"""Import the runs that other tools recorded."""

from pathlib import Path
from typing import NamedTuple

from greentrack.exchange import codecarbon_csv
from greentrack.exchange.codecarbon_csv import Skipped


class Imported(NamedTuple):
    """The result of an import: how many runs are new, *changed* since the last import, or *known* already.

    *skipped* are the lines that are no runs; *earlier* is the number of lines with an earlier state of a run.
    """

    added: int
    changed: int
    known: int
    skipped: tuple[Skipped, ...]
    earlier: int
    path: Path


def import_codecarbon(file: str | Path, *, project: str | None = None, db: str | Path | None = None) -> Imported:
    """Import the runs of codecarbon's ``emissions.csv`` into *db*, all or none of them; a second time adds nothing.

    Energy and zone are codecarbon's, without its PUE; carbon is computed from GreenTrack's own factors. The runs have
    the status ``imported``. Raises ConfigError for a file that cannot be imported, StoreError for *db*.
    """
    from greentrack import config
    from greentrack.store.importing import keep
    from greentrack.store.location import path_of

    path = path_of(config.load({"db": db}).db)
    found = codecarbon_csv.read(Path(file).expanduser(), project=project)
    kept = keep(path, found.runs)
    return Imported(*kept, skipped=tuple(found.skipped), earlier=found.earlier, path=path)
