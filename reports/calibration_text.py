"""Calibrations as text: one that was made, or the list of those that are kept."""

import datetime
from collections.abc import Mapping
from pathlib import Path

from greentrack.calibration_facts import HostCalibration
from greentrack.doctor.facts import KeptCalibration
from greentrack.formatting.table import Table, lines
from greentrack.formatting.units import digits
from greentrack.model import Host


def render(kept: KeptCalibration, path: Path) -> str:
    """Return what was read of components and wall, the fit, and where it is kept."""
    new, fit = kept.calibration, kept.fit
    return "\n".join(
        (
            f"components  {digits(new.components_watts)} W: {', '.join(new.devices)}",
            f"wall        {digits(new.wall_watts)} W ({new.source})",
            f"rest        {digits(new.wall_watts - new.components_watts)} W now; the wall is {fit.text}",
            f"            {fit.source}",
            f"kept        for {kept.host.name} in {path}",
        )
    )


def listing(kept: Mapping[str, HostCalibration], hosts: Mapping[str, Host]) -> str:
    """Return the calibrations of all *hosts*, a line each; "" where there are none."""
    rows = tuple(
        (
            f"{one.number}",
            f"{datetime.datetime.fromtimestamp(one.at):%Y-%m-%d %H:%M}",
            digits(one.components_watts),
            digits(one.wall_watts),
            f"{hosts[host].name if host in hosts else host}: {one.source}",
        )
        for host, of_host in kept.items()
        for one in of_host.calibrations
    )
    head = ("number", "when", "components", "  wall", "machine")  # the wall's watts have room for six characters
    return "\n".join(lines(Table(head, rows, right=(0, 2, 3)))) if rows else ""
