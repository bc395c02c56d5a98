"""GreenTrack's one log, ``greentrack``: loading logging takes longer than the rest, so it waits until there is news."""

from contextlib import suppress

UNLOADED = (ImportError, OSError)
"""What loading a module raises in a program that has no file left to open: nobody can be told of anything there."""


def warning(text: str, *values: object) -> None:
    """Log a trouble that its user must know."""
    with suppress(*UNLOADED):
        import logging

        logging.getLogger("greentrack").warning(text, *values, stacklevel=2)


def debug(text: str, *values: object) -> None:
    """Log what only helps to find a fault."""
    with suppress(*UNLOADED):
        import logging

        logging.getLogger("greentrack").debug(text, *values, stacklevel=2)
