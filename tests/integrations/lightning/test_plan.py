"""What is left of a fit, compared with what then came."""

import time
from datetime import timedelta
from pathlib import Path
from typing import Any

import lightning.pytorch as pl
import pytest
import torch
from lightning.pytorch.callbacks import EarlyStopping
from torch.utils.data import DataLoader, IterableDataset

from greentrack.integrations.lightning import plan as planning
from greentrack.integrations.training.forecast import Plan
from tests.integrations.conftest import Make
from tests.integrations.tiny_trainings import STEPS, Tiny, data


class Endless(IterableDataset[Any]):
    """Twelve samples, of a dataset that does not say how many it has."""

    def __iter__(self) -> Any:
        return iter([[torch.zeros(4)]] * 12)


class Witness(pl.Callback):
    """Keeps the plan after each epoch, and how many batches and validations were done by then."""

    def __init__(self) -> None:
        self.plans: list[tuple[int, int, Plan | None]] = []
        self.batches = self.validations = self.of_epoch = self.validation_batches = 0

    def on_train_batch_end(self, *_: Any) -> None:
        self.batches += 1
        self.of_epoch += 1

    def on_validation_end(self, trainer: Any, pl_module: Any) -> None:
        if not trainer.sanity_checking:
            self.validations += 1

    def on_validation_batch_end(self, trainer: Any, *_: Any) -> None:
        if not trainer.sanity_checking:
            self.validation_batches += 1

    def on_train_epoch_end(self, trainer: Any, pl_module: Any) -> None:
        self.plans.append((self.batches, self.validations, planning.plan(trainer, self.of_epoch, 0.001)))
        self.of_epoch = 0


@pytest.mark.parametrize(
    "settings",
    [
        {"max_epochs": 4},
        {"max_epochs": 7, "check_val_every_n_epoch": 3},
        {"max_epochs": 3, "val_check_interval": 0.25},
        {"max_epochs": 3, "val_check_interval": 3},
        {"max_epochs": 5, "val_check_interval": 12, "check_val_every_n_epoch": None},
        {"max_epochs": 5, "val_check_interval": 0.5, "check_val_every_n_epoch": 2},
        {"max_epochs": 3, "limit_val_batches": 0},
        {"max_epochs": 3, "limit_train_batches": 5, "limit_val_batches": 2},
        {"max_epochs": -1, "max_steps": 20},
        {"max_epochs": 10, "max_steps": 20, "val_check_interval": 2},
        {"max_epochs": 10, "max_steps": 30, "val_check_interval": 2, "check_val_every_n_epoch": 2},
        {"max_epochs": 2, "max_steps": 100},
        {"max_epochs": 4, "accumulate_grad_batches": 3},
        {"max_epochs": -1, "max_steps": 8, "accumulate_grad_batches": 3},
        {"max_epochs": 3, "num_sanity_val_steps": 2},
        {"max_epochs": 3, "overfit_batches": 2},
    ],
    ids=str,
)
def test_what_is_left_comes_about(make: Make, settings: dict[str, Any]) -> None:
    """After each epoch the plan has the batches and the validations that then follow, and the batches of those."""
    seen = Witness()
    make(seen, **settings).fit(Tiny(), data(), data())
    assert len(seen.plans) > 1
    for batches, validations, plan in seen.plans:
        assert plan is not None
        assert plan.seconds is None
        assert plan.batches == pytest.approx(seen.batches - batches, abs=settings.get("accumulate_grad_batches", 1) - 1)
        assert plan.validations == pytest.approx(seen.validations - validations)
        if plan.validations and validations:  # before the first one Lightning may not know them
            assert plan.validation_batches * seen.validations == seen.validation_batches


@pytest.mark.parametrize(
    ("every_s", "epochs", "validations"),
    [
        (30, 1, 5),  # 32 batches of 5 s are 160 s
        (27, 1, 5),  # it comes after a batch has ended: each 30 s
        (1, 1, 32),
        (3600, 1, 0),
        (30, 2, 4),  # two of the four epochs to come are looked at: at once, and again after 30 of their 40 s
        (100, 2, 1),
    ],
)
def test_validations_by_the_clock_are_planned_by_time(make: Make, every_s: int, epochs: int, validations: int) -> None:
    """One after each so many seconds of training, were each of the 8 batches of four epochs to take 5 s."""
    plans: list[Plan | None] = []

    class Asked(pl.Callback):
        def on_train_epoch_end(self, trainer: Any, pl_module: Any) -> None:
            trainer._val_check_time_interval, trainer._last_val_time = float(every_s), time.monotonic()
            plans.append(planning.plan(trainer, STEPS, 5.0))
            trainer.should_stop = True

    rare = timedelta(hours=1)  # none comes about before the plan is asked for
    make(Asked(), max_epochs=5, val_check_interval=rare, check_val_every_n_epoch=epochs).fit(Tiny(), data(), data())
    first, *_ = plans
    assert first is not None
    assert (first.batches, first.validations) == (4 * STEPS, validations)


