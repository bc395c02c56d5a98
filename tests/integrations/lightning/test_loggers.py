"""MLflow and Weights & Biases show the figures of a training beside its loss: real loggers, files and no network."""

from pathlib import Path
from typing import Any

import pytest
from lightning.pytorch.loggers import MLFlowLogger, WandbLogger

from greentrack.integrations.lightning import GreenTrackCallback
from greentrack.integrations.training import live_figures
from tests.integrations.conftest import KNOWN, STEPS, Make, Tiny, joules, only, samples
from tests.integrations.tiny_trainings import Patient

NAMES = {"energy/kwh", "energy/gpu_kwh", "energy/power_w", "carbon/g", "energy/j_per_sample", "energy/forecast_kwh"}


@pytest.fixture
def eager(db: Path, monkeypatch: pytest.MonkeyPatch) -> GreenTrackCallback:
    """One that looks at each batch: a short training logs what a long one would."""
    monkeypatch.setattr(live_figures, "LOOK_S", 0.0)
    return GreenTrackCallback(db=db, interval=0.1, zone="FR", **KNOWN)


def train(eager: GreenTrackCallback, make: Make, logger: Any) -> None:
    """Train two epochs, and know new figures at the end of every batch."""
    patient = Patient(eager, each_batch=True)
    make(patient, eager, logger=logger, log_every_n_steps=1, max_epochs=2).fit(Tiny(), samples(), samples())


def test_mlflow_has_the_figures_on_the_axis_of_the_loss(
    eager: GreenTrackCallback, make: Make, db: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At each of its steps, under the names that we give them; they go up to what the run has used."""
    pytest.importorskip("mlflow", reason="mlflow is not installed")
    for name in ("MLFLOW_ALLOW_FILE_STORE", "MLFLOW_DISABLE_TELEMETRY"):
        monkeypatch.setenv(name, "true")
    logger = MLFlowLogger("digits", tracking_uri=f"file:{tmp_path}/mlruns")
    train(eager, make, logger)
    client, run_id = logger.experiment, logger.run_id or ""
    assert client.get_run(run_id).info.status == "FINISHED"
    assert client.get_run(run_id).data.metrics.keys() >= NAMES
    loss, energy = (client.get_metric_history(run_id, name) for name in ("train_loss", "energy/kwh"))
    assert {point.step for point in energy} == {point.step for point in loss} == set(range(2 * STEPS))
    kwh = [point.value for point in energy]
    assert kwh == sorted(kwh)
    assert 0 < kwh[-1] * 3.6e6 <= joules(only(db)) * 1.000001  # a tensor of 32 bits


def test_wandb_has_the_figures_on_the_axis_of_the_loss(
    eager: GreenTrackCallback, make: Make, db: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each of our rows has the step of the loss beside it; the run's summary ends with what it has used."""
    wandb = pytest.importorskip("wandb", reason="wandb is not installed")
    for name, value in {"WANDB_MODE": "offline", "WANDB_SILENT": "true", "WANDB_ERROR_REPORTING": "false"}.items():
        monkeypatch.setenv(name, value)
    logger = WandbLogger(save_dir=tmp_path, project="digits", offline=True)
    try:
        told: list[dict[str, Any]] = []
        log = logger.experiment.log

        def tell(row: dict[str, Any], *rest: Any, **more: Any) -> None:
            told.append(row)
            log(row, *rest, **more)

        monkeypatch.setattr(logger.experiment, "log", tell)
        train(eager, make, logger)
        steps = {name: {row["trainer/global_step"] for row in told if name in row} for name in ("train_loss", *NAMES)}
        assert steps["energy/kwh"] == steps["train_loss"] == set(range(2 * STEPS))
        assert all(steps.values())
        assert 0 < logger.experiment.summary["energy/kwh"] * 3.6e6 <= joules(only(db)) * 1.000001
        wandb.finish()
        assert list(tmp_path.glob("wandb/offline-run-*/run-*.wandb"))
    finally:
        wandb.teardown()  # its service would stay until this process ends
