"""The Method type: a way to measure or estimate joules, with its range of error."""

from typing import NamedTuple


class Method(NamedTuple):
    """A way to get joules. The truth lies between joules x (1 - below) and joules x (1 + above).

    *measured* is True for what a sensor reports, False for models and imports. *update_seconds* is how much time each
    edge of a stretch may be off, where no self-test has seen it on the machine: the time between two updates of the
    sensor, or the time that each of its values is the mean of. *if_invalid* names the method that replaces this one
    where the device's own power shows its counter to be wrong.
    """

    name: str
    text: str
    below: float
    above: float
    source: str
    year: int
    measured: bool = False
    update_seconds: float = 0.0
    if_invalid: str = ""