def test_a_validation_an_hour_is_none_in_a_training_of_a_second(make: Make) -> None:
    """Not one an epoch, as where nothing is said."""
    seen = Witness()
    make(seen, max_epochs=3, val_check_interval=timedelta(hours=1)).fit(Tiny(), data(), data())
    assert seen.validations == 0
    assert [plan.validations for _, _, plan in seen.plans if plan] == [0, 0, 0]


def test_early_stopping_is_seen_and_not_guessed_at(make: Make) -> None:
    """What it watches is told; the plan is that of all epochs."""
    trainer = make(EarlyStopping("val_loss"), max_epochs=1)
    assert planning.stops_early(trainer) == ["val_loss"]
    assert planning.stops_early(make(Witness())) == []


def test_a_dataset_without_a_length_is_as_long_as_its_last_epoch(make: Make) -> None:
    """Twelve samples in batches of four: three batches an epoch, once that was seen."""
    seen = Witness()
    make(seen, max_epochs=4).fit(Tiny(), DataLoader(Endless(), batch_size=4), data())
    left = [plan and (plan.batches, plan.validations) for _, _, plan in seen.plans]
    assert left == [(9, 3), (6, 2), (3, 1), (0, 0)]


def test_steps_of_manual_optimization_are_counted_as_they_are_made(make: Make) -> None:
    """Two optimizers step with every batch: 32 steps are 16 batches."""

    class Manual(Tiny):
        automatic_optimization = False

        def training_step(self, batch: Any, batch_idx: int) -> None:  # type: ignore[override]
            loss = self.layer(batch[0]).square().mean()
            for optimizer in self.optimizers():  # type: ignore[union-attr]
                optimizer.zero_grad()
                self.manual_backward(loss, retain_graph=True)
                optimizer.step()

        def configure_optimizers(self) -> Any:
            return [torch.optim.SGD(self.parameters(), lr=0.0) for _ in range(2)]

    seen = Witness()
    make(seen, max_epochs=-1, max_steps=32).fit(Manual(), data())
    assert seen.batches == 2 * STEPS
    assert [plan.batches for _, _, plan in seen.plans if plan] == [STEPS, 0]


def test_a_limit_of_time_is_what_is_left_of_it(make: Make) -> None:
    """An hour for all epochs there are: nearly all of it is left after one."""
    seen = Witness()
    make(seen, max_epochs=2, max_time=timedelta(hours=1)).fit(Tiny(), data())
    (_, _, plan), *_ = seen.plans
    assert plan is not None
    assert plan.batches == STEPS
    assert 3500 < (plan.seconds or 0) < 3600


def test_only_a_limit_of_time_ends_a_training_without_others(make: Make) -> None:
    """More batches are left than there is time for."""

    class Enough(Witness):
        def on_train_epoch_end(self, trainer: Any, pl_module: Any) -> None:
            super().on_train_epoch_end(trainer, pl_module)
            trainer.should_stop = True

    seen = Enough()
    make(seen, max_epochs=-1, max_time=timedelta(hours=1)).fit(Tiny(), data())
    (_, _, plan) = seen.plans[0]
    assert plan is not None
    assert plan.batches > 1e6
    assert 3500 < (plan.seconds or 0) < 3600


def test_nobody_knows_when_an_endless_training_will_end(make: Make) -> None:
    """It is stopped by hand: there is no plan."""

    class Enough(Witness):
        def on_train_epoch_end(self, trainer: Any, pl_module: Any) -> None:
            super().on_train_epoch_end(trainer, pl_module)
            trainer.should_stop = True

    seen = Enough()
    make(seen, max_epochs=-1).fit(Tiny(), data())
    assert [plan for _, _, plan in seen.plans] == [None]


def test_a_resumed_training_has_only_the_rest_left(make: Make, tmp_path: Path) -> None:
    """Saved after two of five epochs: three are left, then two."""
    first = make(max_epochs=2)
    first.fit(Tiny(), data())
    first.save_checkpoint(tmp_path / "two.ckpt")
    seen = Witness()
    make(seen, max_epochs=5).fit(Tiny(), data(), ckpt_path=tmp_path / "two.ckpt")
    assert [plan.batches for _, _, plan in seen.plans if plan] == [2 * STEPS, STEPS, 0]


def test_steps_of_a_resumed_training_are_counted_on(make: Make, tmp_path: Path) -> None:
    """Saved after 16 of 40 steps: what is left is right, wherever Lightning lets the next epoch end."""
    first = make(max_epochs=2)
    first.fit(Tiny(), data())
    first.save_checkpoint(tmp_path / "two.ckpt")
    seen = Witness()
    make(seen, max_epochs=-1, max_steps=40).fit(Tiny(), data(), ckpt_path=tmp_path / "two.ckpt")
    assert seen.batches == 40 - 2 * STEPS
    assert [plan.batches for _, _, plan in seen.plans if plan] == [seen.batches - done for done, _, _ in seen.plans]
