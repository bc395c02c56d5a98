"""Read the ``emissions.csv`` of codecarbon (versions 2 and 3): one line a run, or one line each time it was flushed.

Nothing is made up that a line does not say. A line that cannot be a run (a figure is missing, not a number, negative or
contradicts the others; columns are shifted) is left out, with its number and the reason.
"""

import csv
import math
import time
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple
from uuid import UUID

from greentrack.errors import ConfigError
from greentrack.exchange.codecarbon_fields import devices_of, zone_finder
from greentrack.model import DeviceUse, Reading, RunInfo
from greentrack.quantity import JOULES_PER_KWH
from greentrack.store.batch import Batch
from greentrack.vocabulary import IMPORTED

NAME = "codecarbon"
"""The tool's name; the other facts of its line are under it in the run's ``params``."""

REQUIRED = ("timestamp", "run_id", "duration")
ENERGIES: Mapping[str, str] = {"gpu_energy": "gpu", "cpu_energy": "cpu", "ram_energy": "ram"}
METHOD_OF: Mapping[str, str] = {"gpu": "codecarbon-gpu", "cpu": "codecarbon-cpu", "ram": "codecarbon-ram"}

MAX_WATTS = 1e6
"""No single machine draws more; codecarbon is known to count this where a counter wrapped."""

MAX_DISAGREEMENT = 0.01
"""The sum of a line's energies may differ by this fraction from the total that it states."""

_PARAMS = ("country_iso_code", "region", "cloud_provider", "cloud_region", "os", "cpu_count", "ram_total_size", "pue")


class Skipped(NamedTuple):
    """A line that is not a run, and the reason."""

    line: int
    reason: str


class ParsedFile(NamedTuple):
    """The runs of a file, the lines that were left out, and the number of lines with an *earlier* state of a run."""

    runs: list[Batch]
    skipped: list[Skipped]
    earlier: int


def read(file: Path, *, project: str | None = None, now: Callable[[], float] = time.time) -> ParsedFile:
    """Read the runs of *file* into *project*, by default the project that codecarbon named.

    Its times have no time zone and are read in this machine's. Of several lines of one run the latest counts, because
    each has all energy since the run began. Raises ConfigError for a file that is not codecarbon's or has no runs.
    """
    zone_of = zone_finder()
    latest: dict[str, Batch] = {}
    skipped: list[Skipped] = []
    earlier = 0
    for line, row in _rows(file, skipped):
        try:
            batch = _batch(row, project, zone_of, now())
        except ConfigError as error:
            skipped.append(Skipped(line, str(error)))
            continue
        before = latest.get(batch.run_id)
        earlier += before is not None
        if before is None or _ended(batch) >= _ended(before):
            latest[batch.run_id] = batch
    if not latest:
        reason = f"; line {skipped[0].line}: {skipped[0].reason}" if skipped else ""
        raise ConfigError(f"{file} has no runs{reason}")
    return ParsedFile(list(latest.values()), sorted(skipped), earlier)


def _ended(batch: Batch) -> float:
    return batch.readings[0].at  # there is at least one, and each is of the whole run


def _rows(file: Path, skipped: list[Skipped]) -> Iterator[tuple[int, dict[str, str]]]:
    """Yield number and cells of each line that has all its columns; the names of the columns may be repeated."""
    columns: list[str] = []
    line_before = 0
    try:
        with file.open(encoding="utf-8-sig", newline="") as lines:
            cells = csv.reader(lines)
            for row in cells:
                line, line_before = line_before + 1, cells.line_num  # a cell may have lines
                if not row:
                    continue
                if not columns or {"timestamp", "duration"} <= set(row):
                    columns = _columns(file, [name.strip() for name in row])
                elif len(row) != len(columns):
                    skipped.append(Skipped(line, f"it has {len(row)} columns instead of {len(columns)}"))
                else:
                    yield line, dict(zip(columns, (cell.strip() for cell in row), strict=True))
    except OSError as error:
        raise ConfigError(f"{file} cannot be read ({error.strerror or error})") from error
    except UnicodeDecodeError as error:
        raise ConfigError(f"{file} is not text in UTF-8, as codecarbon writes it") from error
    except csv.Error as error:
        raise ConfigError(f"{file} is not well-formed CSV after line {line_before}: {error}") from error


def _columns(file: Path, names: list[str]) -> list[str]:
    if "task_name" in names:
        raise ConfigError(f"{file} holds the tasks of a run, which its emissions.csv has as a whole; import that one")
    missing = [name for name in REQUIRED if name not in names]
    if "run_id" in missing and "experiment_id" in names and "duration" in names:
        raise ConfigError(
            f"{file} was written by codecarbon 1, which kept neither an id of the run nor the energy by device; "
            "only files of version 2 and later can be imported"
        )
    if missing:
        raise ConfigError(f"{file} has no column {missing[0]}; is it the emissions.csv of codecarbon?")
    if not set(ENERGIES) & set(names):
        raise ConfigError(f"{file} has none of the columns {', '.join(ENERGIES)}, so that there is nothing to import")
    return names


