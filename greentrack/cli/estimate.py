"""``greentrack estimate``: what a training will cost, before it is run."""

from typing import Any

import click

from greentrack.cli import options
from greentrack.cli.output import Renderer, format_option
from greentrack.registry import ESTIMATES

UNITS = ("steps", "batches", "samples", "tokens", "epochs")


def _units(command: Any) -> Any:
    for unit in reversed(UNITS):
        command = click.option(f"--{unit}", metavar="N", type=float, help=f"Scale to so many {unit}.")(command)
    return command


@click.command(
    short_help="Estimate what a training will cost, before it is run.",
    epilog="""\b
Examples:
  greentrack estimate --from digits --steps 100000
  greentrack estimate --from latest --hours 72 --zone SE --pue 1.2
  greentrack estimate --gpu H100 --count 8 --hours 72
  greentrack estimate --gpu L4 --hours 24 --utilization 0.7 --rent 0.75USD
""",
)
@click.option(
    "--from", "source", metavar="RUN", help="Scale this run, as in show.", shell_complete=options.complete_run
)
@_units
@click.option("--hours", metavar="HOURS", type=float, help="How long it will take.")
@click.option("--gpu", metavar="GPU", help="Model this kind of GPU: H100, 'H100 PCIe', 'RTX 4090'.")
@click.option("--count", metavar="N", type=int, help="So many of these GPUs; 1 by default.")
@click.option(
    "--utilization",
    metavar="PART",
    type=float,
    help="The part of the time that they will be in use, 0 to 1; all of it.",
)
@format_option(ESTIMATES)
@options.costing
@options.db
def estimate(
    *,
    source: str | None,
    hours: float | None,
    gpu: str | None,
    count: int | None,
    utilization: float | None,
    form: str,
    **given: Any,
) -> None:
    """Estimate energy, carbon and money of a training that has not been run, with wide ranges.

    With --from, a short run is scaled to more of a unit of work that it counted, or to hours. With --gpu, they are
    modelled from the power that the GPUs are rated for. It is priced and placed like any run.
    """
    from greentrack.analysis.estimate import estimate_from, estimate_hardware

    amounts = {"hours": hours, **{unit: given.pop(unit) for unit in UNITS}}
    asked = {unit: amount for unit, amount in amounts.items() if amount is not None}
    hardware = {key: value for key, value in (("count", count), ("utilization", utilization)) if value is not None}
    if (source is None) == (gpu is None):
        raise click.UsageError("give --from, a run to scale, or --gpu, hardware to model; one of the two")
    if source is not None:
        if hardware:
            raise click.UsageError("--count and --utilization go with --gpu; a run has its own hardware")
        if len(asked) != 1:
            raise click.UsageError(f"say how much to scale to, once: --hours, --{', --'.join(UNITS)}")
        made = estimate_from(source, asked, **given)
    else:
        if gpu is None or hours is None or len(asked) != 1:
            raise click.UsageError("--gpu goes with --hours and no other amount; a run that counted it can be scaled")
        made = estimate_hardware(gpu, hours=hours, **{**hardware, **given})
    click.echo(Renderer(ESTIMATES, form)(made))
