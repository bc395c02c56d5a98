"""A made-up vendor of GPUs in one file, as docs/adding.md describes: a counter, its power, a variable of its own.

Its driver is the folder ``class/acme`` of /sys: for each GPU a folder with the files uuid, watts (its true power), gain
(of its counter) and busy (0 to 1).
"""

from collections.abc import Callable, Sequence
from pathlib import Path

from greentrack.clock import clock as system_clock
from greentrack.errors import MeterError
from greentrack.meters.base import Context, Discovery
from greentrack.meters.cross_check import CheckedCounter
from greentrack.method import Method
from greentrack.model import Device, Missing

METHODS = (
    Method(
        name="acme-counter",
        text="ACME energy counter, compared with its power",
        measured=True,
        below=0.05,
        above=0.05,
        source="a test's invention",
        year=2026,
        update_seconds=0.1,
        if_invalid="acme-power",
    ),
    Method(
        name="acme-power",
        text="ACME power integrated, because the energy counter disagreed with it",
        measured=True,
        below=0.10,
        above=0.10,
        source="a test's invention",
        year=2026,
        update_seconds=0.1,
    ),
)


class AcmeCounter(CheckedCounter):
    """The energy counter of one ACME GPU."""

    method = "acme-counter"
    invalid_method = "acme-power"

    def __init__(self, device: Device, folder: Path, clock: Callable[[], float]) -> None:
        super().__init__(device, average_s=None, update_s=0.1)
        self._folder, self._clock = folder, clock

    def count(self) -> float:
        """Return the joules since the clock's zero."""
        return self._number("gain") * self._number("watts") * self._clock()

    def power(self) -> float:
        """Return the watts now."""
        return self._number("watts")

    def busy(self) -> float:
        """Return the part of the time in which it works."""
        return self._number("busy")

    def _number(self, name: str) -> float:
        try:
            return float((self._folder / name).read_text())
        except (OSError, ValueError) as error:
            raise MeterError(f"{self.device.name} does not show its {name} ({error})") from error


def discover(context: Context, clock: Callable[[], float] = system_clock) -> Discovery:
    """Return the counters of the GPUs that *context* selects, or why there are none."""
    folders = {(path / "uuid").read_text(): path for path in sorted((context.sys / "class/acme").glob("gpu*"))}
    if not folders:
        return Discovery(missing=[Missing(source="acme", reason="no ACME driver on this machine")])
    wanted = _wanted(context, list(folders))
    meters = [
        AcmeCounter(Device(uid=uuid, kind="gpu", name=f"Roadrunner {uuid}"), folders[uuid], clock)
        for uuid in wanted
        if uuid in folders
    ]
    unknown = [uuid for uuid in wanted if uuid not in folders]
    return Discovery(meters, [Missing(source="acme", reason=f"no GPU is called {uuid!r}") for uuid in unknown])


def _wanted(context: Context, uuids: Sequence[str]) -> list[str]:
    """Return the UUIDs of the GPUs to measure, and the words that are none."""
    chosen: Sequence[int | str] = uuids
    if context.gpus != "auto" and context.gpus != "all":
        chosen = context.gpus
    elif context.gpus == "auto" and (value := context.env.get("ACME_VISIBLE_DEVICES")) is not None:
        chosen = value.split(",")
    by_index = {str(index): uuid for index, uuid in enumerate(uuids)}
    return [by_index.get(str(word), str(word)) for word in chosen]
