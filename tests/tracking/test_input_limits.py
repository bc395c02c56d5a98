"""Params of megabytes: the beginning is kept, with a mark, and the training is told once."""

import json
import logging
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from greentrack import track
from greentrack.store.reader import Reader
from greentrack.tracking.input_limits import MAX_CHARACTERS, MAX_TEXT, MAX_VALUES, params_within

FAKE = ["fake:gpu=100"]
PLAIN: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.text(max_size=5), inner, max_size=5),
    max_leaves=20,
)


@given(st.dictionaries(st.text(max_size=10), PLAIN, max_size=5))
def test_ordinary_params_are_kept_as_they_are(params: dict[str, Any]) -> None:
    """Whatever JSON knows and is of a common size is not changed."""
    assert params_within(params, redact=False) == (params, False)


def test_a_long_text_is_cut_with_a_mark() -> None:
    """Of a prompt of a million characters the first 999 are kept, and an ellipsis; a name is cut as well."""
    kept, cut = params_within({"prompt": "x" * 10**6, "y" * 5000: 1}, redact=True)
    assert cut
    assert kept == {"prompt": "x" * (MAX_TEXT - 1) + "…", "y" * (MAX_TEXT - 1) + "…": 1}


def test_what_is_left_out_is_marked() -> None:
    """Of a million numbers fewer than 2,000 are kept; of the names behind them none is."""
    kept, cut = params_within({"data": list(range(10**6)), "a": 1, "b": 2}, redact=True)
    assert cut
    *numbers, mark = kept["data"]
    assert numbers == list(range(len(numbers)))
    assert MAX_VALUES - 10 < len(numbers) < MAX_VALUES
    assert (mark, kept["…"]) == ("… the rest was left out", "the rest was left out")
    assert "b" not in kept


@given(st.integers(1, 300), st.integers(1, 300), st.integers(1, 3000))
def test_however_much_is_handed_over_little_is_kept(wide: int, deep: int, long: int) -> None:
    """Texts in lists in mappings: as JSON never more than a few values above the limit."""
    kept, _ = params_within({str(name): ["x" * long] * deep for name in range(wide)}, redact=False)
    assert len(json.dumps(kept)) <= MAX_CHARACTERS + 10 * MAX_VALUES


def test_a_secret_is_found_before_it_is_cut_in_half() -> None:
    """A token that begins before the cut and ends behind it is not kept, not even its beginning."""
    kept, _ = params_within({"text": "x" * (MAX_TEXT - 20) + " hf_" + "a" * 40}, redact=True)
    assert "hf_a" not in kept["text"]


def test_a_circle_and_a_value_without_a_text_are_no_trouble() -> None:
    """They are kept as what they are."""

    class Mute:
        def __str__(self) -> str:
            raise RuntimeError("no words")

    circle: dict[str, Any] = {}
    circle["self"] = circle
    kept, _ = params_within({"circle": circle, "mute": Mute(), "huge": 10**5000}, redact=True)
    assert kept["mute"] == "<Mute>"
    assert kept["huge"] == "<int>"
    assert "<dict>" in json.dumps(kept)


def test_plain_numbers_are_taken_as_they_are_but_for_secrets() -> None:
    """The usual attributes of a span; a number that is a password is not kept, and others' dictionaries stay theirs."""
    given = {"index": 3, "lr": 0.1, "last": True, "best": None, "password": 1234}
    kept, cut = params_within(given, redact=True)
    assert kept == {"index": 3, "lr": 0.1, "last": True, "best": None, "password": "[redacted]"}
    assert not cut
    assert params_within(given, redact=False)[0] == given
    assert params_within(given, redact=False)[0] is not given


def test_a_run_keeps_the_beginning_and_says_so_once(db: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Given at its start, learned twice later and hung on spans: two warnings, one for each kind of thing."""
    with (
        caplog.at_level(logging.WARNING, "greentrack"),
        track("big", params={"a": "x" * 10**6}, meters=FAKE, db=db, quiet=True) as run,
    ):
        run.learn(params={"b": "y" * 10**6})
        run.learn(params={"c": 3})
        for _ in range(2):
            with run.span("s", text="z" * 10**6):
                pass
    with Reader(db) as reader:
        record = reader.record(run.id)
    assert {name: len(str(value)) for name, value in record.run.params.items()} == {"a": 1000, "b": 1000, "c": 1}
    assert [len(span.attrs["text"]) for span in record.spans] == [1000, 1000]
    said = [line for line in caplog.messages if "too large" in line]
    assert [line.partition(" are")[0] for line in said] == ["the params of the run", "the attributes of a span"]
