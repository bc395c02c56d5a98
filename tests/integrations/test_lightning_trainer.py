"""What trainers answer: who trains together, and what is left of a fit, held against what then came."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import lightning.pytorch as pl
import pytest
import torch
from torch.utils.data import DataLoader, IterableDataset

from greentrack import system
from greentrack.integrations import lightning_trainer as ask
from greentrack.integrations.forecast import Plan
from tests.integrations.conftest import Make
from tests.integrations.training import STEPS, Tiny, data


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
        self.plans.append((self.batches, self.validations, ask.plan(trainer, self.of_epoch)))
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


# -- who trains together


def crew(monkeypatch: pytest.MonkeyPatch, rank: int, places: list[tuple[str, str | None]]) -> ask.Crew:
    """What *rank* sees where each rank has a host and a GPU."""
    every = [
        {"host": f"{system.boot_id()} {host}", "rank": number, "gpu": gpu, "group": f"group-{number}"}
        for number, (host, gpu) in enumerate(places)
    ]
    host, gpu = places[rank]
    monkeypatch.setattr(ask, "_host_name", lambda: host)
    monkeypatch.setattr(ask, "_gpu", lambda trainer: gpu)
    monkeypatch.setattr(ask, "_exchange", lambda mine, size: every if mine == every[rank] else None)
    return ask.muster(SimpleNamespace(global_rank=rank, world_size=len(places)), f"group-{rank}")


def test_the_lowest_rank_of_each_host_records_for_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two hosts of two GPUs: ranks 0 and 2 record, each its own host's GPUs, in one group."""
    places: list[tuple[str, str | None]] = [("a", "GPU-1"), ("a", "GPU-2"), ("b", "GPU-3"), ("b", "GPU-4")]
    every = [crew(monkeypatch, rank, places) for rank in range(4)]
    assert [one.records for one in every] == [True, False, True, False]
    assert [one.gpus for one in every] == [("GPU-1", "GPU-2")] * 2 + [("GPU-3", "GPU-4")] * 2
    assert {(one.world_size, one.hosts, one.local, one.group) for one in every} == {(4, 2, 2, "group-0")}


def test_ranks_need_not_be_dealt_out_in_order(monkeypatch: pytest.MonkeyPatch) -> None:
    """SLURM's cyclic distribution gives every second one to each host, and hosts may have unlike numbers of them."""
    places: list[tuple[str, str | None]] = [("a", None), ("b", None), ("a", None), ("b", None), ("a", None)]
    every = [crew(monkeypatch, rank, places) for rank in range(5)]
    assert [one.records for one in every] == [True, True, False, False, False]
    assert [one.local for one in every] == [3, 2, 3, 2, 3]
    assert {one.gpus for one in every} == {None}


def test_a_process_that_trains_alone_asks_nobody(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    """It records, and exchanges nothing."""

    def fail(*_: Any) -> None:
        raise AssertionError("there is nobody to exchange with")

    monkeypatch.setattr(ask, "_exchange", fail)
    assert ask.muster(make(), "mine") == ask.Crew(0, 1, 1, 1, True, None, None)


def test_a_strategy_without_a_process_group_goes_by_the_trainers_ranks(monkeypatch: pytest.MonkeyPatch) -> None:
    """A TPU's, say: eight processes on two nodes, of which each local rank 0 records."""
    monkeypatch.setattr(ask, "_gpu", lambda trainer: None)
    seen: Callable[[int], ask.Crew] = lambda rank: ask.muster(  # noqa: E731
        SimpleNamespace(global_rank=rank, world_size=8, num_nodes=2, local_rank=rank % 4), "mine"
    )
    assert [seen(rank).records for rank in range(8)] == [True, False, False, False] * 2
    assert seen(5) == ask.Crew(5, 8, 2, 4, False, None, "mine")
