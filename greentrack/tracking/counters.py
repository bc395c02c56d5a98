"""Counters of phases and work, kept in the training at a microsecond a step and sent about once a second."""

from collections.abc import Callable, Mapping
from time import perf_counter
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from greentrack.recorder.transport.messages import CountEvent

SEND_S = 1.0
"""Seconds between two messages with counts; a run that is killed loses at most this much of its counts."""


class ThreadCounters:
    """What one thread of a run has counted since its last message."""

    __slots__ = ("_clock", "_send", "_since_sent", "current", "phases", "send_at", "since", "stack", "thread", "work")

    def __init__(self, thread: int, clock: Callable[[], float], send: "Callable[[CountEvent], None]") -> None:
        self.thread = thread
        self.phases: dict[str, PhaseTimer] = {}
        self.work: dict[str, Any] = {}
        self.current: PhaseTimer | None = None
        self.stack: list[PhaseTimer] = []
        self.since = 0.0  # when the current phase began or was resumed
        self.send_at = perf_counter() + SEND_S
        self._clock, self._send = clock, send
        self._since_sent = clock()

    def phase(self, name: str) -> "PhaseTimer":
        """Return the phase called *name*, which can be entered any number of times."""
        phase = self.phases[name] = PhaseTimer(self, name)
        return phase

    def send(self) -> None:
        """Send what was counted since the last message."""
        now = perf_counter()
        self.send_at = now + SEND_S
        if self.current is not None:
            self.current.seconds += now - self.since
            self.since = now
        at, since = self._clock(), self._since_sent
        self._since_sent = at
        phases = {p.name: (p.calls, p.seconds) for p in self.phases.values() if p.calls or p.seconds}
        for phase in self.phases.values():
            phase.calls, phase.seconds = 0, 0.0
        work, self.work = self.work, {}
        if phases or work:
            self._send({"m": "count", "t": at, "since": since, "phases": phases, "work": _numbers(work)})


class PhaseTimer:
    """A recurring activity of one thread: ``with run.phase("data"):``. An inner phase's time is not the outer's."""

    __slots__ = ("_counters", "calls", "name", "seconds")

    def __init__(self, counters: ThreadCounters, name: str) -> None:
        self._counters = counters
        self.name = name
        self.calls = 0
        self.seconds = 0.0

    def __enter__(self) -> "PhaseTimer":
        counters = self._counters
        now = perf_counter()
        outer = counters.current
        if outer is not None:
            outer.seconds += now - counters.since
            counters.stack.append(outer)
        counters.current = self
        counters.since = now
        if now >= counters.send_at:
            counters.send()
        return self

    def __exit__(self, kind: object, error: object, trace: object) -> None:
        counters = self._counters
        now = perf_counter()
        current = counters.current
        if current is not None:
            current.seconds += now - counters.since
            counters.since = now
        self.calls += 1
        if current is self:
            counters.current = counters.stack.pop() if counters.stack else None
        elif self in counters.stack:  # tasks of an event loop took turns: the phases did not close in order
            counters.stack.remove(self)
        if now >= counters.send_at:
            counters.send()


def _numbers(work: Mapping[str, Any]) -> dict[str, float]:
    numbers = {}
    for unit, n in work.items():
        try:
            numbers[unit] = float(n)
        except Exception:  # noqa: BLE001, S112  # not a number (each library raises its own error), or on a lost GPU
            continue
    return numbers
