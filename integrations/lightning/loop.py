"""A Lightning trainer as a training loop: its plan, metrics, loggers, checkpoints and ranks.

Nothing here imports Lightning: it asks the trainers of both of its packages the same questions.
"""

import functools
import os
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from greentrack.integrations.lightning.plan import is_complete, plan, stopping_is_refused, stops_early
from greentrack.integrations.training.forecast import Plan
from greentrack.integrations.training.loop import LogPoint, Loop
from greentrack.integrations.training.session import TrainingSession

T = TypeVar("T")


class TrainerLoop(Loop):
    """The loop of one trainer."""

    def __init__(self, trainer: Any) -> None:
        self.source = trainer

    def metrics(self) -> Mapping[str, Any]:
        """Return what the module has logged, and what callbacks have."""
        metrics: Mapping[str, Any] = self.source.callback_metrics
        return metrics

    def remaining(self, epoch_batches: float, batch_s: float) -> Plan | None:
        """Return what is left by the trainer's limits."""
        return plan(self.source, epoch_batches, batch_s)

    def may_stop_early(self) -> bool:
        """Return True if there is an EarlyStopping callback."""
        return bool(stops_early(self.source))

    # -- stopping

    def validates(self) -> bool:
        """Return True if the trainer validates: it does so once more when it is stopped."""
        return bool(self.source.enable_validation)

    def is_complete(self) -> bool:
        """Return True if all epochs or steps are done."""
        return is_complete(self.source)

    def stop(self) -> str | None:
        """Set ``should_stop``."""
        self.source.should_stop = True
        return "min_epochs or min_steps" if stopping_is_refused(self.source) else None

    def save(self) -> str | None:
        """Save a checkpoint, unless a checkpoint callback has just done so."""
        trainer = self.source
        saved = (getattr(callback, "_last_global_step_saved", None) for callback in trainer.checkpoint_callbacks)
        if any(step == trainer.global_step for step in saved):
            return None
        folder = getattr(trainer.checkpoint_callback, "dirpath", None)
        folder = str(folder or os.path.join(trainer.default_root_dir, "checkpoints"))
        path = os.path.join(folder, f"greentrack-budget-step={trainer.global_step}.ckpt")
        trainer.save_checkpoint(path)
        return path

    # -- loggers

    def logs_now(self) -> bool:
        """Return True if ``log_every_n_steps`` says that this batch is logged."""
        trainer = self.source
        try:
            return bool(trainer._logger_connector.should_update_logs)  # Lightning's own monitors ask this
        except AttributeError:
            every = trainer.log_every_n_steps
            return bool(every and (self._step_logged() + 1) % every == 0)

    def log(self, figures: Mapping[str, float], point: LogPoint) -> None:
        """Log *figures* on the axis of the other curves, show the energy, and let callbacks watch them."""
        trainer = self.source
        if point == "batch":
            for logger in trainer.loggers:
                logger.log_metrics(figures, step=self._step_logged())
            trainer.lightning_module.log(  # not the callback's log: that is of the trainer that set it up last
                "energy/kwh",
                figures["energy/kwh"],
                prog_bar=True,
                logger=False,
                on_step=True,
                on_epoch=False,
                batch_size=1,
            )
            return
        ranks = trainer.world_size > 1
        trainer.lightning_module.log_dict(
            dict(figures),
            logger=point == "epoch" and bool(trainer.loggers),  # Lightning warns of what no logger takes
            on_step=False,
            on_epoch=True,
            batch_size=1,
            sync_dist=ranks,  # Lightning advises it, and rank_zero_only lets it do nothing: all ranks log the same
            rank_zero_only=ranks,
        )

    def _step_logged(self) -> int:
        """Return the step under which Lightning itself logs now."""
        try:
            return int(self.source.fit_loop.epoch_loop._batches_that_stepped)  # no public name says it
        except AttributeError:
            return int(self.source.global_step)

    # -- ranks

    def sum(self, values: Sequence[float]) -> list[float]:
        """Sum *values* by the strategy."""
        import torch

        strategy = self.source.strategy
        vector = torch.tensor(values, dtype=torch.float64, device=strategy.root_device)
        sums: list[float] = strategy.reduce(vector, reduce_op="sum").tolist()  # the default would be the mean
        return sums

    def broadcast(self, value: T) -> T:
        """Broadcast by the strategy."""
        from_first: T = self.source.strategy.broadcast(value, src=0)
        return from_first


def watch_checkpoints(trainer: Any, session: TrainingSession) -> Callable[[], None]:
    """Let each ``trainer.save_checkpoint`` be a span and a phase of *session*; return what undoes this."""
    original = trainer.save_checkpoint

    @functools.wraps(original)
    def save_checkpoint(*args: Any, **kwargs: Any) -> Any:
        with session.checkpoint():
            return original(*args, **kwargs)

    def undo() -> None:
        if trainer.__dict__.get("save_checkpoint") is save_checkpoint:
            del trainer.save_checkpoint

    trainer.save_checkpoint = save_checkpoint
    return undo
