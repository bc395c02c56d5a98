"""What a Lightning trainer can be asked: who trains together, what is trained, what is left to do.

Nothing here imports Lightning: the same questions are put to the trainers of both of its packages.
"""

import math
import os
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from greentrack import log, system
from greentrack.integrations.forecast import Plan

HARMLESS = (AttributeError, TypeError, ValueError, RuntimeError, NotImplementedError)
"""What asking a trainer or a user's dataset may raise; the fact is then left out."""


class Crew(NamedTuple):
    """The processes that train together, as one of them sees it.

    *records* is true in the one process of each host that records; *hosts* is how many there are, *local* the processes
    of this one. *gpus* are the UUIDs of this host's GPUs in use, or None where none is known. *group* is the same word
    for all of them.
    """

    rank: int
    world_size: int
    hosts: int
    local: int
    records: bool
    gpus: tuple[str, ...] | None
    group: str | None


def muster(trainer: Any, group: str) -> Crew:
    """Return who trains together; all ranks must ask at the same time, as they do when they set up.

    One exchange of small objects by the strategy's own process group; nothing where a process trains alone.
    """
    rank, size = int(trainer.global_rank), int(trainer.world_size)
    gpu = _gpu(trainer)
    mine: dict[str, Any] = {"host": f"{system.boot_id()} {_host_name()}", "rank": rank, "gpu": gpu, "group": group}
    if size <= 1:
        return Crew(0, 1, 1, 1, True, (gpu,) if gpu else None, None)
    every = _exchange(mine, size)
    if every is None:  # a strategy of another kind (TPU): go by the ranks that the trainer knows
        hosts = int(getattr(trainer, "num_nodes", 1))
        return Crew(rank, size, hosts, max(1, size // hosts), int(trainer.local_rank) == 0, None, group)
    here = [one for one in every if one["host"] == mine["host"]]
    uuids = tuple(dict.fromkeys(one["gpu"] for one in here if one["gpu"]))
    return Crew(
        rank=rank,
        world_size=size,
        hosts=len({one["host"] for one in every}),
        local=len(here),
        records=rank == min(one["rank"] for one in here),
        gpus=uuids or None,
        group=min(every, key=lambda one: one["rank"])["group"],
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
        ("max_epochs", lambda: _finite(trainer.max_epochs)),
        ("max_steps", lambda: _finite(trainer.max_steps)),
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


def plan(trainer: Any, batches_of_epoch: float) -> Plan | None:
    """Return what is left of a fit after its current epoch; None where nothing says when it will end.

    *batches_of_epoch* is what the last epoch had, for datasets without a length. Early stopping is not foreseen.
    """
    loop = trainer.fit_loop
    per_epoch = float(loop.max_batches)
    if not math.isfinite(per_epoch):
        per_epoch = batches_of_epoch
    done = int(loop.epoch_progress.current.processed)
    ends = []
    if (epochs := _finite(trainer.max_epochs)) is not None:
        ends.append(max(0.0, float(epochs - done)) * per_epoch)
    if (steps := _finite(trainer.max_steps)) is not None:
        # batches per step as they were so far: it holds for accumulation and for manual optimization
        each = loop.total_batch_idx + 1 if trainer.global_step else trainer.accumulate_grad_batches
        ends.append(max(0.0, float(steps - trainer.global_step)) * each / max(1, trainer.global_step))
    seconds = _time_left(trainer)
    if not ends:
        if seconds is None:
            return None
        ends.append(per_epoch * 1e6)  # the time is what ends it
    batches = min(ends)
    return Plan(batches, *_validations(trainer, batches, per_epoch, done), seconds)


def is_within_epoch(trainer: Any) -> bool:
    """Whether a training goes on in the middle of an epoch, as its checkpoint says: no hook tells its start."""
    return bool(getattr(trainer.fit_loop, "restarted_mid_epoch", False))


def is_complete(trainer: Any) -> bool:
    """Whether a training has done all the epochs or steps that it was to do."""
    epochs, steps = _finite(trainer.max_epochs), _finite(trainer.max_steps)
    done = int(trainer.fit_loop.epoch_progress.current.processed)
    return (epochs is not None and done >= epochs) or (steps is not None and trainer.global_step >= steps)


def stopping_is_refused(trainer: Any) -> bool:
    """Whether ``min_epochs`` or ``min_steps`` keep a training going that has been asked to stop."""
    try:
        return not trainer.fit_loop._can_stop_early  # no public name says it
    except AttributeError:
        return False


def saved_now(trainer: Any) -> bool:
    """Whether a checkpoint callback has saved the state of this very step."""
    saved = (getattr(callback, "_last_global_step_saved", None) for callback in trainer.checkpoint_callbacks)
    return any(step == trainer.global_step for step in saved)


def folder_for_checkpoints(trainer: Any) -> str:
    """Return where this training keeps its checkpoints."""
    callback = trainer.checkpoint_callback
    return str(getattr(callback, "dirpath", None) or os.path.join(trainer.default_root_dir, "checkpoints"))


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
            try:
                n = int(parameter.numel())
            except HARMLESS:  # a lazy module's, of no shape yet
                continue
            total += n
            trainable += n if parameter.requires_grad else 0
    except HARMLESS:
        return {}
    return {"parameters": total, "trainable_parameters": trainable}


def _hyperparameters(module: Any) -> dict[str, Any]:
    try:
        return {str(name): value for name, value in dict(module.hparams).items()}
    except HARMLESS:
        return {}


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


def _finite(limit: Any) -> int | None:
    return int(limit) if isinstance(limit, int) and limit >= 0 else None


def _time_left(trainer: Any) -> float | None:
    """Return the seconds that ``max_time`` (a Timer among the callbacks) leaves; None without one."""
    left = []
    for callback in trainer.callbacks:
        if callable(remaining := getattr(callback, "time_remaining", None)):
            try:
                seconds = remaining()
            except HARMLESS:
                continue
            if isinstance(seconds, int | float):
                left.append(float(seconds))
    return min(left, default=None)


def _validations(trainer: Any, batches: float, per_epoch: float, done: int) -> tuple[float, float]:
    """Return how many validations are to come in so many training *batches*, and the batches of each."""
    loop = trainer.fit_loop.epoch_loop.val_loop
    if not trainer.enable_validation or per_epoch <= 0:
        return 0.0, 0.0
    each = float(sum(loop.max_batches)) if loop.max_batches else 0.0
    check = float(trainer.val_check_batch) if trainer.val_check_batch is not None else math.inf
    every = trainer.check_val_every_n_epoch
    if every is None:  # epochs do not matter to it
        before = trainer.fit_loop.total_batch_idx + 1
        return (before + batches) // check - before // check, each
    epochs = int(batches / per_epoch + 1e-9)
    validations = ((done + epochs) // every - done // every) * (per_epoch // check if math.isfinite(check) else 1.0)
    if (done + epochs + 1) % every == 0:  # steps may end it within an epoch
        validations += max(0.0, batches - epochs * per_epoch) // check
    return validations, each
