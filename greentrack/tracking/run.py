"""The run as a training holds it: marks go down a pipe, figures come back, and nothing here waits or raises."""

import atexit
import os
import sys
import time
from collections.abc import Iterable, Mapping, Sequence
from threading import get_ident
from time import perf_counter as _now
from types import TracebackType
from typing import TYPE_CHECKING, Any, Unpack

from greentrack import log
from greentrack.clock import clock
from greentrack.errors import OverBudgetError
from greentrack.tracking.counters import PhaseTimer, ThreadCounters
from greentrack.tracking.environment import packages
from greentrack.tracking.input_limits import PARAMS, TOO_LARGE, error_within, named, numbers, params_within, told
from greentrack.tracking.live_totals import get_ready_to_print, joules_of, print_line, record_of
from greentrack.tracking.outcome import outcome
from greentrack.tracking.span import SpanHandle, Spans
from greentrack.vocabulary import DISABLED, ENDINGS

if TYPE_CHECKING:
    from greentrack.config import Settings
    from greentrack.costing.summary import Summary
    from greentrack.model import Record
    from greentrack.recorder.transport.messages import EndEvent, Event, Hello, RunFacts, RunFigures
    from greentrack.recorder.transport.protocol import Link
    from greentrack.tracking.budget import BudgetUse, Limit
    from greentrack.tracking.budget_watch import BudgetWatch

_open: set["Run"] = set()
"""The runs that are going on. One that its program has let go of goes on too: its recorder does, and has to be told."""


