"""What trainers answer: who trains together, and what is trained."""

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
import torch

from greentrack.integrations.lightning import trainer as ask
from greentrack.tracking.budget import budget_of
from tests.integrations.conftest import Make

# -- who trains together


def crews(
    monkeypatch: pytest.MonkeyPatch,
    places: list[tuple[str, str | None]],
    off: tuple[int, ...] = (),
    budgets: tuple[str | None, ...] = (),
) -> list[ask.Crew]:
    """What each rank sees where it has this host and GPU and budget, and those in *off* are not to record."""

    def seen(exchange: Callable[..., Any], rank: int) -> ask.Crew:
        host, gpu = places[rank]
        monkeypatch.setattr(ask, "_host_name", lambda: host)
        monkeypatch.setattr(ask, "_gpu", lambda trainer: gpu)
        monkeypatch.setattr(ask, "_exchange", exchange)
        trainer = SimpleNamespace(global_rank=rank, world_size=len(places), local_rank=0)
        limits = budget_of(budgets[rank] if budgets else None)
        return ask.muster(trainer, f"group-{rank}", off=rank in off, limits=limits)

    said: list[dict[str, Any]] = []
    for rank in range(len(places)):
        seen(lambda mine, size: said.append(mine), rank)  # the answer is of no use before all have spoken
    return [seen(lambda mine, size: said[::-1], rank) for rank in range(len(places))]


def test_the_lowest_rank_of_each_host_records_for_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two hosts of two GPUs: ranks 0 and 2 record, each its own host's GPUs, in one group."""
    places: list[tuple[str, str | None]] = [("a", "GPU-1"), ("a", "GPU-2"), ("b", "GPU-3"), ("b", "GPU-4")]
    every = crews(monkeypatch, places)
    assert [one.records for one in every] == [True, False, True, False]
    assert [one.gpus for one in every] == [("GPU-1", "GPU-2")] * 2 + [("GPU-3", "GPU-4")] * 2
    assert {(one.world_size, one.hosts, one.local, one.group) for one in every} == {(4, 2, 2, "group-0")}


def test_ranks_need_not_be_dealt_out_in_order(monkeypatch: pytest.MonkeyPatch) -> None:
    """SLURM's cyclic distribution gives every second one to each host, and hosts may have unlike numbers of them."""
    places: list[tuple[str, str | None]] = [("a", None), ("b", None), ("a", None), ("b", None), ("a", None)]
    every = crews(monkeypatch, places)
    assert [one.records for one in every] == [True, True, False, False, False]
    assert [one.local for one in every] == [3, 2, 3, 2, 3]
    assert {one.gpus for one in every} == {None}


def test_a_rank_that_is_not_to_record_leaves_it_to_the_next(monkeypatch: pytest.MonkeyPatch) -> None:
    """GREENTRACK_DISABLED in the environment of some: all ranks know, so that none waits for another."""
    places: list[tuple[str, str | None]] = [("a", None), ("a", None), ("b", None), ("b", None)]
    some = crews(monkeypatch, places, off=(0, 2, 3))
    assert [one.records for one in some] == [False, True, False, False]
    assert {one.off for one in some} == {False}
    none = crews(monkeypatch, places, off=(0, 1, 2, 3))
    assert {(one.records, one.off) for one in none} == {(False, True)}


def test_all_ranks_have_the_budget_of_the_lowest_that_has_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """Rank 0 has none: all have that of rank 1, and so all come where it is looked at."""
    places: list[tuple[str, str | None]] = [("a", None)] * 3
    every = crews(monkeypatch, places, budgets=(None, "2 kWh", "3 kWh"))
    assert [[limit.text for limit in one.limits] for one in every] == [["2 kWh"]] * 3


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


# -- what is trained


def described(module: Any) -> dict[str, Any]:
    """The facts of *module*, of a trainer that says nothing."""
    return ask.facts(SimpleNamespace(), module)


def test_parameters_without_a_shape_yet_are_not_counted_as_none() -> None:
    """How many a lazy layer will have is not known, so neither is how many the model has."""
    known = torch.nn.Linear(4, 1)
    assert described(known)["parameters"] == 5
    assert "parameters" not in described(torch.nn.Sequential(known, torch.nn.LazyLinear(1)))


class Hyper(torch.nn.Module):
    """A module with one hyperparameter."""

    def __init__(self, value: Any) -> None:
        super().__init__()
        self.hparams = {"it": value}


@pytest.mark.parametrize(
    "value", [None, True, 3, 0.5, "adamw", ["a", 1], {"model": {"encoder": {"layers": {"norm": {"eps": 1e-6}}}}}]
)
def test_a_hyperparameter_that_is_a_choice_is_kept_as_it_is(value: Any) -> None:
    """Plain values, however nested."""
    assert described(Hyper(value))["it"] == value


@pytest.mark.parametrize(
    ("value", "beginning"),
    [
        (list(range(1_000_000)), "list of 1000000: [0, 1, 2,"),
        (dict.fromkeys(range(101)), "dict of 101: {0: None,"),
        ("x" * 5000, "xxx"),
        (torch.nn.Sequential(*[torch.nn.Linear(1, 1) for _ in range(200)]), "Sequential("),
    ],
    ids=["list", "dict", "text", "model"],
)
def test_of_a_hyperparameter_that_is_data_only_the_beginning_is_kept(value: Any, beginning: str) -> None:
    """It would hold up all that the recorder is told, and the run with it."""
    kept = described(Hyper({"nested": value}))["it"]["nested"]
    assert kept.startswith(beginning)
    assert len(kept) <= ask.MAX_TEXT


def test_a_hyperparameter_that_holds_itself_comes_to_an_end() -> None:
    """A list within itself is looked into only so far."""
    loop: list[Any] = []
    loop.append(loop)
    assert len(str(described(Hyper(loop))["it"])) <= ask.MAX_TEXT
