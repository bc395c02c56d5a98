"""The formats in which commands print: one ``--format`` option, and the renderer that a registry has under its name."""

import inspect
import os
import sys
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any

import click

from greentrack.formatting.layout import listed
from greentrack.registry import load


class Renderer:
    """A renderer of a registry, which is given what it takes of the options that a command has."""

    def __init__(self, formats: Mapping[str, str], form: str, **asked: Any) -> None:
        """Load the renderer of the format *form*; *asked* are the options that the user gave, by their names.

        Raises ConfigError for an unknown format, click.UsageError for an option that belongs to other formats.
        """
        self._render: Callable[..., str] = load(formats, form, "format")
        self._asked = {name: value for name, value in asked.items() if value}
        for name in self._asked:
            if not self.takes(name):
                takers = [other for other in formats if Renderer(formats, other).takes(name)]
                raise click.UsageError(f"--{name} goes with the format{'s' * (len(takers) > 1)} {listed(takers)}")

    def takes(self, option: str) -> bool:
        """Return True if the renderer has a use for *option*."""
        return option in inspect.signature(self._render).parameters

    def __call__(self, *what: Any, **offered: Any) -> str:
        """Return *what* as text; of what is *offered* the renderer gets what it takes."""
        options = {**self._asked, **offered}
        return self._render(*what, **{name: value for name, value in options.items() if self.takes(name)})


def terminal_width() -> int:
    """Return COLUMNS, or the width of the terminal, or 80, as shutil does, which takes a millisecond to load."""
    with suppress(KeyError, ValueError):
        if (columns := int(os.environ["COLUMNS"])) > 0:
            return columns
    with suppress(AttributeError, ValueError, OSError):  # standard output is closed, or no terminal
        return os.get_terminal_size(sys.__stdout__.fileno()).columns or 80  # type: ignore[union-attr]
    return 80


def format_option(formats: Mapping[str, str]) -> Callable[..., Any]:
    """Return the option ``--format``, the argument ``form`` of a command; the first of *formats* is the default."""
    return click.option(
        "--format",
        "form",
        metavar="FORMAT",
        type=click.Choice(list(formats)),
        default=next(iter(formats)),
        show_default=True,
        help=f"{listed(formats, 'or')}.",
    )
