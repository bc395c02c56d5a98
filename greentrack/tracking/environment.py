"""What a run knows of its process at the start: id, name, rank, packages, GPUs."""

import os
import sys
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from greentrack.recorder.transport.messages import RunFacts

FRAMEWORKS = (
    "accelerate",
    "jax",
    "keras",
    "lightgbm",
    "lightning",
    "numpy",
    "pytorch_lightning",
    "sklearn",
    "tensorflow",
    "torch",
    "transformers",
    "xgboost",
)

_RANKS = ("RANK", "SLURM_PROCID", "OMPI_COMM_WORLD_RANK", "PMI_RANK")
_SIZES = ("WORLD_SIZE", "SLURM_NTASKS", "OMPI_COMM_WORLD_SIZE", "PMI_SIZE")
_GROUPS = ("GREENTRACK_RUN_ID", "TORCHELASTIC_RUN_ID", "SLURM_JOB_ID")


def new_id() -> str:
    """Return a UUID of version 7 (RFC 9562). It begins with the Unix time in milliseconds, so ids sort by time."""
    value = int(time.time() * 1000) << 80 | int.from_bytes(os.urandom(10), "big")
    value = value & ~(0xF << 76) | 0x7 << 76
    value = value & ~(0x3 << 62) | 0x2 << 62
    text = f"{value:032x}"
    return "-".join((text[:8], text[8:12], text[12:16], text[16:20], text[20:]))


def script_name() -> str:
    """Return the name of the running program: its file, its package, or how it was entered."""
    if in_notebook():
        return "notebook"
    folder, name = os.path.split(sys.argv[0] if sys.argv else "")
    if name in ("", "-"):
        return "interactive"
    if name in ("-c", "-m"):
        return f"python {name}"
    return os.path.basename(folder) if name == "__main__.py" else os.path.splitext(name)[0]


def in_notebook() -> bool:
    """True in a Jupyter kernel, where cells are executed in any order and repeatedly."""
    return "ipykernel" in sys.modules


def environment(env: Mapping[str, str]) -> "RunFacts":
    """Return rank, world size and group of a run of several processes; for other runs each is None."""
    rank, size = _first_number(env, _RANKS), _first_number(env, _SIZES)
    group = next((env[name] for name in _GROUPS if env.get(name)), None)
    return {"rank": rank, "world_size": size, "group": group}


def packages() -> dict[str, str]:
    """Return the versions of the frameworks that this process has loaded."""
    found = {name: getattr(sys.modules.get(name), "__version__", None) for name in FRAMEWORKS}
    return {name: str(version) for name, version in found.items() if version is not None}


def torch_uuids() -> list[str] | None:
    """The UUIDs of the GPUs that torch shows to this process, where it has already set them up; else None."""
    torch = sys.modules.get("torch")
    try:
        if torch is None or not torch.cuda.is_initialized():
            return None
        return [str(torch.cuda.get_device_properties(i).uuid) for i in range(torch.cuda.device_count())]
    except (AttributeError, RuntimeError, AssertionError):
        return None


def _first_number(env: Mapping[str, str], names: tuple[str, ...]) -> int | None:
    texts = (env.get(name, "") for name in names)
    return next((int(text) for text in texts if text.isascii() and text.isdigit() and len(text) < 10), None)
