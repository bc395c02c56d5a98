"""Which processor this machine has, and its rated power (TDP)."""

import contextlib
import importlib.util
import re
import sys
from pathlib import Path
from typing import NamedTuple

from greentrack.host.facts import cpuinfo

MIN_TDP_W, MAX_TDP_W = 3.0, 1000.0
"""A rated power outside these is an error in the table."""

TABLE_SOURCE = "codecarbon cpu_power.csv (makers' rated power)"


class Processor(NamedTuple):
    """The processor as /proc/cpuinfo describes it; 0 and "" if unknown.

    *threads* are those of one package that this machine sees: in a virtual machine, its own only.
    """

    name: str = ""
    vendor: str = ""
    family: int = 0
    model: int = 0
    stepping: int = 0
    threads: int = 0
    is_virtual: bool = False
    is_arm: bool = False

    @property
    def is_amd(self) -> bool:
        """True if AMD, or Hygon after AMD's design, made it."""
        return self.vendor in ("AuthenticAMD", "HygonGenuine")


def processor(proc: Path = Path("/proc")) -> Processor:
    """Return the first processor; all are assumed to be alike."""
    fields = cpuinfo(proc)
    if not fields:
        return _processor_elsewhere()
    arm = "CPU implementer" in fields
    return Processor(
        name=fields.get("model name", "") or (_board(proc, fields) if arm else ""),
        vendor=fields.get("vendor_id", ""),
        family=_number(fields.get("cpu family")),
        model=_number(fields.get("model")),
        stepping=_number(fields.get("stepping")),
        threads=_number(fields.get("siblings")),
        is_virtual="hypervisor" in fields.get("flags", "").split(),
        is_arm=arm,
    )


def _number(text: str | None) -> int:
    return int(text) if text and text.isdigit() else 0


def _board(proc: Path, fields: dict[str, str]) -> str:
    try:
        return (proc / "device-tree/model").read_text().strip("\0 \n")
    except OSError:
        return f"ARM processor (part {fields.get('CPU part', 'unknown')})"


def _processor_elsewhere() -> Processor:
    import platform

    name = platform.processor()
    arm = platform.machine().lower() in ("arm64", "aarch64")
    if sys.platform == "darwin":
        import ctypes

        text, size = ctypes.create_string_buffer(256), ctypes.c_size_t(256)
        with contextlib.suppress(OSError, AttributeError):
            libc = ctypes.CDLL(None)
            if libc.sysctlbyname(b"machdep.cpu.brand_string", text, ctypes.byref(size), None, 0) == 0:
                name = text.value.decode(errors="replace")
    elif sys.platform == "win32":
        import winreg

        with (
            contextlib.suppress(OSError),
            winreg.OpenKey(winreg.HKEY_LOCAL_MACHINE, r"HARDWARE\DESCRIPTION\System\CentralProcessor\0") as key,
        ):
            name = str(winreg.QueryValueEx(key, "ProcessorNameString")[0])
    return Processor(name=name.strip(), is_arm=arm)


def short_name(name: str) -> str:
    """Return a processor's name as tables write it.

    >>> short_name("Intel(R) Xeon(R) CPU E5-2670 v3 @ 2.30GHz")
    'Intel Xeon E5-2670 v3'
    >>> short_name("AMD EPYC 7763 64-Core Processor")
    'AMD EPYC 7763'
    >>> short_name("13th Gen Intel(R) Core(TM) i9-13900K")
    'Intel Core i9-13900K'
    """
    name = re.sub(r"\((?:r|tm)\)", " ", name, flags=re.IGNORECASE)
    name = re.sub(r"@.*|\s(?:with|w/)\s.*|^\d+th gen ", " ", name, flags=re.IGNORECASE)
    name = re.sub(r"\b(?:cpu|processor|\d+-cores?|\w+-core)\b", " ", name, flags=re.IGNORECASE)
    return " ".join(name.split())


def cores(name: str) -> int:
    """Return the number of cores that a processor's name states, or 0.

    >>> cores("AMD EPYC 7763 64-Core Processor"), cores("Intel(R) Xeon(R) CPU @ 2.20GHz")
    (64, 0)
    """
    found = re.search(r"\b(\d+)-cores?\b", name, flags=re.IGNORECASE)
    return int(found[1]) if found else 0


def rated_watts(name: str, table: Path | None = None) -> float | None:
    """Return the rated power (TDP, watts) of the processor *name*, or None where the table does not have it.

    A similar name does not count: neighbours in a series differ by a factor of two. *table* is a CSV of name and watts;
    by default the one that codecarbon carries.
    """
    wanted = short_name(name).lower()
    table = table or _table()
    if not wanted or table is None:
        return None
    try:
        text = table.read_text(encoding="utf-8", errors="replace").lower()
    except OSError:
        return None
    # searched as text: parsing 5,000 rows takes as long as the rest of discovery
    for row in (f"\n{wanted},", f'\n"{wanted}",'):
        start = text.find(row)
        if start >= 0:
            return _sane(text[start + len(row) :].partition("\n")[0])
    return None


def _table() -> Path | None:
    try:
        spec = importlib.util.find_spec("codecarbon")
    except (ImportError, ValueError):
        return None
    folders = (spec.submodule_search_locations or []) if spec is not None else []
    return next((Path(folder) / "data/hardware/cpu_power.csv" for folder in folders), None)


def _sane(text: str) -> float | None:
    try:
        watts = float(text)
    except ValueError:
        return None  # the table has rows like 27.29.5
    return watts if MIN_TDP_W <= watts <= MAX_TDP_W else None
