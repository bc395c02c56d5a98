"""``greentrack calibrate``: compares this machine's components with a meter at its wall."""

from typing import TYPE_CHECKING

import click

from greentrack.cli import options

if TYPE_CHECKING:
    from pathlib import Path

    from greentrack.calibration_facts import Calibration
    from greentrack.model import Host


@click.command(
    short_help="Hold this machine against a meter at the wall.",
    epilog="""\b
Examples:
  greentrack calibrate --wall-watts 455
  greentrack calibrate --run bert --wall-kwh-start 12.34 --wall-kwh-stop 12.81
  greentrack calibrate --list
  greentrack calibrate --forget 2
""",
)
@click.option(
    "--wall-watts", metavar="WATTS", type=options.Number(min=0, min_open=True), help="What the meter shows now."
)
@click.option("--wall-kwh-start", metavar="KWH", help="With --run: what the meter showed when it began.")
@click.option("--wall-kwh-stop", metavar="KWH", help="With --run: what the meter showed when it had ended.")
@click.option("--run", "run", metavar="RUN", help="A run that was recorded while somebody read the meter.")
@click.option(
    "--seconds",
    metavar="SECONDS",
    type=options.Number(1, 3600),
    default=30.0,
    show_default=True,
    help="Watch the components for so long, without --run.",
)
@click.option("--list", "listing", is_flag=True, help="List what is kept, of all machines.")
@click.option("--forget", metavar="NUMBER", help="Forget one of this machine's calibrations, or all of them: all.")
@options.db
def calibrate(
    *,
    wall_watts: float | None,
    wall_kwh_start: str | None,
    wall_kwh_stop: str | None,
    run: str | None,
    seconds: float,
    listing: bool,
    forget: str | None,
    db: str | None,
) -> None:
    """Watch the components for a while, hold them against what a plug meter shows, and keep that with this machine.

    Its runs, past and future, then show the rest of the machine (board, fans, power supply) as calibrated instead of
    as usual for its kind. Keep one steady load while it watches. A second load that differs (say the idle machine,
    with a call of its own) tells how the rest grows with the components.

    On a terminal the meter's watts are asked for where --wall-watts is left out.
    """
    path = options.database(db)
    if listing:
        _list(path)
    elif forget is not None:
        _forget(path, forget)
    else:
        kwh = _kwh(wall_kwh_start, wall_kwh_stop, run)
        if (wall_watts is not None) == (kwh is not None) and (kwh is not None or run is not None):
            raise click.UsageError("--run takes --wall-watts, or --wall-kwh-start and --wall-kwh-stop")
        host, new = _recorded(path, run, wall_watts, kwh) if run else _watched(seconds, wall_watts, db)
        _keep(path, host, new)


def _kwh(start: str | None, stop: str | None, run: str | None) -> tuple[str, str] | None:
    if start is None and stop is None:
        return None
    if start is None or stop is None or run is None:
        raise click.UsageError("--wall-kwh-start, --wall-kwh-stop and --run go together")
    return start, stop


def _recorded(path: "Path", ref: str, watts: float | None, kwh: tuple[str, str] | None) -> "tuple[Host, Calibration]":
    from greentrack.costing.wall_calibration import of_run
    from greentrack.errors import ConfigError
    from greentrack.store.reader import Reader

    with Reader(path) as reader:
        run_id = reader.find(ref)
        record, readings = reader.record(run_id), reader.readings(run_id)
    if record.run.host is None:
        raise ConfigError(f"run {run_id} does not say which machine it was on, so that nothing can be calibrated by it")
    return record.run.host, of_run(record, readings, wall_watts=watts, wall_kwh=kwh)


def _watched(seconds: float, watts: float | None, db: str | None) -> "tuple[Host, Calibration]":
    import os
    import sys
    from pathlib import Path

    from greentrack import config
    from greentrack.costing.wall_calibration import of_run
    from greentrack.host import facts
    from greentrack.meters.base import Context
    from greentrack.meters.discovery import AUTO, discover
    from greentrack.recorder.sensor_probe import watch

    asking = watts is None
    if asking and not sys.stdin.isatty():
        raise click.UsageError("nobody can be asked here; say what the meter shows with --wall-watts")
    settings = config.load({"db": db})
    host = facts.host()
    found = discover(Context(sys=Path(settings.sys), env=os.environ, gpus=settings.gpus), settings.meters or AUTO)
    click.echo(f"watching the components for {seconds:g} s; keep the load as it is", err=True)
    seen = watch(found.meters, seconds, name="calibrate", host=host)
    if asking:
        watts = click.prompt("What did the meter show, in watts", type=options.Number(min=0, min_open=True), err=True)
    about = f"watched for {seconds:g} s"
    return host, of_run(seen.record, seen.readings, wall_watts=watts, about=about)


def _keep(path: "Path", host: "Host", new: "Calibration") -> None:
    from greentrack import config
    from greentrack.calibration_facts import HostCalibration
    from greentrack.costing import wall_calibration
    from greentrack.costing.system_overhead import CHASSIS, chassis_of
    from greentrack.formatting.units import digits
    from greentrack.model import RunInfo as Facts
    from greentrack.store import host_calibrations

    kind = chassis_of(Facts(id="", name="", host=host, rest=config.load().rest)) or CHASSIS["unknown"]
    kept = host_calibrations.known(path).get(host.id, HostCalibration()).calibrations
    all_of_them = [*wall_calibration.fitting(kept, new.devices), new]
    wall_calibration.check(kind, all_of_them)
    host_calibrations.add_calibration(path, host, new)
    fit = wall_calibration.fitted(kind, all_of_them)
    click.echo(f"components  {digits(new.components_watts)} W: {', '.join(new.devices)}")
    click.echo(f"wall        {digits(new.wall_watts)} W ({new.source})")
    click.echo(f"rest        {digits(new.wall_watts - new.components_watts)} W now; the wall is {fit.text}")
    click.echo(f"            {fit.source}")
    click.echo(f"kept        for {host.name} in {path}")
    if host.chassis == "vm":
        click.echo("This is a virtual machine: the meter at its host's wall feeds the other guests as well.", err=True)


def _list(path: "Path") -> None:
    import datetime

    from greentrack.formatting.escape import printable
    from greentrack.formatting.units import digits
    from greentrack.store import host_calibrations

    hosts = host_calibrations.hosts(path)
    lines = [
        f"{one.number:>6}  {datetime.datetime.fromtimestamp(one.at):%Y-%m-%d %H:%M}  "
        f"{digits(one.components_watts):>10}  {digits(one.wall_watts):>6}  "
        + printable(f"{hosts[host].name if host in hosts else host}: {one.source}")
        for host, of_host in host_calibrations.known(path).items()
        for one in of_host.calibrations
    ]
    if not lines:
        click.echo(f"no calibrations at {path}; make one with: greentrack calibrate --wall-watts WATTS", err=True)
        return
    click.echo("number  when              components    wall  machine")
    click.echo("\n".join(lines))


def _forget(path: "Path", which: str) -> None:
    from greentrack.host import facts
    from greentrack.store import host_calibrations

    if which != "all" and not (which.isdecimal() and len(which) < 19):  # no number of a row is longer
        raise click.UsageError(f"--forget {which!r} is neither a number of greentrack calibrate --list nor all")
    if which == "all":
        gone = host_calibrations.forget_calibrations(path, facts.host().id)
        click.echo(f"forgot {gone} of this machine's in {path}")
    else:
        host_calibrations.forget_calibration(path, int(which))
        click.echo(f"forgot number {which} in {path}")
