"""``greentrack calibrate``: compares this machine's components with a meter at its wall."""

import sys
from typing import TYPE_CHECKING

import click

from greentrack.cli import options

if TYPE_CHECKING:
    from pathlib import Path


WATTS = options.Number(min=0, min_open=True)


@click.command(
    short_help="Compare this machine with a meter at the wall.",
    epilog="""\b
Examples:
  greentrack calibrate --wall-watts 455
  greentrack calibrate --run bert --wall-kwh-start 12.34 --wall-kwh-stop 12.81
  greentrack calibrate --list
  greentrack calibrate --forget 2
""",
)
@click.option("--wall-watts", metavar="WATTS", type=WATTS, help="What the meter shows now.")
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
    """Watch the components for a while, compare them with what a plug meter shows, and keep that with this machine.

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
        from greentrack.doctor import calibration
        from greentrack.reports import calibration_text

        kwh = _kwh(wall_kwh_start, wall_kwh_stop, run)
        if (wall_watts is not None) == (kwh is not None) and (kwh is not None or run is not None):
            raise click.UsageError("--run takes --wall-watts, or --wall-kwh-start and --wall-kwh-stop")
        if run:
            kept = calibration.calibrate_by_run(run, wall_watts=wall_watts, wall_kwh=kwh, db=db)
        else:
            if wall_watts is None and not sys.stdin.isatty():
                raise click.UsageError("nobody can be asked here; say what the meter shows with --wall-watts")
            message = f"watching the components for {seconds:g} s; keep the load as it is"
            kept = calibration.calibrate(
                lambda: wall_watts or click.prompt("What did the meter show, in watts", type=WATTS, err=True),
                seconds=seconds,
                db=db,
                on_start=lambda: click.echo(message, err=True),
            )
        click.echo(calibration_text.render(kept, path))
        if kept.host.chassis == "vm":
            click.echo(
                "This is a virtual machine: the meter at its host's wall feeds the other guests as well.", err=True
            )


def _kwh(start: str | None, stop: str | None, run: str | None) -> tuple[str, str] | None:
    if start is None and stop is None:
        return None
    if start is None or stop is None or run is None:
        raise click.UsageError("--wall-kwh-start, --wall-kwh-stop and --run go together")
    return start, stop


def _list(path: "Path") -> None:
    from greentrack.reports.calibration_text import listing
    from greentrack.store.reader import Reader

    with Reader(path) as reader:
        text = listing(reader.host_calibrations(), reader.hosts())
    if text:
        click.echo(text)
    else:
        click.echo(f"no calibrations at {path}; make one with: greentrack calibrate --wall-watts WATTS", err=True)


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
