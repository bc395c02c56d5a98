"""Converts messages and figures to JSON, one object per line, and back, for a run and its recorder."""

import json
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar, cast

if TYPE_CHECKING:  # a run starts its recorder before it loads what the facts are made of
    from greentrack.calibration_facts import HostCalibration
    from greentrack.model import DeviceUse, Host, RunInfo, TrackerOverhead
    from greentrack.recorder.transport.messages import (
        EndEvent,
        Event,
        F,
        Fields,
        FinalFigures,
        Message,
        RunFacts,
        RunFigures,
    )

M = TypeVar("M", bound="Message")

START_WAIT_S = 0.08
"""How long a run waits for the first reads; a slower recorder catches up, and coverage shows what it missed."""

FINISH_WAIT_S = 5.0
"""Maximum wait of a run's end for the last reads: milliseconds, unless a sensor hangs or a database is locked.

It is longer than ``write_buffer.LOCKED_S``, so that the run learns whether a locked database could be written.
"""

MAX_DEPTH = 20
"""Maximum depth of nested values in a message that is not plain JSON; deeper ones, such as circles, become text."""

_SQLITE_LIMIT = 2**63  # of its integers
_DIGITS_LIMIT = 10**4000  # Python writes no number of more than 4,300 digits

_encode = json.JSONEncoder(default=str, separators=(",", ":"), check_circular=False).encode


class Link(Protocol):
    """A connection to a recorder. Once it is open, no method raises."""

    def send(self, event: "Event") -> None:
        """Send an event without waiting."""

    def look(self) -> "RunFigures | None":
        """Return the latest figures; None before the first."""

    def finish(self, end: "EndEvent") -> "FinalFigures | None":
        """End the recording; return the final figures, or None if the recorder did not answer."""

    def forget(self) -> None:
        """Do nothing from now on, and touch nothing: this is the copy of a forked child."""


def encode(message: "Message | RunFigures") -> bytes:
    """Return the JSON of a message or of figures; values that JSON does not have become text."""
    try:
        text = _encode(message)
    except Exception:  # noqa: BLE001  # whatever a training hands over: keys of any type, circles, texts that fail
        text = _encode(_plain_value(message))
    return text.encode()


def line(message: "Message") -> bytes:
    """Return a message as a line."""
    return encode(message) + b"\n"


class LineBuffer(Generic[M]):
    """Puts messages together from the pieces that are read from a pipe."""

    def __init__(self) -> None:
        self._partial = b""

    def feed(self, data: bytes) -> list[M]:
        """Add *data*; return the messages that are now complete. Skips lines that are not JSON objects."""
        *lines, self._partial = (self._partial + data).split(b"\n")
        messages: list[M] = []
        for text in lines:
            try:
                message = json.loads(text)
            except ValueError:
                continue
            if isinstance(message, dict):
                messages.append(cast("M", message))
        return messages


def figures(
    at: float,
    uses: "Sequence[DeviceUse]",
    overhead: "TrackerOverhead",
    host: "Host | None",
    calibration: "HostCalibration | None" = None,
) -> "RunFigures":
    """Return the totals of a run at the moment *at*, as plain values."""
    known = None
    if calibration is not None:
        made = [_fields(one) for one in calibration.calibrations]
        known = _fields(calibration, calibrations=made, updates=dict(calibration.updates))
    return {
        "at": at,
        "host": None if host is None else _fields(host),
        "devices": [
            _fields(
                use,
                device=_fields(use.device, details=dict(use.device.details)),
                energy=_fields(use.energy),
                idle=None if use.idle is None else _fields(use.idle),
            )
            for use in uses
        ],
        "overhead": _fields(overhead),
        "calibration": known,
    }


def figures_of(plain: "RunFigures") -> "tuple[list[DeviceUse], TrackerOverhead]":
    """Return the devices and the overhead in *plain* figures."""
    from greentrack.model import Device, DeviceUse, Energy, TrackerOverhead

    uses = [
        fact_of(
            DeviceUse,
            use,
            device=Device(**use["device"]),
            energy=Energy(**use["energy"]),
            idle=None if use["idle"] is None else Energy(**use["idle"]),
        )
        for use in plain["devices"]
    ]
    return uses, fact_of(TrackerOverhead, plain["overhead"])


def calibration_of(plain: "RunFigures") -> "HostCalibration | None":
    """Return the calibration of the host in *plain* figures; None if they have none."""
    if (known := plain["calibration"]) is None:
        return None
    from greentrack.calibration_facts import Calibration, HostCalibration

    calibrations = [Calibration(**{**one, "devices": tuple(one["devices"])}) for one in known["calibrations"]]
    return fact_of(HostCalibration, known, calibrations=tuple(calibrations))


def fact_of(kind: "Callable[..., F]", fields: "Fields[F]", **nested: object) -> "F":
    """Return the fact of this *kind* with these *fields*; *nested* replaces those that JSON does not have."""
    return kind(**{**fields, **nested})


def _fields(fact: "F", **nested: object) -> "Fields[F]":
    """Return the fields of *fact*; *nested* replaces those that are not plain values."""
    return cast("Fields[F]", fact._asdict() | nested)


def run_of(facts: "RunFacts", host: "Host | None" = None) -> "RunInfo":
    """Return the run with these *facts* from the pipe, whose JSON has lists for tuples."""
    from greentrack.model import RunInfo

    return RunInfo(id=facts["id"], host=host, **valid_facts({"name": "", **facts}))


def valid_facts(facts: Mapping[str, Any]) -> dict[str, Any]:
    """Return those *facts* that are fields of ``RunInfo`` (not *id*, *host*) and have values that a database takes."""
    from greentrack.model import RunInfo

    found: dict[str, Any] = {}
    for name, value in facts.items():
        if name not in RunInfo._fields or name in ("id", "host"):
            continue
        usual = RunInfo._field_defaults.get(name, "")
        is_number = isinstance(value, int | float) and abs(value) < _SQLITE_LIMIT
        if isinstance(usual, tuple):
            if isinstance(value, list | tuple):
                found[name] = tuple(map(str, value))
        elif isinstance(usual, Mapping):
            if isinstance(value, Mapping):
                found[name] = value
        elif (is_number and not isinstance(usual, str)) or (
            not isinstance(usual, int | float) and (isinstance(value, str) or value is usual is None)
        ):
            found[name] = value
    return found


def _plain_value(value: Any, depth: int = 0) -> Any:
    if value is None or isinstance(value, bool | float | str):
        return value
    if isinstance(value, int) and -_DIGITS_LIMIT < value < _DIGITS_LIMIT:
        return value
    if depth < MAX_DEPTH and isinstance(value, Mapping):
        return {_text(key): _plain_value(item, depth + 1) for key, item in value.items()}
    if depth < MAX_DEPTH and isinstance(value, list | tuple):
        return [_plain_value(item, depth + 1) for item in value]
    return _text(value)


def _text(value: Any) -> str:
    try:
        return str(value)
    except Exception:  # noqa: BLE001  # anybody's __str__
        return f"<{type(value).__name__}>"
