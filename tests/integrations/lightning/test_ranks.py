"""Several processes train together: one of each host records, every joule once, and nothing hangs."""

import json
import os
import platform
import signal
from pathlib import Path
from typing import Any

import lightning.pytorch as pl
import pytest

from greentrack import summarize
from greentrack.host import facts
from greentrack.integrations.lightning import trainer as trainer_facts
from greentrack.integrations.training import tracker
from greentrack.model import Record
from greentrack.store.reader import Reader
from tests.integrations.conftest import Start, StartRanks, has_full_energy, only, records
from tests.integrations.tiny_trainings import SAMPLES, STEPS, Tiny, callback, data, run_scripts, trainer, until
from tests.rig.library import Board, compiled, needs_compiler

EPOCHS = 2
ENOUGH = 1000
"""Epochs of a training that does not come to its end in a test."""

SCRIPT = """
from tests.integrations.tiny_trainings import Tiny, callback, data, trainer

if __name__ == "__main__":
    green = callback({db!r})
    train = trainer({folder!r}, green, strategy={strategy!r}, devices=2, max_epochs=2)
    train.fit(Tiny(0.02), data(), data())
    said = f"rank {{train.global_rank}}: {{train.callback_metrics['energy/kwh']!r}}, run {{green.summary().run.id}}"
    print(said + chr(10), end="")  # in one write: the ranks share a pipe
"""


def is_one_run_of_both_ranks(record: Record) -> bool:
    """Whether *record* is what rank 0 keeps of EPOCHS epochs: the samples of both ranks, the machine's joules once."""
    assert (record.run.status, record.run.rank, record.run.world_size) == ("finished", 0, 2)
    batches = EPOCHS * STEPS / 2
    assert record.work == {"samples": EPOCHS * SAMPLES, "batches": batches, "steps": batches}
    assert [use.device.uid for use in record.devices] == ["fake:cpu:0", "fake:gpu:0"]
    return has_full_energy(record)


def said_by_script(db: Path, folder: Path, strategy: str) -> list[str]:
    """Run a training of two ranks in a real file; return what its ranks said."""
    path = folder / "train.py"
    path.write_text(SCRIPT.format(db=str(db), folder=str(folder), strategy=strategy))
    ((code, said),) = run_scripts(path, {})
    assert code == 0, said
    assert "no logger configured" not in said
    assert "'energy/kwh', ..., sync_dist=True" not in said
    return sorted(line for line in said.splitlines() if line.startswith("rank"))


# -- how ranks come about


def test_the_ranks_of_a_script_that_lightning_starts_again_are_one_run(db: Path, tmp_path: Path) -> None:
    """Strategy "ddp": each is the whole script, sees the job's figures, and finds the run that rank 0 records."""
    lines = said_by_script(db, tmp_path, "ddp")
    record = only(db)
    assert is_one_run_of_both_ranks(record)
    assert [line.partition(": ")[0] for line in lines] == ["rank 0", "rank 1"]
    assert lines[0].partition(": ")[2] == lines[1].partition(": ")[2]
    assert lines[0].endswith(record.run.id)


def test_processes_that_lightning_spawns_are_one_run(db: Path, tmp_path: Path) -> None:
    """Strategy "ddp_spawn": a copy of the callback records there, and the script's own finds what it recorded."""
    (line,) = said_by_script(db, tmp_path, "ddp_spawn")
    assert is_one_run_of_both_ranks(only(db))
    assert line.endswith(only(db).run.id)


def fork(db: str, folder: str) -> None:
    """Train in two processes that Lightning forks; then say which run it was."""
    green = callback(db)
    trainer(folder, green, strategy="ddp_fork", devices=2, max_epochs=EPOCHS).fit(Tiny(0.02), data(), data())
    print(f"run {green.summary().run.id}", flush=True)


def test_processes_that_lightning_forks_are_one_run(db: Path, tmp_path: Path, start: Start) -> None:
    """Strategy "ddp_fork", as in a notebook: the same, also where the environment gives the job its word."""
    training = start(fork, str(db), str(tmp_path), env={"GREENTRACK_RUN_ID": "tonight"})
    assert training.end() == 0, training.said()
    assert is_one_run_of_both_ranks(only(db))
    assert only(db).run.group == "tonight"
    assert f"run {only(db).run.id}" in training.said()


def join(db: str, folder: str, epochs: int, *more: pl.Callback) -> None:
    """Train as one of two ranks."""
    green = callback(db)
    trainer(folder, green, *more, strategy="ddp", devices=2, max_epochs=epochs).fit(Tiny(0.02), data(), data())
    print(f"run {green.summary().run.id}", flush=True)


