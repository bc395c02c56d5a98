"""Finds the NVIDIA driver; the rest of the package is loaded only where there is one."""

import ctypes
import sys
from pathlib import Path
from typing import Any

from greentrack.meters.base import Context, Discovery
from greentrack.model import Missing

_LIBRARIES = ("libnvidia-ml.so.1", "/usr/lib/wsl/lib/libnvidia-ml.so.1")


def discover(context: Context) -> Discovery:
    """Return the meters of the GPUs that *context* selects, or why there are none."""
    library = load(context.proc)
    if isinstance(library, Missing):
        return Discovery(missing=[library])
    from greentrack.meters.nvidia import meter

    return meter.discover(context, library)


def load(proc: Path) -> Any:
    """Return the pynvml module, or a Missing where there is no driver library.

    The library is tried first because importing pynvml takes 30 to 50 ms, which a machine without NVIDIA is spared.
    """
    if sys.platform != "win32" and not any(_loads(name) for name in _LIBRARIES):
        if (proc / "driver/nvidia").exists():
            return _missing(
                "the NVIDIA driver runs, but its library libnvidia-ml.so.1 is not here (a container?)",
                "docker run --gpus all -e NVIDIA_DRIVER_CAPABILITIES=compute,utility ...",
            )
        return _missing(
            "no NVIDIA driver library (libnvidia-ml.so.1) on this machine",
            "if there is an NVIDIA GPU: install its driver, or start the container with --gpus all",
        )
    try:
        import pynvml
    except ImportError as error:
        return _missing(f"pynvml cannot be imported ({error})", "pip install nvidia-ml-py")
    return pynvml


def _loads(library: str) -> bool:
    try:
        ctypes.CDLL(library)
    except OSError:
        return False
    return True


def _missing(reason: str, remedy: str) -> Missing:
    return Missing(source="nvidia", reason=reason, remedy=remedy)
