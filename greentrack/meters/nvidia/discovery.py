"""Whether there is an NVIDIA driver at all: the way in, so that a machine without one does not pay for the rest."""

import ctypes
import sys
from pathlib import Path
from typing import Any

from greentrack.meters.base import Context, Discovery
from greentrack.model import Missing

_LIBRARIES = ("libnvidia-ml.so.1", "/usr/lib/wsl/lib/libnvidia-ml.so.1")


def discover(context: Context) -> Discovery:
    """Return the meters of the GPUs that *context* shows, or why there are none."""
    library = load(context.proc)
    if isinstance(library, Missing):
        return Discovery(missing=[library])
    from greentrack.meters.nvidia import meter

    return meter.discover(context, library)


def load(proc: Path) -> Any:
    """Return the pynvml module, or a Missing where there is no driver library.

    The library is tried first because importing pynvml takes 30 to 50 ms, in vain on a machine without NVIDIA.
    """
    if sys.platform != "win32" and not any(_loads(name) for name in _LIBRARIES):
        if (proc / "driver/nvidia").exists():
            return unusable(
                "the NVIDIA driver runs, but its library libnvidia-ml.so.1 is not here (a container?)",
                "docker run --gpus all -e NVIDIA_DRIVER_CAPABILITIES=compute,utility ...",
            )
        return unusable(
            "no NVIDIA driver library (libnvidia-ml.so.1) on this machine",
            "if there is an NVIDIA GPU: install its driver, or start the container with --gpus all",
        )
    try:
        import pynvml
    except ImportError as error:
        return unusable(f"pynvml cannot be imported ({error})", "pip install nvidia-ml-py")
    return pynvml


def _loads(library: str) -> bool:
    try:
        ctypes.CDLL(library)
    except OSError:
        return False
    return True


def unusable(reason: str, remedy: str) -> Missing:
    """Return the Missing of an NVIDIA source."""
    return Missing(source="nvidia", reason=reason, remedy=remedy)