def test_ranks_that_somebody_else_starts_are_one_run(db: Path, tmp_path: Path, ranks: StartRanks) -> None:
    """As torchrun does. The callback's own word for the job is taken, not torchrun's, which is often just "none"."""
    both = ranks(join, str(db), str(tmp_path), EPOCHS, TORCHELASTIC_RUN_ID="none")
    assert [one.end() for one in both] == [0, 0], both[0].said()
    record = only(db)
    assert is_one_run_of_both_ranks(record)
    assert record.run.group != "none"
    assert all(f"run {record.run.id}" in one.said() for one in both)


# -- ranks that die


class Raising(pl.Callback):
    """Raises in one rank, in its second epoch."""

    def __init__(self, rank: int) -> None:
        self.rank = rank

    def on_train_epoch_end(self, trainer: Any, pl_module: Any) -> None:
        """Raise there."""
        if trainer.global_rank == self.rank and trainer.current_epoch == 1:
            raise ValueError("no good")


@pytest.mark.parametrize("rank", [0, 1])
def test_an_exception_in_one_rank_leaves_a_failed_run(db: Path, tmp_path: Path, ranks: StartRanks, rank: int) -> None:
    """The other rank is not left waiting, and the run has its energy; rank 1's trouble reaches rank 0 as its own."""
    both = ranks(join, str(db), str(tmp_path), ENOUGH, Raising(rank))
    assert 0 not in [one.end() for one in both]
    record = only(db)
    assert record.run.status == "failed"
    assert record.run.error == "ValueError: no good" or rank == 1
    assert has_full_energy(record)
    assert record.work["batches"] == EPOCHS * STEPS / 2


@pytest.mark.parametrize("rank", [0, 1])
def test_a_rank_that_is_killed_leaves_the_run_and_its_energy(
    db: Path, tmp_path: Path, ranks: StartRanks, rank: int
) -> None:
    """SIGKILL: where it was the rank that records, its recorder closes the run as interrupted; else the other fails."""
    both = ranks(join, str(db), str(tmp_path), ENOUGH)
    until(lambda: db.exists() and any(row.joules > 200 for row in Reader(db).runs()))
    both[rank].kill()
    assert both[1 - rank].end() != 0
    status = "interrupted" if rank == 0 else "failed"
    until(lambda: only(db).run.status == status)
    assert has_full_energy(only(db))


def fork_and_fail(db: str, folder: str, rank: int) -> None:
    """Train in two forked processes, of which one raises."""
    train = trainer(folder, callback(db), Raising(rank), strategy="ddp_fork", devices=2, max_epochs=ENOUGH)
    train.fit(Tiny(0.02), data())


@pytest.mark.parametrize("rank", [0, 1])
def test_an_exception_in_a_process_of_lightnings_leaves_a_failed_run(
    db: Path, tmp_path: Path, start: Start, rank: int
) -> None:
    """Lightning ends the processes without a word to their callbacks: the one in the script says what it was."""
    training = start(fork_and_fail, str(db), str(tmp_path), rank)
    assert training.end() == 1
    assert "ProcessRaisedException" in training.said()
    record = only(db)
    assert (record.run.status, record.run.error) == ("failed", "ValueError: no good")
    assert has_full_energy(record)


def fork_and_kill(db: str, folder: str) -> None:
    """Train in two forked processes, of which the second is killed."""

    class Killed(pl.Callback):
        def on_train_epoch_end(self, trainer: Any, pl_module: Any) -> None:
            if trainer.global_rank == 1 and trainer.current_epoch == 1:
                os.kill(os.getpid(), signal.SIGKILL)

    train = trainer(folder, callback(db), Killed(), strategy="ddp_fork", devices=2, max_epochs=ENOUGH)
    train.fit(Tiny(0.02), data())


def test_a_process_of_lightnings_that_is_killed_leaves_an_interrupted_run(
    db: Path, tmp_path: Path, start: Start
) -> None:
    """Lightning ends the other one too, and its recorder sees that it is gone."""
    assert start(fork_and_kill, str(db), str(tmp_path)).end() == 1
    until(lambda: only(db).run.status != "running")
    assert only(db).run.status in ("interrupted", "failed")  # the other rank may have seen its peer go
    assert has_full_energy(only(db))


def start_badly(db: str, folder: str) -> None:
    """Train as one of two ranks, of which the one that records cannot start."""

    def fail(*_: Any, **__: Any) -> None:
        raise OSError("no more processes")

    setattr(tracker, "start", fail)  # noqa: B010  # this process is nobody else's
    join(db, folder, EPOCHS)


