"""The renderer of a format: it gets what it takes, and what belongs to other formats is refused with their names."""

import shutil

import click
import pytest

from greentrack.cli.output import Renderer, terminal_width
from greentrack.costing.run_list import Totals
from greentrack.errors import ConfigError
from greentrack.registry import FORMATS, RUN_LISTS

NOTHING = Totals(runs=0, seconds=0.0, joules=None, g=None, overlapped=0.0, unread=0)


@pytest.mark.parametrize(
    ("form", "asked", "says"),
    [
        ("csv", {"until": "acc>=0.9"}, "--until goes with the formats text and json"),
        ("text", {"per": "tokens"}, "--per goes with the format sci"),
    ],
)
def test_an_option_of_other_formats_is_refused(form: str, asked: dict[str, str], says: str) -> None:
    """Which formats take it is read off their renderers."""
    with pytest.raises(click.UsageError, match=says):
        Renderer(FORMATS, form, **asked)


def test_an_option_that_was_not_given_goes_with_every_format() -> None:
    """None and False are not given."""
    for form in RUN_LISTS:
        Renderer(RUN_LISTS, form, totals=False)
    with pytest.raises(click.UsageError, match="--totals goes with the formats table and json"):
        Renderer(RUN_LISTS, "csv", totals=True)


def test_a_renderer_gets_what_it_takes_of_what_is_offered() -> None:
    """A list as JSON has totals and no width."""
    assert Renderer(RUN_LISTS, "json")([], width=80, colour=True, totals=None) == "[]"
    assert '"runs": []}' in Renderer(RUN_LISTS, "json", totals=True)([], width=80, totals=NOTHING)
    assert Renderer(RUN_LISTS, "csv")([], totals=NOTHING).startswith("id,name,")


def test_an_unknown_format_is_an_error_with_a_suggestion() -> None:
    """And with those that there are."""
    with pytest.raises(ConfigError, match=r"unknown format 'jsn' \(did you mean json\?\); known: text, json"):
        Renderer(FORMATS, "jsn")


@pytest.mark.parametrize("columns", ["", "0", "-3", "wide", "77", None])
def test_the_width_of_the_terminal_is_what_shutil_says(columns: str | None, monkeypatch: pytest.MonkeyPatch) -> None:
    """COLUMNS where it is a width, else the terminal's or 80."""
    monkeypatch.delenv("COLUMNS", raising=False)
    if columns is not None:
        monkeypatch.setenv("COLUMNS", columns)
    assert terminal_width() == shutil.get_terminal_size().columns
