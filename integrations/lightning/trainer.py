"""What a Lightning trainer can be asked: who trains together, what is trained, what is in a batch.

Nothing here imports Lightning: the same questions are put to the trainers of both of its packages.
"""

import reprlib
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from greentrack import log
from greentrack.host import facts as host
from greentrack.integrations.lightning.plan import HARMLESS, finite, stops_early

if TYPE_CHECKING:
    from greentrack.tracking.budget import Limit

MAX_TEXT = 1000
"""No hyperparameter is kept with more characters than this: a whole model may be among them."""

MAX_PARTS = 100
"""A list or mapping of more parts is no choice but data, of which the beginning is kept as text."""

MAX_LEVELS = 8
"""The same goes for what is nested deeper than this."""


class Crew(NamedTuple):
    """The processes that train together, as one of them sees it.

    *records* is true in the one process of each host that records; *hosts* is how many there are, *local* the processes
    of this one. *gpus* are the UUIDs of this host's GPUs in use, or None where none is known. *group* is the same word
    for all of them, and so are *limits*, the budget; *off* is true where none of them is to be recorded.
    """

    rank: int
    world_size: int
    hosts: int
    local: int
    records: bool
    gpus: tuple[str, ...] | None
    group: str | None
    off: bool = False
    limits: tuple["Limit", ...] = ()


