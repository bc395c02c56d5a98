"""Holds a batch until the store takes it, and warns where the store does not."""

import time
from collections.abc import Callable
from typing import Protocol

from greentrack.errors import BusyError, RefusedError, StoreError
from greentrack.store.batch import Batch

MAX_HELD_READINGS = 20_000
"""Readings kept in memory while the store cannot be written; beyond, neighbours are merged."""

PATIENCE_S = 2.0
"""How long the end of a run tries to write."""

LOCKED_S = 4.0
"""How long it tries where others have the database locked: they will release it.

The last try may take another half second, and a run waits ``protocol.FINISH_WAIT_S`` for its end.
"""

PAUSE_S, LOCKED_PAUSE_S = 0.05, 0.005
"""Seconds between two tries. Each itself waits for a lock (``setup.BUSY_S``); who pauses loses the turn."""


class Sink(Protocol):
    """Where batches go. A ``write`` that fails raises StoreError and keeps nothing of the batch."""

    def write(self, batch: Batch) -> None:
        """Write the batch."""

    def close(self) -> None:
        """Release the store."""


class WriteBuffer:
    """The growing *batch* of a run, and the sink that it goes to.

    *warn_seldom* logs a trouble of the store that may come again and again, *warn* any other.
    """

    def __init__(
        self,
        sink: Sink,
        run_id: str,
        *,
        warn_seldom: Callable[[str], None],
        warn: Callable[[str], None],
        clock: Callable[[], float] = time.monotonic,
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        self.batch = Batch(run_id=run_id)
        self.trouble = ""
        self._busy = False
        self._sink, self._warn_seldom, self._warn = sink, warn_seldom, warn
        self._clock, self._pause = clock, pause

    def flush(self) -> bool:
        """Write the batch to the store; where that fails it stays in memory and is written with the next."""
        trouble = self._write()
        if trouble is not None and (isinstance(trouble, RefusedError) or not isinstance(trouble, StoreError)):
            self._warn(f"what the run said of this interval (spans, metrics) cannot be kept ({trouble!r})")
            self.batch.leave_out_marks()
            trouble = self._write()
        self._busy = isinstance(trouble, BusyError)
        if trouble is not None:
            text = str(trouble) if isinstance(trouble, StoreError) else repr(trouble)
            if not self.trouble:
                self._warn_seldom(f"{text}; readings are held in memory and tried again")
            self.trouble = text
            self.batch.bounded(MAX_HELD_READINGS)
            return False
        self.trouble = ""
        self.batch = Batch(run_id=self.batch.run_id)
        return True

    def finish(self, patience_s: float, locked_s: float) -> None:
        """Write everything, or give up after *patience_s*, or after *locked_s* where others have the store locked."""
        begun = self._clock()
        while not self.flush():
            if self._clock() - begun >= (locked_s if self._busy else patience_s):
                break
            self._pause(LOCKED_PAUSE_S if self._busy else PAUSE_S)
        self._sink.close()

    def _write(self) -> Exception | None:
        try:
            self._sink.write(self.batch)
        except Exception as error:  # noqa: BLE001  # a full disk must not end a training: it goes on in memory
            return error
        return None
