"""How much of what a training says of itself is kept: params and attributes are facts, and no place for data."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

MAX_TEXT = 1000
"""So much of a name or a text is kept."""

MAX_READ = 10_000
"""So much of it is looked at for secrets before it is cut: a half of one would not be known for what it is."""

MAX_VALUES = 2_000
"""So many values are kept in all, those within others included."""

MAX_CHARACTERS = 60_000
"""So many characters of names and texts are kept in all."""

MAX_ERROR = 500
"""So much of an error's text is kept."""

MAX_COMMAND = 24_000
"""So many characters of a command line are kept."""

MAX_PLAIN, MAX_NAME = 20, 40
"""Attributes that are so few, with names that are so short and numbers as values, are taken as they are."""

_SMALL = (float, bool, type(None))
_LARGE = 2**53

MAX_LEVELS = 20
"""What is nested deeper is not looked into; circles go deeper than any."""

CUT = "…"
"""What stands where something was cut off, as text or as the name of what was left out."""

REST = "the rest was left out"

PARAMS = "params of the run"

TOO_LARGE = f"the %s are too large to be kept whole; what was cut off is marked {CUT}"
"""What is said, once, of what."""


def command_within(words: Sequence[str]) -> list[str]:
    """Return the first of the *words* of a command, as many as there is room for, and how many more there are.

    >>> command_within(["cat", *["a.npy"] * 10_000])[-1]
    '… and 6,001 more'
    """
    kept: list[str] = []
    room = MAX_COMMAND
    for word in words:
        room -= len(word) + 1
        if room < 0:
            return [*kept, f"{CUT} and {len(words) - len(kept):,} more"]
        kept.append(word)
    return kept


def named(value: Any) -> str:
    """Return *value* as a name of a bounded length: a text is itself, all else as Python shows it.

    >>> named("epoch"), named([1]), len(named("x" * 5000))
    ('epoch', '[1]', 1000)
    """
    return _cut(value) if isinstance(value, str) else told(value)


def told(value: Any) -> str:
    """Return *value* as Python shows it, if it can, in a bounded length."""
    try:
        return _cut(repr(value))
    except Exception:  # noqa: BLE001  # anybody's __repr__, or a number with more digits than Python writes
        return f"<{type(value).__name__}>"


def _cut(text: str) -> str:
    return text if len(text) <= MAX_TEXT else text[: MAX_TEXT - len(CUT)] + CUT


def numbers(values: Mapping[Any, Any], say: Callable[[str, str], None]) -> dict[str, float]:
    """Return those of *values* that are numbers, or can be made one, as tensors can; of each other one *say* is told.

    >>> numbers({"loss": 1, "name": "resnet"}, lambda name, text: print(text))
    name='resnet' is not a number and is not kept
    {'loss': 1.0}
    """
    kept: dict[str, float] = {}
    for name, value in values.items():
        try:
            # torch warns of a number taken from what has a gradient
            kept[named(name)] = float(value.detach() if hasattr(value, "detach") else value)
        except Exception:  # noqa: BLE001  # each library raises its own where something is no number
            say(named(name), f"{named(name)}={told(value)} is not a number and is not kept")
    return kept


class InputLimits:
    """Cuts one set of params down to size: *most_text* characters a text, and no more than so much in all.

    >>> bounds = InputLimits(most_text=8)
    >>> bounds.within({"lr": 0.1, "prompt": "once upon a time"}), bounds.cut
    ({'lr': 0.1, 'prompt': 'once up…'}, True)
    """

    def __init__(self, most_text: int = MAX_TEXT) -> None:
        self.cut = False
        self._most_text = most_text
        self._values = MAX_VALUES
        self._characters = MAX_CHARACTERS * most_text // MAX_TEXT

    def within(self, params: Mapping[Any, Any], level: int = 0) -> dict[Any, Any]:
        """Return *params* with every name and text cut to size; what JSON does not know becomes its text."""
        kept: dict[Any, Any] = {}
        for name, value in params.items():
            if self._full():
                kept[CUT] = REST
                break
            kept[self._name(name)] = self._value(value, level + 1)
        return kept

    def _full(self) -> bool:
        full = self._values <= 0 or self._characters <= 0
        self.cut |= full
        return full

    def _name(self, name: Any) -> Any:
        return name if name is None or isinstance(name, bool | int | float) else self._text(name)

    def _value(self, value: Any, level: int) -> Any:
        self._values -= 1
        if (
            value is None
            or isinstance(value, bool | float)
            or (isinstance(value, int) and value.bit_length() < MAX_TEXT)
        ):
            return value
        if not isinstance(value, Mapping | list | tuple):
            return self._text(value)
        if level > MAX_LEVELS:
            return f"<{type(value).__name__}>"
        if isinstance(value, Mapping):
            return self.within(value, level)
        items: list[Any] = []
        for item in value:
            if self._full():
                items.append(f"{CUT} {REST}")
                break
            items.append(self._value(item, level + 1))
        return items

    def _text(self, value: Any) -> str:
        try:
            text = value if isinstance(value, str) else str(value)
        except Exception:  # noqa: BLE001  # anybody's __str__; and integers of thousands of digits have none
            text = f"<{type(value).__name__}>"
        if len(text) > self._most_text:
            self.cut = True
            text = text[: self._most_text - 1] + CUT
        self._characters -= len(text)
        return text


def _is_plain(name: Any, value: Any) -> bool:
    """Whether this needs no cutting: the usual attribute of a span, which is not to wait for what others need."""
    return (
        type(name) is str
        and len(name) < MAX_NAME
        and (type(value) in _SMALL or (type(value) is int and -_LARGE < value < _LARGE))
    )


def params_within(params: Mapping[str, Any], *, redact: bool) -> tuple[dict[str, Any], bool]:
    """Return *params* cut to size and, where *redact*, without the secrets in them; and whether anything was cut."""
    if len(params) <= MAX_PLAIN and all(map(_is_plain, params, params.values())):
        if redact:
            from greentrack.secrets import REDACTED, is_secret

            return {name: REDACTED if is_secret(name, value) else value for name, value in params.items()}, False
        return dict(params), False
    coarse = InputLimits(MAX_READ)
    kept = coarse.within(params)
    if redact:
        from greentrack import secrets

        kept = secrets.redact(kept)
    fine = InputLimits()
    kept = fine.within(kept)
    return kept, coarse.cut or fine.cut


def error_within(text: str, *, redact: bool) -> str:
    """Return the *text* of an error cut to size and, where *redact*, without the secrets in it."""
    if redact:
        from greentrack.secrets import redact_text

        text = redact_text(text[:MAX_READ])
    return text[:MAX_ERROR]
