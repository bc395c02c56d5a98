"""What a callback's runs are called, and what is kept of them besides their energy."""

from pathlib import Path
from typing import Any

import pytest
import torch

from greentrack.analysis.estimate import estimate_from
from greentrack.costing.api import summarize
from greentrack.errors import ConfigError
from greentrack.integrations.lightning import GreenTrackCallback
from tests.integrations.conftest import KNOWN, SAMPLES, STEPS, Busy, Make, Tiny, only, records, samples


def test_runs_of_a_name_that_are_no_fits_have_their_stage_added(db: Path, make: Make) -> None:
    """What is compared by name is not mixed: fits are called as was asked, and so is what is shown by that name."""
    green = GreenTrackCallback("digits", db=db, **KNOWN)
    one, model = make(green), Tiny()
    one.fit(model, samples())
    one.validate(model, samples())
    one.test(model, samples())
    one.predict(model, samples())
    assert [record.run.name for record in records(db)] == ["digits", "digits validate", "digits test", "digits predict"]
    assert summarize("digits", db=db).run.params["stage"] == "fit"
    assert green.summary().run.name == "digits predict"


def test_own_params_are_kept_and_win(db: Path, make: Make) -> None:
    """They come before what is found out under the same name, whenever that is."""
    green = GreenTrackCallback(db=db, params={"dataset": "digits", "model": "mine", "batch_size": "eight"}, **KNOWN)
    make(green).fit(Tiny(), samples())
    params = only(db).run.params
    assert (params["dataset"], params["model"], params["batch_size"]) == ("digits", "mine", "eight")
    assert (params["stage"], params["max_epochs"], params["train_samples"]) == ("fit", 1, SAMPLES)


def test_params_that_are_no_mapping_are_refused_at_once() -> None:
    """Before a training begins."""
    with pytest.raises(ConfigError, match="params"):
        GreenTrackCallback(params=["lr"])  # type: ignore[arg-type]


@pytest.mark.parametrize(("accumulate", "steps"), [(1, 2 * STEPS), (3, 4)])
def test_steps_of_the_optimizer_are_counted(
    accumulate: int, steps: int, db: Path, green: GreenTrackCallback, make: Make
) -> None:
    """Two epochs of four batches: eight steps, or with three batches a step two an epoch; a fit is scaled by them."""
    make(green, max_epochs=2, accumulate_grad_batches=accumulate).fit(Busy(0.05), samples())
    assert only(db).work == {"samples": 2 * SAMPLES, "batches": 2 * STEPS, "steps": steps}
    assert estimate_from("latest", {"steps": 10 * steps}, db=str(db)).summary.run.seconds > 2 * STEPS * 0.05


def test_steps_of_every_optimizer_are_counted(db: Path, green: GreenTrackCallback, make: Make) -> None:
    """As the trainer counts them: two optimizers that step with each of four batches make eight steps."""

    class Manual(Tiny):
        automatic_optimization = False

        def training_step(self, batch: Any, batch_idx: int) -> None:  # type: ignore[override]
            for optimizer in self.optimizers():  # type: ignore[union-attr]
                optimizer.zero_grad()
                self.manual_backward(self(batch).pow(2).mean())
                optimizer.step()

        def configure_optimizers(self) -> Any:
            return [torch.optim.SGD(self.parameters(), lr=0.0) for _ in range(2)]

    make(green).fit(Manual(), samples())
    assert only(db).work["steps"] == 2 * STEPS
