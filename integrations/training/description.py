"""What is trained, and on what data, as params of a run: by duck typing, for any framework."""

import reprlib
from collections.abc import Iterator, Mapping
from typing import Any

UNREADABLE = (AttributeError, TypeError, ValueError, RuntimeError, NotImplementedError)
"""What a framework's or a user's object may raise when it is asked for a fact; the fact is then left out."""

MAX_TEXT = 1000
"""Maximum length of a hyperparameter's text: a whole model may be among them."""

MAX_ITEMS = 100
"""A list or mapping with more items is data and no choice: only the beginning is kept, as text."""

MAX_DEPTH = 8
"""The same goes for what is nested deeper than this."""


def samples_in(batch: Any) -> int:
    """Return the number of samples in a batch: the length of its first tensor, or of its first list of plain values.

    It is 1 where there is neither.

    >>> samples_in({"text": ["a", "b", "c"]}), samples_in(None)
    (3, 1)
    """
    try:
        n = _first_length(batch)
    except UNREADABLE:  # a nested tensor has no shape, for one
        return 1
    return 1 if n is None else n


def parameter_counts(model: Any) -> dict[str, int]:
    """Return the numbers of parameters and of trainable ones; {} if they are not known, as with a lazy module."""
    total = trainable = 0
    try:
        for parameter in model.parameters():
            n = int(parameter.numel())
            total += n
            trainable += n if parameter.requires_grad else 0
    except UNREADABLE:
        return {}
    return {"parameters": total, "trainable_parameters": trainable}


def hyperparameters(given: Mapping[str, Any]) -> dict[str, Any]:
    """Return hyperparameters as plain values; of large ones and of objects the beginning of their text.

    >>> hyperparameters({"lr": 0.1, "layers": [64, 64], "seeds": range(2)})
    {'lr': 0.1, 'layers': [64, 64], 'seeds': 'range(0, 2)'}
    """
    return {str(name): _plain(value) for name, value in given.items()}


def with_hyperparameters(facts: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    """Return *facts* and the hyperparameters *given*; one that has the name of a fact is called ``hparams/NAME``.

    >>> with_hyperparameters({"model": "Net"}, {"model": "wide", "lr": 0.1})
    {'model': 'Net', 'hparams/model': 'wide', 'lr': 0.1}
    """
    return {**facts, **{(f"hparams/{name}" if name in facts else name): value for name, value in given.items()}}


def data_facts(train: Any, validation: Any = None) -> dict[str, Any]:
    """Return the batch size and the sizes of the datasets behind data loaders, as far as they are known.

    Each argument is one loader, or a list, a mapping or a combination of them.
    """
    found: dict[str, Any] = {}
    for part, loaders in (("train", train), ("val", validation)):
        sizes = [_length(getattr(loader, "dataset", None)) for loader in _leaves(loaders)]
        if sizes and None not in sizes:
            found[f"{part}_samples"] = sum(size or 0 for size in sizes)
        batches = {getattr(loader, "batch_size", None) for loader in _leaves(loaders)}
        if part == "train" and len(batches) == 1 and isinstance(batch := batches.pop(), int):
            found["batch_size"] = batch
    return found


def _first_length(batch: Any) -> int | None:
    shape = getattr(batch, "shape", None)
    if shape is not None:
        return int(shape[0]) if len(shape) else None
    if isinstance(batch, list | tuple):
        if batch and isinstance(batch[0], str | int | float):
            return len(batch)
    elif isinstance(batch, Mapping):
        batch = batch.values()
    else:
        return None
    for part in batch:
        if (length := _first_length(part)) is not None:
            return length
    return None


def _plain(value: Any, depth: int = 0) -> Any:
    if value is None or isinstance(value, bool | int | float):
        return value
    is_mapping = isinstance(value, Mapping)
    if is_mapping or isinstance(value, list | tuple | set | frozenset):
        if len(value) > MAX_ITEMS or depth == MAX_DEPTH:
            value = f"{type(value).__name__} of {len(value)}: {reprlib.repr(value)}"
        elif is_mapping:
            return {name: _plain(one, depth + 1) for name, one in value.items()}
        else:
            return [_plain(one, depth + 1) for one in value]
    text = value if isinstance(value, str) else str(value)
    return text if len(text) <= MAX_TEXT else text[: MAX_TEXT - 1] + "…"


def _leaves(loaders: Any) -> Iterator[Any]:
    """Yield the single loaders of one, a list, a mapping, or a combined loader (which has ``iterables``)."""
    loaders = getattr(loaders, "iterables", loaders)
    if isinstance(loaders, Mapping):
        loaders = list(loaders.values())
    if isinstance(loaders, list | tuple):
        for loader in loaders:
            yield from _leaves(loader)
    elif loaders is not None:
        yield loaders


def _length(dataset: Any) -> int | None:
    try:
        return len(dataset)
    except UNREADABLE:
        return None
