"""The run as the training holds it: sends events to the recorder, reads its figures, never waits, never raises."""

import atexit
import os
import sys
import time
from _thread import get_ident  # threading has the same one, but takes half a millisecond to load
from collections.abc import Iterable, Mapping, Sequence
from time import perf_counter as _now
from typing import TYPE_CHECKING, Any, Unpack

from greentrack import log
from greentrack.clock import clock
from greentrack.errors import OverBudgetError
from greentrack.tracking import input_limits
from greentrack.tracking.counters import PhaseTimer, ThreadCounters
from greentrack.tracking.environment import packages
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
"""The runs that are being recorded, also those that the program dropped: their recorders must be told the end."""


class Run:
    """A run in progress, made by ``track``; a no-op once it is stopped, and in forked children."""

    def __init__(self, facts: "RunFacts", *, quiet: bool = False, settings: "Settings | None" = None) -> None:
        """Make a run that does nothing until it is connected; *settings* price its summaries."""
        self.id: str = facts["id"]
        self.name: str = facts["name"]
        self._facts = facts
        self._learned: RunFacts = {}  # after the start: a recorder that takes over does not know it
        self._began = clock()
        self._quiet = quiet
        self._settings = settings
        self._budget_watch: BudgetWatch | None = None
        self._spans = Spans(self._send, self._limited, self._warn_once)
        self._warned: set[str] = set()
        self._final: RunFigures | None = None
        self._link: Link | None = None
        self._counters_of_thread: dict[int, ThreadCounters] = {}
        self._counters = self._counters_here()

    def connect(self, hello: "Hello", budget: "Sequence[Limit]" = ()) -> None:
        """Start a recorder with *hello*. If this is interrupted, the caller must stop the run."""
        from greentrack.recorder.client.connect import connect

        self._began = hello["clock"]
        self._link = connect(hello, self._reopen, self._meanwhile)
        if self._link is not None:
            _open.add(self)
            if budget:
                from greentrack.tracking.budget_watch import BudgetWatch

                self._budget_watch = BudgetWatch(budget, self._spent, grace_s=10 + 2 * self._facts["interval"])

    def span(self, name: str, /, **attrs: Any) -> SpanHandle:
        """Return a named stretch with exact edges: ``with run.span("epoch", index=3):``. Spans nest.

        At each edge the recorder reads every device within milliseconds, while the training continues.
        """
        return SpanHandle(self._spans, name, attrs)

    def phase(self, name: str) -> PhaseTimer:
        """Return a recurring activity: ``with run.phase("data"):``. Costs a microsecond; gets energy by its time."""
        counters = self._counters
        if counters.thread != get_ident():
            counters = self._counters_here()
        try:
            return counters.phases[name]
        except KeyError:
            return counters.phase(name)
        except TypeError:  # a list, say: never raise into the training
            return self.phase(input_limits.name_within(name))

    def advance(self, **units: float) -> None:
        """Count work done since the last call, by unit: ``run.advance(samples=64, tokens=32_768)``."""
        counters = self._counters
        if counters.thread != get_ident():
            counters = self._counters_here()
        work = counters.work
        for unit, n in units.items():
            try:
                work[unit] = work[unit] + n  # += would change a tensor of the training
            except KeyError:
                work[unit] = n
            except Exception:  # noqa: BLE001  # tensors of other shapes, texts, None: never raise into the training
                self._warn_once(unit, f"{unit}={input_limits.repr_within(n)} is not a number and is not counted")
        if _now() >= counters.send_at:
            counters.send()

    def log(self, metrics: Mapping[str, float] | None = None, /, **more: float) -> None:
        """Keep metrics with the energy used so far: ``run.log(val_acc=0.97)`` or ``run.log({"val/acc": 0.97})``."""
        if metrics is not None and not isinstance(metrics, Mapping):
            self._warn_once(
                "", f"{input_limits.repr_within(metrics)} is not a mapping of names to numbers and is not kept"
            )
            metrics = None
        values = input_limits.numbers_in({**(metrics or {}), **more}, self._warn_once)
        if values:
            self._send({"m": "log", "t": clock(), "values": values})

    def forecast(self, progress: float, *, joules: Sequence[float], seconds: Sequence[float]) -> None:
        """Keep the expected totals of the whole work, now that *progress* (0 to 1) of it is done.

        *joules* and *seconds* are a value and its range: ``run.forecast(0.1, joules=(7e5, 6e5, 9e5), seconds=...)``.
        """
        at = clock()
        try:
            done = float(progress)
            all_joules, all_seconds = ([float(part) for part in figure] for figure in (joules, seconds))
        except Exception:  # noqa: BLE001  # never raise into the training
            given = ", ".join(map(input_limits.repr_within, (progress, joules, seconds)))
            self._warn_once("forecast", f"forecast({given}) is no forecast")
            return
        self._send({"m": "forecast", "t": at, "progress": done, "joules": all_joules, "seconds": all_seconds})

    def learn(self, **facts: "Unpack[RunFacts]") -> None:
        """Add facts of the run (fields of ``model.RunInfo``) that were not known at its start; *params* are merged."""
        if "params" in facts:
            params = {**self._facts.get("params", {}), **facts["params"]}
            facts["params"] = self._limited(params, input_limits.PARAMS)
        self._facts |= facts
        self._learned |= facts
        self._send({"m": "facts", "run": facts})

    def joules(self) -> dict[str, float]:
        """Return the joules used until the last reading (at most an interval ago), by kind of device; {} before it."""
        return joules_of(self._figures())

    def begin(self) -> None:
        """Restart the run's time and counters: the wait for the recorder is not part of the run."""
        self._began = clock()
        self._counters_of_thread.clear()
        self._counters = self._counters_here()
        self.learn(started_at=time.time())

    def stop(self, status: str = "finished", error: str | None = None) -> None:
        """End the run with one of ``greentrack.vocabulary.ENDINGS``. Later calls on the run do nothing."""
        mine, own = object(), self.__dict__
        try:  # no lock: after Ctrl-C right behind acquire(), nobody could tell who holds it
            if own.setdefault("_ending", mine) is mine:  # else another thread, or interrupted code, is ending the run
                self._stop(status, error)
        except BaseException:  # Ctrl-C before the recorder was told: nobody else tells it while the program lives
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
        for counters in list(self._counters_of_thread.values()):
            counters.send()
        if self._budget_watch is not None:
            status, error = self._budget_watch.final_status(status, error)
        if error is not None:
            error = input_limits.error_within(error, redact=self._redacts)
        self.learn(packages=self._facts["packages"] | packages())  # frameworks are often imported after the start
        at = clock()
        self._facts |= {"status": status, "error": error, "seconds": at - self._began}
        message: EndEvent = {"m": "end", "t": at, "status": status, "error": error}
        _open.discard(self)
        link, self._link = self._link, None  # from here on only the link itself ends its recorder
        final = link.finish(message)
        self._final = final or link.look()  # the last figures shown are better than none
        if final is None:
            log.warning(
                "the recorder gave no last figures; what it kept is in the database, if anything: run %s", self.id
            )
        elif not final["saved"]:
            log.warning("run %s could not be kept: %s", self.id, final["trouble"])
        if not self._quiet:
            print_line(self.id, self.summary)

    def record(self) -> "Record":
        """Return the facts and totals of this run so far, as this process knows them (spans are in the database)."""
        facts = self._facts.copy()
        if self._link is not None:
            facts["seconds"] = clock() - self._began
        return record_of(facts, self._figures())

    def summary(self, **assumptions: Any) -> "Summary":
        """Return what the run has cost so far; *assumptions* are those of ``greentrack.summarize``."""
        from greentrack.costing.api import summary_of

        return summary_of(self.record(), settings=self._settings, **assumptions)

    @property
    def is_open(self) -> bool:
        """True while the run is being recorded."""
        return self._link is not None

    @property
    def over_budget(self) -> bool:
        """True once the run has used more than its budget.

        Cheap enough for every step: the figures are read every half second, only the clock each time. A run that ends
        after the training saw True is kept as ``stopped``.
        """
        return self._budget_watch is not None and self._budget_watch.is_over()

    @property
    def budget_text(self) -> str | None:
        """How much was used of which limit, "2.01 of 2 kWh", once the run is over its budget; else None."""
        return None if self._budget_watch is None else self._budget_watch.text

    def check_budget(self) -> None:
        """Raise OverBudgetError if the run is ``over_budget``; a run that the error leaves ends as ``stopped``."""
        if self.over_budget:
            raise OverBudgetError(f"budget: {self.budget_text}")

    def __enter__(self) -> "Run":
        return self

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        self.stop(*outcome(error))

    def __repr__(self) -> str:
        state = "running" if self._link is not None else self._facts.get("status", DISABLED)
        return f"<Run {self.name!r} {self.id} {state}>"

    def __reduce__(self) -> Any:
        raise TypeError("a run belongs to its process and cannot be pickled; pass its id (run.id) instead")

    # -- for spans, counters and the recorder

    def _figures(self) -> "RunFigures | None":
        return self._final or (self._link.look() if self._link is not None else None)

    def _send(self, message: "Event") -> None:
        if self._link is not None:
            self._link.send(message)
            if self._budget_watch is not None:
                self._budget_watch.check()  # for a training that never asks: a warning in the log

    def _spent(self, by_clock: bool) -> "BudgetUse":
        from greentrack.tracking.budget import BudgetUse, spent_of

        if by_clock:
            return BudgetUse(None, None, None, None, clock() - self._began)
        return spent_of(self.summary())

    def _limited(self, params: Mapping[str, Any], what: str) -> dict[str, Any]:
        kept, cut = input_limits.params_within(params, redact=self._redacts)
        if cut:
            self._warn_once(what, input_limits.TOO_LARGE % what)
        return kept

    @property
    def _redacts(self) -> bool:
        return self._settings is None or self._settings.redact

    def _reopen(self) -> "Iterable[Event]":
        return [{"m": "facts", "run": self._learned.copy()}, *self._spans.opened()]

    def _meanwhile(self) -> None:
        if not self._quiet:
            get_ready_to_print()

    def _counters_here(self) -> ThreadCounters:
        thread = get_ident()
        if thread not in self._counters_of_thread:
            self._counters_of_thread[thread] = ThreadCounters(thread, clock, self._send)
        return self._counters_of_thread[thread]

    def _warn_once(self, what: str, text: str) -> None:
        if what not in self._warned:
            self._warned.add(what)
            log.warning("%s", text)


def _forget_in_child() -> None:
    for run in list(_open):
        link, run._link = run._link, None
        run._budget_watch = None
        if link is not None:
            link.forget()
    _open.clear()


def _stop_at_exit() -> None:
    crashed = getattr(sys, "last_exc", None) or getattr(sys, "last_value", None)
    for run in list(_open):
        run.stop(*outcome(crashed))


atexit.register(_stop_at_exit)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_in_child)
