"""A session's figures beside the loss: in the trainer's loggers, on its progress bar, and where callbacks look."""

from typing import Any

from greentrack.integrations.lightning import trainer as ask
from greentrack.integrations.lightning.base import HarmlessCallback
from greentrack.integrations.training.session import Session


def log_live(trainer: Any, session: Session) -> None:
    """Log what is new since the last time, at the trainer's own cadence and on its own axis."""
    if session.crew.rank != 0 or session.crew.hosts > 1 or not ask.logs_now(trainer):
        return
    session.fresh = False
    named = session.named()
    if not named:
        return
    for logger in trainer.loggers:
        logger.log_metrics(named, step=ask.steps_logged(trainer))
    trainer.lightning_module.log(  # not the callback's own: it is of the trainer that set it up last
        "energy/kwh", named["energy/kwh"], prog_bar=True, logger=False, on_step=True, on_epoch=False, batch_size=1
    )


def log_epoch(callback: HarmlessCallback, trainer: Any, session: Session, *, logger: bool) -> None:
    """Log the figures of the whole job at the end of an epoch, or with *logger* false only let callbacks see them.

    Every rank must come.
    """
    try:
        session.await_first()
        session.look()
    except Exception as error:  # noqa: BLE001  # no training ends for ours; what follows needs every rank
        callback.complain("look", error)
    named = session.named_for_all(trainer.strategy)
    ranks = session.crew.world_size > 1
    trainer.lightning_module.log_dict(
        named,
        logger=logger and bool(trainer.loggers),  # Lightning warns of what no logger takes
        on_step=False,
        on_epoch=True,
        batch_size=1,
        sync_dist=ranks,  # Lightning advises it, and rank_zero_only lets it do nothing: all ranks log the same
        rank_zero_only=ranks,
    )
