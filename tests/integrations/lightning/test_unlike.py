"""Rare cases: budgets around validations, and ranks whose environments differ."""

import os
from pathlib import Path

import pytest

from greentrack.integrations.lightning import GreenTrackCallback
from tests.integrations.conftest import StartRanks, only, records
from tests.integrations.tiny_trainings import BATCH, SAMPLES, STEPS, Tiny, callback, data, trainer, until, used_by


class Slow(Tiny):
    """Validations take until so much is known to be used."""

    def __init__(self, green: GreenTrackCallback, joules: float) -> None:
        super().__init__()
        self._green, self._joules = green, joules

    def on_validation_epoch_end(self) -> None:
        """Take that long."""
        until(lambda: used_by(self._green) > self._joules)


def test_a_budget_that_the_sanity_check_spends_stops_before_the_first_batch(db: Path, tmp_path: Path) -> None:
    """20 J are used at its end."""
    green = callback(db, budget="20 J")
    one = trainer(tmp_path, green, max_epochs=2, num_sanity_val_steps=1)
    one.fit(Slow(green, 20.0), data(), data(BATCH))
    assert one.global_step == 0
    assert only(db).run.status == "stopped"


def test_a_budget_is_looked_at_after_each_validation(db: Path, tmp_path: Path) -> None:
    """The first one, after two batches, spends it. One more batch and not the rest of the epoch, which has eight."""
    green = callback(db, budget="800 J")  # two seconds, in which two batches are done on any machine
    one = trainer(tmp_path, green, val_check_interval=2, num_sanity_val_steps=0)
    one.fit(Slow(green, 800.0), data(), data(BATCH))
    assert one.global_step == 3 < STEPS
    assert only(db).run.status == "stopped"


# -- ranks


def join(db: str, folder: str, variable: str = "", value: str = "", rank: int = 0, epochs: int = 2) -> None:
    """Take part in a training of two processes, where one *rank* has an environment *variable* of its own."""
    if variable and os.environ["RANK"] == str(rank):
        os.environ[variable] = value
    one = trainer(folder, callback(db), strategy="ddp", devices=2, max_epochs=epochs)
    one.fit(Tiny(0.02), data(), data())
    print(f"steps {one.global_step}", flush=True)


@pytest.mark.parametrize("rank", [0, 1])
def test_a_rank_that_records_nothing_does_not_keep_the_others_waiting(
    rank: int, db: Path, tmp_path: Path, ranks: StartRanks
) -> None:
    """GREENTRACK_DISABLED in one of two: both train to the end, and the other one records the work of both."""
    both = ranks(join, str(db), str(tmp_path), "GREENTRACK_DISABLED", "1", rank)
    assert [one.end() for one in both] == [0, 0], both[0].said()
    record = only(db)
    assert record.run.status == "finished"
    assert record.run.rank == 1 - rank
    assert record.work["samples"] == 2 * SAMPLES


def test_ranks_that_all_record_nothing_train_as_if_we_were_not_there(
    db: Path, tmp_path: Path, ranks: StartRanks
) -> None:
    """GREENTRACK_DISABLED in both."""
    both = ranks(join, str(db), str(tmp_path), GREENTRACK_DISABLED="1")
    assert [one.end() for one in both] == [0, 0], both[0].said()
    assert not db.exists()


def test_a_budget_in_the_environment_of_one_rank_stops_all(db: Path, tmp_path: Path, ranks: StartRanks) -> None:
    """Both stop at the same step, long before the end."""
    both = ranks(join, str(db), str(tmp_path), "GREENTRACK_BUDGET", "40 J", 1, 1000)
    assert [one.end() for one in both] == [0, 0], both[0].said()
    said = {one.said().rpartition("steps ")[2].strip() for one in both}
    assert len(said) == 1
    assert 0 <= int(said.pop()) < 1000 * STEPS / 2
    assert [record.run.status for record in records(db)] == ["stopped"]
