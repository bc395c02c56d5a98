"""Calibrates this machine, or that of a stored run, with a meter at its wall."""

import os
from collections.abc import Callable
from pathlib import Path

from greentrack import config
from greentrack.calibration_facts import Calibration, HostCalibration
from greentrack.costing import wall_calibration
from greentrack.costing.system_overhead import CHASSIS, chassis_of
from greentrack.doctor.facts import KeptCalibration
from greentrack.errors import ConfigError
from greentrack.host import facts
from greentrack.meters.base import Context
from greentrack.meters.discovery import AUTO, discover
from greentrack.model import Host, RunInfo
from greentrack.recorder.sensor_probe import watch
from greentrack.store import host_calibrations
from greentrack.store.location import path_of
from greentrack.store.reader import Reader


def calibrate(
    wall_watts: Callable[[], float],
    *,
    seconds: float = 30.0,
    db: str | None = None,
    on_start: Callable[[], None] = lambda: None,
) -> KeptCalibration:
    """Read the components of this machine for so many *seconds*, then ask *wall_watts* what the meter shows.

    *on_start* is called when the sensors are found, before they are read.
    Raises ConfigError for watts that cannot be, or a load that is not steady.
    """
    settings = config.load({"db": db})
    host = facts.host()
    found = discover(Context(sys=Path(settings.sys), env=os.environ, gpus=settings.gpus), settings.meters or AUTO)
    on_start()
    seen = watch(found.meters, seconds, name="calibrate", host=host)
    about = f"watched for {seconds:g} s"
    new = wall_calibration.calibration_from(seen.record, seen.readings, wall_watts=wall_watts(), about=about)
    return _kept(path_of(settings.db), host, new)


def calibrate_by_run(
    run: str, *, wall_watts: float | None = None, wall_kwh: tuple[str, str] | None = None, db: str | None = None
) -> KeptCalibration:
    """Calibrate the machine of a stored *run* by the meter's watts, or by its kWh at the start and the end of the run.

    Raises NotFoundError for a run that is not there, ConfigError for a run or a reading that cannot be used.
    """
    path = path_of(config.load({"db": db}).db)
    with Reader(path) as reader:
        run_id = reader.find(run)
        record, readings = reader.record(run_id), reader.readings(run_id)
    if record.run.host is None:
        raise ConfigError(f"run {run_id} does not say which machine it was on, so that nothing can be calibrated by it")
    new = wall_calibration.calibration_from(record, readings, wall_watts=wall_watts, wall_kwh=wall_kwh)
    return _kept(path, record.run.host, new)


def _kept(path: Path, host: Host, new: Calibration) -> KeptCalibration:
    kind = chassis_of(RunInfo(id="", name="", host=host, rest=config.load().rest)) or CHASSIS["unknown"]
    earlier = host_calibrations.read(path).get(host.id, HostCalibration()).calibrations
    all_of_them = [*wall_calibration.matching(earlier, new.devices), new]
    wall_calibration.check_consistent(kind, all_of_them)
    host_calibrations.add_calibration(path, host, new)
    return KeptCalibration(host, new, wall_calibration.chassis_from(kind, all_of_them))
