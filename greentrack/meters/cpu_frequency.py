"""The processors' clock frequency, as a part of their highest one, through Linux cpufreq."""

from pathlib import Path

from greentrack.host.facts import number_in

TYPICAL_FREQUENCY = 0.80
"""Used where the frequency is unknown: the median of 76 measured points (all cores seldom reach the boost of one)."""

MAX_SAMPLED = 16
"""CPUs whose frequency is read, evenly spread: each costs some 20 us, and a server has hundreds."""


class CpuFrequency:
    """The mean clock frequency of this machine's processors, each over its own highest."""

    def __init__(self, sys: Path = Path("/sys")) -> None:
        folders = sorted((sys / "devices/system/cpu/cpufreq").glob("policy*"), key=lambda each: (len(each.name), each))
        spread = folders[:: -(-len(folders) // MAX_SAMPLED)] if folders else []
        highest = {folder / "scaling_cur_freq": number_in(folder / "cpuinfo_max_freq") for folder in spread}
        self._highest = {file: khz for file, khz in highest.items() if khz}

    def now(self) -> float:
        """Return the frequency, 0 to 1; TYPICAL_FREQUENCY where it is unknown, as in most virtual machines."""
        # for some drivers the highest frequency excludes boost, so it may be exceeded; an offline processor has none
        parts = [min(1.0, khz / highest) for file, highest in self._highest.items() if (khz := number_in(file))]
        return sum(parts) / len(parts) if parts else TYPICAL_FREQUENCY
