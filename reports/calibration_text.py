"""Calibrations as text: one that was made, or the list of those that are kept."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from pathlib import Path

from greentrack.calibration_facts import HostCalibration
from greentrack.doctor.calibration import KeptCalibration
from greentrack.formatting.escape import printable
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
    lines = [
        f"{one.number:>6}  {datetime.datetime.fromtimestamp(one.at):%Y-%m-%d %H:%M}  "
        f"{digits(one.components_watts):>10}  {digits(one.wall_watts):>6}  "
        + printable(f"{hosts[host].name if host in hosts else host}: {one.source}")
        for host, of_host in kept.items()
        for one in of_host.calibrations
    ]
    return "\n".join(("number  when              components    wall  machine", *lines)) if lines else ""
