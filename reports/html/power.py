"""The power of each device over time, downsampled for a page, with gaps where nothing was read."""

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import NamedTuple

from greentrack.costing.attribution import attribute
from greentrack.model import Reading, Record
from greentrack.reports.lines import numbered

MAX_POINTS = 2000
"""Maximum number of points of a device in a page."""

TOLERANCE_S = 0.05
"""Readings that are no further apart than this are neighbours: clocks are no better than that between two processes."""


class Trace(NamedTuple):
    """A device's power: *watts* in the time up to each of *at* (seconds since the run began), None in a gap.

    The least, mean and most watts are those of all readings, before any are merged.
    """

    uid: str
    name: str
    measured: bool
    at: tuple[float, ...]
    watts: tuple[float | None, ...]
    min_watts: float
    mean_watts: float
    max_watts: float


class ChartBin(NamedTuple):
    """Merged neighbouring readings: *joules* in the *seconds* that were read from *since* to *until*."""

    since: float
    until: float
    seconds: float
    joules: float


def traces(
    record: Record, readings: Mapping[str, Sequence[Reading]], *, scope: str = "machine", most: int = MAX_POINTS
) -> tuple[Trace, ...]:
    """Return the power of each device that was read, by the method that is believed, as it counts in *scope*."""
    names = numbered([f"{use.device.kind} {use.device.name}" for use in record.devices])
    made = []
    for use, name in zip(record.devices, names, strict=True):
        counted = attribute(use, scope)
        pieces = [
            ChartBin(reading.at - reading.seconds, reading.at, reading.seconds, counted.of(reading))
            for reading in readings.get(use.device.uid, ())
            if reading.seconds > 0
        ]
        if pieces:
            watts = [piece.joules / piece.seconds for piece in pieces]
            mean = sum(piece.joules for piece in pieces) / sum(piece.seconds for piece in pieces)
            at, drawn = _line(_downsampled(pieces, most), record.run.started_at)
            facts = (use.device.uid, name, counted.method.measured)
            made.append(Trace(*facts, at, drawn, min(watts), mean, max(watts)))
    return tuple(made)


def _downsampled(pieces: Sequence[ChartBin], most: int) -> list[ChartBin]:
    """Merge neighbours until drawing them takes no more than *most* points; joules and seconds add up.

    Where too many gaps are left, the shortest are drawn over.
    """
    size, gap = max(1, -(-len(pieces) // most)), TOLERANCE_S
    while True:
        made: list[ChartBin] = []
        count = size
        for piece in pieces:
            if count < size and piece.since - made[-1].until <= gap:
                last = made[-1]
                joules, seconds = last.joules + piece.joules, last.seconds + piece.seconds
                made[-1] = ChartBin(last.since, piece.until, seconds, joules)
                count += 1
            else:
                made.append(piece)
                count = 1
        if _points(made) <= most:
            return made
        size, gap = size + max(1, size // 4), gap * 2


def _points(pieces: Sequence[ChartBin]) -> int:
    gaps = sum(piece.since - before.until > TOLERANCE_S for before, piece in pairwise(pieces))
    return 1 + len(pieces) + 2 * gaps


def _line(pieces: Sequence[ChartBin], start: float) -> tuple[tuple[float, ...], tuple[float | None, ...]]:
    """Return the line to draw: each value holds from the point before it."""
    at: list[float] = []
    watts: list[float | None] = []
    until = None
    for piece in pieces:
        power = float(f"{piece.joules / piece.seconds:.4g}")
        if until is None or piece.since - until > TOLERANCE_S:
            if until is not None:
                at.append(until - start)
                watts.append(None)
            at.append(piece.since - start)
            watts.append(power)
        at.append(piece.until - start)
        watts.append(power)
        until = piece.until
    return tuple(round(second, 3) for second in at), tuple(watts)
