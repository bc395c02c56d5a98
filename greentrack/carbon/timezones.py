"""The country of a time zone, from the table of the system's time zone database."""

from collections.abc import Iterable, Iterator
from pathlib import Path

_NOWHERE = ("Etc/", "UTC", "GMT", "Zulu", "Universal")


def country_of(timezone: str, folders: Iterable[Path] | None = None) -> str | None:
    """Return the two letters of the country that *timezone* (``Europe/Paris``) belongs to, or None where it has none.

    Old names are followed (``Asia/Calcutta`` is India). *folders* are where a ``zone.tab`` may lie.
    """
    if timezone.startswith(_NOWHERE):
        return None
    for folder in _folders() if folders is None else folders:
        countries = {row[2]: row[0] for row in _rows(folder / "zone.tab", "\t")}
        if not countries:
            continue
        if timezone not in countries:
            links = {row[2]: row[1] for row in _rows(folder / "tzdata.zi", " ") if row[0] == "L"}
            timezone = links.get(timezone, timezone)
        return countries.get(timezone)
    return None


def _folders() -> Iterator[Path]:
    yield Path("/usr/share/zoneinfo")  # where it mostly is; asking zoneinfo costs 4 ms
    import importlib.util
    import zoneinfo

    yield from map(Path, zoneinfo.TZPATH)
    spec = importlib.util.find_spec("tzdata")
    if spec and spec.origin:  # the package, where the system has no database (Windows)
        yield Path(spec.origin).parent / "zoneinfo"


def _rows(file: Path, separator: str) -> Iterator[list[str]]:
    try:
        text = file.read_text(encoding="utf-8")
    except OSError:
        return
    for line in text.splitlines():
        row = line.split(separator)
        if not line.startswith("#") and len(row) >= 3:
            yield row
