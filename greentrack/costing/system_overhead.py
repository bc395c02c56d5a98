"""System overhead: a model of board, fans, disks and power supply losses, which no counter sees.

The wall's watts are taken to be (components + base) / efficiency. For a desktop the two constants are fitted to the one
public plug-meter study with raw data (Fischer 2025: components of 368, 203 and 240 W beside 455, 282 and 335 W at the
wall), which they meet within 4 %. Servers have no such data: components x 1.25, range 1.15 to 1.50; with processors and
memory modelled too, five published SPECpower servers are met at full load within 30 %. A virtual machine gets the part
that grows with its load and no base, which belongs to its host.
"""

from typing import TYPE_CHECKING, NamedTuple

from greentrack.config import REST
from greentrack.errors import ConfigError, did_you_mean
from greentrack.quantity import Figure

if TYPE_CHECKING:
    from greentrack.model import RunInfo
    from greentrack.store.run_row import RunRow

METHOD = "rest-model"

SLOPE_ERROR = 0.15
"""Error at the wall in watts for each watt beyond the calibrated loads: slopes are 1.06 to 1.35."""


class Chassis(NamedTuple):
    """A kind of machine. Its true overhead lies between joules x (1 - below) and joules x (1 + above).

    Where *loads* (watts of the components) were calibrated at the wall, the range is a part of the wall's joules.
    """

    text: str
    base_watts: float
    efficiency: float
    below: float
    above: float
    source: str
    year: int
    method: str = METHOD
    loads: tuple[float, ...] = ()

    def joules(self, components: float, seconds: float) -> float:
        """Return the overhead in joules for *components* joules in *seconds*.

        >>> round(CHASSIS["desktop"].joules(368.0, 1.0))
        96
        """
        return (components + self.base_watts * seconds) / self.efficiency - components

    def figure(self, components: float, seconds: float) -> Figure:
        """Return the overhead in joules with its range, which is never below 0."""
        joules = self.joules(components, seconds)
        if not self.loads:
            return Figure.around(joules, self.below, self.above)
        wall = components + joules
        beyond = SLOPE_ERROR * max(0.0, min(self.loads) * seconds - components, components - max(self.loads) * seconds)
        low = max(0.0, joules - self.below * wall - beyond)
        return Figure(value=joules, low=low, high=joules + self.above * wall + beyond)


_SERVER = Chassis(
    text="server: a quarter of what its components draw (range 15 to 50 %)",
    base_watts=0.0,
    efficiency=0.80,
    below=0.40,
    above=1.00,
    source="servers: fans, converters and network about 10 to 20 % of a node, multiplier 1.15 to 1.50; judgement",
    year=2026,
)
CHASSIS = {
    "desktop": Chassis(
        text="desktop: 50 W for board, fans and disks, and a power supply of 90 %",
        base_watts=50.0,
        efficiency=0.90,
        below=0.50,
        above=0.50,
        source="fitted to the plug-meter data of Fischer 2025, arXiv 2509.22092 (one workstation); judgement",
        year=2025,
    ),
    "laptop": Chassis(
        text="laptop: 8 W for board, disk and screen, and a power supply of 88 %",
        base_watts=8.0,
        efficiency=0.88,
        below=0.60,
        above=1.00,
        source="judgement: two laptops drew 6 and 9 W in all, idle on battery (codecarbon's notes on RAPL)",
        year=2026,
    ),
    "server": _SERVER,
    "vm": _SERVER._replace(
        text="virtual machine: a quarter of what its components draw (range 10 to 50 %), nothing for its idle host",
        below=0.60,
    ),
    "unknown": _SERVER._replace(
        text="unknown kind of machine: a quarter of what its components draw (range 5 to 60 %)",
        below=0.80,
        above=1.40,
        source="judgement, between laptop, desktop and server",
    ),
}


def chassis_of(run: "RunInfo | RunRow", setting: str | None = None) -> Chassis | None:
    """Return the kind of machine that *run* was on, by *setting* (or else the run's own), or None where it is "off".

    Raises ConfigError for a setting that is none of auto, off, desktop, laptop, server, vm.
    """
    chosen = setting or run.rest
    if chosen == "off":
        return None
    if chosen == "auto":
        return CHASSIS.get(run.host.chassis if run.host else "unknown", CHASSIS["unknown"])
    if chosen not in REST:
        raise ConfigError(f"unknown rest {chosen!r}{did_you_mean(chosen, REST)}; known: {', '.join(REST)}")
    return CHASSIS[chosen]
