"""Devices and zone of a line of codecarbon's ``emissions.csv``."""

import re
from collections.abc import Callable, Iterator, Mapping
from functools import cache

from greentrack.model import Device

MAX_GPUS = 1024
"""No machine has more GPUs; a larger count is not believed."""

_COUNT = re.compile(r"(\d{1,4})(\.0)?")
_COUNTED = re.compile(r"(\d{1,4}) x (.+)")
_SIZE = re.compile(r"\d{1,9}(\.\d+)?")


def devices_of(kind: str, row: Mapping[str, str], used: float) -> Iterator[tuple[Device, str, float]]:
    """Yield the devices of one *kind*, a note on each, and its share of the energy *used*.

    GPUs of one model have equal shares, because a line has only their sum.
    """
    if kind == "gpu":
        yield from _gpus(row.get("gpu_count", ""), row.get("gpu_model", ""), used)
    elif kind == "cpu":
        yield _device("cpu", row.get("cpu_model") or "processor"), "", 1.0
    else:
        size = row.get("ram_total_size", "")
        known = _SIZE.fullmatch(size)
        yield _device("ram", f"{float(size):.0f} GB of memory" if known else "memory"), "", 1.0


def _gpus(counted: str, model: str, used: float) -> Iterator[tuple[Device, str, float]]:
    found = _COUNT.fullmatch(counted)
    count = int(found[1]) if found else 0
    named = _COUNTED.fullmatch(model)
    if named and not re.search(r"\d x ", named[2]) and 0 < int(named[1]) == count <= MAX_GPUS:
        note = f"an equal part of what {count} GPUs used together" if count > 1 else ""
        for number in range(count):
            yield _device("gpu", named[2], f"{number}:"), note, 1 / count
    elif count or used > 0:
        yield _device("gpu", model or "GPU"), f"{count} GPUs together" if count > 1 else "", 1.0


def _device(kind: str, name: str, number: str = "") -> Device:
    return Device(uid=f"codecarbon:{kind}:{number}{name}", kind=kind, name=name)


def zone_finder() -> Callable[[str, str, str, str], str | None]:
    """Return a function from country (three letters), region, cloud provider and cloud region to the zone.

    The cloud region comes first, then a state of the US or a province of Canada, then the country; None where none of
    them is known.
    """
    from greentrack.carbon import zones
    from greentrack.carbon.table import IntensityTable

    known, table = zones(), IntensityTable()
    states = {
        (zone[:2], name.rpartition(", ")[0].casefold()): zone
        for zone, name in known.items()
        if zone.startswith(("US-", "CA-"))
    }

    @cache
    def find(country: str, region: str, provider: str, cloud_region: str) -> str | None:
        cloud = f"{provider}:{cloud_region}".lower()
        if cloud in known:
            return cloud
        place = table.find(country.upper())
        if place is None:
            return None
        return states.get((place.zone, region.casefold()), place.zone)

    return find
