"""The arguments of ``track()`` and of the callbacks: one list, one check."""

import inspect
import re
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from greentrack import ConfigError, ZoneError, summarize, track
from greentrack.config import Settings
from greentrack.integrations.training.tracker import TrainingTracker
from greentrack.tracking.arguments import TrackArguments, check_arguments, check_settings, with_track_arguments


@pytest.mark.parametrize(
    ("call", "function"),
    [
        (track, "track"),
        (lambda **arguments: check_arguments(None, arguments), "track"),
        (lambda **arguments: TrainingTracker(None, arguments), "TrainingTracker"),
        (partial(summarize, "latest"), "summarize"),
    ],
)
def test_an_unknown_argument_is_a_type_error_that_suggests_the_right_one(call: Any, function: str) -> None:
    """As Python's own for a wrong keyword, with the name of what was called; a word like no argument gets no hint."""
    text = f"{function}() got an unexpected keyword argument"
    with pytest.raises(TypeError, match=f"^{re.escape(text)} 'zoen' {re.escape('(did you mean zone?)')}$"):
        call(zoen="FR")
    with pytest.raises(TypeError, match=f"^{re.escape(text)} 'bogus'$"):
        call(bogus=1)


def test_every_argument_is_documented_and_a_setting_or_a_fact() -> None:
    """``help(track)`` has each of them; all but tags and params can be set elsewhere, too."""
    assert track.__doc__ is not None
    assert [name for name in TrackArguments.__annotations__ if f"\n        {name}: " not in track.__doc__] == []
    assert set(TrackArguments.__annotations__) - set(Settings._fields) == {"tags", "params"}


def test_an_argument_that_is_none_counts_as_not_given() -> None:
    """Every one of them, so that a caller may pass on what it has."""
    nothing: Any = dict.fromkeys(TrackArguments.__annotations__)
    with_none, without = check_arguments(None, nothing), check_arguments(None, {})
    assert (with_none.tags, with_none.params) == (without.tags, without.params) == ((), {})
    assert with_none.settings == without.settings is not None


def test_settings_are_not_looked_at_where_recording_is_disabled(monkeypatch: pytest.MonkeyPatch) -> None:
    """A wrong variable ends no script that records nothing; its own tags are checked all the same."""
    monkeypatch.setenv("GREENTRACK_DISABLED", "1")
    monkeypatch.setenv("GREENTRACK_INTERVAL", "often")
    assert check_arguments("x", {"tags": ["a"]})[:2] == (("a",), {})
    with pytest.raises(ConfigError, match="tags"):
        check_arguments("x", {"tags": "a"})


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('zone = "FRX"', "zone 'FRX'"),
        ("pue = 0.5", "pue '0.5'"),
        ('tariff = "cheap"', "tariff 'cheap'"),
        ('rent = "cheap"', "rent 'cheap'"),
        ('budget = "2 parsecs"', "unknown unit 'parsecs'"),
    ],
)
def test_a_setting_that_cannot_be_used_is_told_with_its_file(
    text: str, says: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is read before the training, as it will be read when it is used."""
    (tmp_path / "greentrack.toml").write_text(text)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ZoneError if "zone" in text else ConfigError) as caught:
        check_settings({})
    assert str(caught.value).startswith(f"{tmp_path / 'greentrack.toml'}: ")
    assert says in str(caught.value)


def test_a_signature_can_spell_the_arguments_out() -> None:
    """Between those by position and those of the function itself."""

    @with_track_arguments
    def record(name: str, *, loud: bool = False, **arguments: Any) -> None:
        """Do nothing."""

    assert list(inspect.signature(record).parameters) == ["name", *TrackArguments.__annotations__, "loud"]
