"""The ``greentrack`` command: imports a subcommand when it is needed, and prints every error as one line."""

import contextlib
import io
import os
import sys
from collections.abc import Mapping, Sequence
from typing import NoReturn

import click

from greentrack import __version__
from greentrack.errors import GreenTrackError, did_you_mean
from greentrack.formatting.escape import printable

COMMANDS: Mapping[str, str] = {  # loaded when asked for: each may import what it needs
    "run": "greentrack.cli.run:run",
    "runs": "greentrack.cli.runs:runs",
    "show": "greentrack.cli.show:show",
    "compare": "greentrack.cli.compare:compare",
    "report": "greentrack.cli.report:report",
    "where": "greentrack.cli.where:where",
    "estimate": "greentrack.cli.estimate:estimate",
    "when": "greentrack.cli.when:when",
    "doctor": "greentrack.cli.doctor:doctor",
    "calibrate": "greentrack.cli.calibrate:calibrate",
    "references": "greentrack.cli.references:references",
    "export": "greentrack.cli.export:export",
    "import": "greentrack.cli.import_:import_",
    "delete": "greentrack.cli.delete:delete",
}

USER_ERROR = 2
"""The exit status of an error that the user can mend: a wrong argument, a run that does not exist."""

INTERRUPTED = 130
"""The exit status after Ctrl-C, as a shell reports it."""


class Commands(click.Group):
    """A group that imports a command when it is needed."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002  # click's signature
        """Return the names in the order in which they are needed."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002  # likewise
        """Import the command of that name."""
        if cmd_name not in COMMANDS:
            return None
        from greentrack.registry import load

        command: click.Command = load(COMMANDS, cmd_name, "command")
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command that *args* begin with."""
        name = args[0]
        if name not in COMMANDS and not name.startswith("-"):
            ctx.fail(f"no command is called {name!r}{did_you_mean(name, COMMANDS)}; known: {', '.join(COMMANDS)}")
        return super().resolve_command(ctx, args)


@click.group(
    cls=Commands,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="""\b
Examples:
  greentrack run -- python train.py     record a training
  greentrack show                       what the latest run cost
  greentrack runs --since 7d --totals   what this week cost
  greentrack doctor                     what can be measured here

Settings come from an option, GREENTRACK_<NAME>, greentrack.toml or
pyproject.toml, the user's config file, in this order.

\b
Completion, for one of:
  bash  eval "$(_GREENTRACK_COMPLETE=bash_source greentrack)"
  zsh   eval "$(_GREENTRACK_COMPLETE=zsh_source greentrack)"
  fish  _GREENTRACK_COMPLETE=fish_source greentrack | source
""",
)
@click.version_option(__version__, prog_name="greentrack", message="%(prog)s %(version)s")
def greentrack() -> None:
    """Energy, carbon and money of a training run, measured honestly, without harming the training."""


def main(args: Sequence[str] | None = None) -> NoReturn:
    """Run the command line and exit. Errors are one line on standard error and exit status 2, never a traceback."""
    if sys.stdout is None:  # closed, as ">&-" does
        sys.stdout = open(os.devnull, "w")  # noqa: SIM115  # to the end
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")  # a name may hold what this terminal cannot write
    arguments = list(sys.argv[1:] if args is None else args) or ["--help"]
    try:
        status = greentrack.main(arguments, prog_name="greentrack", standalone_mode=False) or 0
        sys.stdout.flush()
    except click.UsageError as error:
        where = error.ctx.command_path if error.ctx is not None else "greentrack"
        status = _print_error(f"{error.format_message().rstrip('.?')}; see: {where} --help", error.exit_code)
    except click.ClickException as error:
        status = _print_error(error.format_message(), error.exit_code)
    except GreenTrackError as error:
        status = _print_error(str(error), USER_ERROR)
    except (click.Abort, KeyboardInterrupt):
        status = INTERRUPTED
    except BrokenPipeError:
        status = 1
    except OSError as error:
        status = _print_error(f"{error.filename or 'the output'}: {error.strerror or error}", USER_ERROR)
    if status:
        _flush_or_drop_output()
    sys.exit(status)


def _print_error(message: str, status: int) -> int:
    click.echo(f"greentrack: {printable(message)}", err=True)
    return status


def _flush_or_drop_output() -> None:
    """Write what is buffered, or drop it where nobody reads it: the interpreter would print an error at its end."""
    try:
        sys.stdout.flush()
    except (OSError, ValueError):
        with contextlib.suppress(OSError, ValueError), open(os.devnull, "w") as nothing:
            os.dup2(nothing.fileno(), sys.stdout.fileno())
