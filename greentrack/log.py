"""The log named ``greentrack``. It loads ``logging`` with the first message, which takes longer than all the rest."""

from contextlib import suppress

UNLOADED = (ImportError, OSError)
"""What loading a module raises in a program that can open no more files: nothing can be logged there."""


def warning(text: str, *values: object) -> None:
    """Log a trouble that the user must know."""
    with suppress(*UNLOADED):
        import logging

        logging.getLogger("greentrack").warning(text, *values, stacklevel=2)


def debug(text: str, *values: object) -> None:
    """Log what helps to find a fault."""
    with suppress(*UNLOADED):
        import logging

        logging.getLogger("greentrack").debug(text, *values, stacklevel=2)