def _batch(row: Mapping[str, str], project: str | None, zone_of: Callable[..., str | None], now: float) -> Batch:
    """Return the run of a line. Raises ConfigError with the reason why it is none."""
    run_id, ended_at = _id(row["run_id"]), _moment(row["timestamp"], now)
    seconds = _number(row, "duration")
    if not 0 < seconds <= ended_at:
        raise ConfigError(f"duration is {row['duration']}, which is no time that a run can have taken")
    kwh = _kwh(row, seconds)
    name = row.get("project_name") or NAME
    facts = {
        **{column: row[column] for column in _PARAMS if row.get(column)},
        "version": row.get("codecarbon_version") or None,
        "tracking_mode": row.get("tracking_mode") or "machine",
        "kwh": kwh,
        "emissions_kg": _number(row, "emissions") if row.get("emissions") else None,
    }
    run = RunInfo(
        id=run_id,
        name=name,
        project=project or name,
        status=IMPORTED,
        tags=(NAME,),
        params={NAME: facts},
        started_at=ended_at - seconds,
        ended_at=ended_at,
        seconds=seconds,
        python=row.get("python_version", ""),
        interval=seconds,
        zone=zone_of(*(_cell(row, name) for name in ("country_iso_code", "region", "cloud_provider", "cloud_region"))),
    )
    batch = Batch(run_id=run_id, run=run)
    for kind, used in kwh.items():
        # only the memory's energy is the process's own in that mode
        share = 1.0 if kind == "ram" and facts["tracking_mode"] == "process" else None
        for device, note, share_of_kind in devices_of(kind, row, used):
            batch.devices.append(DeviceUse(device=device, method=METHOD_OF[kind], note=note))
            if used > 0:  # codecarbon writes 0 where it knows nothing
                joules = used * share_of_kind * JOULES_PER_KWH / _pue(row)
                batch.readings.append(
                    Reading(device=device.uid, at=ended_at, seconds=seconds, joules=joules, share=share)
                )
    if not batch.readings:
        raise ConfigError("it has no energy")
    return batch


def _pue(row: Mapping[str, str]) -> float:
    """Return the PUE, by which codecarbon multiplies the energy of each device."""
    pue = _number(row, "pue") if row.get("pue") else 1.0
    if pue < 1:
        raise ConfigError(f"pue is {row['pue']}, and cannot be below 1")
    return pue


def _cell(row: Mapping[str, str], name: str) -> str:
    cell = row.get(name, "")
    return "" if cell.casefold() == "nan" else cell


def _kwh(row: Mapping[str, str], seconds: float) -> dict[str, float]:
    """Return the energy of each kind of device that the line has a column for."""
    kwh = {kind: _number(row, name) for name, kind in ENERGIES.items() if name in row}
    total = sum(kwh.values())
    if total * JOULES_PER_KWH / seconds > MAX_WATTS:
        raise ConfigError(f"{total:g} kWh in {seconds:g} s are more than any machine can draw")
    if row.get("energy_consumed") and len(kwh) == len(ENERGIES):
        stated = _number(row, "energy_consumed")
        if abs(total - stated) > MAX_DISAGREEMENT * max(total, stated):
            raise ConfigError(f"energy_consumed is {stated:g}, and its parts come to {total:g}")
    return kwh


def _number(row: Mapping[str, str], name: str) -> float:
    cell = row[name]
    try:
        number = float(cell.replace("_", "?"))  # 1_000 is a number for Python only
    except ValueError:
        number = math.nan
    if not 0 <= number < math.inf:
        raise ConfigError(f"{name} is {_short(cell)}, and must be a number from 0 on")
    return number


def _id(cell: str) -> str:
    try:
        return str(UUID(cell))
    except ValueError:
        raise ConfigError(f"run_id is {_short(cell)}, which is no id that codecarbon gives") from None


def _moment(cell: str, now: float) -> float:
    try:
        at = datetime.fromisoformat(cell).timestamp()
    except (ValueError, OverflowError, OSError):
        raise ConfigError(f"timestamp is {_short(cell)}, and must be a time such as 2026-05-01T14:30:00") from None
    if not 0 < at <= now + 86400:
        raise ConfigError(f"timestamp is {_short(cell)}, which cannot be")
    return at


def _short(cell: Any) -> str:
    return "empty" if not cell else repr(cell if len(cell) <= 40 else f"{cell[:40]}…")
