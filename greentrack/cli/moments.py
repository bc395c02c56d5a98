"""Parses a moment as people type it: a date, a date and time, or how long ago."""

import datetime
import re

from greentrack.errors import ConfigError

_UNITS = {"min": "minutes", "h": "hours", "d": "days", "w": "weeks"}
EXAMPLES = "2026-05-01, 2026-05-01T14:30, 30min, 12h, 7d, 2w, today, yesterday"


def moment(text: str, option: str, *, now: datetime.datetime | None = None, end: bool = False) -> float:
    """Return the Unix time of *text*, which is local time unless it has an offset; with *end*, of a day the end.

    Raises ConfigError, which names the *option*.
    """
    now = now or datetime.datetime.now().astimezone()
    word = text.strip().lower()
    try:
        if found := re.fullmatch(r"(\d+(?:\.\d+)?)\s*(min|h|d|w)", word):
            return (now - datetime.timedelta(**{_UNITS[found[2]]: float(found[1])})).timestamp()
        if word in ("today", "yesterday"):
            return _edge(now.date() - datetime.timedelta(days=word == "yesterday"), end)
        if re.fullmatch(r"\d{4}-\d{2}-\d{2}", word):
            return _edge(datetime.date.fromisoformat(word), end)
        return datetime.datetime.fromisoformat(word.upper()).timestamp()
    except (ValueError, OverflowError, OSError) as error:
        raise ConfigError(f"{option} {text!r} is no date or time; write for example {EXAMPLES}") from error


def _edge(day: datetime.date, end: bool) -> float:
    first = day + datetime.timedelta(days=1) if end else day
    return datetime.datetime.combine(first, datetime.time()).timestamp()
