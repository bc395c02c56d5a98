"""Every example runs as it is, and says what it is there to show."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.documents import ROOT, blocks

SAYS = {
    "compare_precision.py": ("model=teacher", "model=student", "energy per prediction", "test_acc", "money", "n = 4+4"),
    "lightning_digits.py": (
        "digits  finished",
        "project demo",
        "84,000 samples",
        "epoch ",
        "step ",
        "val_acc",
        "forecast",
        "Assumptions",
    ),
    "plain_loop.py": (
        "digits  finished",
        "project demo",
        "280,000 samples",
        "epoch ",
        "validation ",
        "val_acc",
        "Assumptions",
    ),
    "budget.py": ("over budget: ", "budget  stopped", "project demo", "samples", "test_acc"),
}
"""By example, what its output must have in it: 60 epochs of 1,400 images, for instance."""


@pytest.fixture(scope="module")
def output() -> dict[str, str]:
    """What each example that ran so far has said: it runs once for all tests."""
    return {}


def said(name: str, output: dict[str, str], folder: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    if name not in output:
        monkeypatch.setenv("GREENTRACK_DB", str(folder / "greentrack.db"))
        done = subprocess.run(
            [sys.executable, ROOT / "examples" / name], capture_output=True, text=True, check=False, cwd=folder
        )
        assert done.returncode == 0, done.stderr
        output[name] = done.stdout
    return output[name]


@pytest.mark.parametrize("name", sorted(path.name for path in (ROOT / "examples").glob("*.py")))
def test_an_example_runs_and_shows_what_it_is_for(
    name: str, output: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With nothing set but the place of the database."""
    text = said(name, output, tmp_path, monkeypatch)
    assert [words for words in SAYS[name] if words not in text] == []


def test_the_demo_lists_the_run_that_it_made(
    output: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first 13 characters of its id, finished, in the table after the summary."""
    text = said("lightning_digits.py", output, tmp_path, monkeypatch)
    found = re.search(r"^run ([0-9a-f-]{36})", text, flags=re.MULTILINE)
    assert found is not None
    assert re.search(rf"^{found[1][:13]}  digits +finished ", text, flags=re.MULTILINE)


def test_the_summary_in_the_readme_looks_as_the_demos_does(
    output: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same headings and the same labels in the same order; the figures are of another day and machine."""

    def shape(text: str) -> list[str]:
        heads = ("energy ", "carbon ", "work ", "device ", "span ", "phase ", "metric ", "Notes", "Assumptions")
        lines = (line.strip() for line in text.splitlines())
        return [next(head for head in heads if line.startswith(head)) for line in lines if line.startswith(heads)]

    def titles(text: str) -> list[str]:
        lines = [line.split() for line in text.splitlines()]
        return [" ".join(words) for words in lines if words and words[0] in ("device", "span", "phase", "metric")]

    (printed,) = blocks(ROOT / "README.md", "text")
    text = said("lightning_digits.py", output, tmp_path, monkeypatch)
    assert shape(printed) == [head for head in shape(text) if head in set(shape(printed))]
    assert titles(printed) == titles(text)
