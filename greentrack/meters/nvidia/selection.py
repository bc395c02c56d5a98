"""Which NVIDIA GPUs to measure: those asked for, or those that CUDA_VISIBLE_DEVICES shows to the process."""

import contextlib
import re
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from greentrack.meters.base import Context
from greentrack.meters.nvidia.nvml import remedy, unusable
from greentrack.model import Missing

_NUMBER = re.compile(r"\s*\+?(\d+)")  # as C's strtoul reads it: what follows the digits does not matter


def cuda_visible(value: str | None, uuids: Sequence[str]) -> list[str]:
    """Return the GPUs that CUDA_VISIBLE_DEVICES=*value* shows, of the machine's *uuids* in CUDA's order.

    None (not set) shows all. The first entry decides whether indices, GPU UUIDs or MIG UUIDs are listed. The list ends
    at the first wrong entry; one that names a device twice shows none. Full GPU UUIDs are returned, and MIG UUIDs as
    they are written.

    >>> cuda_visible("1,0", ["GPU-aa", "GPU-bb"])
    ['GPU-bb', 'GPU-aa']
    >>> cuda_visible("GPU-b", ["GPU-aa", "GPU-bb"])
    ['GPU-bb']
    >>> cuda_visible("0,-1,1", ["GPU-aa", "GPU-bb"])
    ['GPU-aa']
    """
    if value is None:
        return list(uuids)
    entries = [entry.strip() for entry in value.split(",")]
    kind = next((prefix for prefix in ("GPU-", "MIG-") if entries[0].startswith(prefix)), "")
    shown: list[str] = []
    for entry in entries:
        device = _resolve(entry, kind, uuids)
        if device is None:
            break
        shown.append(device)
    return shown if len(set(shown)) == len(shown) else []


def is_order_unsure(env: Mapping[str, str], names: Sequence[str]) -> bool:
    """True if indices in *env*'s CUDA_VISIBLE_DEVICES may mean other GPUs than those with the same index in *names*.

    CUDA puts the fastest first unless CUDA_DEVICE_ORDER=PCI_BUS_ID; among equal GPUs both orders are the same.
    """
    listed = env.get("CUDA_VISIBLE_DEVICES", "")
    by_index = _NUMBER.match(listed) is not None
    return by_index and env.get("CUDA_DEVICE_ORDER") != "PCI_BUS_ID" and len(set(names)) > 1


def _resolve(entry: str, kind: str, uuids: Sequence[str]) -> str | None:
    if kind == "":
        number = _NUMBER.match(entry)
        index = int(number[1]) if number else len(uuids)
        return uuids[index] if index < len(uuids) else None
    if not entry.startswith(kind):
        return None
    if kind == "MIG-":
        return entry
    matches = [uuid for uuid in uuids if uuid.startswith(entry)]
    return matches[0] if len(matches) == 1 else None


class ListedGpu(NamedTuple):
    """A GPU as NVML lists it; *number* counts in the order of PCI buses and is its index.

    *part* is how much of it belongs to the run, 0 to 1, where the run has slices (MIG) of known size; *note* says so.
    """

    number: int
    uuid: str
    name: str
    part: float | None = None
    note: str = ""


def listed(nvml: Any, missing: list[Missing]) -> list[ListedGpu]:
    """Return the machine's GPUs; those that do not answer go to *missing*."""
    gpus = []
    for index in range(nvml.nvmlDeviceGetCount()):
        try:
            handle = nvml.nvmlDeviceGetHandleByIndex(index)
            uuid, name = nvml.nvmlDeviceGetUUID(handle), nvml.nvmlDeviceGetName(handle)
        except nvml.NVMLError as error:
            missing.append(unusable(f"GPU {index} does not answer ({error})", remedy(nvml, error)))
        else:
            gpus.append(ListedGpu(number=index, uuid=uuid, name=name))
    return gpus


