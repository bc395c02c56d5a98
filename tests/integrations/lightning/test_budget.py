"""A fit that costs too much: it is stopped with its state kept, or somebody is told, however many ranks it has."""

import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import lightning.pytorch as pl
import pytest
from lightning.pytorch.callbacks import ModelCheckpoint

from greentrack.carbon import find_intensity
from greentrack.errors import ConfigError
from greentrack.integrations.lightning import GreenTrackCallback
from greentrack.integrations.lightning.loop import TrainerLoop
from greentrack.integrations.training import live_figures
from greentrack.integrations.training.budget import Budget
from greentrack.integrations.training.forecast import Forecaster, WorkCost
from greentrack.integrations.training.guard import Guard
from greentrack.integrations.training.live_figures import Consumption
from greentrack.integrations.training.ranks import Ranks
from greentrack.model import Record
from greentrack.tracking.budget import budget_of
from tests.integrations.conftest import Start, StartRanks, only, records
from tests.integrations.tiny_trainings import STEPS, Forked, Patient, Tiny, callback, data, trainer

KWH = 3.6e6
HUGE: dict[str, Any] = {"meters": ["fake:gpu=3600000"], "zone": "FR"}
"""A GPU that uses 1 kWh a second."""

LONG = 1000
"""Epochs of 0.08 s at least, of a training that a test does not wait for."""

SOON = 8.0
"""So many kWh, seconds of the GPU, are less than a tenth of LONG; how a machine stalls is nothing that a test knows."""


@pytest.fixture(autouse=True)
def _looks_often(monkeypatch: pytest.MonkeyPatch) -> None:
    """A session looks at its figures 20 times a second, so that a budget of half a second can be kept."""
    monkeypatch.setattr(live_figures, "LOOK_S", 0.05)


def kwh(record: Record) -> float:
    """The energy of a run."""
    return sum(use.joules for use in record.devices) / KWH


def fit(folder: Path, green: GreenTrackCallback, *more: pl.Callback, **settings: Any) -> pl.Trainer:
    """Train until the budget ends it, with steps of 10 ms."""
    one = trainer(folder, Patient(green), green, *more, **{"max_epochs": LONG, **settings})
    one.fit(Tiny(0.01), data())
    return one


FRENCH = find_intensity("FR").g_per_kwh


@pytest.mark.parametrize(
    ("budget", "unit"),
    [("0.5 kWh", "kWh"), (f"{FRENCH / 2} g", "g CO2e"), ("0.5 EUR", "EUR"), ("0.5 s", "s")],
    ids=["energy", "carbon", "money", "time"],
)
def test_a_fit_that_is_over_its_budget_is_stopped(
    db: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    budget: str,
    unit: str,
) -> None:
    """1 kWh a second, which costs 1 EUR: half of that ends it soon, and it says why."""
    monkeypatch.setenv("GREENTRACK_TARIFF", "1 EUR")
    one = fit(tmp_path, callback(db, **HUGE, budget=budget))
    record = only(db)
    assert one.state.status == "finished"
    assert record.run.status == "stopped"
    assert record.run.error is not None
    assert record.run.error.startswith("budget: ")
    assert record.run.error.endswith(f" of {budget.partition(' ')[0]} {unit} used")
    assert f"{record.run.error}; the training is stopped" in caplog.text
    assert 0.5 < kwh(record) < SOON
    assert record.work["batches"] < LONG * STEPS


def test_the_limit_that_comes_first_counts(db: Path, tmp_path: Path) -> None:
    """Of several at once."""
    fit(tmp_path, callback(db, **HUGE, budget=["100 kWh", "0.3 s", "1 t"]))
    record = only(db)
    assert record.run.error is not None
    assert "of 0.3 s used" in record.run.error
    assert 0.3 < kwh(record) < SOON


