"""A fault of ours is one warning: the training goes on."""

import functools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, ParamSpec

from greentrack import log

P = ParamSpec("P")


class Guard:
    """Says what went wrong in our own code, each thing once."""

    def __init__(self) -> None:
        self._said: set[str] = set()

    @contextmanager
    def protect(self, what: str) -> Iterator[None]:
        """Turn an exception of *what* into one warning: never raise into the training."""
        try:
            yield
        except Exception as error:  # noqa: BLE001  # whatever it is, it is ours and not the training's
            self.complain(what, error)

    def complain(self, what: str, error: Exception) -> None:
        """Warn that *what* of ours failed, once."""
        self.warn_once(what, f"greentrack's {what} failed, and the training goes on: {error!r}")

    def warn_once(self, what: str, text: str) -> None:
        """Log *text* as a warning, once for each *what*."""
        if what not in self._said:
            self._said.add(what)
            log.warning("%s", text)


def harmless(method: Callable[P, None]) -> Callable[P, None]:
    """Protect the training from *method*, by the ``guard`` of its object."""

    @functools.wraps(method)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> None:
        owner: Any = args[0]
        with owner.guard.protect(method.__name__):
            method(*args, **kwargs)

    return guarded
