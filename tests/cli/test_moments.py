"""Moments as people type them."""

import datetime

import pytest

from greentrack.cli.runs import parse_moment
from greentrack.errors import ConfigError

NOW = datetime.datetime(2026, 5, 10, 12, 0).astimezone()


@pytest.mark.parametrize(
    ("text", "then"),
    [
        ("7d", datetime.datetime(2026, 5, 3, 12)),
        ("12h", datetime.datetime(2026, 5, 10)),
        ("2w", datetime.datetime(2026, 4, 26, 12)),
        ("90 min", datetime.datetime(2026, 5, 10, 10, 30)),
        ("1.5h", datetime.datetime(2026, 5, 10, 10, 30)),
        ("today", datetime.datetime(2026, 5, 10)),
        ("Yesterday", datetime.datetime(2026, 5, 9)),
        ("2026-05-01", datetime.datetime(2026, 5, 1)),
        ("2026-05-01T14:30", datetime.datetime(2026, 5, 1, 14, 30)),
        ("2026-05-01 14:30:05", datetime.datetime(2026, 5, 1, 14, 30, 5)),
        ("2026-05-01T14:30Z", datetime.datetime(2026, 5, 1, 14, 30, tzinfo=datetime.UTC)),
        ("2026-05-01T14:30+02:00", datetime.datetime(2026, 5, 1, 12, 30, tzinfo=datetime.UTC)),
    ],
)
def test_a_moment_is_understood(text: str, then: datetime.datetime) -> None:
    """Dates and times are local unless they say otherwise."""
    assert parse_moment(text, "--since", now=NOW) == then.timestamp()


def test_a_day_ends_at_midnight() -> None:
    """Until a day means with that day."""
    assert parse_moment("2026-05-01", "--until", end=True) == datetime.datetime(2026, 5, 2).timestamp()
    assert parse_moment("yesterday", "--until", end=True, now=NOW) == datetime.datetime(2026, 5, 10).timestamp()


@pytest.mark.parametrize(
    "text", ["", "soon", "7", "d", "-7d", "2026-13-01", "2026-02-30", "99999999999w", "7m", "1e3d"]
)
def test_nonsense_is_refused_with_examples(text: str) -> None:
    """The message names the option and shows how it is done."""
    with pytest.raises(ConfigError, match=r"--since .* is no date or time; write for example 2026-05-01"):
        parse_moment(text, "--since", now=NOW)
