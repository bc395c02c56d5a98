"""What goes over the pipe between a run and its recorder: one JSON object a line, and figures that both can read."""

import json
import zlib
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:  # a run starts its recorder before it loads what the facts are made of
    from greentrack.calibration_facts import HostCalibration
    from greentrack.model import DeviceUse, Host, RunInfo, TrackerOverhead

BOARD_BYTES = 1 << 16
"""The size of the memory in which a recorder shows its latest figures."""

BOARD_FD = 3
"""The recorder's descriptor of that memory; 0 and 1 are its pipes."""

_HEAD = 8  # bytes: the length and the checksum of what follows


_encode = json.JSONEncoder(default=str, separators=(",", ":"), check_circular=False).encode


def line(message: Mapping[str, Any]) -> bytes:
    """One message as a line. What JSON has no word for is sent as its text."""
    try:
        text = _encode(message)
    except Exception:  # noqa: BLE001  # whatever a training hands over: keys of any type, circles, texts that fail
        text = _encode(_plain_value(message))
    return text.encode() + b"\n"


class LineBuffer:
    """Bytes that come in pieces, given back as the messages that are whole."""

    def __init__(self) -> None:
        self._rest = b""

    def feed(self, data: bytes) -> list[dict[str, Any]]:
        """Take *data*; return the messages it completes. A line that is no JSON object is left out."""
        *whole, self._rest = (self._rest + data).split(b"\n")
        messages = []
        for text in whole:
            try:
                message = json.loads(text)
            except ValueError:
                continue
            if isinstance(message, dict):
                messages.append(message)
        return messages


def post(board: Any, figures: Mapping[str, Any]) -> None:
    """Write *figures* on the shared *board* (a writable buffer of BOARD_BYTES); figures too long are left out."""
    data = _encode(figures).encode()
    if len(data) <= BOARD_BYTES - _HEAD:
        board[_HEAD : _HEAD + len(data)] = data
        board[:_HEAD] = len(data).to_bytes(4, "little") + zlib.crc32(data).to_bytes(4, "little")


def look(board: Any) -> dict[str, Any] | None:
    """Read the figures off the *board*; None where there are none yet, or one is being written all the time."""
    for _ in range(20):
        head = bytes(board[:_HEAD])
        size = int.from_bytes(head[:4], "little")
        if not 0 < size <= BOARD_BYTES - _HEAD:
            return None
        data = bytes(board[_HEAD : _HEAD + size])
        if zlib.crc32(data) == int.from_bytes(head[4:], "little"):  # else it was being written: look again
            figures: dict[str, Any] = json.loads(data)
            return figures
    return None


def figures(
    at: float,
    uses: "Sequence[DeviceUse]",
    toll: "TrackerOverhead",
    host: "Host | None",
    known: "HostCalibration | None" = None,
) -> dict[str, Any]:
    """The totals of a run at a moment, in plain values."""
    return {
        "at": at,
        "host": None if host is None else host._asdict(),
        "devices": [_plain(use) for use in uses],
        "toll": toll._asdict(),
        "known": None
        if known is None
        else {"calibrations": [one._asdict() for one in known.calibrations], "updates": dict(known.updates)},
    }


def figures_of(plain: Mapping[str, Any]) -> "tuple[list[DeviceUse], TrackerOverhead]":
    """The totals that ``figures`` made plain."""
    from greentrack.model import Device, DeviceUse, Energy, TrackerOverhead

    uses = []
    for entry in plain["devices"]:
        other = {key: value for key, value in entry.items() if key not in ("device", "energy", "idle")}
        idle = None if entry["idle"] is None else Energy(**entry["idle"])
        uses.append(DeviceUse(device=Device(**entry["device"]), energy=Energy(**entry["energy"]), idle=idle, **other))
    return uses, TrackerOverhead(**plain["toll"])


def known_of(plain: Mapping[str, Any]) -> "HostCalibration | None":
    """What is known about the host, from what ``figures`` made plain; None where nothing is."""
    known = plain.get("known")
    if known is None:
        return None
    from greentrack.calibration_facts import Calibration, HostCalibration

    calibrations = (Calibration(**{**one, "devices": tuple(one["devices"])}) for one in known["calibrations"])
    return HostCalibration(calibrations=tuple(calibrations), updates=known["updates"])


def run_of(facts: Mapping[str, Any]) -> "RunInfo":
    """A Run from plain values as they come over the pipe, where JSON knows no tuples."""
    from greentrack.model import RunInfo

    host = {"host": facts["host"]} if "host" in facts else {}
    return RunInfo(id=facts["id"], **sound({"name": "", **facts}), **host)


def sound(facts: Mapping[str, Any]) -> dict[str, Any]:
    """Those of *facts* that are fields of a Run and may be learned of it, with values that a database takes."""
    from greentrack.model import RunInfo

    found: dict[str, Any] = {}
    for name, value in facts.items():
        if name not in RunInfo._fields or name in ("id", "host"):
            continue
        usual = RunInfo._field_defaults.get(name, "")
        number = isinstance(value, int | float) and abs(value) < _LARGEST
        if isinstance(usual, tuple):
            if isinstance(value, list | tuple):
                found[name] = tuple(map(str, value))
        elif isinstance(usual, Mapping):
            if isinstance(value, Mapping):
                found[name] = value
        elif (number and not isinstance(usual, str)) or (
            not isinstance(usual, int | float) and (isinstance(value, str) or value is usual is None)
        ):
            found[name] = value
    return found


DEEPEST = 20
"""So many levels of what is not plain JSON are kept; circles go deeper than any."""


_LARGEST = 2**63  # of SQLite's integers
_MOST = 10**4000  # Python writes no number of more than 4,300 digits


def _plain_value(value: Any, depth: int = 0) -> Any:
    if value is None or isinstance(value, bool | float | str) or (isinstance(value, int) and -_MOST < value < _MOST):
        return value
    if depth < DEEPEST and isinstance(value, Mapping):
        return {_text(key): _plain_value(item, depth + 1) for key, item in value.items()}
    if depth < DEEPEST and isinstance(value, list | tuple):
        return [_plain_value(item, depth + 1) for item in value]
    return _text(value)


def _text(value: Any) -> str:
    try:
        return str(value)
    except Exception:  # noqa: BLE001  # anybody's __str__
        return f"<{type(value).__name__}>"


def _plain(use: "DeviceUse") -> dict[str, Any]:
    device, energy, idle = use.device, use.energy, use.idle
    return {
        "device": {"uid": device.uid, "kind": device.kind, "name": device.name, "details": dict(device.details)},
        "method": use.method,
        "energy": {"joules": energy.joules, "seconds": energy.seconds, "cross_check": energy.cross_check},
        "counter_valid": use.counter_valid,
        "process": use.process,
        "note": use.note,
        "idle": None if idle is None else {"joules": idle.joules, "seconds": idle.seconds},
        "idle_watts": use.idle_watts,
    }
