"""The figures of a Lightning training while it goes on: in loggers, on the progress bar, and for other callbacks."""

import csv
import logging
import re
from collections.abc import Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import lightning.pytorch as pl
import pytest
from lightning.pytorch.callbacks import EarlyStopping, ModelCheckpoint
from lightning.pytorch.loggers import CSVLogger, TensorBoardLogger
from torch import Tensor

from greentrack.integrations.lightning import GreenTrackCallback, loop
from greentrack.integrations.training import live_figures, session
from greentrack.integrations.training.forecast import Plan
from tests.integrations.conftest import KNOWN, SAMPLES, STEPS, Busy, Make, Tiny, joules, only, samples
from tests.integrations.tiny_trainings import Patient

NAMES = {"energy/kwh", "energy/gpu_kwh", "energy/power_w", "carbon/g", "energy/j_per_sample", "energy/forecast_kwh"}

Row = Mapping[str, str]


@pytest.fixture
def eager(db: Path, monkeypatch: pytest.MonkeyPatch) -> GreenTrackCallback:
    """One that reads ten times a second and looks at each batch: a short training logs what a long one would."""
    monkeypatch.setattr(live_figures, "LOOK_S", 0.0)
    return GreenTrackCallback(db=db, interval=0.1, zone="FR", **KNOWN)


def rows(folder: Path) -> list[Row]:
    """Return what a CSVLogger wrote."""
    with (folder / "lightning_logs" / "version_0" / "metrics.csv").open() as file:
        return list(csv.DictReader(file))


def steps(found: list[Row], name: str) -> list[int]:
    """Return the steps at which there is a value of *name*."""
    return [int(row["step"]) for row in found if row.get(name)]


def column(found: list[Row], name: str) -> list[float]:
    """Return the values of *name*."""
    return [float(row[name]) for row in found if row.get(name)]