def selected(nvml: Any, context: Context, gpus: Sequence[ListedGpu], missing: list[Missing]) -> Sequence[ListedGpu]:
    """Return those of *gpus* that *context* asks for, each once; what it asks for in vain is added to *missing*."""
    if context.gpus == "all":
        return gpus
    if context.gpus != "auto":
        words = context.gpus.split(",") if isinstance(context.gpus, str) else context.gpus
        return _found(nvml, [_named(str(word).strip(), gpus) for word in words], gpus, missing)
    uuids = [gpu.uuid for gpu in gpus]
    if context.torch_uuids is not None:
        return _found(nvml, [_prefixed(uuid, uuids) for uuid in context.torch_uuids], gpus, missing)
    value = context.env.get("CUDA_VISIBLE_DEVICES")
    chosen = _found(nvml, cuda_visible(value, uuids), gpus, None)
    if gpus and not chosen:
        missing.append(
            unusable(f"CUDA_VISIBLE_DEVICES={value} hides every GPU from this process", "unset CUDA_VISIBLE_DEVICES")
        )
    if len(chosen) < len(gpus) and is_order_unsure(context.env, [gpu.name for gpu in gpus]):
        note = "The GPUs differ and CUDA may number them by speed; CUDA_DEVICE_ORDER=PCI_BUS_ID makes sure of this one."
        return [gpu._replace(note=note) for gpu in chosen]
    return chosen


def _found(
    nvml: Any, uuids: Sequence[str], gpus: Sequence[ListedGpu], missing: list[Missing] | None
) -> list[ListedGpu]:
    """Return the GPUs of *uuids*. An unknown one is added to *missing*, or ends the list where *missing* is None."""
    by_uuid = {gpu.uuid: gpu for gpu in gpus}
    found: dict[str, list[_Slice]] = {}
    for uuid in uuids:
        part = _slice(nvml, uuid) if uuid.startswith("MIG-") else None
        parent = uuid if part is None else part.gpu
        if parent in by_uuid:
            found.setdefault(parent, []).extend([] if part is None else [part])
        elif missing is None:
            break
        else:
            missing.append(unusable(f"no GPU answers to {uuid!r}, or more than one", "nvidia-smi -L"))
    return [_with_slices(by_uuid[uuid], slices) for uuid, slices in found.items()]


def _named(word: str, gpus: Sequence[ListedGpu]) -> str:
    """Return the UUID of the one GPU with this index or beginning of its UUID; else the word itself."""
    matches = [
        gpu.uuid for gpu in gpus if word == str(gpu.number) or (word[:4] == "GPU-" and gpu.uuid.startswith(word))
    ]
    return matches[0] if len(matches) == 1 else word


def _prefixed(uuid: str, uuids: Sequence[str]) -> str:
    """Return torch's UUID as NVML writes it: it may have no prefix, and a slice's looks like a GPU's."""
    bare = uuid.removeprefix("GPU-").removeprefix("MIG-")
    return f"GPU-{bare}" if f"GPU-{bare}" in uuids else f"MIG-{bare}"


class _Slice(NamedTuple):
    """A part of the GPU with the UUID *gpu* ("" if there is none): *size* of *total* slices, 0 if unknown."""

    gpu: str
    size: int = 0
    total: int = 0


def _slice(nvml: Any, mig: str) -> _Slice:
    """Return the slice with the MIG UUID *mig*, as far as NVML tells."""
    found = _Slice(gpu="")
    with contextlib.suppress(nvml.NVMLError):
        handle = nvml.nvmlDeviceGetHandleByUUID(mig)
        parent = nvml.nvmlDeviceGetDeviceHandleFromMigDeviceHandle(handle)
        found = _Slice(gpu=str(nvml.nvmlDeviceGetUUID(parent)))
        size = nvml.nvmlDeviceGetAttributes(handle).gpuInstanceSliceCount
        found = found._replace(size=size, total=nvml.nvmlDeviceGetMaxMigDeviceCount(parent))
    return found


def _with_slices(gpu: ListedGpu, slices: Sequence[_Slice]) -> ListedGpu:
    if not slices:
        return gpu
    of_gpu = "of this GPU (MIG); the joules are the whole GPU's"
    if not all(part.size and part.total for part in slices):
        return gpu._replace(note=f"The run has only a part {of_gpu}.")
    total = slices[0].total
    mine = min(sum(part.size for part in slices), total)
    note = f"The run has {mine} of {total} slices {of_gpu}, of which its own share is taken to be the slices' part."
    return gpu._replace(part=mine / total, note=note)
