"""Figures about trainings that are quoted widely and are wrong, with their corrections."""

from functools import cache
from typing import NamedTuple

from greentrack.data.tables import rows


class PublishedError(NamedTuple):
    """What is *said*, what is *so*, and the *source* of the correction."""

    said: str
    so: str
    source: str


@cache
def published_errors() -> tuple[PublishedError, ...]:
    """Return the table of misprints and myths."""
    return tuple(PublishedError(**row) for row in rows("published_errors.csv"))
