"""Converts single values to what SQLite can store and back: text and JSON."""

import json
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any


def text(value: Any) -> Any:
    """Return *value* as SQLite can keep it: file names and arguments may hold bytes that are not text."""
    return (
        value.encode("utf-8", "backslashreplace").decode() if isinstance(value, str) and not value.isascii() else value
    )


def bound(values: Sequence[Any] | Mapping[str, Any]) -> Sequence[Any] | Mapping[str, Any]:
    """Return the values of a query as SQLite can compare them with what ``text`` stored."""
    if isinstance(values, Mapping):
        return {name: text(value) for name, value in values.items()}
    return [text(value) for value in values]


def dumped(value: Any) -> str:
    """Return *value* as JSON; what JSON does not know is stored as its text."""
    try:
        return json.dumps(value, sort_keys=True, default=str)
    except (TypeError, ValueError):  # keys of several types, or a value that holds itself
        if isinstance(value, Mapping):
            return json.dumps({str(key): repr(inner) for key, inner in value.items()}, sort_keys=True)
        return json.dumps([str(inner) for inner in value])


def loaded(value: str, default: Any) -> Any:
    """Return the value of JSON, or *default* where somebody edited it into another type."""
    try:
        made = json.loads(value)
    except (TypeError, ValueError, RecursionError):
        return default
    return made if isinstance(made, type(default)) else default


def mapping(value: str) -> dict[str, Any]:
    """Return a JSON object, empty where it is none."""
    found: dict[str, Any] = loaded(value, {})
    return found


def words(value: str) -> tuple[str, ...]:
    """Return a JSON array as texts."""
    return tuple(map(str, loaded(value, [])))


@lru_cache(maxsize=256)  # a list has few different ones, and reading JSON is a third of what a run costs
def tags(value: str) -> tuple[str, ...]:
    """Return the texts of a JSON array."""
    return tuple(tag for tag in loaded(value, []) if isinstance(tag, str))
