"""Published trainings, and the misprints about them, as JSON."""

from collections.abc import Iterable
from typing import Any

from greentrack.costing.published_trainings import PublishedError, PublishedTraining
from greentrack.formatting.escape import indented_json


def render(trainings: Iterable[PublishedTraining], misprints: Iterable[PublishedError]) -> str:
    """Return both lists as an indented JSON object."""
    return indented_json(
        {
            "references": [to_dict(training) for training in trainings],
            "misprints": [misprint._asdict() for misprint in misprints],
        }
    )


def to_dict(training: PublishedTraining) -> dict[str, Any]:
    """Return *training* as JSON values; ``money`` has the ends of its amount."""
    paid = training.money
    money = paid and {**paid.amount.to_dict(), "currency": paid.currency, "year": paid.year, "how": paid.how}
    return {**training._asdict(), "money": money}
