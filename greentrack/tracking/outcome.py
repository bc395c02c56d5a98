"""How a run ended, by the exception that ended it."""

from greentrack.errors import OverBudgetError


def outcome(error: BaseException | None) -> tuple[str, str | None]:
    """Return the status and the error text of a run that *error* ended; None and ``sys.exit(0)`` mean ``finished``."""
    if error is None or isinstance(error, GeneratorExit) or (isinstance(error, SystemExit) and error.code in (None, 0)):
        return "finished", None
    if isinstance(error, OverBudgetError):
        return "stopped", str(error)
    text = f"{type(error).__name__}: {error}"
    if type(error).__name__ == "CancelledError":  # of asyncio: the task was cancelled
        return "stopped", text
    return ("interrupted" if isinstance(error, KeyboardInterrupt) else "failed"), text
