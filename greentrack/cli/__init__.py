"""The command line: ``greentrack run``, ``runs``, ``show``, ``doctor``, ``delete``; one file a command."""

from greentrack.cli.app import main

__all__ = ["main"]
