"""Settings from anywhere with anything in them: an error that names where it stands, or settings that hold."""

import json
import math
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from greentrack import config
from greentrack.analysis.time_to_target import parse_target
from greentrack.carbon import find_intensity
from greentrack.cli.runs import parse_moment
from greentrack.config import Settings
from greentrack.costing.options import parse_options
from greentrack.errors import GreenTrackError
from greentrack.tracking.budget import limits_of
from tests.fuzz.asking import answered, hostile, names
from tests.fuzz.conftest import cases

WORDS = {
    "interval": ("1", "0.1", "nan", "3600", "1e400"),
    "gpus": ("auto", "all", "0,1", "GPU-1", "²", "0,", "-1"),
    "meters": ("rapl;fake:gpu=100", "fake", ";"),
    "recorder": ("process", "thread"),
    "rest": ("auto", "vm"),
    "tariff": ("0.30 EUR", "0.30 EUR; 22-6 0.18", "1e400 EUR", "0.3EUR/kWh", "0.3 EUR; 0-24 1"),
    "rent": ("2.95 USD", "specialist", "H100 hyperscaler", "nan USD"),
    "pue": ("1.2", "world", "1e400", "nan", "١.٢"),
    "budget": ("2 kWh", "500 g CO2e;3 EUR", "1h30m", "0 kWh", "1e400 kWh", "²kWh"),
    "zone": ("FR", "us-ca", "se3", "aws:eu-west-1", ":", "aws:"),
    "quiet": ("1", "no"),
}
assert set(WORDS) <= set(Settings._fields)

anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | hostile | st.dates() | st.binary(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)


@st.composite
def named(draw: st.DrawFn) -> tuple[str, str]:
    """Draw a setting and a text for it."""
    name = draw(st.sampled_from(Settings._fields))
    return name, draw(st.sampled_from(WORDS.get(name, ("1", "x"))) | hostile)


def holds(settings: Settings) -> None:
    """What was accepted is of the declared kinds, and what is worked out of it refuses it in one line or takes it."""
    assert 0.1 <= settings.interval <= 3600
    assert isinstance(settings.quiet, bool)
    assert settings.recorder in ("process", "thread")
    assert settings.rest in config.REST
    for name in ("db", "project", "zone", "hourly", "tariff", "rent", "pue", "sys"):
        assert isinstance(getattr(settings, name), str | None), name
    for use in (lambda: parse_options(settings), lambda: limits_of(settings), lambda: find_intensity(settings.zone)):
        one_line(use)


def one_line(use: Callable[[], Any]) -> Any:
    """Return what *use* gives, or None where it gives an error of ours that is a line."""
    try:
        return use()
    except GreenTrackError as error:
        names(error, "")
        return None


@cases(2000)
@given(st.lists(named(), max_size=3))
def test_any_variables_are_settings_or_one_error(variables: list[tuple[str, str]]) -> None:
    """GREENTRACK_<NAME> for each name there is, with whatever a shell can hand over."""
    env = {f"GREENTRACK_{name.upper()}": text for name, text in variables}
    settings = one_line(lambda: config.load(env=env, folder=Path("/nowhere"), user_file=Path("/nowhere")))
    if settings is not None:
        holds(settings)


@cases(1200)
@given(st.dictionaries(st.sampled_from(Settings._fields) | st.text(max_size=8), anything, max_size=3))
def test_any_arguments_are_settings_or_one_error(arguments: dict[str, Any]) -> None:
    """What Python code hands over, of whatever type."""
    settings = one_line(lambda: config.load(arguments, env={}, folder=Path("/nowhere"), user_file=Path("/nowhere")))
    if settings is not None:
        holds(settings)


@pytest.mark.parametrize("name", ["greentrack.toml", "pyproject.toml"])
def test_any_configuration_file_is_read_or_refused_by_name(name: str, tmp_path: Path) -> None:
    """Tables of settings, half of a table, other tables, and no text at all."""
    head = "[tool.greentrack]\n" if name == "pyproject.toml" else ""
    file = tmp_path / name
    setting = named().map(lambda pair: f"{pair[0]} = {json.dumps(pair[1])}")
    odd_values = st.tuples(
        st.sampled_from(Settings._fields), st.sampled_from(("1", "-1", "nan", "inf", "[]", "[1, 'a']", "{}"))
    )
    odd = st.sampled_from(
        ("[tool]\ngreentrack = 3", "tool = 1 # tool.greentrack", f"db = {'[' * 5000}", 'db = "\\u0000"')
    )
    lines = st.lists(setting | odd_values.map(" = ".join) | hostile | odd, max_size=3).map("\n".join)

    @cases(750)
    @given(
        lines.map(lambda text: (head + text).encode(errors="replace")) | odd.map(str.encode) | st.binary(max_size=50)
    )
    def each(content: bytes) -> None:
        file.write_bytes(content)
        try:
            settings = config.load(env={}, folder=tmp_path, user_file=Path("/nowhere"))
        except GreenTrackError as error:
            names(error, name)
        else:
            if not head or b"tool.greentrack" in content:  # another's file that is broken is another's trouble
                tomllib.loads(content.decode())
            holds(settings)

    each()


@cases(1200)
@given(
    hostile | st.from_regex(r"\d{1,5}(\.\d)?\s*(min|h|d|w)|\d{4}-\d{2}-\d{2}(T\d\d:\d\d)?", fullmatch=True),
    st.booleans(),
)
def test_any_moment_is_a_time_or_one_error(text: str, end: bool) -> None:
    """However people type one."""
    at = one_line(lambda: parse_moment(text, "--since", end=end))
    assert at is None or math.isfinite(at)


@cases(1200)
@given(hostile | st.from_regex(r"[a-z_/]{0,5} ?(>=|<=|>|<|=|==) ?[-+]?[0-9.e]{0,5}", fullmatch=True))
def test_any_target_is_one_or_one_error(text: str) -> None:
    """A metric, a sign and a finite number."""
    found = one_line(lambda: parse_target(text))
    assert found is None or (found.metric and math.isfinite(found.threshold))


def test_the_command_line_says_in_one_line_what_is_wrong_with_a_setting(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A variable and a file reach every command the same way; one of them stands for all here."""

    @cases(150)
    @given(named())
    def each(setting: tuple[str, str]) -> None:
        name, text = setting
        if name == "db":
            return
        (place / "greentrack.toml").write_text(f"{name} = {json.dumps(text)}\n", errors="replace")
        answered(["show", "alpha", "--format", "json"])

    each()
