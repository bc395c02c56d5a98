"""GreenTrack's one log, ``greentrack``: loading logging takes longer than the rest, so it waits until there is news."""


def warning(text: str, *values: object) -> None:
    """Log a trouble that its user must know."""
    import logging

    logging.getLogger("greentrack").warning(text, *values, stacklevel=2)


def debug(text: str, *values: object) -> None:
    """Log what only helps to find a fault."""
    import logging

    logging.getLogger("greentrack").debug(text, *values, stacklevel=2)
