"""Ranks agree on which of them records, for which GPUs, and under which budget."""

from collections.abc import Callable
from typing import Any

import pytest

from greentrack.integrations.training.ranks import RankFacts, Ranks, gathered
from greentrack.tracking.budget import budget_of


def seen_by_all(
    monkeypatch: pytest.MonkeyPatch,
    places: list[tuple[str, str | None]],
    off: tuple[int, ...] = (),
    budgets: tuple[str | None, ...] = (),
) -> list[Ranks]:
    """What each rank sees where it has this host and GPU and budget, and those in *off* are not to record."""

    def seen(gather: Callable[[RankFacts], Any], rank: int) -> Ranks:
        host, gpu = places[rank]
        monkeypatch.setattr("platform.node", lambda: host)
        limits = budget_of(budgets[rank] if budgets else None)
        return gathered(RankFacts(f"group-{rank}", rank in off, limits, rank, gpu), gather)

    said: list[RankFacts] = []

    def listen(mine: RankFacts) -> list[RankFacts]:
        said.append(mine)
        return [mine]

    for rank in range(len(places)):
        seen(listen, rank)  # the answer is of no use before all have spoken
    return [seen(lambda mine: said[::-1], rank) for rank in range(len(places))]


def test_the_lowest_rank_of_each_host_records_for_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two hosts of two GPUs: ranks 0 and 2 record, each its own host's GPUs, in one group."""
    places: list[tuple[str, str | None]] = [("a", "GPU-1"), ("a", "GPU-2"), ("b", "GPU-3"), ("b", "GPU-4")]
    every = seen_by_all(monkeypatch, places)
    assert [one.is_recorder for one in every] == [True, False, True, False]
    assert [one.gpus for one in every] == [("GPU-1", "GPU-2")] * 2 + [("GPU-3", "GPU-4")] * 2
    assert {(one.world_size, one.hosts, one.local_size, one.group) for one in every} == {(4, 2, 2, "group-0")}


def test_ranks_need_not_be_dealt_out_in_order(monkeypatch: pytest.MonkeyPatch) -> None:
    """SLURM's cyclic distribution gives every second one to each host, and hosts may have unlike numbers of them."""
    places: list[tuple[str, str | None]] = [("a", None), ("b", None), ("a", None), ("b", None), ("a", None)]
    every = seen_by_all(monkeypatch, places)
    assert [one.is_recorder for one in every] == [True, True, False, False, False]
    assert [one.local_size for one in every] == [3, 2, 3, 2, 3]
    assert {one.gpus for one in every} == {None}


def test_a_rank_that_is_not_to_record_leaves_it_to_the_next(monkeypatch: pytest.MonkeyPatch) -> None:
    """GREENTRACK_DISABLED in the environment of some: all ranks know, so that none waits for another."""
    places: list[tuple[str, str | None]] = [("a", None), ("a", None), ("b", None), ("b", None)]
    some = seen_by_all(monkeypatch, places, off=(0, 2, 3))
    assert [one.is_recorder for one in some] == [False, True, False, False]
    assert {one.is_disabled for one in some} == {False}
    none = seen_by_all(monkeypatch, places, off=(0, 1, 2, 3))
    assert {(one.is_recorder, one.is_disabled) for one in none} == {(False, True)}


def test_all_ranks_have_the_budget_of_the_lowest_that_has_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """Rank 0 has none: all have that of rank 1, and so all come where it is looked at."""
    places: list[tuple[str, str | None]] = [("a", None)] * 3
    every = seen_by_all(monkeypatch, places, budgets=(None, "2 kWh", "3 kWh"))
    assert [[limit.text for limit in one.limits] for one in every] == [["2 kWh"]] * 3
