"""Which processor this is, and the power it is rated for."""

import contextlib
import importlib.util
import re
import sys
from pathlib import Path
from typing import NamedTuple

LOWEST_WATTS, HIGHEST_WATTS = 3.0, 1000.0
"""A rated power outside these is a slip in a table, not a processor that trains models."""

TABLE_SOURCE = "codecarbon cpu_power.csv (makers' rated power)"


class Processor(NamedTuple):
    """The processor as its own registers describe it; 0 and "" where they do not tell.

    *threads* are those of one package that this machine sees: in a virtual machine, those that it was given.
    """

    name: str = ""
    vendor: str = ""
    family: int = 0
    model: int = 0
    stepping: int = 0
    threads: int = 0
    virtual: bool = False
    arm: bool = False

    @property
    def amd(self) -> bool:
        """Whether AMD, or Hygon after AMD's design, made it."""
        return self.vendor in ("AuthenticAMD", "HygonGenuine")


def processor(proc: Path = Path("/proc")) -> Processor:
    """Return what the first processor says of itself; all are taken to be alike."""
    fields: dict[str, str] = {}
    try:
        with open(proc / "cpuinfo", encoding="utf-8", errors="replace") as file:
            for line in file:
                if not line.strip():
                    break  # the first block is enough, and the kernel works for each further one
                key, _, value = line.partition(":")
                fields[key.strip()] = value.strip()
    except OSError:
        return _processor_elsewhere()
    arm = "CPU implementer" in fields
    return Processor(
        name=fields.get("model name", "") or (_board(proc, fields) if arm else ""),
        vendor=fields.get("vendor_id", ""),
        family=_number(fields.get("cpu family")),
        model=_number(fields.get("model")),
        stepping=_number(fields.get("stepping")),
        threads=_number(fields.get("siblings")),
        virtual="hypervisor" in fields.get("flags", "").split(),
        arm=arm,
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
    return Processor(name=name.strip(), arm=arm)


def plain(name: str) -> str:
    """Return a processor's name as tables write it.

    >>> plain("Intel(R) Xeon(R) CPU E5-2670 v3 @ 2.30GHz")
    'Intel Xeon E5-2670 v3'
    >>> plain("AMD EPYC 7763 64-Core Processor")
    'AMD EPYC 7763'
    >>> plain("13th Gen Intel(R) Core(TM) i9-13900K")
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
    """Return the rated power (TDP, watts) of the processor *name*, or None where no table has exactly that one.

    Nothing similar is taken for it: neighbours in a series differ by a factor of two. *table* is a CSV of name and
    watts; by default the one that codecarbon carries.
    """
    wanted = plain(name).lower()
    table = table or _table()
    if not wanted or table is None:
        return None
    try:
        text = table.read_text(encoding="utf-8", errors="replace").lower()
    except OSError:
        return None
    # searched as text: parsing 5,000 rows would take as long as all the rest of discovery
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
    return watts if LOWEST_WATTS <= watts <= HIGHEST_WATTS else None