def test_the_environment_can_give_the_budget(db: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As for every setting."""
    monkeypatch.setenv("GREENTRACK_BUDGET", "0.3 kWh; 1 h")
    fit(tmp_path, callback(db, **HUGE))
    assert only(db).run.status == "stopped"


@pytest.mark.parametrize("budget", ["2 kW", "0 kWh", ["1 h", "2 h"], "3 JPY"])
def test_a_mistyped_budget_is_an_error_before_there_is_a_trainer(budget: Any) -> None:
    """So is money where no price is known."""
    with pytest.raises(ConfigError, match="budget"):
        GreenTrackCallback(budget=budget, zone="FR")


@pytest.mark.parametrize(("knob", "value"), [("on_budget", "halt"), ("when", "soon")])
def test_so_is_a_mistyped_reaction(knob: str, value: str) -> None:
    """It is named with its value."""
    with pytest.raises(ConfigError, match=f"{knob} = '{value}'"):
        GreenTrackCallback(budget="1 kWh", **{knob: value})  # type: ignore[arg-type]


# -- the state is kept


def test_the_state_of_a_stopped_fit_is_kept(db: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Without any checkpoint callback: at the step that it had come to, and where that is, is said."""
    one = fit(tmp_path, callback(db, **HUGE, budget="0.3 kWh"))
    path = tmp_path / "checkpoints" / f"greentrack-budget-step={one.global_step}.ckpt"
    assert path.exists()
    assert f"the state of the training that its budget stopped is kept in {path}" in caplog.text
    (span,) = [span for span in only(db).spans if span.name == "checkpoint"]
    assert span.energy


def test_a_state_that_was_just_kept_is_not_kept_twice(db: Path, tmp_path: Path) -> None:
    """The user's own checkpoints are as recent."""
    each = ModelCheckpoint(dirpath=tmp_path / "own", every_n_train_steps=1)
    fit(tmp_path, callback(db, **HUGE, budget="0.3 kWh"), each, enable_checkpointing=True)
    assert list(tmp_path.glob("**/greentrack-budget*")) == []
    assert list(tmp_path.glob("own/*.ckpt"))


def test_a_state_that_is_older_is_kept_beside_the_users_own(db: Path, tmp_path: Path) -> None:
    """Their checkpoints are of some other epoch."""
    own = ModelCheckpoint(dirpath=tmp_path / "own", every_n_epochs=LONG)
    fit(tmp_path, callback(db, **HUGE, budget="0.3 kWh"), own, enable_checkpointing=True)
    assert [path.parent.name for path in tmp_path.glob("**/greentrack-budget*")] == ["own"]


def test_a_work_that_has_spent_its_budget_is_not_gone_on_with(db: Path, tmp_path: Path) -> None:
    """Resumed with the same budget it makes no step; with more it goes on, and what was used before counts."""
    fit(tmp_path, callback(db, **HUGE, budget="0.4 kWh"))
    (path,) = tmp_path.glob("checkpoints/*.ckpt")

    def resume(budget: str) -> pl.Trainer:
        one = trainer(tmp_path / "more", callback(db, **HUGE, budget=budget), max_epochs=LONG)
        one.fit(Tiny(0.01), data(), ckpt_path=path, weights_only=True)
        return one

    begun = int(path.stem.rpartition("=")[2])
    assert resume("0.4 kWh").global_step == begun
    last = resume("1.2 kWh")
    assert last.global_step > begun
    first, second, third = records(db)
    assert [one.run.status for one in (first, second, third)] == ["stopped"] * 3
    assert "batches" not in second.work
    assert sum(kwh(one) for one in (first, second, third)) > 1.2
    assert kwh(first) + kwh(second) < last.callback_metrics["energy/kwh"]


# -- other reactions


def test_a_warning_stops_nothing(db: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """It is said once, and the training finishes."""
    fit(tmp_path, callback(db, **HUGE, budget="0.1 kWh", on_budget="warn"), max_epochs=6)
    assert only(db).run.status == "finished"
    assert only(db).work["batches"] == 6 * STEPS
    assert caplog.text.count("of 0.1 kWh used") == 1


def test_each_limit_is_warned_of(db: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Two of them: two warnings."""
    fit(tmp_path, callback(db, **HUGE, budget=["0.1 kWh", "0.2 s"], on_budget="warn"), max_epochs=6)
    assert caplog.text.count("of 0.1 kWh used") == 1
    assert caplog.text.count("of 0.2 s used") == 1


def test_a_function_of_the_users_decides(db: Path, tmp_path: Path) -> None:
    """It gets the trainer and the text, once."""
    told: list[tuple[pl.Trainer, str]] = []
    one = fit(tmp_path, callback(db, **HUGE, budget="0.1 kWh", on_budget=lambda *what: told.append(what)), max_epochs=6)
    ((asked, text),) = told
    assert asked is one
    assert text.startswith("budget: 0.")
    assert only(db).run.status == "finished"


def test_what_a_function_of_the_users_raises_is_meant(db: Path, tmp_path: Path) -> None:
    """It comes out of the fit as it is."""

    def refuse(trainer: Any, text: str) -> None:
        raise PermissionError(text)

    with pytest.raises(PermissionError, match=r"of 0\.1 kWh used"):
        fit(tmp_path, callback(db, **HUGE, budget="0.1 kWh", on_budget=refuse))
    assert only(db).run.status == "failed"
    assert has_no_checkpoint(tmp_path)


def has_no_checkpoint(folder: Path) -> bool:
    """Whether nothing was saved there."""
    return not list(folder.glob("**/*.ckpt"))


def test_a_forecast_over_the_budget_stops_before_it_is_spent(db: Path, tmp_path: Path) -> None:
    """A hundred epochs of 0.08 kWh are 8 kWh: after the first it is clear that 3 will not do."""
    fit(tmp_path, callback(db, **HUGE, budget="3 kWh", when="forecast"), max_epochs=100)
    record = only(db)
    assert record.run.status == "stopped"
    assert record.run.error is not None
    assert record.run.error.endswith("of 3 kWh expected at the end")
    assert kwh(record) < 3
    assert record.work["batches"] == STEPS


def test_a_forecast_within_the_budget_stops_nothing(db: Path, tmp_path: Path) -> None:
    """Three epochs are no 30 kWh."""
    fit(tmp_path, callback(db, **HUGE, budget="30 kWh", when="forecast"), max_epochs=3)
    assert only(db).run.status == "finished"


# -- what follows a stop


def test_epochs_that_must_be_done_are_done(db: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """min_epochs is the user's word too: it is said that the budget cannot be kept."""
    fit(tmp_path, callback(db, **HUGE, budget="0.05 kWh"), min_epochs=5)
    record = only(db)
    assert record.run.status == "stopped"
    assert record.work["batches"] == 5 * STEPS
    assert caplog.text.count("min_epochs or min_steps keep the training going") == 1


def test_a_training_that_is_done_when_its_budget_is_spent_is_finished(
    db: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is seen at the end of the last epoch: nothing was stopped, and no state is kept that nobody asked for."""
    monkeypatch.setattr(live_figures, "LOOK_S", 60.0)
    monkeypatch.setattr(Forecaster, "wants_mark", lambda *_: False)
    fit(tmp_path, callback(db, **HUGE, budget="0.02 kWh"), max_epochs=1)
    record = only(db)
    assert (record.run.status, record.run.error) == ("finished", None)
    assert "kWh used; the training came to its end with it" in caplog.text
    assert has_no_checkpoint(tmp_path)


def test_a_training_that_could_not_be_stopped_is_finished(db: Path, tmp_path: Path) -> None:
    """All its epochs had to be done."""
    fit(tmp_path, callback(db, **HUGE, budget="0.05 kWh"), min_epochs=5, max_epochs=5)
    assert (only(db).run.status, only(db).run.error) == ("finished", None)
    assert has_no_checkpoint(tmp_path)


def test_room_is_left_for_the_validation_that_follows_a_stop(db: Path, tmp_path: Path) -> None:
    """Lightning validates once more: 0.4 s, for which 0.4 of 2.5 kWh are set aside once one was seen."""

    class Validating(Tiny):
        def validation_step(self, batch: Any, batch_idx: int) -> None:
            time.sleep(0.05)

    one = trainer(tmp_path, callback(db, **HUGE, budget="2.5 kWh"), max_epochs=LONG, check_val_every_n_epoch=4)
    one.fit(Validating(0.01), data(), data())
    record = only(db)
    assert record.run.error is not None
    said, _, why = record.run.error.removeprefix("budget: ").partition(" of 2.5 kWh used")
    assert why == (", the rest is kept for a validation" if float(said) <= 2.5 else "")
    assert 0.4 < kwh(record) < SOON


@pytest.mark.parametrize(
    ("spent", "text"),
    [
        (21.0, None),
        (22.4, "budget: 22.4 of 25 J used, the rest is kept for a validation"),
        (29.0, "budget: 29 of 25 J used"),
    ],
)
def test_what_is_kept_for_a_validation_is_not_said_to_be_used(
    spent: float, text: str | None, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A validation takes 3 J and 25 J are allowed: from 22 J on it ends, and what is said to be used is used."""
    job: Any = SimpleNamespace(
        ranks=Ranks(limits=budget_of("25 J")),
        live=SimpleNamespace(total=lambda: Consumption(joules=spent)),
        cost=lambda: WorkCost(spent, 1.0),
        validation_cost=lambda: WorkCost(3.0, 0.1),
    )
    trainer = SimpleNamespace(
        enable_validation=True,
        should_stop=False,
        max_epochs=5,
        max_steps=-1,
        fit_loop=SimpleNamespace(epoch_progress=SimpleNamespace(current=SimpleNamespace(processed=1))),
    )
    budget, guard = Budget(job, "stop", "spent"), Guard()
    monkeypatch.setattr(guard, "complain", lambda what, error: pytest.fail(f"{what}: {error}"))
    budget.check(TrainerLoop(trainer), 0, guard)
    assert (budget.over, trainer.should_stop) == (text, text is not None)
    assert (caplog.messages == [f"{text}; the training is stopped"]) == (text is not None)


def test_the_next_fit_has_its_budget_to_itself(db: Path, tmp_path: Path) -> None:
    """One callback, two fits: each may use as much."""
    green = callback(db, **HUGE, budget="0.4 kWh")
    for _ in range(2):
        fit(tmp_path, green)
    assert [one.run.status for one in records(db)] == ["stopped", "stopped"]
    assert all(0.4 < kwh(one) < SOON for one in records(db))


# -- ranks


def join(db: str, folder: str, budget: str, knobs: dict[str, Any], checkpoint: str | None = None) -> None:
    """Train as one of two ranks until the budget ends it."""
    live_figures.LOOK_S = 0.05
    green = callback(db, **HUGE, budget=budget, **knobs)
    one = trainer(folder, green, strategy="ddp", devices=2, max_epochs=LONG)
    one.fit(Tiny(0.01), data(), data(), ckpt_path=checkpoint)
    print(f"{one.global_step} steps", flush=True)


def steps(both: list[Forked]) -> set[str]:
    """How many steps each rank says that it made."""
    assert [one.end() for one in both] == [0, 0], both[0].said()
    return {one.said().splitlines()[-1] for one in both}


def test_all_ranks_stop_at_the_same_step(db: Path, tmp_path: Path, ranks: StartRanks) -> None:
    """Rank 0 looks at the figures, and tells the others when; then it is resumed, and no rank makes a step."""
    stopped = steps(ranks(join, str(db), str(tmp_path), "0.6 kWh", {}))
    assert len(stopped) == 1
    record = only(db)
    assert record.run.status == "stopped"
    assert 0.5 < kwh(record) < SOON
    (path,) = tmp_path.glob("checkpoints/*.ckpt")
    again = ranks(join, str(db), str(tmp_path / "more"), "0.6 kWh", {}, str(path))
    assert steps(again) == stopped
    assert records(db)[1].run.status == "stopped"
    assert "batches" not in records(db)[1].work


def refuse(trainer: Any, text: str) -> None:
    """Raise on every rank."""
    raise PermissionError(text)


@pytest.mark.parametrize("knobs", [{"on_budget": refuse}, {"when": "forecast"}], ids=["function", "forecast"])
def test_other_reactions_are_those_of_all_ranks(
    db: Path,
    tmp_path: Path,
    ranks: StartRanks,
    knobs: dict[str, Any],
) -> None:
    """None is left waiting for one that has stopped."""
    both = ranks(join, str(db), str(tmp_path), "0.6 kWh", knobs)
    codes = [one.end() for one in both]
    assert codes == ([1, 1] if "on_budget" in knobs else [0, 0]), both[0].said()
    assert only(db).run.status == ("failed" if "on_budget" in knobs else "stopped")


def fork(db: str, folder: str) -> None:
    """Train in two processes of Lightning's until the budget ends it."""
    live_figures.LOOK_S = 0.05
    green = callback(db, **HUGE, budget="0.6 kWh")
    trainer(folder, green, strategy="ddp_fork", devices=2, max_epochs=LONG).fit(Tiny(0.01), data())
    print(green.summary().run.status, flush=True)


def test_processes_of_lightnings_stop_too(db: Path, tmp_path: Path, start: Start) -> None:
    """And the script goes on with a fit that was stopped."""
    training = start(fork, str(db), str(tmp_path))
    assert training.end() == 0, training.said()
    assert training.said().splitlines()[-1] == "stopped"
    assert list(tmp_path.glob("checkpoints/greentrack-budget*"))
