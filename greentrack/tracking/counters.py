"""Phases and work, counted in the training at a microsecond a step and sent on about once a second."""

from collections.abc import Callable, Mapping
from time import perf_counter
from types import TracebackType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from greentrack.recorder.transport.messages import CountEvent

SEND_S = 1.0
"""How often what was counted is sent on; a run that is killed loses at most this much of its counts."""


class ThreadCounters:
    """What one thread of a run has counted since it last sent it."""

    __slots__ = ("_clock", "_send", "_since_sent", "current", "phases", "send_at", "since", "stack", "thread", "work")

    def __init__(self, thread: int, clock: Callable[[], float], send: "Callable[[CountEvent], None]") -> None:
        self.thread = thread
        self.phases: dict[str, PhaseTimer] = {}
        self.work: dict[str, Any] = {}
        self.current: PhaseTimer | None = None
        self.stack: list[PhaseTimer] = []
        self.since = 0.0  # when the current phase went on
        self.send_at = perf_counter() + SEND_S
        self._clock, self._send = clock, send
        self._since_sent = clock()

    def phase(self, name: str) -> "PhaseTimer":
        """The phase of that *name*, to be entered any number of times."""
        phase = self.phases[name] = PhaseTimer(self, name)
        return phase

    def send(self) -> None:
        """Pass on what was counted, for the stretch of time since the last."""
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

    __slots__ = ("_tally", "calls", "name", "seconds")

    def __init__(self, tally: ThreadCounters, name: str) -> None:
        self._tally = tally
        self.name = name
        self.calls = 0
        self.seconds = 0.0

    def __enter__(self) -> "PhaseTimer":
        tally = self._tally
        now = perf_counter()
        outer = tally.current
        if outer is not None:
            outer.seconds += now - tally.since
            tally.stack.append(outer)
        tally.current = self
        tally.since = now
        if now >= tally.send_at:
            tally.send()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        tally = self._tally
        now = perf_counter()
        current = tally.current
        if current is not None:
            current.seconds += now - tally.since
            tally.since = now
        self.calls += 1
        if current is self:
            tally.current = tally.stack.pop() if tally.stack else None
        elif self in tally.stack:  # tasks of an event loop took turns: the phases did not close in order
            tally.stack.remove(self)
        if now >= tally.send_at:
            tally.send()


def _numbers(work: Mapping[str, Any]) -> dict[str, float]:
    numbers = {}
    for unit, n in work.items():
        try:
            numbers[unit] = float(n)
        except Exception:  # noqa: BLE001, S112  # it was no number (each library raises its own), or is on a lost GPU
            continue
    return numbers
