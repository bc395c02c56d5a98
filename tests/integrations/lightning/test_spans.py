"""The spans and phases of a Lightning training: which there are, and that they add up, whatever its loops and data."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from time import perf_counter
from typing import Any

import lightning.pytorch as pl
import pytest
import torch
from lightning.pytorch.utilities.combined_loader import CombinedLoader
from torch import Tensor
from torch.utils.data import DataLoader, Dataset, IterableDataset

from greentrack.integrations.lightning import GreenTrackCallback
from greentrack.integrations.lightning import trainer as facts
from greentrack.model import Phase, Record, Span
from greentrack.tracking.run import Run
from tests.integrations.conftest import BATCH, KNOWN, SAMPLES, STEPS, Busy, Make, Tiny, only, samples, spin


def names(record: Record) -> Counter[str]:
    """Count the spans of each name."""
    return Counter(span.name for span in record.spans)


def total(energies: Any) -> float:
    """Add up the joules of several devices."""
    return sum(float(energy.joules) for energy in energies.values())


def span(record: Record, name: str) -> Span:
    """Return the first span of that name."""
    return next(one for one in record.spans if one.name == name)


def seconds(one: Span) -> float:
    """Return how long a span was."""
    assert one.ended_at is not None
    return one.ended_at - one.started_at


def phases(record: Record) -> dict[str, Phase]:
    """Return the phases by name; they must add up to the fit, in time and in energy.

    In time they have all that is in the fit and nothing that is not in the run, whose edges are as good as the fit's:
    between those and the phases' own a machine may stall.
    """
    fit, added = span(record, "fit"), sum(phase.seconds for phase in record.phases)
    within = sum(seconds(one) for one in record.spans if one.parent == fit.id)
    assert within <= added <= record.run.seconds + 0.005
    assert sum(total(phase.energy) for phase in record.phases) == pytest.approx(400 * added, rel=0.05, abs=4)
    return {phase.name: phase for phase in record.phases}


class SlowData(Dataset[Tensor]):
    """Samples of which each takes 2.5 ms to be read, so that a batch of eight takes 20 ms."""

    def __len__(self) -> int:
        return SAMPLES

    def __getitem__(self, index: int) -> Tensor:
        spin(0.02 / BATCH)
        return torch.ones(4)


class Listed(Busy):
    """Takes a batch that is a tensor."""

    def forward(self, batch: Any) -> Tensor:
        return super().forward([batch] if isinstance(batch, Tensor) else batch)

    def on_save_checkpoint(self, checkpoint: Any) -> None:
        spin(0.05)


def test_a_fit_has_a_span_for_each_epoch_validation_and_checkpoint(
    db: Path, green: GreenTrackCallback, make: Make
) -> None:
    """Two epochs, each with a validation in it and a checkpoint after it; the sanity check before."""
    make(green, max_epochs=2, num_sanity_val_steps=1, enable_checkpointing=True).fit(Tiny(), samples(), samples())
    record = only(db)
    assert names(record) == {"fit": 1, "sanity": 1, "epoch": 2, "validation": 2, "checkpoint": 2}
    name_of = {one.id: one.name for one in record.spans}
    parents = {(one.name, name_of.get(one.parent or 0)) for one in record.spans}
    assert parents == {
        ("fit", None),
        ("sanity", "fit"),
        ("epoch", "fit"),
        ("validation", "epoch"),
        ("checkpoint", "fit"),
    }
    assert [one.attrs for one in record.spans if one.name == "epoch"] == [{"index": 0}, {"index": 1}]


@pytest.mark.parametrize("stage", ["validate", "test", "predict"])
def test_an_evaluation_is_one_span_and_one_phase(stage: str, db: Path, green: GreenTrackCallback, make: Make) -> None:
    """Eighty milliseconds of steps are in its phase, and a validation that is called so is one."""
    getattr(make(green), stage)(Busy(0.02), samples())
    record = only(db)
    assert names(record)[stage] == 1
    found = {phase.name: phase.seconds for phase in record.phases}
    assert found.keys() == {"validation" if stage == "validate" else stage, "other"}
    assert max(found.values()) >= STEPS * 0.02
    assert sum(found.values()) <= record.run.seconds + 0.005


def test_each_phase_has_its_time_and_they_add_up_to_the_fit(db: Path, green: GreenTrackCallback, make: Make) -> None:
    """Two epochs with 80 ms of data, 160 ms of steps, 80 ms of data and 160 ms of a validation, and 50 ms of saving."""
    data = DataLoader(SlowData(), batch_size=BATCH)
    one = make(green, max_epochs=2, enable_checkpointing=True)
    one.fit(Listed(0.04), data, data)
    found = phases(only(db))
    assert found.keys() == {"data", "step", "validation", "checkpoint", "other"}
    for name, least in {"data": 0.16, "step": 0.32, "validation": 0.48, "checkpoint": 0.1}.items():
        assert found[name].seconds >= least
        watts = total(found[name].energy) / found[name].seconds
        assert watts == pytest.approx(400, rel=0.02)
    assert found["step"].calls == 2 * STEPS
    assert found["checkpoint"].calls == 2


def test_phases_begin_with_the_run_and_not_with_its_recorder(db: Path, green: GreenTrackCallback, make: Make) -> None:
    """What the recorder took to start is nobody's: the phases have all the energy of their time, however short."""
    make(green, limit_train_batches=1).fit(Tiny(), samples())
    assert phases(only(db))


