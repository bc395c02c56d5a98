"""Spans: named stretches of a run with exact edges."""

import contextlib
from collections.abc import Callable, Iterable, Mapping
from contextvars import ContextVar, Token
from typing import TYPE_CHECKING, Any

from greentrack.clock import clock
from greentrack.tracking.input_limits import name_within, repr_within

if TYPE_CHECKING:
    from greentrack.recorder.transport.messages import CloseEvent, OpenEvent

_inner: ContextVar[tuple["Spans", int] | None] = ContextVar("greentrack_span", default=None)
"""The innermost open span of this thread or task: its run's spans, and its number."""


class Spans:
    """The spans of one run; the recorder is told when each opens and closes."""

    def __init__(
        self,
        send: "Callable[[OpenEvent | CloseEvent], None]",
        limited: Callable[[Mapping[str, Any], str], dict[str, Any]],
        warn_once: Callable[[str, str], None],
    ) -> None:
        """*send* passes an event to the recorder, *limited* cuts attributes to size and redacts them."""
        self._send, self._limited, self._warn_once = send, limited, warn_once
        self._opened: dict[int, OpenEvent] = {}
        self._last = 0

    def opened(self) -> "Iterable[OpenEvent]":
        """Return the events that opened the open spans, for a recorder that takes over."""
        return list(self._opened.values())

    def open(self, name: str, attrs: dict[str, Any]) -> int:
        """Open a span inside the innermost one of this thread or task; return its number."""
        at = clock()  # before anything that takes time
        self._last = number = self._last + 1
        above = _inner.get()
        parent = above[1] if above is not None and above[0] is self else None
        name = name_within(name)
        try:
            kept = self._limited(attrs, "attributes of a span") if attrs else attrs
        except Exception as error:  # noqa: BLE001  # anybody's values: never raise into the training
            self._warn_once(f"span {name}", f"the attributes of span {name!r} are not kept: {repr_within(error)}")
            kept = {}
        message: OpenEvent = {"m": "open", "t": at, "id": number, "parent": parent, "name": name, "attrs": kept}
        self._opened[number] = message
        self._send(message)
        return number

    def close(self, number: int) -> None:
        """Close the span with this number."""
        self._send({"m": "close", "t": clock(), "id": number})
        self._opened.pop(number, None)  # not before: a recorder that is started by this event must know the span


class SpanHandle:
    """A span as a context manager; it can be entered again, even inside itself."""

    __slots__ = ("_attrs", "_entered", "_name", "_spans")

    def __init__(self, spans: Spans, name: str, attrs: dict[str, Any]) -> None:
        self._spans, self._name, self._attrs = spans, name, attrs
        self._entered: list[tuple[int, Token[tuple[Spans, int] | None]]] = []

    def __enter__(self) -> "SpanHandle":
        number = self._spans.open(self._name, self._attrs)
        self._entered.append((number, _inner.set((self._spans, number))))
        return self

    def __exit__(self, kind: object, error: object, trace: object) -> None:
        number, token = self._entered.pop()
        self._spans.close(number)
        with contextlib.suppress(ValueError):  # entered in one task and left in another
            _inner.reset(token)