@pytest.mark.parametrize("accumulate", [1, 2])
def test_a_logger_has_the_figures_on_the_axis_of_the_loss(
    accumulate: int, eager: GreenTrackCallback, make: Make, tmp_path: Path
) -> None:
    """Steps of the optimizer, whether each has one batch or two; the loss is logged at every one of them."""
    one = make(
        Patient(eager, each_batch=True),
        eager,
        logger=CSVLogger(tmp_path),
        log_every_n_steps=1,
        accumulate_grad_batches=accumulate,
        max_epochs=2,
    )
    one.fit(Tiny(), samples(), samples())
    found = rows(tmp_path)
    loss, energy = steps(found, "train_loss"), steps(found, "energy/kwh")
    assert set(loss) == set(range(2 * STEPS // accumulate))
    assert energy == sorted(energy)
    assert set(energy) == set(loss)


def test_all_figures_are_there_at_the_end_of_each_epoch(
    eager: GreenTrackCallback, make: Make, tmp_path: Path, db: Path
) -> None:
    """Two epochs at 400 W: as much as the run has used then, in all units; the forecast is what it came to."""
    one = make(Patient(eager), eager, logger=CSVLogger(tmp_path), max_epochs=2, log_every_n_steps=50)
    one.fit(Busy(0.06), samples())
    found = rows(tmp_path)
    for name in NAMES:
        assert len(column(found, name)) == 2, name
    kwh = column(found, "energy/kwh")
    whole = joules(only(db)) / 3.6e6
    least = STEPS * 0.06 * 400 / 3.6e6  # of an epoch
    assert least <= kwh[0] <= kwh[1] - least
    assert kwh[1] <= whole * 1.000001
    assert column(found, "energy/gpu_kwh") == pytest.approx([each * 3 / 4 for each in kwh], rel=0.05)
    assert column(found, "energy/power_w") == pytest.approx([400, 400], rel=0.1)
    grams = column(found, "carbon/g")
    assert grams[1] / grams[0] == pytest.approx(kwh[1] / kwh[0], rel=0.01)
    assert column(found, "energy/j_per_sample")[-1] == pytest.approx(kwh[-1] * 3.6e6 / (2 * SAMPLES), rel=0.001)
    assert 0.99 * kwh[1] <= column(found, "energy/forecast_kwh")[-1] <= 1.1 * whole


def test_the_first_forecast_is_told_with_its_ranges(
    db: Path, make: Make, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Energy, carbon, money and time, once, after the first epoch; 1000 EUR/kWh so that a few joules can be read."""
    monkeypatch.setenv("GREENTRACK_TARIFF", "1000 EUR/kWh")
    green = GreenTrackCallback(db=db, interval=0.1, zone="FR", **{**KNOWN, "quiet": False})
    make(Patient(green), green, max_epochs=3).fit(Busy(0.02), samples())
    told = [line for line in capsys.readouterr().err.splitlines() if "forecast" in line]
    assert len(told) == 1
    shown = r"~?[\d.,]+ \S+( CO2e)? \([^()]+(–| to )[^()]+\)"
    assert re.fullmatch(f"greentrack: forecast after epoch 1: {shown}, {shown}, {shown}, {shown}", told[0]), told
    assert told[0].index("Wh") < told[0].index("CO2e") < told[0].index("EUR")


@pytest.mark.parametrize("left", [Plan(0.0), Plan(1000.0, seconds=0.0)], ids=["no batch", "no second"])
def test_where_nothing_is_left_nothing_is_foreseen(
    left: Plan, db: Path, make: Make, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """After the last epoch, or the last second, there is no forecast to be told or kept: it would have no range."""
    monkeypatch.setattr(loop, "plan", lambda *_: left)
    green = GreenTrackCallback(db=db, interval=0.1, **{**KNOWN, "quiet": False})
    one = make(Patient(green), green, max_epochs=2)
    one.fit(Busy(0.02), samples())
    assert one.callback_metrics["energy/forecast_kwh"] >= one.callback_metrics["energy/kwh"] > 0
    assert "forecast" not in capsys.readouterr().err
    assert only(db).forecasts == ()


def test_tensorboard_has_them_too(eager: GreenTrackCallback, make: Make, tmp_path: Path) -> None:
    """The events of a run can be read back, at the step of the last batch."""
    from tensorboard.backend.event_processing import event_accumulator  # type: ignore[import-untyped]

    make(eager, logger=TensorBoardLogger(tmp_path)).fit(Busy(0.03), samples())
    events = event_accumulator.EventAccumulator(str(tmp_path / "lightning_logs" / "version_0"))
    events.Reload()
    assert set(events.Tags()["scalars"]) >= NAMES - {"energy/forecast_kwh"}
    assert events.Scalars("energy/kwh")[-1].step == STEPS - 1
    assert events.Scalars("energy/power_w")[-1].value == pytest.approx(400, rel=0.1)


def test_several_loggers_have_the_same(eager: GreenTrackCallback, make: Make, tmp_path: Path) -> None:
    """Each of a trainer's loggers is told."""
    loggers = [CSVLogger(tmp_path / "a"), CSVLogger(tmp_path / "b")]
    make(eager, logger=loggers, log_every_n_steps=1).fit(Busy(0.06), samples())
    first, second = rows(tmp_path / "a"), rows(tmp_path / "b")
    assert steps(first, "energy/kwh") == steps(second, "energy/kwh") != []


def test_without_a_logger_nothing_is_said_and_all_is_kept(
    green: GreenTrackCallback, make: Make, db: Path, recwarn: pytest.WarningsRecorder, caplog: pytest.LogCaptureFixture
) -> None:
    """``logger=False`` is no trouble: the run is kept, and callbacks can see the figures."""
    one = make(green)
    one.fit(Busy(), samples())
    assert only(db).run.status == "finished"
    assert one.callback_metrics["energy/kwh"] > 0
    assert not [warning for warning in recwarn if "greentrack" in str(warning.message).lower()]
    assert not [record for record in caplog.records if record.name == "greentrack"]


def test_the_progress_bar_shows_the_energy(eager: GreenTrackCallback, make: Make) -> None:
    """While an epoch goes on; it stays there until the next."""
    seen: list[float] = []

    class Looking(pl.Callback):
        def on_train_batch_end(self, trainer: pl.Trainer, *_: Any) -> None:
            seen.append(float(trainer.progress_bar_metrics.get("energy/kwh", 0.0)))

    make(eager, Looking(), log_every_n_steps=1).fit(Busy(0.06), samples())
    assert seen[-1] > 0


@pytest.mark.parametrize("first", [True, False], ids=["ours first", "ours last"])
@pytest.mark.parametrize("at", ["a validation's end", "an epoch's end", "an epoch's end without validation"])
def test_early_stopping_and_checkpoints_can_watch_the_energy(
    first: bool, at: str, green: GreenTrackCallback, make: Make, db: Path, tmp_path: Path
) -> None:
    """From the first epoch on, wherever ours is in the list: training stops where the energy is over a threshold."""
    stopping = EarlyStopping(
        "energy/kwh", divergence_threshold=1e-9, patience=1000, check_on_train_epoch_end=at.startswith("an epoch")
    )
    saving = ModelCheckpoint(tmp_path / "kept", monitor="energy/kwh", mode="min", save_top_k=-1)
    others = [stopping, saving]
    callbacks = [green, *others] if first else [*others, green]
    one = make(*callbacks, enable_checkpointing=True, max_epochs=5)
    one.fit(Tiny(), samples(), None if at.endswith("without validation") else samples())
    assert one.current_epoch == 1
    assert stopping.stopped_epoch == 0
    assert len(list((tmp_path / "kept").iterdir())) == 1
    assert saving.best_model_score is not None
    assert 0 < float(saving.best_model_score) * 3.6e6 <= joules(only(db)) * 1.000001  # a tensor of 32 bits


def test_what_a_callback_watches_is_the_energy_of_that_moment(
    green: GreenTrackCallback, make: Make, tmp_path: Path
) -> None:
    """Energy only goes up, so that the checkpoint with the least of it is the first of three."""
    saving = ModelCheckpoint(tmp_path / "kept", monitor="energy/kwh", mode="min", save_top_k=1, filename="{epoch}")
    make(saving, green, enable_checkpointing=True, max_epochs=3).fit(Busy(), samples())
    assert [path.name for path in (tmp_path / "kept").iterdir()] == ["epoch=0.ckpt"]


def test_our_figures_are_no_outcomes_and_those_of_the_training_are(
    eager: GreenTrackCallback, make: Make, db: Path
) -> None:
    """Each epoch's losses are kept once, with the energy so far; the energy itself is no metric of the run."""
    make(eager, max_epochs=3).fit(Busy(), samples(), samples())
    record = only(db)
    values = [metric for metric in record.metrics if metric.name == "val_loss"]
    assert [metric.value for metric in values] == [4.0] * 3
    energies = [metric.joules or 0.0 for metric in values]
    assert energies == sorted(energies)
    assert energies[0] > 0
    assert {metric.name for metric in record.metrics} == {"val_loss", "train_loss"}
    assert len([metric for metric in record.metrics if metric.name == "train_loss"]) == 3


def test_a_metric_that_is_no_number_is_kept_once(db: Path, green: GreenTrackCallback, make: Make) -> None:
    """A loss that became NaN in the first epoch is the same NaN in the second."""

    class Lost(Tiny):
        def training_step(self, batch: Any, batch_idx: int) -> Tensor:
            self.log("lost", float("nan"))
            return super().training_step(batch, batch_idx)

    make(green, max_epochs=3).fit(Lost(), samples())
    assert len([metric for metric in only(db).metrics if metric.name == "lost"]) == 1


def test_without_any_meter_a_training_waits_for_readings_once(
    db: Path, make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is measured, so nothing is logged: absent is not zero. Ten epochs take no longer for it than one."""
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    slept: list[float] = []
    clock = SimpleNamespace(monotonic=lambda: sum(slept), sleep=slept.append)
    monkeypatch.setattr(session, "time", clock)
    one = make(GreenTrackCallback(db=db, **{**KNOWN, "meters": ["nvidia"]}), max_epochs=10)
    one.fit(Tiny(), samples())
    assert sum(slept) == pytest.approx(session.FIRST_WAIT_S, abs=0.01)
    assert not NAMES & set(one.callback_metrics)


class Broken(CSVLogger):
    """A logger whose service is gone."""

    def __init__(self, folder: Path, *, ours_only: bool) -> None:
        super().__init__(folder)
        self._ours_only = ours_only

    def log_metrics(self, metrics: Any, step: int | None = None) -> None:
        if not self._ours_only or set(metrics) <= NAMES:
            raise ConnectionError("the service is gone")
        super().log_metrics(metrics, step)


def test_a_logger_that_fails_at_our_call_ends_no_training(
    eager: GreenTrackCallback, make: Make, db: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """It is said once, and the training goes on; the run is finished."""
    one = make(eager, logger=Broken(tmp_path, ours_only=True), log_every_n_steps=1, max_epochs=2)
    with caplog.at_level(logging.WARNING, logger="greentrack"):
        one.fit(Busy(0.06), samples())
    assert one.global_step == 2 * STEPS
    assert caplog.text.count("the service is gone") == 1
    assert only(db).run.status == "finished"


def test_a_logger_that_fails_at_the_trainers_call_is_the_trainings_own_trouble(
    eager: GreenTrackCallback, make: Make, db: Path, tmp_path: Path
) -> None:
    """Its exception comes out, as it would without us, and fails the run."""
    with pytest.raises(ConnectionError):
        make(eager, logger=Broken(tmp_path, ours_only=False), log_every_n_steps=1).fit(Tiny(), samples())
    assert only(db).run.status == "failed"


def test_a_model_that_logs_a_name_of_ours_keeps_its_own(
    eager: GreenTrackCallback, make: Make, db: Path, tmp_path: Path
) -> None:
    """Two values of one name are the user's business; the training ends well all the same."""

    class Same(Busy):
        def training_step(self, batch: Any, batch_idx: int) -> Any:
            self.log("energy/kwh", 1.0, on_step=True, on_epoch=True)
            return super().training_step(batch, batch_idx)

        def on_train_epoch_end(self) -> None:
            self.log("energy/kwh", 2.0)

    one = make(eager, logger=CSVLogger(tmp_path), log_every_n_steps=1, max_epochs=2)
    one.fit(Same(0.06), samples())
    assert one.global_step == 2 * STEPS
    assert only(db).run.status == "finished"


def test_a_validation_alone_logs_nothing_of_ours(eager: GreenTrackCallback, make: Make, tmp_path: Path) -> None:
    """Its curves would lie over those of the training."""
    one = make(eager, logger=CSVLogger(tmp_path))
    one.validate(Tiny(), samples())
    assert not NAMES & set(one.logged_metrics)
