"""The base class of a callback that both of Lightning's packages accept."""

import importlib
import sys
from typing import TYPE_CHECKING

from greentrack import log

if TYPE_CHECKING:
    from lightning.pytorch import Callback

    Base = Callback
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
        """A callback of both packages: each knows its own Callback by class, and only that."""
