"""Spans: named stretches of a run with exact edges."""

import contextlib
from collections.abc import Iterable
from contextvars import ContextVar, Token
from types import TracebackType
from typing import TYPE_CHECKING, Any

from greentrack.clock import clock
from greentrack.tracking.input_limits import named, told

if TYPE_CHECKING:
    from greentrack.recorder.transport.messages import OpenEvent
    from greentrack.tracking.run import Run

_inner: ContextVar[tuple["Spans", int] | None] = ContextVar("greentrack_span", default=None)
"""The span that this thread or task is in: whose it is, and its number."""


class Spans:
    """The spans of one run, told to its recorder as they begin and end."""

    def __init__(self, run: "Run") -> None:
        self._run = run
        self._opened: dict[int, OpenEvent] = {}
        self._last = 0

    def opened(self) -> "Iterable[OpenEvent]":
        """The events of those that are open, for a recorder that takes over."""
        return list(self._opened.values())

    def open(self, name: str, attrs: dict[str, Any]) -> int:
        """Begin one, inside of the one that this thread or task is in; return its number."""
        at = clock()  # before anything that takes time
        self._last = number = self._last + 1
        above = _inner.get()
        parent = above[1] if above is not None and above[0] is self else None
        name = named(name)
        try:
            kept = self._run._kept(attrs, "attributes of a span") if attrs else attrs
        except Exception as error:  # noqa: BLE001  # anybody's mapping: no training ends for an attribute
            self._run._say_once(f"span {name}", f"the attributes of span {name!r} are not kept: {told(error)}")
            kept = {}
        message: OpenEvent = {"m": "open", "t": at, "id": number, "parent": parent, "name": name, "attrs": kept}
        self._opened[number] = message
        self._run._send(message)
        return number

    def close(self, number: int) -> None:
        """End the one of this number."""
        self._run._send({"m": "close", "t": clock(), "id": number})
        self._opened.pop(number, None)  # not before: a recorder that is started for this mark has to know the span


class SpanHandle:
    """A stretch of a run between ``with`` and its end."""

    __slots__ = ("_attrs", "_entered", "_name", "_spans")

    def __init__(self, spans: Spans, name: str, attrs: dict[str, Any]) -> None:
        self._spans, self._name, self._attrs = spans, name, attrs
        self._entered: list[tuple[int, Token[tuple[Spans, int] | None]]] = []  # it may be entered again, even inside

    def __enter__(self) -> "SpanHandle":
        number = self._spans.open(self._name, self._attrs)
        self._entered.append((number, _inner.set((self._spans, number))))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        number, token = self._entered.pop()
        self._spans.close(number)
        with contextlib.suppress(ValueError):  # entered in one task and left in another
            _inner.reset(token)
