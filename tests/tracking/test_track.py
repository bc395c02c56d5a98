"""What ``track()`` promises a training, with a real recorder beside it."""

import asyncio
import os
import pickle
import subprocess
import sys
import threading
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest

from greentrack import ConfigError, summarize, track
from greentrack.model import Record
from greentrack.store.reader import Reader
from greentrack.tracking.run import Run

FAKE = ["fake:gpu=300,cpu=100"]


def stored(db: Path, ref: str = "latest") -> Record:
    reader = Reader(db)
    return reader.record(reader.find(ref))


def burn(run: Run, seconds: float) -> None:
    """Pass real time, until the recorder has counted *seconds* of it."""
    while run.joules().get("gpu", 0.0) < 300 * seconds:
        os.sched_yield()


def test_a_run_is_kept_with_what_it_was_given(db: Path) -> None:
    """Name, project, tags, params, work, metrics, spans and the energy of known devices."""
    with track(
        "digits", project="demo", tags=["a", "b", "a"], params={"lr": 1e-3}, meters=FAKE, db=db, quiet=True
    ) as run:
        for epoch in range(2):
            with run.span("epoch", index=epoch), run.span("inner"):
                run.advance(samples=64)
            run.log(val_acc=0.5 + epoch / 10)
    record = stored(db)
    assert record.run.id == run.id
    assert (record.run.name, record.run.project, record.run.tags) == ("digits", "demo", ("a", "b"))
    assert (record.run.status, dict(record.run.params)) == ("finished", {"lr": 1e-3})
    assert dict(record.work) == {"samples": 128.0}
    assert [m.value for m in record.metrics if m.name == "val_acc"] == [0.5, 0.6]
    assert [(s.name, s.parent) for s in record.spans] == [("epoch", None), ("inner", 1), ("epoch", None), ("inner", 3)]
    assert record.run.host is not None
    assert record.run.host.cpus == os.cpu_count()


@pytest.mark.parametrize("recorder", ["process", "thread"])
def test_energy_is_watts_times_seconds(db: Path, recorder: str) -> None:
    """Of a virtual GPU of 300 W, to a millisecond; whoever records."""
    with track(meters=FAKE, db=db, recorder=recorder, quiet=True) as run:
        burn(run, 0.1)
    gpu = next(use for use in stored(db).devices if use.device.kind == "gpu")
    assert gpu.energy.seconds >= 0.099
    assert gpu.joules == pytest.approx(300 * gpu.energy.seconds, abs=300 * 0.001)


