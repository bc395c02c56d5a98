"""Whole machines at the wall: what no counter sees, and all models together, beside published measurements."""

from collections.abc import Iterator

from greentrack.costing.system_overhead import CHASSIS
from greentrack.meters.cpu_model import FULL_SHARE, IDLE_SHARE, TYPICAL_FREQUENCY, power
from greentrack.meters.ram_model import WATTS_PER_GB
from greentrack.methods import METHODS, combine
from tests.models.published import rows

SERVERS = rows("servers.csv")
DESKTOPS = rows("desktop.csv")
SHOWN = (0, 10, 50, 80, 100)


def at_the_wall(server: dict[str, str], load: float) -> tuple[float, float, float]:
    """Processor, memory and rest of a server, all modelled: watts and their range."""
    full = float(server["rated_watts"]) * int(server["chips"]) * FULL_SHARE
    cpu, ram = METHODS["cpu-model"], METHODS["ram-model"]
    parts = [
        _range(power(load, full * IDLE_SHARE, full, TYPICAL_FREQUENCY), cpu.below, cpu.above),
        _range(float(server["memory_gb"]) * WATTS_PER_GB, ram.below, ram.above),
    ]
    rest = CHASSIS["server"]
    parts.append(_range(rest.joules(sum(part[0] for part in parts), 1.0), rest.below, rest.above))
    return combine(parts)


def _range(value: float, below: float, above: float) -> tuple[float, float, float]:
    return value, value * (1 - below), value * (1 + above)


def desktops() -> Iterator[str]:
    """The lines of a Markdown table: the workstation at a plug meter, without and with the modelled rest."""
    yield "| work | wall | components | of the wall | with the rest | of the wall |"
    yield "|---|---|---|---|---|---|"
    for row in DESKTOPS:
        components, wall = float(row["components_watts"]), float(row["wall_watts"])
        whole = components + CHASSIS["desktop"].joules(components, 1.0)
        yield (
            f"| {row['what']} | {wall:.0f} W | {components:.0f} W | {components / wall:.2f} "
            f"| {whole:.0f} W | {whole / wall:.2f} |"
        )


def servers() -> Iterator[str]:
    """The lines of a Markdown table: modelled over measured watts at the wall of published servers, by load."""
    yield "| server | " + " | ".join(f"{load} %" if load else "idle" for load in SHOWN) + " |"
    yield "|---" * (1 + len(SHOWN)) + "|"
    for row in SERVERS:
        ratios = (at_the_wall(row, load / 100)[0] / float(row[f"w{load}"]) for load in SHOWN)
        chips = f"{row['chips']} x " if row["chips"] != "1" else ""
        yield f"| {chips}{row['processor']} | " + " | ".join(f"{ratio:.2f}" for ratio in ratios) + " |"