@pytest.mark.parametrize(
    ("settings", "batches", "validations"),
    [
        ({"accumulate_grad_batches": 2}, 4, 1),
        ({"limit_train_batches": 3, "limit_val_batches": 1}, 3, 1),
        ({"limit_train_batches": 0.5, "limit_val_batches": 0}, 2, 0),
        ({"val_check_interval": 2}, 4, 2),
        ({"val_check_interval": 0.25}, 4, 4),
        ({"check_val_every_n_epoch": 2, "max_epochs": 4}, 16, 2),
        ({"max_steps": 6, "max_epochs": -1}, 6, 1),
        ({"overfit_batches": 2}, 2, 1),
        ({"reload_dataloaders_every_n_epochs": 1, "max_epochs": 2}, 8, 2),
        ({"precision": "bf16-mixed"}, 4, 1),
        ({"inference_mode": False, "gradient_clip_val": 1.0}, 4, 1),
        ({"barebones": True, "default_root_dir": None, "enable_checkpointing": None, "logger": None}, 4, 1),
        ({"detect_anomaly": True, "profiler": "simple"}, 4, 1),
    ],
    ids=lambda value: "-".join(value) if isinstance(value, dict) else str(value),
)
def test_settings_of_the_trainer_change_what_is_counted_and_not_that_it_adds_up(
    settings: dict[str, Any], batches: int, validations: int, db: Path, green: GreenTrackCallback, make: Make
) -> None:
    """Batches, samples, steps and validations are those that there were."""
    given = {"enable_model_summary": None, "enable_progress_bar": None} if "barebones" in settings else {}
    make(green, **given, **settings).fit(Tiny(), samples(), samples())
    record = only(db)
    steps = batches // settings.get("accumulate_grad_batches", 1)
    assert record.work == {"batches": batches, "samples": batches * BATCH, "steps": steps}
    assert names(record)["validation"] == validations
    assert phases(record)["step"].calls == batches


