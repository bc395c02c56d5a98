"""What Lightning's trainers answer: who trains together."""

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest

from greentrack.integrations.lightning import trainer as facts
from greentrack.integrations.training.ranks import RankFacts, Ranks
from tests.integrations.conftest import Make


def test_a_process_that_trains_alone_asks_nobody(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    """It records, and exchanges nothing."""

    def fail(*_: Any) -> None:
        raise AssertionError("there is nobody to exchange with")

    monkeypatch.setattr(facts, "_gather", fail)
    assert facts.ranks_of(make(), RankFacts("mine")) == Ranks(0, 1, 1, 1, True, None, None)


def test_a_strategy_without_a_process_group_goes_by_the_trainers_ranks(monkeypatch: pytest.MonkeyPatch) -> None:
    """A TPU's, say: eight processes on two nodes, of which each local rank 0 records."""
    monkeypatch.setattr(facts, "_gpu", lambda trainer: None)
    seen: Callable[[int], Ranks] = lambda rank: facts.ranks_of(  # noqa: E731
        SimpleNamespace(global_rank=rank, world_size=8, num_nodes=2, local_rank=rank % 4), RankFacts("mine")
    )
    assert [seen(rank).is_recorder for rank in range(8)] == [True, False, False, False] * 2
    assert seen(5) == Ranks(5, 8, 2, 4, False, None, "mine")
