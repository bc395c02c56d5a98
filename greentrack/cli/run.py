"""``greentrack run``: records any command, in any language."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from greentrack.cli import options

if TYPE_CHECKING:
    from greentrack.config import Settings
    from greentrack.tracking import Run

PATIENCE_S = 2.0
"""Maximum time that a command waits for its recorder, usually some 60 ms, so that all of it is measured."""


@click.command(
    short_help="Record any command.",
    context_settings={"allow_interspersed_args": False},  # what follows the command is the command's
    epilog="""\b
Examples:
  greentrack run -- python train.py --lr 0.001
  greentrack run --project demo --tag baseline --param lr=0.001 -- make train
  greentrack run --zone FR --gpus 0,1 -- torchrun --nproc-per-node 2 train.py
""",
)
@click.argument("command", metavar="COMMAND ARG...", nargs=-1, required=True, type=click.UNPROCESSED)
@click.option("--name", metavar="NAME", help="What the run is called; by default the script's or the command's name.")
@click.option("--project", metavar="PROJECT", help="What it is filed under.")
@click.option("--tag", "tags", metavar="TAG", multiple=True, help="A word to find it by; may be given several times.")
@click.option(
    "--param", "params", metavar="KEY=VALUE", multiple=True, help="What was chosen for it; may be given several times."
)
@click.option(
    "--zone",
    metavar="ZONE",
    help="The place on the grid: FR, US-CA, aws:eu-west-1; by default the time zone's country.",
)
@options.db
@click.option("--interval", metavar="SECONDS", help="Seconds between readings, 0.1 to 3600; by default 1.")
@click.option("--gpus", metavar="GPUS", help="auto (those that the training can see), all, or indices and UUIDs: 0,1.")
@click.option("--meters", metavar="METERS", help='Only these meters: "nvidia;rapl"; by default all that work here.')
@click.option("--rest", metavar="KIND", help="The rest of the machine: auto, off, desktop, laptop, server or vm.")
@click.option("--quiet", is_flag=True, default=None, help="Print no line at the end.")
def run(
    *, command: tuple[str, ...], name: str | None, tags: tuple[str, ...], params: tuple[str, ...], **given: Any
) -> None:
    """Run COMMAND and record the energy of this machine and of the command's whole process tree.

    Input, output, signals and the exit status pass through. One line on standard error says at the end what it cost.
    The run is kept however the command ends, even where greentrack itself is killed: the recorder stays with the
    command. GREENTRACK_DISABLED=1 runs the command and records nothing.
    """
    from greentrack import config
    from greentrack.cli import child

    if config.is_disabled():
        child.replace(command)
    import logging  # a command that is not recorded starts without it

    settings = _settings(given)
    chosen = dict(_param(text) for text in params)
    logging.basicConfig(format="greentrack: %(message)s", level=logging.WARNING)

    def start(pid: int) -> "Run":
        from greentrack.tracking.launch import start as record

        return record(
            name or default_name(command),
            settings,
            tags=tags,
            params=chosen,
            pid=pid,
            command=command,
            wait_s=PATIENCE_S,
        )

    recording, end = child.run(command, start)
    recording.stop(end.status, end.error)
    if not end.began:
        raise child.CannotRun(f"{command[0]} {end.error}", end.code)
    click.get_current_context().exit(end.code)


def default_name(command: tuple[str, ...]) -> str:
    """Return the default name of a run of *command*: its script, its module, or the program.

    >>> default_name(("torchrun", "--nproc-per-node", "2", "src/train.py")), default_name(("/usr/bin/make", "all"))
    ('train', 'make')
    >>> default_name(("python", "-m", "trainer.main"))
    'trainer.main'
    """
    for argument in command:
        if argument.endswith(".py"):
            return Path(argument).stem
    program = Path(command[0]).name
    if program.startswith("python") and "-m" in command[:-1]:
        return command[command.index("-m") + 1]
    return program


def _settings(given: dict[str, Any]) -> "Settings":
    """Check all that may be wrong before the command runs: nobody wants to learn of a typing error a week later."""
    from greentrack.errors import SchemaError, StoreError
    from greentrack.meters.base import Context
    from greentrack.meters.discovery import discover
    from greentrack.store.reader import Reader
    from greentrack.tracking.arguments import check_settings

    settings = check_settings(given)
    discover(Context(), [entry for entry in settings.meters if ":" in entry])  # what follows it only the vendor knows
    try:
        with Reader(Path(settings.db) if settings.db else None) as reader:
            reader.projects()
    except SchemaError:
        raise
    except StoreError:  # full, locked, gone: that may pass, and the command is worth more than its record
        pass
    return settings


def _param(text: str) -> tuple[str, Any]:
    key, found, value = text.partition("=")
    if not found or not key:
        raise click.UsageError(f"--param {text!r} is not KEY=VALUE; write for example --param lr=0.001")
    try:
        return key, json.loads(value)
    except (ValueError, RecursionError):  # the latter: it is nested too deeply
        return key, value