def test_a_recording_that_cannot_start_costs_no_rank_its_training(db: Path, tmp_path: Path, ranks: StartRanks) -> None:
    """The ranks go on talking to each other as if there were a run; at the end there is none to show."""
    both = ranks(start_badly, str(db), str(tmp_path))
    assert [one.end() for one in both] == [1, 1]
    assert all("this callback has recorded nothing yet" in one.said() for one in both)
    assert "start failed, and the training goes on: OSError('no more processes')" in both[0].said()
    assert not db.exists()


# -- GPUs and hosts


def join_on_gpu(db: str, folder: str, gpus: list[str]) -> None:
    """Train as one of two ranks that compute on virtual GPUs (torch has no CUDA here)."""
    trainer_facts._gpu = lambda trainer: gpus[trainer.global_rank]
    green = callback(db, meters=["nvidia"])
    trainer(folder, green, strategy="ddp", devices=2, max_epochs=EPOCHS).fit(Tiny(0.02), data())


@needs_compiler
@pytest.mark.parametrize("gpus", [("GPU-aaaa", "GPU-cccc"), ("GPU-bbbb", "GPU-bbbb")])
def test_the_gpus_of_all_ranks_of_a_host_are_recorded_once(
    db: Path, tmp_path: Path, ranks: StartRanks, gpus: tuple[str, str]
) -> None:
    """Of three GPUs of 300 W in a machine those are recorded that ranks compute on; one for two ranks counts once."""
    boards = [Board(uuid=uuid, update=0.02) for uuid in ("GPU-aaaa", "GPU-bbbb", "GPU-cccc")]
    both = ranks(join_on_gpu, str(db), str(tmp_path), list(gpus), **compiled(tmp_path).env(*boards))
    assert [one.end() for one in both] == [0, 0], both[0].said()
    record = only(db)
    assert [use.device.uid for use in record.devices] == sorted(set(gpus))
    for use in record.devices:
        assert use.joules == pytest.approx(300 * use.energy.seconds, rel=0.05, abs=300 * 0.1)
        assert use.energy.seconds >= 0.97 * record.run.seconds - 0.1


def join_from_host(db: str, folder: str) -> None:
    """Train as one of two hosts, of which the second has 1600 W; keep what was logged."""
    rank = int(os.environ["RANK"])
    here = facts.host()._replace(id=f"host-{rank}", name=f"host-{rank}")
    facts.host = lambda *_: here
    platform.node = lambda: here.name
    green = callback(db, meters=[f"fake:gpu={1500 if rank else 300},cpu=100"], recorder="thread")
    train = trainer(folder, green, strategy="ddp", devices=1, num_nodes=2, max_epochs=4)
    train.fit(Tiny(0.02), data(), data())
    kept = {name: value.item() for name, value in train.callback_metrics.items()}
    (Path(folder) / f"logged-{rank}").write_text(json.dumps(kept))


def test_each_host_records_and_the_job_is_their_sum(db: Path, tmp_path: Path, ranks: StartRanks) -> None:
    """Two hosts of 400 and 1600 W are two runs, parts of one work; what is logged is 2000 W, the same on both."""
    both = ranks(join_from_host, str(db), str(tmp_path), hosts=2)
    assert [one.end() for one in both] == [0, 0], both[0].said()
    first, second = sorted(records(db), key=lambda record: record.run.rank or 0)
    assert [one.run.rank for one in (first, second)] == [0, 1]
    assert first.run.group == second.run.group
    assert [one.run.host.name for one in (first, second) if one.run.host] == ["host-0", "host-1"]
    used = [sum(use.joules for use in one.devices) for one in (first, second)]
    read_s = [max(use.energy.seconds for use in one.devices) for one in (first, second)]
    assert used == pytest.approx([400 * read_s[0], 1600 * read_s[1]], rel=0.05)
    assert sum(one.work["samples"] for one in (first, second)) == 4 * SAMPLES

    summary = summarize(first.run.id, db=db)
    assert {part.id for part in summary.parts} == {first.run.id, second.run.id}
    assert summary.whole is not None
    assert summary.whole.joules is not None
    assert summary.whole.joules.value == pytest.approx(sum(used))

    logged, other = (json.loads((tmp_path / f"logged-{rank}").read_text()) for rank in (0, 1))
    ours = [name for name in logged if "/" in name]
    assert [logged[name] for name in ours] == [other[name] for name in ours]
    assert logged["energy/power_w"] == pytest.approx(2000, rel=0.1)
    assert used[0] / 2 < logged["energy/kwh"] * 3.6e6 <= sum(used)
    assert logged["energy/gpu_kwh"] == pytest.approx(logged["energy/kwh"] * 1800 / 2000, rel=0.05)
    assert 0.99 * logged["energy/kwh"] <= logged["energy/forecast_kwh"] <= 1.1 * sum(used) / 3.6e6
    assert first.forecasts
    assert first.forecasts[-1].joules > used[0]  # of both hosts, and not of the first alone