class Run:
    """A run in progress, made by ``track``; a no-op once it is stopped, and in forked children."""

    def __init__(
        self,
        facts: "RunFacts",
        *,
        quiet: bool = False,
        settings: "Settings | None" = None,
    ) -> None:
        """Make a run that does nothing until it is connected; *settings* price its summaries."""
        self.id: str = facts["id"]
        self.name: str = facts["name"]
        self._facts = facts
        self._learned: RunFacts = {}  # since then: a recorder that takes over has not heard it
        self._began = clock()
        self._quiet = quiet
        self._settings = settings
        self._watch: BudgetWatch | None = None
        self._spans = Spans(self)
        self._strange: set[str] = set()
        self._final: RunFigures | None = None
        self._link: Link | None = None
        self._tallies: dict[int, ThreadCounters] = {}
        self._tally = self._tallies[get_ident()] = ThreadCounters(get_ident(), clock, self._send)

    def connect(self, hello: "Hello", budget: "Sequence[Limit]" = ()) -> None:
        """Start recording as *hello* says: for who has made this run, who must stop it where this is interrupted."""
        from greentrack.recorder.client.connect import connect

        self._began = hello["clock"]
        self._link = connect(hello, self._reopen, self._meanwhile)
        if self._link is not None:
            _open.add(self)
            if budget:
                from greentrack.tracking import budget_watch

                self._watch = budget_watch.BudgetWatch(budget, self._spent, blind_s=10 + 2 * self._facts["interval"])

    def span(self, name: str, /, **attrs: Any) -> SpanHandle:
        """A named stretch with exact edges: ``with run.span("epoch", index=3):``. Spans nest.

        Each edge makes the recorder read every device at once (within milliseconds) while the training goes on.
        """
        return SpanHandle(self._spans, name, attrs)

    def phase(self, name: str) -> PhaseTimer:
        """A recurring activity: ``with run.phase("data"):``. Costs a microsecond; gets energy by share of wall time."""
        tally = self._tally
        if tally.thread != get_ident():
            tally = self._tally_here()
        try:
            return tally.phases[name]
        except KeyError:
            return tally.phase(name)
        except TypeError:  # a list, say: no training ends for a name
            return self.phase(named(name))

    def advance(self, **units: float) -> None:
        """Count work done since the last call, by unit: ``run.advance(samples=64, tokens=32_768)``."""
        tally = self._tally
        if tally.thread != get_ident():
            tally = self._tally_here()
        work = tally.work
        for unit, n in units.items():
            try:
                work[unit] = work[unit] + n  # += would change a tensor that is the training's
            except KeyError:
                work[unit] = n
            except Exception:  # noqa: BLE001  # tensors of other shapes, texts, None: no training ends for a count
                self._say_once(unit, f"{unit}={told(n)} is not a number and is not counted")
        if _now() >= tally.send_at:
            tally.send()

    def log(self, metrics: Mapping[str, float] | None = None, /, **more: float) -> None:
        """Keep outcomes with the energy used so far: ``run.log(val_acc=0.97)`` or ``run.log({"val/acc": 0.97})``."""
        if metrics is not None and not isinstance(metrics, Mapping):
            self._say_once("", f"{told(metrics)} is not a mapping of names to numbers and is not kept")
            metrics = None
        values = numbers({**(metrics or {}), **more}, self._say_once)
        if values:
            self._send({"m": "log", "t": clock(), "values": values})

    def forecast(self, progress: float, *, joules: Sequence[float], seconds: Sequence[float]) -> None:
        """Keep what the work is expected to come to in all at its end, now that *progress* (0 to 1) of it is done.

        *joules* and *seconds* are a value and its range: ``run.forecast(0.1, joules=(7e5, 6e5, 9e5), seconds=...)``.
        """
        at = clock()
        try:
            done = float(progress)
            all_joules, all_seconds = ([float(part) for part in figure] for figure in (joules, seconds))
        except Exception:  # noqa: BLE001  # no training ends for a forecast
            self._say_once("forecast", f"forecast({told(progress)}, {told(joules)}, {told(seconds)}) is no forecast")
            return
        self._send({"m": "forecast", "t": at, "progress": done, "joules": all_joules, "seconds": all_seconds})

    def learn(self, **facts: "Unpack[RunFacts]") -> None:
        """Take facts of the run (fields of ``model.Run``) that were not known when it began; *params* are added."""
        if "params" in facts:
            more = facts["params"]
            facts["params"] = self._kept({**self._facts.get("params", {}), **more}, PARAMS)
        self._facts |= facts
        self._learned |= facts
        self._send({"m": "facts", "run": facts})

    def joules(self) -> dict[str, float]:
        """The joules used so far, by kind of device, as of the last reading (an interval ago at most); {} before it."""
        return joules_of(self._figures())

    def begin(self) -> None:
        """Let the run's time count from now: what it waits for until then (its recorder) is not what it does."""
        self._began = clock()
        self._tally = self._tallies[get_ident()] = ThreadCounters(
            get_ident(), clock, self._send
        )  # it counts from now, too
        self.learn(started_at=time.time())

    def stop(self, status: str = "finished", error: str | None = None) -> None:
        """End the run, once, with one of ``greentrack.vocabulary.ENDINGS``; what comes later counts for nothing."""
        mine, own = object(), self.__dict__
        try:  # no lock: nobody could tell whose it is where Ctrl-C comes right after it was taken
            if own.setdefault("_ending", mine) is mine:  # else another thread, or what a signal interrupted, is at it
                self._stop(status, error)
        except BaseException:  # Ctrl-C before the recorder was told: nobody would tell it while the program lives on
            if own.get("_ending") is mine:
                self._stop(status, error)
            raise
        finally:
            if own.get("_ending") is mine:
                own.pop("_ending")

    def _stop(self, status: str, error: str | None) -> None:
        if self._link is None:
            return
        if status not in ENDINGS:
            log.warning("no run ends with status %r; this one is kept as finished", status)
            status = "finished"
        for tally in list(self._tallies.values()):
            tally.send()
        if self._watch is not None:
            status, error = self._watch.verdict(status, error)
        if error is not None:
            error = error_within(error, redact=self._redacts)
        self.learn(packages=self._facts["packages"] | packages())  # frameworks are often imported after the start
        at = clock()
        self._facts |= {"status": status, "error": error, "seconds": at - self._began}
        message: EndEvent = {"m": "end", "t": at, "status": status, "error": error}
        _open.discard(self)
        link, self._link = self._link, None  # from here on nobody but the link itself ends its recorder
        final = link.finish(message)
        self._final = final or link.look()  # what was shown last is more than nothing
        if final is None:
            log.warning(
                "the recorder gave no last figures; what it kept is in the database, if anything: run %s", self.id
            )
        elif not final["saved"]:
            log.warning("run %s could not be kept: %s", self.id, final["trouble"])
        if not self._quiet:
            print_line(self)

    def record(self) -> "Record":
        """The facts and totals of this run so far, as this process knows them (its spans are in the database)."""
        facts = self._facts.copy()
        if self._link is not None:
            facts["seconds"] = clock() - self._began
        return record_of(facts, self._figures())

    def summary(self, **assumptions: Any) -> "Summary":
        """What the run has cost so far; *assumptions* are those of ``greentrack.summarize``."""
        from greentrack.costing.summary import summary_of

        return summary_of(self.record(), settings=self._settings, **assumptions)

    @property
    def is_open(self) -> bool:
        """Whether it is being recorded still."""
        return self._link is not None

    @property
    def over_budget(self) -> bool:
        """Whether more was used than the budget of this run allows; once it is, it stays so.

        Cheap enough for every step: the figures are looked at every half second, the clock each time. A run whose
        training saw it and then ended is kept as ``stopped``.
        """
        return self._watch is not None and self._watch.see()

    @property
    def budget_text(self) -> str | None:
        """How much was used of what, "2.01 of 2 kWh", once it was found to be over the budget; else None."""
        return None if self._watch is None else self._watch.text

    def check_budget(self) -> None:
        """Raise OverBudgetError where the run is ``over_budget``; one that leaves the run ends it as ``stopped``."""
        if self.over_budget:
            raise OverBudgetError(f"budget: {self.budget_text}")

    def __enter__(self) -> "Run":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop(*outcome(error))

    def __repr__(self) -> str:
        state = "running" if self._link is not None else self._facts.get("status", DISABLED)
        return f"<Run {self.name!r} {self.id} {state}>"

    def __reduce__(self) -> Any:
        raise TypeError("a run belongs to its process and cannot be pickled; pass its id (run.id) instead")

    # -- for spans, tallies and the recorder

    def _figures(self) -> "RunFigures | None":
        return self._final or (self._link.look() if self._link is not None else None)

    def _send(self, message: "Event") -> None:
        if self._link is not None:
            self._link.send(message)
            if self._watch is not None:
                self._watch.look()  # for a training that never asks: it is told in the log

    def _spent(self, by_clock: bool) -> "BudgetUse":
        from greentrack.tracking.budget import BudgetUse, spent_of

        if by_clock:
            return BudgetUse(None, None, None, None, clock() - self._began)
        return spent_of(self.summary())

    def _kept(self, params: Mapping[str, Any], what: str) -> dict[str, Any]:
        kept, cut = params_within(params, redact=self._redacts)
        if cut:
            self._say_once(what, TOO_LARGE % what)
        return kept

    @property
    def _redacts(self) -> bool:
        return self._settings is None or self._settings.redact

    def _reopen(self) -> "Iterable[Event]":
        return [{"m": "facts", "run": self._learned.copy()}, *self._spans.opened()]

    def _meanwhile(self) -> None:
        if not self._quiet:
            get_ready_to_print()

    def _tally_here(self) -> ThreadCounters:
        thread = get_ident()
        tally = self._tallies.get(thread)
        if tally is None:
            tally = self._tallies[thread] = ThreadCounters(thread, clock, self._send)
        return tally

    def _say_once(self, what: str, text: str) -> None:
        if what not in self._strange:
            self._strange.add(what)
            log.warning("%s", text)

    def _forget(self) -> None:
        link, self._link = self._link, None
        self._watch = None
        if link is not None:
            link.forget()


def _forget_in_child() -> None:
    for run in list(_open):
        run._forget()
    _open.clear()


def _stop_at_exit() -> None:
    crashed = getattr(sys, "last_exc", None) or getattr(sys, "last_value", None)
    for run in list(_open):
        run.stop(*outcome(crashed))


atexit.register(_stop_at_exit)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_in_child)
