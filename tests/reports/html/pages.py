"""The page of stored runs, as ``greentrack report`` makes it."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from greentrack.analysis.run_report import run_report
from greentrack.reports.html.report import render


def report(refs: Sequence[str] = (), *, db: str | Path, **choices: Any) -> str:
    """Return the page of the runs that *refs* or *choices* name; see ``run_report``."""
    return render(run_report(refs, db=db, **choices))
