"""How fast the processors run, as a part of how fast they could: Linux cpufreq."""

from pathlib import Path

TYPICAL = 0.80
"""The pace where nothing tells it: the middle of 76 measured points (all cores seldom reach the boost of one)."""

SAMPLED = 16
"""Frequencies read at a time, evenly spread: each costs some 20 us, and a server has hundreds."""


class CpuFrequency:
    """The mean clock frequency of this machine's processors, each over its own highest."""

    def __init__(self, sys: Path = Path("/sys")) -> None:
        folders = sorted((sys / "devices/system/cpu/cpufreq").glob("policy*"), key=lambda each: (len(each.name), each))
        spread = folders[:: -(-len(folders) // SAMPLED)] if folders else []
        highest = {folder / "scaling_cur_freq": _khz(folder / "cpuinfo_max_freq") for folder in spread}
        self._highest = {file: khz for file, khz in highest.items() if khz}

    def now(self) -> float:
        """Return the pace, 0 to 1; TYPICAL where nothing tells it, as in most virtual machines."""
        # some drivers take the frequency without boost for the highest, so it may be exceeded
        paces = [min(1.0, khz / highest) for file, highest in self._highest.items() if (khz := _khz(file))]
        return sum(paces) / len(paces) if paces else TYPICAL


def _khz(file: Path) -> int:
    try:
        return int(file.read_text())
    except (OSError, ValueError):
        return 0  # a processor taken offline, or a driver that does not know
