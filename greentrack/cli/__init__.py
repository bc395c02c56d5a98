"""The command line, one file a command."""

from greentrack.cli.app import main

__all__ = ["main"]
