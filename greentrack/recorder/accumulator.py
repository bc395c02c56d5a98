"""Turns the counts of the meters into readings, and adds up the readings of each device."""

import math
from collections.abc import Iterable, Mapping, Sequence

from greentrack import log
from greentrack.meters.base import Meter
from greentrack.model import DeviceUse, Energy, Reading
from greentrack.recorder.device_totals import DeviceTotals
from greentrack.recorder.process_share import ProcessShare
from greentrack.recorder.timeline import NOTHING, Timeline, difference, total

UNSEEN = "the run ended before this was first read: shown is what it used right after, for as long as the run lasted"
"""The note of a device that was not read before the run ended: the machine was too busy to start the recorder."""


class Accumulator:
    """Keeps the totals of the devices of one run.

    *wall* is the Unix time at clock 0. *carried* are the totals of a recorder that died before, up to *carried_at* on
    the clock. Once *process_share* is set, readings include the run's own share.
    """

    def __init__(
        self,
        meters: Sequence[Meter],
        timeline: Timeline,
        wall: float,
        carried: Iterable[DeviceUse] = (),
        carried_at: float = 0.0,
    ) -> None:
        self._meters, self._timeline, self._wall = meters, timeline, wall
        self._carried = {use.device.uid: use for use in carried}
        self._carried_at = carried_at
        self._totals = {meter.device.uid: DeviceTotals(self._carried.get(meter.device.uid)) for meter in meters}
        self._reported: dict[str, Energy] = {}  # by device: what its readings add up to
        self.process_share: ProcessShare | None = None
        self._stored: Sequence[tuple[object, ...]] = ()  # what the store has of each device beside its readings

    def begin(self) -> None:
        """Start the readings from the energies that were read last."""
        for meter in self._meters:
            self._reported[meter.device.uid] = self._timeline.last(meter.device.uid)

    def readings(self, read_at: float, until: float = math.inf) -> list[Reading]:
        """Return what each device used from its last reading to *until*; the meters were read at *read_at*."""
        if self.process_share is not None:
            self.process_share.look()
        made = (self._reading(meter, read_at, until) for meter in self._meters)
        return [reading for reading in made if reading is not None]

    def last_readings(self, read_at: float, begun: float, ended: float) -> list[Reading]:
        """Return what each device used from its last reading to the end of a run from *begun* to *ended*.

        A device that was first read after the end gets what it used right after, over a time as long as the run.
        """
        if self.process_share is not None:
            self.process_share.look()
        made = []
        for meter in self._meters:
            since = self._timeline.since(meter.device.uid)
            unseen = since is not None and since > ended and not self._carried
            until = since + max(0.0, ended - begun) if since is not None and unseen else ended
            reading = self._reading(meter, read_at, until)
            if reading is not None:
                made.append(reading)
            if unseen and self._reported[meter.device.uid] != NOTHING:
                meter.note = "; ".join(filter(None, (meter.note, UNSEEN)))
        return made

    def unwritten(self, stored: Iterable[DeviceUse]) -> list[Reading]:
        """Return what the previous recorder read and showed but did not write; *stored* is what the store has."""
        written = {use.device.uid: use for use in stored}
        made = []
        for uid in self._carried.keys() & self._totals.keys():
            use = self._carried[uid]
            there = written.get(uid, DeviceUse(use.device, use.method))
            missed = difference(use.energy, there.energy)
            if missed.seconds < 0.001:
                continue
            process = (use.process or 0.0) - (there.process or 0.0)
            reading = Reading(
                device=uid,
                at=self._wall + self._carried_at,
                seconds=missed.seconds,
                joules=max(0.0, missed.joules),
                cross_check=missed.cross_check,
                share=min(1.0, process / missed.joules) if process > 0 and missed.joules > 0 else None,
            )
            made.append(reading)
        return made

    def changed_devices(self) -> list[DeviceUse] | None:
        """Return all devices if the store does not have their latest facts; else None."""
        known = [(m.method, m.counter_valid, m.note, self._totals[m.device.uid].idle_watts) for m in self._meters]
        if known == self._stored:
            return None
        self._stored = known
        return self.uses()

    def total(self) -> list[DeviceUse]:
        """Return every device with the total of its readings."""
        return self.uses(self._reported)

    def joules(self, energies: Mapping[str, Energy]) -> float:
        """Return the total joules of the run if its devices had used *energies*."""
        return sum(use.joules for use in self.uses(energies))

    def uses(self, energies: Mapping[str, Energy] | None = None) -> list[DeviceUse]:
        """Return every device with its energy in *energies*, by default the energy that was read last."""
        uses = []
        for meter in self._meters:
            uid = meter.device.uid
            totals = self._totals[uid]
            use = DeviceUse(
                device=meter.device,
                method=meter.method,
                energy=self._timeline.last(uid) if energies is None else energies.get(uid, NOTHING),
                counter_valid=meter.counter_valid,
                process=totals.process,
                note=meter.note,
                idle=totals.idle,
                idle_watts=totals.idle_watts,
            )
            if (before := self._carried.get(uid)) is not None:
                use = use._replace(energy=total(before.energy, use.energy))
                if not before.counter_valid:  # a counter once found wrong stays so
                    use = use._replace(counter_valid=False, method=before.method, note=before.note)
            uses.append(use)
        return uses

    def _reading(self, meter: Meter, read_at: float, until: float) -> Reading | None:
        uid = meter.device.uid
        now = self._timeline.of(uid, until)
        used = difference(now, self._reported.get(uid, NOTHING))
        if used.seconds <= 0 and used.joules <= 0:
            return None  # absent is not zero; and a reading after the end is not taken back
        self._reported[uid] = now
        reading = Reading(
            device=uid,
            at=self._wall + min(read_at, until),
            seconds=used.seconds,
            joules=used.joules,
            cross_check=used.cross_check,
            share=self.process_share.of(meter) if self.process_share is not None else None,
            busy=_busy(meter),
        )
        self._totals[uid].add(reading)
        return reading


def _busy(meter: Meter) -> float | None:
    try:
        return meter.busy()
    except Exception as error:  # noqa: BLE001  # how busy it was is worth less than the reading itself
        log.debug("%s cannot tell how busy it is: %r", meter.device.uid, error)
        return None
