"""Makes a recorder from what a run said at its start: sensors, store, process tree."""

from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from greentrack import log
from greentrack.errors import NotFoundError, StoreError
from greentrack.host import facts
from greentrack.host.cpu_time import busy_seconds, quota
from greentrack.host.process_tree import ProcessTree
from greentrack.meters.base import Context, Meter
from greentrack.meters.discovery import AUTO, discover
from greentrack.model import DeviceUse, Missing, Reading
from greentrack.recorder import git
from greentrack.recorder.sampler import Recorder
from greentrack.recorder.transport import protocol
from greentrack.store.batch import Batch

if TYPE_CHECKING:
    from greentrack.store.writer import Writer

BUSY_S = 0.25
"""How long a tick waits for a database that somebody else has locked; what it holds is written by a later one."""


def start(
    hello: Mapping[str, Any], *, publish: Callable[[dict[str, Any]], None], warn: Callable[[str], None], **extra: Any
) -> tuple[Recorder, list[Missing]]:
    """Return the recorder that *hello* asks for, its first reads done, and what cannot be measured here.

    Raises ConfigError for meters that cannot be made.
    """
    context = Context(sys=Path(hello["sys"]), env=hello["env"], gpus=hello["gpus"], torch_uuids=hello.get("cuda_uuids"))
    found = discover(context, hello["meters"] or AUTO)
    recorder = Recorder(
        protocol.run_of(hello["run"]),
        found.meters,
        Database(hello["db"], warn),
        clock=facts.clock,
        wall=hello["wall"],
        publish=publish,
        warn=warn,
        carried=hello.get("carried"),
        restarts=hello.get("restarts", 0),
        **extra,
    )
    recorder.start(hello["clock"])
    return recorder, list(found.missing)


def complete(recorder: Recorder, hello: Mapping[str, Any], warn: Callable[[str], None]) -> Path | None:
    """Find out what could wait until the first reads were done: the host, the commit, the process tree.

    Returns the root of the git work tree that the run was started in, or None where there is none.
    """
    try:
        return _look_around(recorder, hello)
    except Exception as error:  # noqa: BLE001  # no file may be left to open: the readings are worth more than these facts
        warn(f"host, commit and processes could not all be found out: {error!r}")
        return None


def _look_around(recorder: Recorder, hello: Mapping[str, Any]) -> Path | None:
    from greentrack.store.host_calibrations import known as known_hosts
    from greentrack.store.location import default_path
    from greentrack.store.maintenance import mark_interrupted

    work_tree = git.commit(Path(hello["folder"]))
    host = facts.host()
    recorder.learn(
        host=host,
        boot_id=facts.boot_id(),
        pid_started=facts.process_started(recorder.run.pid) or 0.0,
        git_commit=work_tree[1] if work_tree else None,
    )
    recorder.attribute(ProcessTree(recorder.run.pid), _busy(recorder.meters, Path(hello["sys"])))
    recorder.flush()
    try:
        place = Path(hello["db"]) if hello["db"] else default_path()
        if hello.get("restarts"):
            recorder.make_up(*_kept(place, recorder.run.id))
        mark_interrupted(place)
        known = known_hosts(place, BUSY_S).get(host.id)
    except StoreError:  # where nothing can be read or kept, the sink says so
        known = None
    if known is not None:
        recorder.tell_of(known)
    return work_tree[0] if work_tree else None


def _kept(place: Path, run_id: str) -> tuple[Sequence[DeviceUse], Collection[Sequence[Reading]]]:
    """The devices and readings that the store has of the run; nothing where it was never written. Raises StoreError."""
    from greentrack.store.reader import Reader

    try:
        with Reader(place) as reader:
            return reader.outline(run_id).devices, reader.readings(run_id).values()
    except NotFoundError:
        return (), ()


def _busy(meters: Sequence[Meter], sys: Path) -> Callable[[], float]:
    """The busy CPU seconds of what is metered: the machine's, or the container's where only its slice is modelled."""
    part = quota(sys, facts.PROC) if any(meter.method == "cpu-model" for meter in meters) else None
    if part is not None and part.used_seconds() is not None:
        return lambda: part.used_seconds() or 0.0
    return lambda: busy_seconds(facts.PROC)[0]


class Database:
    """The database at the path *db*, or the user's own: opened, and what that needs loaded, at the first write.

    Where there is no place for one (no home folder, say) every write says so, and readings stay with the recorder.
    """

    def __init__(self, db: str | None, warn: Callable[[str], None] = log.warning) -> None:
        self._db, self._warn = db, warn
        self._writer: Writer | None = None

    def write(self, batch: Batch) -> None:
        """Keep the batch. Raises StoreError."""
        if self._writer is None:
            from greentrack.store.writer import Writer

            self._writer = Writer(Path(self._db) if self._db else None, busy_timeout_s=BUSY_S, warn=self._warn)
        self._writer.write(batch)

    def close(self) -> None:
        """Let go of the file."""
        if self._writer is not None:
            self._writer.close()
