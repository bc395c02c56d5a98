"""The phase that a run is in and the spans that it has open, as a framework's hooks report them."""

from typing import Any

from greentrack.tracking.counters import PhaseTimer
from greentrack.tracking.run import Run
from greentrack.tracking.span import SpanHandle


class Activity:
    """Phases that follow each other without a gap, and one open span of each name.

    From its first phase on the run is always in one phase, so the phases add up to the whole. Where a framework breaks
    off (a tuner, an exception), nothing stays open: a span that begins again first ends the one before.
    """

    def __init__(self, run: Run) -> None:
        self.run = run
        self._phase: PhaseTimer | None = None
        self._phases: dict[str, PhaseTimer] = {}
        self._spans: dict[str, SpanHandle] = {}

    def enter(self, name: str) -> str | None:
        """Switch to the phase called *name*; return the name of the phase before it."""
        before = self._phase
        phase = self._phases.get(name)
        if phase is None:
            phase = self._phases[name] = self.run.phase(name)
        self._phase = phase.__enter__()
        if before is None:
            return None
        before.__exit__(None, None, None)  # after the other has begun: no time is between them
        return before.name

    def open(self, name: str, **attrs: Any) -> None:
        """Begin the span called *name*."""
        self.close(name)
        span = self._spans[name] = self.run.span(name, **attrs)
        span.__enter__()

    def close(self, name: str) -> None:
        """End the span called *name* and those opened within it; do nothing if it is not open."""
        while name in self._spans:
            _, span = self._spans.popitem()
            span.__exit__(None, None, None)

    def end(self, status: str, error: str | None = None) -> None:
        """End every span, the phase and the run."""
        if self._phase is not None:  # first, as it began: the time to send an event is in no phase and no span
            self._phase.__exit__(None, None, None)
            self._phase = None
        while self._spans:
            self.close(next(iter(self._spans)))
        self.run.stop(status, error)
