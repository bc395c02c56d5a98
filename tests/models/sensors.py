"""How far each way of reading a GPU is from the truth on the virtual machine, by how long it was read."""

import random
from collections.abc import Iterator

from greentrack.methods import METHODS, spread
from tests.rig.machine import play
from tests.rig.nvml import ADA, AVERAGE, HOPPER, INSTANT, FakeGpu
from tests.rig.scenario import Scenario
from tests.rig.traces import Steps, waves

LENGTHS = (3.0, 10.0, 60.0)
STRETCHES = 20
TRACES = {
    "steps": waves((0.137, 400.0), (0.071, 150.0), times=1000),
    "epochs": waves((20.0, 400.0), (5.0, 120.0), times=8),
}
"""Training steps that do not beat with a sensor; and epochs with a validation, 200 s of either."""


def boards(power: Steps) -> list[FakeGpu]:
    """One GPU for each method; the last sees 25 of every 100 ms."""
    return [
        FakeGpu(uuid="nvml-counter", architecture=ADA, power=power),
        FakeGpu(uuid="nvml-instant", architecture=ADA, power=power, fields={INSTANT}, energy_call=False),
        FakeGpu(uuid="nvml-average", architecture=ADA, power=power, fields={AVERAGE}, energy_call=False),
        FakeGpu(
            uuid="nvml-sparse",
            name="NVIDIA H100 80GB HBM3",
            architecture=HOPPER,
            power=power,
            window=0.025,
            fields={INSTANT},
            energy_call=False,
        ),
    ]


def worst() -> dict[tuple[str, float], float]:
    """The largest error among stretches of both traces that begin at any moment, by method and length."""
    chance = random.Random(1)
    found: dict[tuple[str, float], float] = {}
    for power in TRACES.values():
        begins = {
            f"{length:g} {number}": (chance.uniform(1, 195 - length), length)
            for length in LENGTHS
            for number in range(STRETCHES)
        }
        spans = [(name, start, start + length) for name, (start, length) in begins.items()]
        played = play(Scenario(gpus=boards(power)), 200, spans=spans)
        for name, (start, length) in begins.items():
            truth = power.joules(start + length) - power.joules(start)
            for uid, energy in played.spans[name].energy.items():
                if uid.startswith("nvml-"):
                    error = abs(energy.joules / truth - 1)
                    found[uid, length] = max(found.get((uid, length), 0.0), error)
    return found


def table() -> Iterator[str]:
    """The lines of a Markdown table: each method's largest error by the length of a stretch, and what is stated."""
    yield "| method | " + " | ".join(f"{length:g} s | stated" for length in LENGTHS) + " |"
    yield "|---" * (1 + 2 * len(LENGTHS)) + "|"
    errors = worst()
    for name in (board.uuid for board in boards(TRACES["steps"])):
        cells = (f"{errors[name, length]:.1%} | {max(spread(METHODS[name], length)):.0%}" for length in LENGTHS)
        yield f"| `{name}` | " + " | ".join(cells) + " |"
