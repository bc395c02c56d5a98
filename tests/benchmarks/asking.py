"""How long the shell waits for past runs: a list of 10,000, and one that lasted 30 days on 12 devices."""

from collections.abc import Iterator
from pathlib import Path

from greentrack.model import Device, DeviceUse, Energy, Host, Metric, Phase, Reading, RunInfo, Span, TrackerOverhead
from greentrack.store.batch import Batch
from greentrack.store.writer import MAX_READINGS, Writer
from tests.benchmarks.measure import Row, at_most, figure, wall_ms

RUNS = 10_000
DAYS = 30
HOST = Host(id="host", name="host", cpu="a CPU", cpus=64, memory_bytes=2**38, chassis="server", timezone="Europe/Paris")


def rows(place: Path) -> Iterator[Row]:
    """Wall time of whole commands, beyond nothing: what a user waits."""
    many, long = place / "many.db", place / "long.db"
    fill_many(many)
    fill_long(long)
    command = ["-m", "greentrack"]
    taken = wall_ms(
        place,
        {
            "bare": ["-c", "pass"],
            "runs": [*command, "runs", "--db", str(many)],
            "json": [*command, "runs", "--db", str(many), "--format", "json"],
            "limit": [*command, "runs", "--limit", "20", "--db", str(many)],
            "show": [*command, "show", "--db", str(long)],
            "show json": [*command, "show", "--db", str(long), "--format", "json"],
        },
        rounds=5,
    )
    seconds = {name: value / 1000 for name, value in taken.items()}
    bare = f" (bare Python {figure(seconds['bare'])})"
    yield at_most(f"`greentrack runs` over {RUNS:,} runs, every one printed", seconds["runs"], 0.4, "s", None, bare)
    yield at_most(f"the same with `--limit 20`, over {RUNS:,} runs", seconds["limit"], 0.4, "s")
    yield Row(what="the same as JSON, every run", measured=f"{figure(seconds['json'])} s")
    yield at_most(f"`greentrack show` of a run of {DAYS} days on 12 devices", seconds["show"], 0.4, "s", None, bare)
    yield Row(what="the same as JSON", measured=f"{figure(seconds['show json'])} s")
    size = many.stat().st_size
    yield Row(
        what=f"database of {RUNS:,} short runs", measured=f"{figure(size / 2**20)} MiB, {size // RUNS:,} bytes a run"
    )
    yield Row(
        what=f"database of one run of {DAYS} days on 12 devices",
        measured=f"{figure(long.stat().st_size / 2**20)} MiB ({MAX_READINGS:,} readings a device at most)",
    )


def fill_many(path: Path) -> None:
    """Keep short runs of two devices, one after the other."""
    writer = Writer(path)
    uses = [_use("gpu:0", "gpu"), _use("cpu:0", "cpu")]
    for number in range(RUNS):
        began = 1_700_000_000.0 + number * 600
        run = RunInfo(
            id=f"{number:08x}-0000-7000-8000-000000000000",
            name=f"run {number % 50}",
            project=f"project {number % 7}",
            tags=(f"tag {number % 3}",),
            params={"lr": 0.001},
            status="finished",
            started_at=began,
            ended_at=began + 3,
            seconds=3.0,
            host=HOST,
        )
        readings = [
            Reading(device=use.device.uid, at=began + second, seconds=1.0, joules=300.0)
            for use in uses
            for second in (1, 2, 3)
        ]
        writer.write(
            Batch(run_id=run.id, run=run, devices=uses, readings=readings, tracker_overhead=TrackerOverhead(readings=6))
        )
    writer.close()


def fill_long(path: Path) -> None:
    """Keep a run as it stands after 30 days: readings merged to the limit, an epoch every two hours, its outcomes."""
    writer = Writer(path)
    uses = [_use(f"gpu:{n}", "gpu") for n in range(8)] + [
        _use(f"{kind}:{n}", kind) for kind in ("cpu", "dram") for n in (0, 1)
    ]
    began, seconds = 1_700_000_000.0, DAYS * 86400.0
    run = RunInfo(
        id="0190-long",
        name="long",
        status="finished",
        started_at=began,
        ended_at=began + seconds,
        seconds=seconds,
        host=HOST,
    )
    epochs = DAYS * 12
    each = MAX_READINGS // epochs - 1  # readings of an epoch: as many as a run may keep, and none merged
    step = seconds / epochs / each
    for epoch in range(epochs):
        start = began + epoch * each * step
        energy = {use.device.uid: Energy(joules=300.0 * each * step, seconds=each * step) for use in uses}
        end = start + each * step
        spans = [Span(id=epoch, name="epoch", attrs={"index": epoch}, started_at=start, ended_at=end, energy=energy)]
        phases = {n: Phase(name=n, calls=1000, seconds=each * step / 2, energy=energy) for n in ("data", "step")}
        readings = [
            Reading(device=use.device.uid, at=start + (n + 1) * step, seconds=step, joules=300.0 * step, share=1.0)
            for use in uses
            for n in range(each)
        ]
        writer.write(
            Batch(
                run_id=run.id,
                run=run,
                devices=uses if epoch == 0 else [],
                readings=readings,
                spans=spans,
                phases=phases,
                work={"samples": 1e6},
                metrics=[Metric(name="loss", at=end, value=1 / (epoch + 1), joules=300.0 * 12 * (end - began))],
            )
        )
    writer.close()


def _use(uid: str, kind: str) -> DeviceUse:
    return DeviceUse(device=Device(uid=uid, kind=kind, name=f"a {kind}"), method="fake")
