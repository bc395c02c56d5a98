"""The ways in: both of Lightning's packages, its entry points, its command line, copies, and what is switched off."""

import copy
import importlib
import pickle
from collections.abc import Iterator
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

import lightning.pytorch as new
import pytest
import pytorch_lightning as old
import torch
from lightning.pytorch.cli import LightningCLI as NewCLI
from pytorch_lightning.cli import LightningCLI as OldCLI
from torch import Tensor

from greentrack import ConfigError, NotFoundError, ZoneError
from greentrack.integrations.auto import callbacks
from greentrack.integrations.lightning import GreenTrackCallback
from greentrack.integrations.lightning.callback import AutoCallback
from tests.integrations.conftest import KNOWN, SAMPLES, Tiny, has_full_energy, only, own_recorders, records, samples

QUIET: dict[str, Any] = {
    "accelerator": "cpu",
    "max_epochs": 1,
    "logger": False,
    "enable_checkpointing": False,
    "enable_progress_bar": False,
    "enable_model_summary": False,
}


class OldTiny(old.LightningModule):
    """A module of the older package."""

    def __init__(self) -> None:
        super().__init__()
        self.layer = torch.nn.Linear(4, 1)

    def training_step(self, batch: Any, batch_idx: int) -> Tensor:
        output: Tensor = self.layer(batch[0])
        return output.pow(2).mean()

    def train_dataloader(self) -> Any:
        return samples()

    def configure_optimizers(self) -> Any:
        return torch.optim.SGD(self.parameters(), lr=0.01)


class NewTiny(Tiny):
    """A module that brings its data."""

    def train_dataloader(self) -> Any:
        return samples()

    def val_dataloader(self) -> Any:
        return samples()


PACKAGES: dict[str, tuple[Any, Any, Any]] = {"new": (new, NewTiny, NewCLI), "old": (old, OldTiny, OldCLI)}


@pytest.fixture(params=PACKAGES)
def package(request: pytest.FixtureRequest) -> Any:
    """Return each of the two packages, with a module of its kind and its command line."""
    return PACKAGES[request.param]


@pytest.fixture
def auto(monkeypatch: pytest.MonkeyPatch, db: Path) -> None:
    """Let everything come from the environment."""
    monkeypatch.setenv("GREENTRACK_AUTO", "1")
    monkeypatch.setenv("GREENTRACK_DB", str(db))
    monkeypatch.setenv("GREENTRACK_METERS", KNOWN["meters"][0])
    monkeypatch.setenv("GREENTRACK_QUIET", "1")


@pytest.mark.parametrize("alone", [True, False], ids=["single", "list"])
def test_both_packages_take_the_callback_in_a_list_and_alone(
    alone: bool, package: Any, green: GreenTrackCallback, db: Path, tmp_path: Path
) -> None:
    """``callbacks=green`` and ``callbacks=[green]``, of a class that each package knows as its own."""
    lightning, module, _ = package
    assert isinstance(green, lightning.Callback)
    trainer = lightning.Trainer(callbacks=green if alone else [green], default_root_dir=tmp_path, **QUIET)
    trainer.fit(module())
    record = only(db)
    assert record.run.status == "finished"
    assert record.work["samples"] == SAMPLES
    assert has_full_energy(record)


def test_one_callback_serves_both_packages_in_turns(green: GreenTrackCallback, db: Path, tmp_path: Path) -> None:
    """A script that uses both, as it must not, is recorded all the same."""
    for lightning, module, _ in PACKAGES.values():
        lightning.Trainer(callbacks=[green], default_root_dir=tmp_path, **QUIET).fit(module())
    assert [record.run.name for record in records(db)] == ["NewTiny", "OldTiny"]


def test_both_packages_find_the_entry_point() -> None:
    """It is installed under the names at which each of them looks."""
    for group in ("lightning.pytorch.callbacks_factory", "pytorch_lightning.callbacks_factory"):
        (found,) = entry_points(group=group, name="greentrack")
        assert found.load() is callbacks


@pytest.mark.usefixtures("auto")
def test_with_the_variable_every_trainer_is_recorded(package: Any, db: Path, tmp_path: Path) -> None:
    """``GREENTRACK_AUTO=1``, and not a line in the script."""
    lightning, module, _ = package
    lightning.Trainer(default_root_dir=tmp_path, **QUIET).fit(module())
    record = only(db)
    assert (record.run.name, record.run.status) == (module.__name__, "finished")
    assert has_full_energy(record)


