"""Makes a recorder from a run's hello: sensors, store, process tree."""

import time
from collections.abc import Callable, Collection, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from greentrack import log
from greentrack.errors import GreenTrackError, NotFoundError, StoreError
from greentrack.host import facts
from greentrack.host.cpu_time import busy_seconds, quota
from greentrack.host.process_tree import ProcessTree
from greentrack.meters.base import Context, Meter
from greentrack.meters.discovery import AUTO, discover
from greentrack.model import DeviceUse, Reading
from greentrack.recorder import git
from greentrack.recorder.sampler import Recorder
from greentrack.recorder.transport import protocol
from greentrack.store.batch import Batch

if TYPE_CHECKING:
    from greentrack.recorder.transport.messages import Hello, RunFigures
    from greentrack.store.writer import Writer

BUSY_S = 0.25
"""How long a tick waits for a database that somebody else has locked; a later tick writes what this one could not."""


def start(
    hello: "Hello",
    *,
    publish: "Callable[[RunFigures], None]",
    warn: Callable[[str], None],
    cpu_time: Callable[[], float] = time.process_time,
) -> Recorder:
    """Return *hello*'s recorder, its first reads done. Raises ConfigError for meters that cannot be made."""
    context = Context(
        sys=Path(hello["sys"]), env=hello["env"], gpus=hello["gpus"], torch_uuids=hello.get("torch_uuids")
    )
    found = discover(context, hello["meters"] or AUTO)
    recorder = Recorder(
        protocol.run_of(hello["run"]),
        found.meters,
        Database(hello["db"], warn),
        clock=facts.clock,
        wall=hello["wall"],
        publish=publish,
        warn=warn,
        cpu_time=cpu_time,
        carried=hello.get("carried"),
        restarts=hello.get("restarts", 0),
    )
    recorder.start(hello["clock"])
    return recorder


def why_refused(error: Exception) -> str:
    """Say why ``start`` raised *error*: nothing can be recorded."""
    return str(error) if isinstance(error, GreenTrackError) else f"the recorder cannot start: {error!r}"


def complete(recorder: Recorder, hello: "Hello", warn: Callable[[str], None]) -> Path | None:
    """Find out what can wait until the first reads are done: the host, the commit, the process tree.

    Returns the root of the git work tree that the run was started in, or None where there is none.
    """
    try:
        return _find_facts(recorder, hello)
    except Exception as error:  # noqa: BLE001  # no file may be left to open: the readings are worth more than these facts
        warn(f"host, commit and processes could not all be found out: {error!r}")
        return None


def _find_facts(recorder: Recorder, hello: "Hello") -> Path | None:
    from greentrack.store.host_calibrations import read as read_calibrations
    from greentrack.store.location import default_path
    from greentrack.store.maintenance import mark_interrupted

    work_tree = git.commit(Path(hello["folder"]))
    host = facts.host()
    recorder.learn(
        recorder.run._replace(
            host=host,
            boot_id=facts.boot_id(),
            pid_started=facts.process_started(recorder.run.pid) or 0.0,
            git_commit=work_tree[1] if work_tree else None,
        )
    )
    recorder.attribute(ProcessTree(recorder.run.pid), _busy(recorder.meters, Path(hello["sys"])))
    recorder.flush()
    with suppress(StoreError):  # where nothing can be read or written, the sink says so
        path = Path(hello["db"]) if hello["db"] else default_path()
        if hello.get("restarts"):
            recorder.recover(*_stored(path, recorder.run.id))
        mark_interrupted(path)
        recorder.calibration = read_calibrations(path, BUSY_S).get(host.id)
    return work_tree[0] if work_tree else None


def _stored(path: Path, run_id: str) -> tuple[Sequence[DeviceUse], Collection[Sequence[Reading]]]:
    """The devices and readings that the store has of the run; none where it was never written. Raises StoreError."""
    from greentrack.store.reader import Reader

    try:
        with Reader(path) as reader:
            return reader.outline(run_id).devices, reader.readings(run_id).values()
    except NotFoundError:
        return (), ()


def _busy(meters: Sequence[Meter], sys: Path) -> Callable[[], float]:
    """Counts busy CPU seconds: the machine's, or the container's where only its slice is modelled."""
    slice_ = quota(sys, facts.PROC) if any(meter.is_within_quota for meter in meters) else None
    if slice_ is not None and slice_.used_seconds() is not None:
        return lambda: slice_.used_seconds() or 0.0
    return lambda: busy_seconds(facts.PROC)[0]


class Database:
    """The database at the path *db*, or the user's own. The first write opens it and loads what that needs.

    Where no path can be found (no home folder, say), every write raises, and readings stay with the recorder.
    """

    def __init__(self, db: str | None, warn: Callable[[str], None] = log.warning) -> None:
        self._db, self._warn = db, warn
        self._writer: Writer | None = None

    def write(self, batch: Batch) -> None:
        """Write the batch. Raises StoreError."""
        if self._writer is None:
            from greentrack.store.writer import Writer

            self._writer = Writer(Path(self._db) if self._db else None, busy_timeout_s=BUSY_S, warn=self._warn)
        self._writer.write(batch)

    def close(self) -> None:
        """Close the file."""
        if self._writer is not None:
            self._writer.close()
