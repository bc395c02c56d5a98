"""A picture of a run's HTML report, for README: ``python -m tests.browser.picture DB [RUN] [PNG]``."""

import sys
import tempfile
from pathlib import Path

from tests.browser.chromium import Chromium, find
from tests.reports.html.pages import report

WIDTH, HEIGHT = 1000, 1500
WHOLE_CHARTS = f"""Math.max(...[...document.querySelectorAll('h1, figure')]
    .map((one) => one.getBoundingClientRect().bottom).filter((bottom) => bottom < {HEIGHT}))"""
MAX_BYTES = 400_000
PICTURE = Path(__file__).parents[2] / "docs" / "images" / "report.png"


def main(db: str, run: str = "latest", to: str = str(PICTURE)) -> None:
    """Write the top of the report of *run* in *db* as a PNG."""
    program = find()
    if program is None:
        sys.exit("Chromium is not installed (Debian: apt-get install chromium)")
    with tempfile.TemporaryDirectory() as folder:
        page = Path(folder, "report.html")
        page.write_text(report([run], db=db), encoding="utf-8")
        with Chromium(program, Path(folder, "profile")) as browser:
            tab = browser.open(page, width=WIDTH)
            picture = tab.picture(height=round(tab.run(WHOLE_CHARTS)))
    if len(picture) > MAX_BYTES:
        sys.exit(f"the picture has {len(picture):,} bytes; at most {MAX_BYTES:,} go into the repository")
    Path(to).parent.mkdir(parents=True, exist_ok=True)
    Path(to).write_bytes(picture)
    print(f"{to}  {len(picture):,} bytes")


if __name__ == "__main__":
    main(*sys.argv[1:])
