"""One stage of a training (a fit, a test ...) on the record: its run, the phase it is in, the spans that are open."""

from typing import Any

from greentrack.tracking.counters import PhaseTimer
from greentrack.tracking.run import Run
from greentrack.tracking.span import SpanHandle


class Stage:
    """What a framework's hooks say of a stage, as phases that follow each other and spans of which each name has one.

    From its first phase on a stage is always in one phase, so that the phases add up to the whole. A framework that
    breaks off anywhere (a tuner, an exception) leaves nothing open: what begins again first ends what had begun.
    """

    def __init__(self, run: Run) -> None:
        self.run = run
        self._phase: PhaseTimer | None = None
        self._phases: dict[str, PhaseTimer] = {}
        self._spans: dict[str, SpanHandle] = {}

    def enter(self, name: str) -> str | None:
        """Go over to the phase called *name*; return the name of the one that it follows."""
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
        """End the span called *name*, and those that began within it; nothing where there is none."""
        while name in self._spans:
            _, span = self._spans.popitem()
            span.__exit__(None, None, None)

    def end(self, status: str, error: str | None = None) -> None:
        """End every span, the phase and the run; once, whatever is said after that."""
        if self._phase is not None:  # first, as it began: what a mark takes to be sent is no part of either
            self._phase.__exit__(None, None, None)
            self._phase = None
        while self._spans:
            self.close(next(iter(self._spans)))
        self.run.stop(status, error)
