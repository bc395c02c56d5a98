"""What is kept of a model and its hyperparameters."""

from typing import Any

import pytest
import torch

from greentrack.integrations.training.description import MAX_TEXT, hyperparameters, parameter_counts


def test_parameters_without_a_shape_yet_are_not_counted_as_none() -> None:
    """How many a lazy layer will have is not known, so neither is how many the model has."""
    known = torch.nn.Linear(4, 1)
    assert parameter_counts(known)["parameters"] == 5
    assert "parameters" not in parameter_counts(torch.nn.Sequential(known, torch.nn.LazyLinear(1)))


@pytest.mark.parametrize(
    "value", [None, True, 3, 0.5, "adamw", ["a", 1], {"model": {"encoder": {"layers": {"norm": {"eps": 1e-6}}}}}]
)
def test_a_hyperparameter_that_is_a_choice_is_kept_as_it_is(value: Any) -> None:
    """Plain values, however nested."""
    assert hyperparameters({"it": value})["it"] == value


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
    kept = hyperparameters({"it": {"nested": value}})["it"]["nested"]
    assert kept.startswith(beginning)
    assert len(kept) <= MAX_TEXT


def test_a_hyperparameter_that_holds_itself_comes_to_an_end() -> None:
    """A list within itself is looked into only so far."""
    loop: list[Any] = []
    loop.append(loop)
    assert len(str(hyperparameters({"it": loop})["it"])) <= MAX_TEXT
