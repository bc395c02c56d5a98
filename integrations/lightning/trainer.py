"""Facts of a Lightning trainer: which ranks train together, and what is trained.

Nothing here imports Lightning: it asks the trainers of both of its packages the same questions.
"""

import functools
from collections.abc import Callable
from typing import Any

from greentrack import log
from greentrack.integrations.lightning.plan import finite, stops_early
from greentrack.integrations.training import description
from greentrack.integrations.training.description import UNREADABLE
from greentrack.integrations.training.ranks import RankFacts, Ranks, alone, gathered
from greentrack.registry import METERS


def ranks_of(trainer: Any, mine: RankFacts) -> Ranks:
    """Return who trains together; all ranks must call this at the same time, as they do when they set up.

    They make one exchange by the strategy's process group; a process that trains alone makes none. *mine* is what this
    rank's environment says.
    """
    size = int(trainer.world_size)
    if size <= 1:
        return alone(mine if mine.is_disabled else mine._replace(gpu=_gpu(trainer)))
    rank, gather = int(trainer.global_rank), _gather(size)
    if gather is not None:
        return gathered(mine._replace(rank=rank, gpu=_gpu(trainer)), gather)
    hosts = int(getattr(trainer, "num_nodes", 1))
    return Ranks(  # a strategy of another kind (TPU): go by the ranks that the trainer knows
        rank=rank,
        world_size=size,
        hosts=hosts,
        local_size=max(1, size // hosts),
        is_recorder=int(trainer.local_rank) == 0 and not mine.is_disabled,
        group=mine.group,
        is_disabled=mine.is_disabled,
        limits=mine.limits,
    )


def synchronize(trainer: Any) -> Callable[[], None] | None:
    """Return what waits for the GPU of this process; None where it computes on none."""
    if (device := _cuda_device(trainer)) is None:
        return None
    import torch

    return functools.partial(torch.cuda.synchronize, device)  # of this process alone: others' need a context


def facts(trainer: Any, module: Any) -> dict[str, Any]:
    """Return the model, the trainer's settings and the module's hyperparameters, as params of a run."""
    model = getattr(module, "_orig_mod", module)  # torch.compile wraps it
    found: dict[str, Any] = {"model": type(model).__name__, **description.parameter_counts(model)}
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
        except UNREADABLE:
            continue
        if value is not None:
            found[name] = value
    return description.with_hyperparameters(found, _hyperparameters(module))


def _hyperparameters(module: Any) -> dict[str, Any]:
    try:
        return description.hyperparameters(dict(module.hparams))
    except UNREADABLE:
        return {}


def _cuda_device(trainer: Any) -> Any:
    device = getattr(trainer.strategy, "root_device", None)
    return device if getattr(device, "type", None) == "cuda" else None


def _gpu(trainer: Any) -> str | None:
    """Return the UUID of the GPU that this process computes on; only that one's context is touched."""
    if (device := _cuda_device(trainer)) is None:
        return None
    import torch

    try:
        uuid = str(torch.cuda.get_device_properties(device).uuid)
    except (*UNREADABLE, AssertionError) as error:
        log.warning("the UUID of %s is not known (%r); the GPUs that CUDA shows are recorded", device, error)
        return None
    return uuid if uuid.startswith(METERS["nvidia"].uuid_prefixes) else f"GPU-{uuid}"


def _gather(size: int) -> Callable[[RankFacts], list[RankFacts]] | None:
    """Return what exchanges objects among the ranks; None without a process group."""
    import torch.distributed as dist

    if not (dist.is_available() and dist.is_initialized()):
        return None

    def gather(mine: RankFacts) -> list[RankFacts]:
        every: list[Any] = [None] * size
        dist.all_gather_object(every, mine)
        return every

    return gather
