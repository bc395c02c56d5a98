"""Published trainings, and the misprints about them, as JSON."""

from collections.abc import Iterable

from greentrack.costing.published_trainings import PublishedError, PublishedTraining
from greentrack.formatting.escape import indented_json


def render(trainings: Iterable[PublishedTraining], misprints: Iterable[PublishedError]) -> str:
    """Return both lists as an indented JSON object."""
    return indented_json(
        {
            "references": [training.to_dict() for training in trainings],
            "misprints": [misprint._asdict() for misprint in misprints],
        }
    )
