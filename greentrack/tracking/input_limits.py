"""Limits on what a training can store with a run: params and attributes hold facts, not data."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

MAX_TEXT = 1000
"""Characters kept of a name or a text."""

MAX_READ = 10_000
"""Characters of a text that are searched for secrets before it is cut: half a secret would not be recognised."""

MAX_VALUES = 2_000
"""Values kept in all, nested ones included."""

MAX_CHARACTERS = 60_000
"""Characters of names and texts kept in all."""

MAX_ERROR = 500
"""Characters kept of an error's text."""

MAX_COMMAND = 24_000
"""Characters kept of a command line."""

MAX_PLAIN, MAX_NAME = 20, 40
"""So few attributes, with such short names and numbers as values, are stored as they are."""

_PLAIN_TYPES = (float, bool, type(None))
_MAX_PLAIN_INT = 2**53

MAX_LEVELS = 20
"""Values nested deeper are replaced by the name of their type; so are circular ones."""

CUT = "…"
"""Marks where something was cut off, in a text or as a name."""

REST = "the rest was left out"

PARAMS = "params of the run"

TOO_LARGE = f"the %s are too large to be kept whole; what was cut off is marked {CUT}"
"""The warning, once for each kind of input."""


def command_within(words: Sequence[str]) -> list[str]:
    """Return as many *words* of a command as fit into MAX_COMMAND, and how many more there are.

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


def name_within(value: Any) -> str:
    """Return *value* as a name of at most MAX_TEXT characters: a text as it is, all else as its repr.

    >>> name_within("epoch"), name_within([1]), len(name_within("x" * 5000))
    ('epoch', '[1]', 1000)
    """
    return _cut(value) if isinstance(value, str) else repr_within(value)


def repr_within(value: Any) -> str:
    """Return the repr of *value*, or its type if that fails, in at most MAX_TEXT characters."""
    try:
        return _cut(repr(value))
    except Exception:  # noqa: BLE001  # anybody's __repr__, or a number with more digits than Python prints
        return f"<{type(value).__name__}>"


def _cut(text: str) -> str:
    return text if len(text) <= MAX_TEXT else text[: MAX_TEXT - len(CUT)] + CUT


def numbers_in(values: Mapping[Any, Any], warn: Callable[[str, str], None]) -> dict[str, float]:
    """Return those of *values* that are numbers or can be converted, as tensors can; *warn* is called for each other.

    >>> numbers_in({"loss": 1, "name": "resnet"}, lambda name, text: print(text))
    name='resnet' is not a number and is not kept
    {'loss': 1.0}
    """
    kept: dict[str, float] = {}
    for name, value in values.items():
        try:
            # torch warns where a number is taken from a tensor with a gradient
            kept[name_within(name)] = float(value.detach() if hasattr(value, "detach") else value)
        except Exception:  # noqa: BLE001  # each library raises its own error for what is not a number
            warn(name_within(name), f"{name_within(name)}={repr_within(value)} is not a number and is not kept")
    return kept


class InputLimits:
    """Cuts one set of params to size: *max_text* characters a text, limited values and characters in all.

    >>> limits = InputLimits(max_text=8)
    >>> limits.within({"lr": 0.1, "prompt": "once upon a time"}), limits.cut
    ({'lr': 0.1, 'prompt': 'once up…'}, True)
    """

    def __init__(self, max_text: int = MAX_TEXT) -> None:
        self.cut = False
        self._max_text = max_text
        self._values = MAX_VALUES
        self._characters = MAX_CHARACTERS * max_text // MAX_TEXT

    def within(self, params: Mapping[Any, Any], level: int = 0) -> dict[Any, Any]:
        """Return *params* with every name and text cut to size; values that JSON does not have become text."""
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
        except Exception:  # noqa: BLE001  # anybody's __str__, or an integer with more digits than Python prints
            text = f"<{type(value).__name__}>"
        if len(text) > self._max_text:
            self.cut = True
            text = text[: self._max_text - 1] + CUT
        self._characters -= len(text)
        return text


def _is_plain(name: Any, value: Any) -> bool:
    """True for the usual attribute of a span, which needs no cutting and must be fast."""
    return (
        type(name) is str
        and len(name) < MAX_NAME
        and (type(value) in _PLAIN_TYPES or (type(value) is int and -_MAX_PLAIN_INT < value < _MAX_PLAIN_INT))
    )


def params_within(params: Mapping[str, Any], *, redact: bool) -> tuple[dict[str, Any], bool]:
    """Return *params* cut to size, without secrets if *redact*; and whether anything was cut."""
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
    """Return the *text* of an error cut to size, without secrets if *redact*."""
    if redact:
        from greentrack.secrets import redact_text

        text = redact_text(text[:MAX_READ])
    return text[:MAX_ERROR]