def test_a_run_says_what_it_continues_and_what_it_expects(db: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Both may come at any time; of a forecast that is none nothing is kept, and no training ends for it."""
    with track(meters=FAKE, db=db, quiet=True) as run:
        run.learn(continues="019a")
        run.forecast(0.25, joules=(4000, 3000.0, 6000.0), seconds=(10.0, 9.0, 12.0))
        run.forecast(0.5, joules=(4000,), seconds="soon")  # type: ignore[arg-type]
        run.forecast(2.0, joules=(1, 1, 1), seconds=(1, 1, 1))
    record = stored(db)
    assert record.run.continues == "019a"
    (forecast,) = record.forecasts
    assert (forecast.progress, forecast.joules, forecast.joules_high, forecast.seconds_low) == (0.25, 4000, 6000, 9)
    assert record.run.started_at <= forecast.at <= record.run.started_at + record.run.seconds
    assert "forecast(0.5, (4000,), 'soon') is no forecast" in caplog.text


def test_a_resumed_training_is_one_work(db: Path) -> None:
    """Two runs, the second from the first's checkpoint: the whole is the sum of what their devices used."""
    with track(meters=FAKE, db=db, quiet=True, rest="off") as first:
        burn(first, 0.1)
    with track(meters=FAKE, db=db, quiet=True, rest="off") as second:
        second.learn(continues=first.id)
        burn(second, 0.1)
    summary = summarize(second.id, db=db)
    assert summary.whole is not None
    assert summary.whole.joules is not None
    used = sum(use.joules for run in (first, second) for use in stored(db, run.id).devices)
    assert summary.whole.joules.value == pytest.approx(used)
    assert summary.whole.seconds == pytest.approx(sum(part.seconds for part in summary.parts))
    assert [part.id for part in summary.parts] == [first.id, second.id]


def test_joules_so_far_are_told_by_kind(db: Path) -> None:
    """A virtual GPU of 300 W and a processor of 100 W read 3 to 1, in one of three runs: they are read one by one."""
    ratios = []
    for _ in range(3):
        with track(meters=FAKE, db=db, quiet=True) as run:
            burn(run, 0.1)
            joules = run.joules()
        assert run.joules()["gpu"] >= joules["gpu"]
        ratios.append(joules["gpu"] / joules["cpu"])
    assert min(abs(ratio - 3.0) for ratio in ratios) < 0.15, ratios


def test_the_name_defaults_to_the_script(db: Path, tmp_path: Path) -> None:
    """train.py is called train."""
    script = tmp_path / "train.py"
    script.write_text(f"from greentrack import track\nwith track(meters={FAKE!r}, db={str(db)!r}): pass\n")
    done = subprocess.run([sys.executable, script], capture_output=True, text=True, check=True)
    assert stored(db).run.name == "train"
    assert done.stdout == ""
    assert done.stderr.startswith("greentrack: train")
    assert stored(db).run.id in done.stderr


def test_the_users_exception_comes_out_as_it_was(db: Path) -> None:
    """It is the same object, and the run reads failed with its words."""
    error = ValueError("loss is nan")
    with pytest.raises(ValueError, match="loss is nan") as caught, track(meters=FAKE, db=db, quiet=True):
        raise error
    assert caught.value is error
    assert (stored(db).run.status, stored(db).run.error) == ("failed", "ValueError: loss is nan")


@pytest.mark.parametrize(("code", "status"), [(0, "finished"), (None, "finished"), (3, "failed")])
def test_sys_exit_inside_comes_out_with_its_code(db: Path, code: int | None, status: str) -> None:
    """``sys.exit(0)`` is a good end, ``sys.exit(3)`` is not."""
    with pytest.raises(SystemExit) as caught, track(meters=FAKE, db=db, quiet=True):
        sys.exit(code)
    assert caught.value.code == code
    assert stored(db).run.status == status


def test_ctrl_c_reads_interrupted(db: Path) -> None:
    """The KeyboardInterrupt goes on its way."""
    with pytest.raises(KeyboardInterrupt), track(meters=FAKE, db=db, quiet=True):
        raise KeyboardInterrupt
    assert stored(db).run.status == "interrupted"


def test_trackers_nest_and_overlap_in_one_process(db: Path) -> None:
    """Each is a run of its own, whichever ends first."""
    first, second = (track(name, meters=FAKE, db=db, quiet=True) for name in ("one", "two"))
    first.start()
    second.start()
    first.stop()
    with track("three", meters=FAKE, db=db, quiet=True):
        pass
    second.stop()
    assert {row.name: row.status for row in Reader(db).runs()} == dict.fromkeys(("one", "two", "three"), "finished")


def test_one_tracker_entered_twice_makes_two_runs(db: Path) -> None:
    """The inner end does not end the outer run."""
    tracker = track("again", meters=FAKE, db=db, quiet=True)
    with tracker as outer:
        with tracker as inner:
            pass
        assert outer.joules() is not None
        assert "running" in repr(outer)
    assert outer.id != inner.id
    assert [row.status for row in Reader(db).runs()] == ["finished", "finished"]


def test_functions_coroutines_and_generators_are_recorded_while_they_run(db: Path) -> None:
    """The decorator gives back what the function gives, and the run lasts as long as its work."""

    @track("plain", meters=FAKE, db=db, quiet=True)
    def add(a: int, b: int) -> int:
        return a + b

    @track("generator", meters=FAKE, db=db, quiet=True)
    def count() -> Iterator[int]:
        yield 1
        assert [row.status for row in Reader(db).runs() if row.name == "generator"] != ["finished"]
        yield 2

    @track("async", meters=FAKE, db=db, quiet=True)
    async def later() -> str:
        await asyncio.sleep(0)
        return "done"

    @track("async generator", meters=FAKE, db=db, quiet=True)
    async def stream() -> AsyncIterator[int]:
        yield 1
        yield 2

    async def collect() -> list[int]:
        return [item async for item in stream()]

    assert (add(1, 2), list(count()), asyncio.run(later()), asyncio.run(collect())) == (3, [1, 2], "done", [1, 2])
    assert add.__name__ == "add"
    rows = {row.name: row.status for row in Reader(db).runs()}
    assert rows == dict.fromkeys(("plain", "generator", "async", "async generator"), "finished")


def test_phases_and_work_of_several_threads_are_all_counted(db: Path) -> None:
    """Two threads that advance 500 times each make 1,000 steps, in 1,000 calls of their phase."""
    with track(meters=FAKE, db=db, quiet=True) as run:

        def work() -> None:
            for _ in range(500):
                with run.phase("step"):
                    run.advance(steps=1)

        threads = [threading.Thread(target=work) for _ in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    record = stored(db)
    assert dict(record.work) == {"steps": 1000.0}
    assert [(p.name, p.calls) for p in record.phases] == [("step", 1000)]


def test_an_inner_phase_takes_its_time_from_the_outer(db: Path) -> None:
    """Phases never add up to more than the time there was."""
    with track(meters=FAKE, db=db, quiet=True) as run, run.phase("outer"):
        burn(run, 0.05)
        with run.phase("inner"):
            burn(run, 0.2)
    record = stored(db)
    seconds = {phase.name: phase.seconds for phase in record.phases}
    assert seconds["outer"] + seconds["inner"] <= record.run.seconds
    assert seconds["inner"] > 0


def test_nothing_of_a_run_works_or_raises_after_its_end(db: Path) -> None:
    """Marks after the end count for nothing, and stopping twice is fine."""
    with track(meters=FAKE, db=db, quiet=True) as run:
        pass
    with run.span("late"), run.phase("late"):
        run.advance(steps=1)
        run.log(acc=1)
    run.stop("failed")
    assert stored(db).run.status == "finished"
    assert stored(db).spans == ()


def test_a_metric_that_is_no_number_is_said_and_left_out(db: Path, caplog: pytest.LogCaptureFixture) -> None:
    """A training is not ended for it."""
    with track(meters=FAKE, db=db, quiet=True) as run:
        run.log({"val/acc": 0.5, "name": "best"})  # type: ignore[dict-item]  # what a hurried user would do
        run.log(name="best")  # type: ignore[arg-type]  # and again
    assert [m.name for m in stored(db).metrics] == ["val/acc"]
    assert caplog.text.count("is not a number") == 1


def test_nothing_that_is_handed_over_raises_or_costs_the_run(db: Path) -> None:
    """Names that are no texts, counts and metrics that are no numbers: what can be kept is kept."""
    odd = track("odd", params={(1, 2): 3}, meters=FAKE, db=db, quiet=True)  # type: ignore[dict-item]
    with odd as run, run.span(("a", 1), cfg={(1, 2): 3}):  # type: ignore[arg-type]
        run.advance(samples="x", steps=2)  # type: ignore[arg-type]
        run.advance(samples=None, steps=3)  # type: ignore[arg-type]
        run.log([("loss", 1.0)], big=10**400, good=1.0)  # type: ignore[arg-type]
        with run.phase(("b", 2)):  # type: ignore[arg-type]
            pass
    record = stored(db)
    assert record.run.status == "finished"
    assert record.run.params == {"(1, 2)": 3}
    assert [span.attrs for span in record.spans] == [{"cfg": {"(1, 2)": 3}}]
    assert dict(record.work) == {"steps": 5.0}
    assert [metric.name for metric in record.metrics] == ["good"]


class Array:
    """A number that changes under +=, as tensors and arrays do."""

    def __init__(self, value: float) -> None:
        self.value = value

    def __iadd__(self, other: "Array") -> "Array":
        self.value += other.value
        return self

    def __add__(self, other: "Array") -> "Array":
        return Array(self.value + other.value)

    def __float__(self) -> float:
        return self.value


def test_a_span_entered_inside_itself_is_two_spans(db: Path) -> None:
    """And once more afterwards is a third."""
    with track(meters=FAKE, db=db, quiet=True) as run:
        span = run.span("again")
        with span, span:
            pass
        with span:
            pass
    assert [(one.parent, one.ended_at is not None) for one in stored(db).spans] == [
        (None, True), (1, True), (None, True)
    ]  # fmt: skip


def test_work_counted_with_a_tensor_leaves_the_tensor_as_it_was(db: Path) -> None:
    """The same array of 5 handed over three times is 15, and the training's array is 5 still."""
    batch = Array(5.0)
    with track(meters=FAKE, db=db, quiet=True) as run:
        for _ in range(3):
            run.advance(samples=batch)  # type: ignore[arg-type]
    assert batch.value == 5.0
    assert stored(db).work == {"samples": 15.0}


def test_a_tracker_shared_by_threads_gives_each_its_own_end(db: Path) -> None:
    """The run that was entered first fails and ends first; the other is finished."""
    tracker, inside, over = track(meters=FAKE, db=db, quiet=True), threading.Event(), threading.Event()
    ids = {}

    def second() -> None:
        with tracker as run:
            ids["second"] = run.id
            inside.set()
            over.wait(30)

    def first() -> None:
        with tracker as run:
            ids["first"] = run.id
            thread.start()
            inside.wait(30)
            raise ValueError("boom")

    thread = threading.Thread(target=second)
    with pytest.raises(ValueError, match="boom"):
        first()
    over.set()
    thread.join()
    assert {which: stored(db, ids[which]).run.status for which in ids} == {"first": "failed", "second": "finished"}


def test_methods_are_recorded_whatever_their_kind(db: Path) -> None:
    """Below and above staticmethod and classmethod; a class itself is refused."""
    tracked = track("method", meters=FAKE, db=db, quiet=True)

    class Model:
        @tracked
        @staticmethod
        def static(x: int) -> int:
            return x

        @tracked
        @classmethod
        def of_class(cls, x: int) -> tuple[str, int]:
            return cls.__name__, x

    assert (Model().static(1), Model.static(2)) == (1, 2)
    assert Model.of_class(3) == ("Model", 3)
    with pytest.raises(ConfigError, match="not a function"):
        tracked(Model)


def test_tags_may_come_from_a_generator(db: Path) -> None:
    """They are looked at once and kept."""
    with track(tags=(tag for tag in ("a", "b")), meters=FAKE, db=db, quiet=True):  # type: ignore[arg-type]
        pass
    assert stored(db).run.tags == ("a", "b")


def test_a_program_with_two_thousand_open_files_is_recorded(db: Path) -> None:
    """Descriptors above 1023 are more than select() knows; a DataLoader opens as many."""
    script = f"""
import os, resource
from greentrack import track
resource.setrlimit(resource.RLIMIT_NOFILE, (4096, 4096))
files = [os.open(os.devnull, os.O_RDONLY) for _ in range(2000)]
with track(meters={FAKE!r}, db={str(db)!r}, quiet=True) as run:
    with run.span("all"): pass
print(sorted(run.joules()))
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert (done.stdout, done.stderr) == ("['cpu', 'gpu']\n", "")


def test_a_run_cannot_be_pickled(db: Path) -> None:
    """The error says what to pass instead."""
    with track(meters=FAKE, db=db, quiet=True) as run, pytest.raises(TypeError, match=r"run\.id"):
        pickle.dumps(run)


def test_disabled_means_nothing_at_all(db: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No process, no file, every method there."""
    monkeypatch.setenv("GREENTRACK_DISABLED", "1")
    with track("x", meters=FAKE, db=db) as run, run.span("s"), run.phase("p"):
        run.advance(steps=1)
        run.log(acc=1)
        assert run.joules() == {}
    assert "nothing was measured" in str(summarize(run.id))
    assert not db.exists()


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ({"interval": -1}, "interval"),
        ({"recorder": "fork"}, "process, thread"),
        ({"meters": ["nvidai"]}, "did you mean nvidia"),
        ({"rest": "mainframe"}, "mainframe"),
        ({"gpus": "first"}, "gpus"),
        ({"tags": "one"}, "tags"),
        ({"zone": "FRX"}, "argument zone: .*FRX"),
        ({"name": print}, "@track()"),
    ],
)
def test_a_bad_argument_is_an_error_before_the_training_starts(db: Path, arguments: dict[str, Any], says: str) -> None:
    """It names the argument and what would be right."""
    with pytest.raises(ConfigError, match=says.replace("(", r"\(").replace(")", r"\)")):
        track(**{"db": db, "quiet": True, **arguments}).start().stop()


def test_a_meter_that_cannot_be_made_is_said_and_the_training_goes_on(
    db: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """The warning says what was wrong with the specification."""
    with track(meters=["fake:gpu=lots"], db=db, quiet=True):
        pass
    assert "nothing is recorded: fake meter 'gpu=lots' has no power" in caplog.text


def test_the_thread_recorder_keeps_the_same(db: Path) -> None:
    """Where no process may be started, a thread records the same run."""
    with track("threaded", meters=FAKE, db=db, recorder="thread", quiet=True) as run:
        with run.span("epoch"):
            run.advance(samples=1)
        run.log(acc=1)
    record = stored(db)
    assert (record.run.status, len(record.spans), dict(record.work)) == ("finished", 1, {"samples": 1.0})


def test_without_a_process_to_be_had_a_thread_records_and_it_is_said(
    db: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """An embedded Python that does not know its executable is told of once."""
    monkeypatch.setattr(sys, "executable", "")
    with track(meters=FAKE, db=db, quiet=True):
        pass
    assert stored(db).run.status == "finished"
    assert caplog.text.count("recording in a thread") == 1
