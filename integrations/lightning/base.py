"""What a callback of ours is for both of Lightning's packages, and that it does a training no harm."""

import functools
import importlib
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, ParamSpec

from greentrack import log

if TYPE_CHECKING:
    from lightning.pytorch import Callback as Base
else:

    def _bases() -> tuple[type, ...]:
        """Return the Callback of each of Lightning's two packages that is installed, the one in use first."""
        found = []
        for name in sorted(("lightning.pytorch", "pytorch_lightning"), key=lambda name: name not in sys.modules):
            try:
                found.append(importlib.import_module(name).Callback)
            except Exception as error:  # noqa: BLE001  # one may be missing or broken; the other is enough
                log.debug("no callback for %s: %r", name, error)
        if not found:
            raise ImportError("neither lightning nor pytorch-lightning can be imported; try: pip install lightning")
        return tuple(dict.fromkeys(found))

    class Base(*_bases()):
        """Both packages accept it: each knows its own Callback by class, and only that."""


P = ParamSpec("P")


class HarmlessCallback(Base):
    """A callback whose own faults are warnings."""

    def __init__(self) -> None:
        super().__init__()
        self._complained: set[str] = set()

    def complain(self, what: str, error: Exception) -> None:
        """Say that *what* of ours failed, once."""
        self.say_once(what, f"greentrack's {what} failed, and the training goes on: {error!r}")

    def say_once(self, what: str, text: str) -> None:
        """Warn of *what* with a *text*, once."""
        if what not in self._complained:
            self._complained.add(what)
            log.warning("%s", text)


def harmless(hook: Callable[P, None]) -> Callable[P, None]:
    """Let what goes wrong in a hook of ours be a warning, once: no training ends for its bookkeeping."""

    @functools.wraps(hook)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> None:
        try:
            hook(*args, **kwargs)
        except Exception as error:  # noqa: BLE001  # whatever it is, it is ours and not the training's
            callback: Any = args[0]
            callback.complain(hook.__name__, error)

    return guarded