@pytest.mark.parametrize("value", ["", "0", "no", None])
def test_without_the_variable_no_trainer_has_a_callback_of_ours(
    value: str | None, package: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Whoever only has GreenTrack installed is not recorded."""
    if value is not None:
        monkeypatch.setenv("GREENTRACK_AUTO", value)
    trainer = package[0].Trainer(default_root_dir=tmp_path, **QUIET)
    assert not [one for one in trainer.callbacks if isinstance(one, GreenTrackCallback)]


@pytest.mark.usefixtures("auto")
@pytest.mark.parametrize("stage", ["fit", "validate"])
def test_a_script_with_a_callback_of_its_own_is_recorded_once(stage: str, db: Path, tmp_path: Path) -> None:
    """By its own, whose name (the stage added to it) and project count; checkpoints can be saved with both there."""
    own = GreenTrackCallback("own", project="mine")
    settings = {**QUIET, "enable_checkpointing": True}
    trainer: Any = new.Trainer(callbacks=[own], default_root_dir=tmp_path, **settings)
    assert {GreenTrackCallback, AutoCallback} <= {type(one) for one in trainer.callbacks}
    getattr(trainer, stage)(NewTiny())
    assert (only(db).run.name, only(db).run.project) == ("own" if stage == "fit" else "own validate", "mine")


@pytest.mark.usefixtures("auto")
def test_a_script_that_copies_the_automatic_callback_is_recorded_once(db: Path, tmp_path: Path) -> None:
    """Two automatic ones, for whatever reason, are one."""
    trainer: Any = new.Trainer(default_root_dir=tmp_path, **QUIET)
    trainer.callbacks.append(AutoCallback())
    trainer.fit(NewTiny())
    assert only(db).run.status == "finished"


@pytest.mark.usefixtures("auto")
def test_a_mistyped_setting_is_a_warning_where_nobody_asked_for_the_callback(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, db: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """It names the variable, before anything trains; the training goes on without a record."""
    monkeypatch.setenv("GREENTRACK_BUDGET", "2 parsecs")
    one = new.Trainer(default_root_dir=tmp_path, **QUIET)
    assert "records nothing" in caplog.text
    assert "GREENTRACK_BUDGET" in caplog.text
    assert "parsecs" in caplog.text
    one.fit(NewTiny())
    assert one.state.finished
    assert not db.exists()


@pytest.mark.parametrize("first_is_automatic", [True, False])
def test_the_automatic_callback_and_ones_own_carry_on_each_others_work(
    first_is_automatic: bool, db: Path, green: GreenTrackCallback, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A script that is given a callback, or one that is taken away, goes on from its checkpoint as one work."""
    for name, value in {
        "GREENTRACK_DB": str(db),
        "GREENTRACK_METERS": KNOWN["meters"][0],
        "GREENTRACK_QUIET": "1",
    }.items():
        monkeypatch.setenv(name, value)
    callbacks: list[Any] = [AutoCallback(), green] if first_is_automatic else [green, AutoCallback()]
    model = NewTiny()
    first = new.Trainer(default_root_dir=tmp_path, callbacks=callbacks[0], **QUIET)
    first.fit(model)
    first.save_checkpoint(tmp_path / "one.ckpt")
    second = new.Trainer(default_root_dir=tmp_path, callbacks=callbacks[1], **{**QUIET, "max_epochs": 2})
    second.fit(model, ckpt_path=tmp_path / "one.ckpt")
    before, after = records(db)
    assert after.run.continues == before.run.id


def pickled(green: GreenTrackCallback) -> GreenTrackCallback:
    """Return what arrives in another process."""
    arrived: GreenTrackCallback = pickle.loads(pickle.dumps(green))  # noqa: S301  # our own
    return arrived


@pytest.mark.parametrize("copied", [pickled, copy.deepcopy, copy.copy])
def test_a_copy_has_the_settings_and_no_run(copied: Any, green: GreenTrackCallback, db: Path, tmp_path: Path) -> None:
    """Made while the first one records, it records what it is given itself; the first one's run goes on."""
    made: list[GreenTrackCallback] = []

    class Copying(new.Callback):
        def on_train_start(self, trainer: Any, pl_module: Any) -> None:
            made.append(copied(green))

    new.Trainer(callbacks=[green, Copying()], default_root_dir=tmp_path, **QUIET).fit(NewTiny())
    (one,) = made
    assert one.run_id is None
    new.Trainer(callbacks=[one], default_root_dir=tmp_path, **QUIET).fit(NewTiny())
    assert [record.run.status for record in records(db)] == ["finished"] * 2
    assert one.run_id == records(db)[1].run.id


@pytest.mark.parametrize("path", ["greentrack.integrations.lightning.GreenTrackCallback", "GreenTrackCallback"])
def test_the_command_line_takes_it_from_yaml(path: str, package: Any, db: Path, tmp_path: Path) -> None:
    """By its full name, or by its own where it is imported; a budget of several limits is a list."""
    _, module, cli = package
    config = tmp_path / "config.yaml"
    config.write_text(
        f"""
        trainer:
          accelerator: cpu
          max_epochs: 1
          logger: false
          enable_checkpointing: false
          enable_progress_bar: false
          default_root_dir: {tmp_path}
          callbacks:
            - class_path: {path}
              init_args:
                name: from yaml
                tags: [a, b]
                params: {{lr: 0.1, layers: [8, 8]}}
                db: {db}
                meters: ["fake:gpu=300,cpu=100"]
                gpus: [0, 1]
                interval: 0.5
                quiet: true
                budget: [2 kWh, 1h30m]
                on_budget: warn
                when: forecast
        """
    )
    cli(module, args=["fit", "--config", str(config)], save_config_callback=None)
    record = only(db)
    assert (record.run.name, record.run.tags, record.run.interval) == ("from yaml", ("a", "b"), 0.5)
    assert (record.run.params["lr"], record.run.params["layers"]) == (0.1, [8, 8])
    assert record.run.status == "finished"


def test_the_command_line_takes_it_from_flags(package: Any, db: Path, tmp_path: Path) -> None:
    """Appended to the trainer's callbacks, with its arguments one by one."""
    _, module, cli = package
    flags = {
        "accelerator": "cpu",
        "max_epochs": "1",
        "logger": "false",
        "enable_progress_bar": "false",
        "enable_checkpointing": "false",
        "default_root_dir": str(tmp_path),
        "callbacks+": "greentrack.integrations.lightning.GreenTrackCallback",
        "callbacks.db": str(db),
        "callbacks.meters": '["fake:gpu=300,cpu=100"]',
        "callbacks.budget": "2 kWh",
        "callbacks.quiet": "true",
    }
    cli(
        module, save_config_callback=None, args=["fit", *(f"--trainer.{name}={value}" for name, value in flags.items())]
    )
    assert only(db).run.status == "finished"


@pytest.mark.parametrize(
    ("argument", "said"),
    [
        ("on_budget=explode", "explode"),
        ("when=later", "later"),
        ("interval=often", "often"),
        ("no_such_argument=1", "no_such_argument"),
        ("budget=2 parsecs", "parsecs"),
        ("zone=XX", "XX"),
    ],
)
def test_the_command_line_refuses_what_is_wrong(
    argument: str, said: str, db: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Before anything is trained, and it names what it does not know."""
    name = "--trainer.callbacks"
    arguments = [f"{name}+=greentrack.integrations.lightning.GreenTrackCallback", f"{name}.{argument}"]
    with pytest.raises((SystemExit, ValueError)) as caught:
        NewCLI(NewTiny, args=["fit", "--trainer.accelerator=cpu", *arguments])
    assert said in capsys.readouterr().err + str(caught.value)
    assert not db.exists()


@pytest.mark.usefixtures("auto")
def test_disabled_nothing_is_recorded_and_nothing_started(
    monkeypatch: pytest.MonkeyPatch, db: Path, tmp_path: Path, package: Any
) -> None:
    """``GREENTRACK_DISABLED=1`` wins over a callback and over ``GREENTRACK_AUTO``; the script needs no change."""
    monkeypatch.setenv("GREENTRACK_DISABLED", "1")
    lightning, module, _ = package
    green = GreenTrackCallback(db=db)
    seen: list[int] = []

    class Looking(lightning.Callback):  # type: ignore[misc, name-defined]
        def on_train_batch_end(self, *_: Any) -> None:
            seen.append(len(own_recorders()))

    trainer = lightning.Trainer(callbacks=[green, Looking()], default_root_dir=tmp_path, **QUIET)
    trainer.fit(module())
    assert trainer.state.finished
    assert set(seen) == {0}
    assert not db.exists()
    assert green.run_id is None
    with pytest.raises(NotFoundError, match="recorded nothing"):
        green.summary()


@pytest.mark.parametrize(
    ("wrong", "error", "said"),
    [
        ({"budget": "2 parsecs"}, ConfigError, "parsecs"),
        ({"budget": ["2 kWh", "3 kWh"]}, ConfigError, "budget"),
        ({"zone": "XX"}, ZoneError, "XX"),
        ({"interval": 0.001}, ConfigError, "interval"),
        ({"meters": ["nvida"]}, ConfigError, "nvidia"),
        ({"recorder": "fax"}, ConfigError, "fax"),
        ({"rest": "boat"}, ConfigError, "boat"),
        ({"on_budget": "explode"}, ConfigError, "explode"),
        ({"when": "later"}, ConfigError, "later"),
        ({"name": 5}, ConfigError, "5"),
        ({"bogus": 1}, TypeError, r"^GreenTrackCallback\.__init__\(\) got an unexpected keyword argument 'bogus'$"),
    ],
    ids=str,
)
def test_what_is_mistyped_is_told_before_anything_starts(wrong: Any, error: Any, said: str) -> None:
    """One line that names it, at construction."""
    with pytest.raises(error, match=said) as caught:
        GreenTrackCallback(**wrong)
    assert "\n" not in str(caught.value)


@pytest.fixture
def without(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Let neither of Lightning's packages be importable."""
    import sys

    names = ("callback", "base")
    kept = {name: sys.modules.pop(name) for name in (f"greentrack.integrations.lightning.{name}" for name in names)}
    monkeypatch.setitem(sys.modules, "lightning.pytorch", None)
    monkeypatch.setitem(sys.modules, "pytorch_lightning", None)
    yield
    sys.modules.update(kept)


@pytest.mark.usefixtures("without")
def test_without_lightning_its_import_says_what_to_install() -> None:
    """One line, as of any library that is missing."""
    with pytest.raises(ImportError, match="pip install lightning"):
        importlib.import_module("greentrack.integrations.lightning.callback")
