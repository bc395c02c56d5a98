"""A fault of ours is one warning: the training goes on."""

import functools
from collections.abc import Callable
from typing import Any, ParamSpec

from greentrack import log

P = ParamSpec("P")


class Guard:
    """Says what went wrong in our own code, each thing once."""

    def __init__(self) -> None:
        self._said: set[str] = set()

    def complain(self, what: str, error: Exception) -> None:
        """Warn that *what* of ours failed, once."""
        self.warn_once(what, f"greentrack's {what} failed, and the training goes on: {error!r}")

    def warn_once(self, what: str, text: str) -> None:
        """Log *text* as a warning, once for each *what*."""
        if what not in self._said:
            self._said.add(what)
            log.warning("%s", text)


def harmless(method: Callable[P, None]) -> Callable[P, None]:
    """Turn an exception of *method* into one warning, by the ``guard`` of its object: never raise into the training."""

    @functools.wraps(method)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> None:
        try:
            method(*args, **kwargs)
        except Exception as error:  # noqa: BLE001  # whatever it is, it is ours and not the training's
            owner: Any = args[0]
            owner.guard.complain(method.__name__, error)

    return guarded