def muster(trainer: Any, group: str, *, off: bool = False, limits: tuple["Limit", ...] = ()) -> Crew:
    """Return who trains together; all ranks must ask at the same time, as they do when they set up.

    One exchange of small objects by the strategy's own process group; nothing where a process trains alone. What the
    environment of each rank says may differ (*off*: it is not to record; *limits*: its budget), what they do must not:
    a rank that stays away from the others' exchanges would let them wait for ever.
    """
    rank, size = int(trainer.global_rank), int(trainer.world_size)
    if size <= 1 and off:
        return Crew(0, 1, 1, 1, False, None, None, off=True)
    gpu = _gpu(trainer)
    if size <= 1:
        return Crew(0, 1, 1, 1, True, (gpu,) if gpu else None, None, limits=limits)
    place = f"{host.boot_id()} {_host_name()}"
    mine = {"host": place, "rank": rank, "gpu": gpu, "group": group, "off": off, "limits": limits}
    every = _exchange(mine, size)
    if every is None:  # a strategy of another kind (TPU): go by the ranks that the trainer knows
        hosts, first = int(getattr(trainer, "num_nodes", 1)), int(trainer.local_rank) == 0
        return Crew(rank, size, hosts, max(1, size // hosts), first and not off, None, group, off, limits)
    every.sort(key=lambda one: int(one["rank"]))
    here = [one for one in every if one["host"] == place]
    recorder = next((one["rank"] for one in here if not one["off"]), None)
    uuids = tuple(dict.fromkeys(one["gpu"] for one in here if one["gpu"]))
    return Crew(
        rank=rank,
        world_size=size,
        hosts=len({one["host"] for one in every}),
        local=len(here),
        records=rank == recorder,
        gpus=uuids or None,
        group=every[0]["group"],
        off=all(one["off"] for one in every),
        limits=next((one["limits"] for one in every if one["limits"]), ()),
    )


def facts(trainer: Any, module: Any) -> dict[str, Any]:
    """Return what is trained and how, as params of a run: the module's hyperparameters and the trainer's settings."""
    model = getattr(module, "_orig_mod", module)  # torch.compile wraps it
    own: dict[str, Any] = {"model": type(model).__name__, **_parameters(model)}
    for name, read in (
        ("precision", lambda: str(trainer.precision)),
        ("strategy", lambda: type(trainer.strategy).__name__),
        ("accelerator", lambda: type(trainer.accelerator).__name__.removesuffix("Accelerator").lower()),
        ("devices", lambda: int(trainer.num_devices)),
        ("nodes", lambda: int(trainer.num_nodes)),
        ("accumulate_grad_batches", lambda: int(trainer.accumulate_grad_batches)),
        ("max_epochs", lambda: finite(trainer.max_epochs)),
        ("max_steps", lambda: finite(trainer.max_steps)),
        ("early_stopping", lambda: ", ".join(stops_early(trainer)) or None),  # its forecasts are upper bounds
    ):
        try:
            value = read()
        except HARMLESS:
            continue
        if value is not None:
            own[name] = value
    given = _hyperparameters(module)
    return {**own, **{(f"hparams/{name}" if name in own else name): value for name, value in given.items()}}


def data_facts(trainer: Any) -> dict[str, Any]:
    """Return the batch size and the sizes of the datasets, where they are known; to be asked once loaders are made."""
    found: dict[str, Any] = {}
    for part, loaders in (
        ("train", getattr(trainer, "train_dataloader", None)),
        ("val", getattr(trainer, "val_dataloaders", None)),
    ):
        sizes = [_length(getattr(loader, "dataset", None)) for loader in _leaves(loaders)]
        if sizes and None not in sizes:
            found[f"{part}_samples"] = sum(size or 0 for size in sizes)
        batches = {getattr(loader, "batch_size", None) for loader in _leaves(loaders)}
        if part == "train" and len(batches) == 1 and isinstance(batch := batches.pop(), int):
            found["batch_size"] = batch
    return found


def steps_logged(trainer: Any) -> int:
    """Return the step under which Lightning itself logs now, so that all curves share one axis."""
    try:
        return int(trainer.fit_loop.epoch_loop._batches_that_stepped)  # the axis of self.log; no public name says it
    except AttributeError:
        return int(trainer.global_step)


def logs_now(trainer: Any) -> bool:
    """Whether the trainer's cadence (``log_every_n_steps``) says that this batch is logged."""
    try:
        return bool(trainer._logger_connector.should_update_logs)  # what Lightning's own monitors ask
    except AttributeError:
        every = trainer.log_every_n_steps
        return bool(every and (steps_logged(trainer) + 1) % every == 0)


def samples_in(batch: Any) -> int:
    """Return how many samples a batch has: the length of the first tensor in it, or of the first list of plain values.

    It is 1 where there is neither.
    """
    try:
        n = _length_of_first(batch)
    except HARMLESS:  # a nested tensor has no shape, for one
        return 1
    return 1 if n is None else n


def scalars(metrics: Mapping[str, Any]) -> dict[str, float]:
    """Return the metrics that are single numbers. On a GPU each is waited for: not for every step."""
    values = {}
    for name, value in metrics.items():
        try:
            values[name] = float(value)
        except HARMLESS:
            continue
    return values


# -- details


def _length_of_first(batch: Any) -> int | None:
    shape = getattr(batch, "shape", None)
    if shape is not None:
        return int(shape[0]) if len(shape) else None
    if isinstance(batch, list | tuple):
        if batch and isinstance(batch[0], str | int | float):
            return len(batch)
    elif isinstance(batch, Mapping):
        batch = batch.values()
    else:
        return None
    for part in batch:
        if (length := _length_of_first(part)) is not None:
            return length
    return None


def _gpu(trainer: Any) -> str | None:
    """Return the UUID of the GPU that this process computes on; only that one's context is touched."""
    device = getattr(trainer.strategy, "root_device", None)
    if getattr(device, "type", None) != "cuda":
        return None
    import torch

    try:
        uuid = str(torch.cuda.get_device_properties(device).uuid)
    except (*HARMLESS, AssertionError) as error:
        log.warning("the UUID of %s is not known (%r); the GPUs that CUDA shows are recorded", device, error)
        return None
    return uuid if uuid.startswith(("GPU-", "MIG-")) else f"GPU-{uuid}"


def _exchange(mine: dict[str, Any], size: int) -> list[dict[str, Any]] | None:
    import torch.distributed as dist

    if not (dist.is_available() and dist.is_initialized()):
        return None
    every: list[Any] = [None] * size
    dist.all_gather_object(every, mine)
    return every


def _host_name() -> str:
    import platform

    return platform.node()


def _parameters(model: Any) -> dict[str, int]:
    total = trainable = 0
    try:
        for parameter in model.parameters():
            n = int(parameter.numel())
            total += n
            trainable += n if parameter.requires_grad else 0
    except HARMLESS:  # a lazy module's has no shape yet: how many there are is not known
        return {}
    return {"parameters": total, "trainable_parameters": trainable}


def _hyperparameters(module: Any) -> dict[str, Any]:
    try:
        return {str(name): _short(value) for name, value in dict(module.hparams).items()}
    except HARMLESS:
        return {}


def _short(value: Any, level: int = 0) -> Any:
    """Return a hyperparameter as it is, or the beginning of its text where it is large or no plain value."""
    if value is None or isinstance(value, bool | int | float):
        return value
    is_mapping = isinstance(value, Mapping)
    if is_mapping or isinstance(value, list | tuple | set | frozenset):
        if len(value) > MAX_PARTS or level == MAX_LEVELS:
            value = f"{type(value).__name__} of {len(value)}: {reprlib.repr(value)}"
        elif is_mapping:
            return {name: _short(one, level + 1) for name, one in value.items()}
        else:
            return [_short(one, level + 1) for one in value]
    text = value if isinstance(value, str) else str(value)
    return text if len(text) <= MAX_TEXT else text[: MAX_TEXT - 1] + "…"


def _leaves(loaders: Any) -> Iterator[Any]:
    """Yield the single loaders of what a trainer holds: one, a list, a mapping, or a combined loader."""
    loaders = getattr(loaders, "iterables", loaders)
    if isinstance(loaders, Mapping):
        loaders = list(loaders.values())
    if isinstance(loaders, list | tuple):
        for loader in loaders:
            yield from _leaves(loader)
    elif loaders is not None:
        yield loaders


def _length(dataset: Any) -> int | None:
    try:
        return len(dataset)
    except HARMLESS:
        return None
