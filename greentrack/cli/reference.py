"""Writes docs/cli.md from the commands themselves: ``python -m greentrack.cli.reference > docs/cli.md``."""

from collections.abc import Iterator

import click

from greentrack.cli.app import COMMANDS, greentrack

_COMPLETION = """## Completion

Commands, options, run ids and names complete with the Tab key once the shell has read one of these lines, for instance
from its startup file:

| shell | line |
|---|---|
| bash (`~/.bashrc`) | `eval "$(_GREENTRACK_COMPLETE=bash_source greentrack)"` |
| zsh (`~/.zshrc`) | `eval "$(_GREENTRACK_COMPLETE=zsh_source greentrack)"` |
| fish (`~/.config/fish/completions/greentrack.fish`) | `_GREENTRACK_COMPLETE=fish_source greentrack \\| source` |
"""

_STATUS = """## Exit status

| status | meaning |
|---|---|
| 0 | it worked; `doctor`: something is measured here |
| 1 | `doctor`: all would be modelled; `delete`: the answer was no |
| 2 | an argument, a setting or the database is wrong; one line on standard error says what and how to mend it |
| 130 | Ctrl-C |
| others | `run`: its command's; 128 + n where signal n ended it, 127 where there is no such command, 126 where it may \
not be executed |
"""


def reference() -> str:
    """Return the document."""
    head = (
        "# The command line",
        "<!-- Written by `python -m greentrack.cli.reference > docs/cli.md`; a test compares. -->",
        str(greentrack.help),
        "Settings come from an option, `GREENTRACK_<NAME>`, `greentrack.toml` or `[tool.greentrack]` in "
        "`pyproject.toml`, the user's configuration file, or a default, in this order. "
        "Tables are plain when piped, and without colour under `NO_COLOR`.",
    )
    return "\n\n".join(
        (*head, *(section for name in COMMANDS for section in _section(name)), _STATUS.rstrip(), _COMPLETION)
    )


def _section(name: str) -> Iterator[str]:
    command = greentrack.get_command(click.Context(greentrack), name)
    assert command is not None
    assert command.help is not None
    arguments = [
        str(param.metavar or _bracketed(param)) for param in command.params if isinstance(param, click.Argument)
    ]
    options = [param for param in command.params if isinstance(param, click.Option)]
    yield f"## greentrack {name}"
    yield f"    greentrack {name} [OPTIONS] {' '.join(arguments)}".rstrip()
    yield from (" ".join(paragraph.split()) for paragraph in command.help.split("\n\n"))
    yield "\n".join(("| option | |", "|---|---|", *map(_row, options)))
    yield "\n".join("    " + line.strip() for line in str(command.epilog).splitlines()[2:])


def _bracketed(param: click.Parameter) -> str:
    name = str(param.name).upper()
    return name if param.required else f"[{name}]"


def _row(option: click.Option) -> str:
    names = ", ".join(f"`{name}`" for name in option.opts)
    value = "" if option.is_flag else f" {option.metavar}"
    default = f" (default: {option.default})" if option.show_default else ""
    return f"| {names}{value} | {option.help}{default} |"


if __name__ == "__main__":
    click.echo(reference(), nl=False)
