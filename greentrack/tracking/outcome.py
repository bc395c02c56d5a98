"""How a run ended, told by what ended it."""

from greentrack.errors import OverBudgetError


def outcome(error: BaseException | None) -> tuple[str, str | None]:
    """The status and the error text of a run that *error* ended; None and ``sys.exit(0)`` are a good end."""
    if error is None or isinstance(error, GeneratorExit) or (isinstance(error, SystemExit) and error.code in (None, 0)):
        return "finished", None
    if isinstance(error, OverBudgetError):
        return "stopped", str(error)
    text = f"{type(error).__name__}: {error}"
    if type(error).__name__ == "CancelledError":  # asyncio's: its task was told to end
        return "stopped", text
    return ("interrupted" if isinstance(error, KeyboardInterrupt) else "failed"), text
