"""What is left of a fit, by all that may end it in a Lightning trainer, and whether it can be stopped before.

Nothing here imports Lightning: it asks the trainers of both of its packages the same questions.
"""

import math
import time
from typing import Any

from greentrack.integrations.training.description import UNREADABLE
from greentrack.integrations.training.forecast import Plan


def plan(trainer: Any, epoch_batches: float, batch_s: float) -> Plan | None:
    """Return what is left of a fit after its current epoch; None if nothing says when it will end.

    *epoch_batches* of the last epoch are for datasets without a length, *batch_s* seconds of a batch for validations by
    the clock. Early stopping is not foreseen: see ``stops_early``.
    """
    loop = trainer.fit_loop
    per_epoch = float(loop.max_batches)
    if not math.isfinite(per_epoch):
        per_epoch = epoch_batches
    done = int(loop.epoch_progress.current.processed)
    ends = []
    if (epochs := finite(trainer.max_epochs)) is not None:
        ends.append(max(0.0, float(epochs - done)) * per_epoch)
    if (steps := finite(trainer.max_steps)) is not None:
        # batches per step as they were so far: it holds for accumulation and for manual optimization
        each = loop.total_batch_idx + 1 if trainer.global_step else trainer.accumulate_grad_batches
        ends.append(max(0.0, float(steps - trainer.global_step)) * each / max(1, trainer.global_step))
    seconds = _time_left(trainer)
    if not ends:
        if seconds is None:
            return None
        ends.append(per_epoch * 1e6)  # the time is what ends it
    batches = min(ends)
    return Plan(batches, *_validations(trainer, batches, per_epoch, done, batch_s), seconds)


def stops_early(trainer: Any) -> list[str]:
    """Return the metrics that early stopping watches (``val_loss``): it may end a fit before its plan does."""
    return [
        str(getattr(callback, "monitor", "something"))
        for callback in trainer.callbacks
        if any(kind.__name__ == "EarlyStopping" for kind in type(callback).__mro__)
    ]


def is_within_epoch(trainer: Any) -> bool:
    """Return True if a checkpoint resumes the training in the middle of an epoch: no hook tells its start."""
    return bool(getattr(trainer.fit_loop, "restarted_mid_epoch", False))


def is_complete(trainer: Any) -> bool:
    """Return True if a training has done all its epochs or steps; an epoch cut short counts for none."""
    epochs, steps = finite(trainer.max_epochs), finite(trainer.max_steps)
    done = int(trainer.fit_loop.epoch_progress.current.processed)
    if steps is not None and trainer.global_step >= steps:
        return True
    return epochs is not None and done >= epochs and bool(trainer.is_last_batch)


def stopping_is_refused(trainer: Any) -> bool:
    """Return True if ``min_epochs`` or ``min_steps`` keep a training going that was asked to stop."""
    try:
        return not trainer.fit_loop._can_stop_early  # no public name says it
    except AttributeError:
        return False


def finite(limit: Any) -> int | None:
    """Return a limit of epochs or steps as a number, None without one."""
    return int(limit) if isinstance(limit, int) and limit >= 0 else None


# -- details


def _time_left(trainer: Any) -> float | None:
    """Return the seconds that ``max_time`` (a Timer among the callbacks) leaves; None without one."""
    left = []
    for callback in trainer.callbacks:
        if callable(remaining := getattr(callback, "time_remaining", None)):
            try:
                seconds = remaining()
            except UNREADABLE:
                continue
            if isinstance(seconds, int | float):
                left.append(float(seconds))
    return min(left, default=None)


def _validations(trainer: Any, batches: float, per_epoch: float, done: int, batch_s: float) -> tuple[float, float]:
    """Return the number of validations within *batches* of training to come, and the batches of each."""
    loop = trainer.fit_loop.epoch_loop.val_loop
    if not trainer.enable_validation or per_epoch <= 0:
        return 0.0, 0.0
    each = float(sum(loop.max_batches)) if loop.max_batches else 0.0
    if (every_s := getattr(trainer, "_val_check_time_interval", None)) is not None:  # no public name says it
        return _by_the_clock(trainer, batches, per_epoch, done, batch_s=batch_s, every_s=every_s), each
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


def _by_the_clock(
    trainer: Any, batches: float, per_epoch: float, done: int, *, batch_s: float, every_s: float
) -> float:
    """Return the number of validations to come if one follows the batch that ends each *every_s* seconds of training.

    Lightning counts from the end of the last validation. Epochs without one (``check_val_every_n_epoch``) are made up
    for by one in the next epoch with one.
    """
    between_s = max(1, math.ceil(every_s / batch_s)) * batch_s if batch_s > 0 else every_s
    if between_s <= 0:
        return batches
    now = time.monotonic()
    most = (now - getattr(trainer, "_last_val_time", now) + batches * batch_s) // between_s
    every = trainer.check_val_every_n_epoch or 1
    if every == 1:
        return most
    epochs = int(batches / per_epoch + 1e-9)
    return min(most, ((done + epochs) // every - done // every) * (1 + per_epoch * batch_s // between_s))
