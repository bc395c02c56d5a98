"""Published measurements, and what the models make of the same loads."""

import csv
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from greentrack.meters.cpu_model import IDLE_SHARE, TYPICAL_FREQUENCY, Rating, power, rate
from greentrack.meters.cpu_tdp import Processor, short_name

DATA = Path(__file__).parent / "data"
LOWEST_LOAD = 0.10
"""Errors are counted from this load up, as a share of what was measured."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """A processor's measured *watts* at a *load* (0 to 1) and at *frequency*, its frequency over its highest."""

    cpu: Processor
    threads: int
    sweep: str
    load: float
    frequency: float
    watts: float

    @property
    def name(self) -> str:
        """The processor's short_name name, with the number of packages where there are several."""
        packages = self.threads // self.cpu.threads
        return (f"{packages} x " if packages > 1 else "") + short_name(self.cpu.name)


Model = Callable[[Point], float]
"""What a model takes a point's watts to be."""


def rows(name: str) -> list[dict[str, str]]:
    """Return the rows of a table in data, without its head."""
    lines = (DATA / name).read_text(encoding="utf-8").splitlines()
    return list(csv.DictReader(line for line in lines if not line.startswith("#")))


def sweeps() -> list[Point]:
    """Return all points of the four processors, idle ones too."""
    return [
        Point(
            cpu=Processor(name=row["processor"], threads=int(row["siblings"])),
            threads=int(row["threads"]),
            sweep=row["sweep"],
            load=float(row["load_percent"]) / 100,
            frequency=min(1.0, float(row["mhz"]) / float(row["highest_mhz"])),
            watts=float(row["watts"]),
        )
        for row in rows("cpu_load_rapl.csv")
    ]


def loaded() -> dict[str, list[Point]]:
    """Return the points at 10 to 100 % load, by processor."""
    found: dict[str, list[Point]] = {}
    for point in sweeps():
        if point.load >= LOWEST_LOAD:
            found.setdefault(point.name, []).append(point)
    return found


def _rating(point: Point) -> Rating:
    return rate(point.cpu, point.threads)


def ours(point: Point) -> float:
    """The model as it is where the system tells the frequency."""
    rating = _rating(point)
    return power(point.load, rating.idle_watts, rating.max_watts, point.frequency)


def ours_blind(point: Point) -> float:
    """The model where nothing tells the frequency, as in a virtual machine."""
    rating = _rating(point)
    return power(point.load, rating.idle_watts, rating.max_watts, TYPICAL_FREQUENCY)


def cubic(point: Point) -> float:
    """What codecarbon 3.3.2 makes of a machine's load (mode "cpu_load"): rated power x (0.1 + 0.9 x load cubed)."""
    return _rated(point) * (0.1 + 0.9 * point.load**3)


def at_full_share(share: float) -> Model:
    """Our model, if full load were taken to draw this *share* of the rated power."""

    def model(point: Point) -> float:
        full = _rated(point) * share
        return power(point.load, full * IDLE_SHARE, full, point.frequency)

    return model


def _rated(point: Point) -> float:
    tdp = _rating(point).tdp_watts
    assert tdp is not None
    return tdp * (point.threads // point.cpu.threads)


def error(points: Sequence[Point], model: Model) -> float:
    """The median of the relative errors, without their sign."""
    return median(abs(model(point) / point.watts - 1) for point in points)


def ratio(points: Sequence[Point], model: Model) -> float:
    """The median of modelled over measured watts."""
    return median(model(point) / point.watts for point in points)


def table() -> Iterator[str]:
    """The lines of a Markdown table: each processor, our model beside codecarbon's."""
    yield "| processor | points | full load / rated | our error | without frequency | codecarbon's error |"
    yield "|---|---|---|---|---|---|"
    errors: dict[Model, list[float]] = {ours: [], ours_blind: [], cubic: []}
    for name, points in loaded().items():
        for model, found in errors.items():
            found.append(error(points, model))
        full = median(point.watts / _rated(point) for point in points if point.load > 0.99)
        shown = " | ".join(f"{found[-1]:.0%}" for found in errors.values())
        yield f"| {name} | {len(points)} | {full:.2f} | {shown} |"
    yield "| median of the processors | | | " + " | ".join(f"{median(found):.0%}" for found in errors.values()) + " |"
    yield "| worst of the processors | | | " + " | ".join(f"{max(found):.0%}" for found in errors.values()) + " |"


def by_load() -> Iterator[str]:
    """The lines of a Markdown table: modelled over measured watts by load, all processors together."""
    points = [point for found in loaded().values() for point in found]
    yield "| load | points | ours / measured | without frequency | codecarbon / measured |"
    yield "|---|---|---|---|---|"
    for low, high in ((0.1, 0.3), (0.3, 0.6), (0.6, 0.85), (0.85, 1.01)):
        some = [point for point in points if low <= point.load < high]
        shown = " | ".join(f"{ratio(some, model):.2f}" for model in (ours, ours_blind, cubic))
        yield f"| {low:.0%} to {min(high, 1):.0%} | {len(some)} | {shown} |"