def test_a_batch_is_counted_without_a_word(
    db: Path, green: GreenTrackCallback, make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing goes down the pipe, and no figures are looked at, but each second and to see how a first epoch began."""
    words: list[str] = []
    counts: list[int] = []
    instants: list[float] = []

    def said(name: str) -> None:
        method = getattr(Run, name)

        def saying(*arguments: Any) -> Any:
            words.append(name)
            return method(*arguments)

        monkeypatch.setattr(Run, name, saying)

    said("_send")
    said("record")

    class Counting(pl.Callback):
        def on_train_batch_end(self, *_: Any) -> None:
            counts.append(len(words))
            instants.append(perf_counter())

    make(green, Counting()).fit(Tiny(), samples(50 * BATCH))
    assert len(counts) == 50
    marks = 5  # after 2, 4, 8, 16 and 32 batches
    assert counts[-1] - counts[0] <= marks + 2 * (1 + instants[-1] - instants[0])  # a count and a look for each second
    assert only(db).work["samples"] == 50 * BATCH


def test_what_waiting_for_a_gpu_took_is_kept(db: Path, make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    """At the end of each of four steps, and at the edges of the epoch and the validation: eight waits of 5 ms."""
    waits: list[float] = []

    def wait() -> None:
        began = perf_counter()
        spin(0.005)
        waits.append(perf_counter() - began)

    monkeypatch.setattr(facts, "synchronize", lambda trainer: wait)
    make(GreenTrackCallback(db=db, synchronize=True, **KNOWN)).fit(Tiny(), samples(), samples())
    record = only(db)
    (waited,) = [metric.value for metric in record.metrics if metric.name == "synchronize_seconds"]
    assert len(waits) == 8
    assert 8 * 0.005 <= sum(waits) <= waited <= record.run.seconds


def test_without_a_gpu_there_is_nothing_to_wait_for(db: Path, make: Make) -> None:
    """``synchronize=True`` costs nothing on a CPU, and nothing is kept."""
    make(GreenTrackCallback(db=db, synchronize=True, **KNOWN)).fit(Tiny(), samples())
    assert "synchronize_seconds" not in {metric.name for metric in only(db).metrics}


class Endless(IterableDataset[Tensor]):
    """Samples without a length: three batches and a half."""

    def __iter__(self) -> Iterator[Tensor]:
        yield from torch.ones(SAMPLES - BATCH // 2, 4)


def test_a_dataset_without_a_length_is_counted_as_it_comes(db: Path, green: GreenTrackCallback, make: Make) -> None:
    """Two epochs of 28 samples in four batches; no size of it is claimed."""
    loader = DataLoader(Endless(), batch_size=BATCH)
    make(green, max_epochs=2).fit(Listed(0.0), loader, loader)
    record = only(db)
    assert record.work == {"batches": 2 * STEPS, "samples": 2 * (SAMPLES - BATCH // 2), "steps": 2 * STEPS}
    assert "train_samples" not in record.run.params
    assert record.run.params["batch_size"] == BATCH
    assert phases(record)


class Indifferent(Tiny):
    """Trains on whatever the batch is."""

    def training_step(self, batch: Any, batch_idx: int) -> Tensor:
        return super().training_step([torch.ones(2, 4)], batch_idx)

    def validation_step(self, batch: Any, batch_idx: int, dataloader_idx: int = 0) -> None:
        self([torch.ones(2, 4)])


@pytest.mark.parametrize(
    ("loaders", "batches", "counted"),
    [
        ({"a": samples(), "b": samples(16)}, 4, 4 * BATCH),  # max_size_cycle: of the first of them
        ([samples(), samples(16)], 4, 4 * BATCH),
        (CombinedLoader({"a": samples(), "b": samples(16)}, "min_size"), 2, 2 * BATCH),
        (CombinedLoader([samples(16), samples()], "max_size"), 4, 4 * BATCH),  # the first one ends before the other
    ],
    ids=["dict", "list", "min_size", "max_size"],
)
def test_several_loaders_train_together(
    loaders: Any, batches: int, counted: int, db: Path, green: GreenTrackCallback, make: Make
) -> None:
    """A step has the batches of several loaders and counts as those of the first; the sizes of all are known."""
    make(green).fit(Indifferent(), loaders, [samples(), samples()])
    record = only(db)
    assert record.work["batches"] == batches
    assert record.work["samples"] == counted
    assert record.run.params["train_samples"] == SAMPLES + 16
    assert record.run.params["val_samples"] == 2 * SAMPLES
    assert record.run.params["batch_size"] == BATCH
    assert names(record)["validation"] == 1
    assert phases(record)


class Manual(Tiny):
    """Optimizes by hand, twice a batch."""

    def __init__(self) -> None:
        super().__init__()
        self.automatic_optimization = False

    def training_step(self, batch: Any, batch_idx: int) -> None:  # type: ignore[override]
        optimizer: Any = self.optimizers()
        for _ in range(2):
            optimizer.zero_grad()
            self.manual_backward(self(batch).pow(2).mean())
            optimizer.step()
        self.log("train_loss", 1.0)


def test_manual_optimization_counts_batches_and_its_own_steps(db: Path, green: GreenTrackCallback, make: Make) -> None:
    """Eight steps of the optimizer in four batches."""
    one = make(green)
    one.fit(Manual(), samples())
    assert one.global_step == 2 * STEPS
    record = only(db)
    assert record.work == {"batches": STEPS, "samples": SAMPLES, "steps": 2 * STEPS}
    assert phases(record)["step"].calls == STEPS


class Fetching(Tiny):
    """Fetches its batches itself."""

    def training_step(self, dataloader_iter: Any) -> Tensor:  # type: ignore[override]
        batch, *_ = next(dataloader_iter)
        loss: Tensor = self(batch).pow(2).mean()
        return loss


def test_a_step_that_fetches_its_data_is_counted_all_the_same(db: Path, green: GreenTrackCallback, make: Make) -> None:
    """Lightning tells no callback when such a step is fetched; its batches are counted, and the phases add up."""
    make(green, max_epochs=2).fit(Fetching(), samples())
    record = only(db)
    assert record.work["batches"] == 2 * STEPS
    assert phases(record)["step"].calls == 2 * STEPS


class Odd(Dataset[Any]):
    """Eight times the same thing."""

    def __init__(self, thing: Any) -> None:
        self._thing = thing

    def __len__(self) -> int:
        return 8

    def __getitem__(self, index: int) -> Any:
        return self._thing


@pytest.mark.parametrize(
    ("thing", "collate", "counted"),
    [
        pytest.param(torch.ones(4), None, 8, id="tensor"),
        pytest.param({"x": torch.ones(4), "y": 1}, None, 8, id="mapping"),
        pytest.param({"text": "a"}, None, 8, id="mapping of texts"),
        pytest.param("a", None, 8, id="texts"),
        pytest.param((torch.ones(4), "a", {"deep": [torch.ones(2)]}), None, 8, id="nested"),
        pytest.param(((), torch.ones(4)), None, 8, id="empty first"),
        pytest.param(
            {"weight": torch.tensor(1.0), "x": torch.ones(4)},
            lambda batch: {**batch[0], "x": torch.ones(4, 4)},
            8,
            id="scalar first",
        ),
        pytest.param(torch.ones(4), torch.nested.nested_tensor, 2, id="nested tensor"),
        pytest.param(1.5, None, 8, id="numbers"),
        pytest.param(None, list, 2, id="list of None"),
        pytest.param("a", list, 8, id="list of texts"),
        pytest.param(None, lambda batch: None, 2, id="None"),
        pytest.param(torch.tensor(1.0), lambda batch: batch[0], 2, id="scalar"),
        pytest.param(object(), lambda batch: batch[0], 2, id="object"),
        pytest.param(7, lambda batch: {}, 2, id="empty mapping"),
        pytest.param(7, lambda batch: [], 2, id="empty list"),
    ],
)
def test_batches_may_be_anything(
    thing: Any, collate: Any, counted: int, db: Path, green: GreenTrackCallback, make: Make
) -> None:
    """Eight samples in two batches, found in the first that has a length; where nothing tells, a batch is one."""
    make(green).fit(Indifferent(), DataLoader(Odd(thing), batch_size=4, collate_fn=collate))
    record = only(db)
    assert record.run.status == "finished"
    assert record.work.get("samples", 0) == counted
    assert record.work["batches"] == 2


def test_the_facts_of_a_training_are_kept(db: Path, green: GreenTrackCallback, make: Make) -> None:
    """What was trained, with what, on how much; secrets among the hyperparameters are not kept."""

    class Described(Tiny):
        def __init__(self, lr: float, api_key: str) -> None:
            super().__init__()
            self.save_hyperparameters()
            self.layer.bias.requires_grad = False

    make(green, accumulate_grad_batches=2).fit(Described(lr=0.5, api_key="sk-123456789012"), samples(), samples(16))
    run = only(db).run
    expected = {
        "model": "Described",
        "parameters": 5,
        "trainable_parameters": 4,
        "precision": "32-true",
        "strategy": "SingleDeviceStrategy",
        "accelerator": "cpu",
        "devices": 1,
        "accumulate_grad_batches": 2,
        "max_epochs": 1,
        "batch_size": BATCH,
        "train_samples": SAMPLES,
        "val_samples": 16,
        "lr": 0.5,
        "stage": "fit",
    }
    assert {name: run.params.get(name) for name in expected} == expected
    assert "sk-123456789012" not in str(run.params)
    assert {"torch", "lightning"} <= run.packages.keys()
