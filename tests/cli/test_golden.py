"""Everything that a command prints, to the letter; ``REWRITE=1 python -m pytest tests/cli/test_golden.py`` rewrites it.

The runs are stored, not recorded, and nothing depends on the day, the place or the version.
"""

import importlib
import os
import re
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from greentrack import __version__
from greentrack.calibration_facts import SelfTest, SensorTest
from greentrack.carbon import find_intensity
from greentrack.doctor import examination
from greentrack.doctor.facts import DatabaseCheck, DeviceCheck, Examination, SelfTestResult, Setting
from greentrack.methods import METHODS
from greentrack.model import Device, DeviceUse, Energy, Forecast, Host, Metric, Missing, Phase, Reading, RunInfo, Span
from greentrack.registry import FORMATS
from greentrack.store.batch import Batch
from greentrack.store.writer import Writer
from tests.cli.conftest import Ask

GOLDEN = Path(__file__).with_name("golden")
BEGAN, HOUR = 1_600_000_000.0, 3600.0  # 2020: neither this year's nor a day that is near
HOST = Host(id="h1", name="box", chassis="desktop", timezone="Europe/Paris")

COMMANDS: Mapping[str, str] = {
    "show": "show full --pue 1.2 --tariff 0.20EUR --embodied --water",
    "show-narrow": "show full --pue 1.2 --tariff 0.20EUR @50",
    "show-many": "show many @72",
    "show-wide-letters": "show 日本語の名前-resnet18-cifar10-seed1 @60",
    "show-part": "show resumed --tariff 0.20EUR",
    "show-hosts": "show spread",
    "show-nothing": "show blind",
    "show-until": "show full --until val_acc>=0.6 --tariff 0.20EUR",
    "show-json": "show full --pue 1.2 --tariff 0.20EUR --format json",
    "show-csv": "show full --pue 1.2 --tariff 0.20EUR --format csv",
    "show-markdown": "show full --pue 1.2 --tariff 0.20EUR --format markdown",
    "show-markdown-part": "show resumed --format markdown",
    "show-latex": "show full --pue 1.2 --tariff 0.20EUR --format latex",
    "show-latex-part": "show resumed --format latex",
    "show-modelcard": "show full --format modelcard",
    "show-sentence": "show full --format sentence",
    "show-ai-act": "show full --format ai-act",
    "show-sci": "show full --format sci --embodied --per samples",
    "report": "report full --pue 1.2 --tariff 0.20EUR -o -",
    "report-some": "report 日本語の名前-resnet18-cifar10-seed1 resumed blind -o -",
    "report-project": "report --project sweep -o -",
    "compare": "compare fp32 int8 full --front val_acc",
    "compare-json": "compare fp32 int8 --front val_acc --format json",
    "compare-until": "compare --project sweep --until val_acc>=0.6",
    "compare-until-json": "compare --project sweep --until val_acc>=0.6 --format json",
    "estimate": "estimate --gpu H100 --count 8 --hours 72 --zone US --pue 1.2 --embodied --water",
    "estimate-json": "estimate --from full --samples 36000 --format json",
    "runs": "runs @140",
    "runs-80": "runs --totals",
    "runs-narrow": "runs @44",
    "runs-json": "runs --totals --format json",
    "runs-csv": "runs --format csv",
    "where": "where full --top 5",
    "where-money": "where full --by money --top 5 @60",
    "where-narrow": "where full --zones DE,SE,aws:eu-west-1,US-CA @44",
    "where-json": "where full --zones DE,SE --format json",
    "when": "when --hourly ahead.csv --hours 2 --power 300W",
    "when-without-power": "when --hourly ahead.csv",
    "when-json": "when --hourly ahead.csv --hours 20 --power 300W --format json",
    "calibrate": "calibrate --run full --wall-watts 800",
    "references": "references",
    "references-json": "references --format json",
    "doctor": "doctor --self-test",
    "doctor-json": "doctor --self-test --format json",
}
"""By the name of its golden file: a command, and behind an @ the width of the terminal where it is not 80."""


@pytest.fixture(autouse=True)
def _nothing_ages(monkeypatch: pytest.MonkeyPatch, runs: Path) -> Iterator[None]:
    """Local time is UTC, no table grows old, the forecast begins now, and the doctor finds what it always finds."""
    monkeypatch.setenv("GREENTRACK_DB", str(runs))
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    monkeypatch.setattr(
        importlib.import_module("greentrack.carbon.zones"), "STALE_MONTHS", 10_000
    )  # a function hides it
    monkeypatch.setattr("greentrack.data.tables.OLD_MONTHS", 10_000)
    monkeypatch.setattr(examination, "examine", lambda **_: EXAMINATION)
    monkeypatch.setattr(examination, "run_self_test", lambda *_: SELF_TEST)
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.mark.parametrize("name", COMMANDS)
def test_it_prints_what_it_printed(name: str, ask: Ask, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Each command, in each of its formats and some widths."""
    command, _, width = COMMANDS[name].partition(" @")
    monkeypatch.setenv("COLUMNS", width or "80")
    if command.startswith("when"):
        (tmp_path / "ahead.csv").write_text(forecast(), encoding="utf-8")
        monkeypatch.setattr(time, "time", lambda: BEGAN)
    answer = ask(*command.split())
    assert (answer.status, answer.err) == (0, "")
    file = GOLDEN / f"{name}.txt"
    if "REWRITE" in os.environ:
        file.write_text(steady(answer.out, tmp_path), encoding="utf-8")
    assert steady(answer.out, tmp_path) == file.read_text(encoding="utf-8")


def test_every_golden_file_is_of_a_command() -> None:
    """None is left over."""
    assert {file.stem for file in GOLDEN.iterdir()} == COMMANDS.keys()


def test_every_format_has_a_golden_file() -> None:
    """The text's are those without a format, the page's those of reports."""
    forms = {form for form in FORMATS if any(f"--format {form}" in command for command in COMMANDS.values())}
    assert FORMATS.keys() == forms | {"text", "html"}


def steady(text: str, folder: Path) -> str:
    """Return *text* without the version, the folder and, of a page, the scripts and the moment."""
    text = text.replace(f"GreenTrack {__version__}", "GreenTrack VERSION").replace(str(folder), "FOLDER")
    text = re.sub(r"(<script>|<style>).*?(</script>|</style>)", r"\1\2", text, flags=re.DOTALL)
    text = re.sub(r"sha256-[\w+/=]+", "sha256-HASH", text)
    return re.sub(r", written [^.]+ UTC\.", ", written NOW.", text)


def forecast() -> str:
    """A grid of 100 to 320 g/kWh for a day and a half."""
    moments = (time.strftime("%Y-%m-%dT%H:%MZ", time.gmtime(BEGAN // HOUR * HOUR + n * HOUR)) for n in range(36))
    grams = (100 + 10 * (n * 7 % 23) for n in range(36))
    return "\n".join(("# zone: FR", "datetime,g_per_kwh", *(f"{at},{g}" for at, g in zip(moments, grams, strict=True))))


@pytest.fixture
def runs(db: Path) -> Path:
    """A database of runs of all kinds."""
    store(db)
    return db


def store(db: Path) -> None:
    """Write runs of all kinds to *db*."""
    writer = Writer(db)
    number = 0

    def keep(
        name: str, *uses: tuple[str, str, str, str, float], batch: dict[str, Any] | None = None, **facts: Any
    ) -> str:
        nonlocal number
        number += 1
        began = facts.pop("began", BEGAN + 2 * HOUR * number)
        run = RunInfo(
            **{
                "id": f"0174{number:04x}-0000-7000-8000-000000000000",
                "name": name,
                "status": "finished",
                "started_at": began,
                "ended_at": began + HOUR,
                "seconds": HOUR,
                "host": HOST,
                "boot_id": "b1",
                "zone": "FR",
                **facts,
            }
        )
        devices = [
            DeviceUse(device=Device(uid=uid, kind=kind, name=name), method=how) for uid, kind, name, how, _ in uses
        ]
        readings = [
            Reading(device=uid, at=began + 60.0 * n, seconds=60.0, joules=60.0 * watts * (1 + n % 3 / 4))
            for uid, _, _, _, watts in uses
            for n in range(1, 61)
            if watts
        ]
        writer.write(Batch(run_id=run.id, run=run, devices=devices, readings=readings, **batch or {}))
        return run.id

    def logged(*values: float) -> list[Metric]:
        at = BEGAN + 2 * HOUR * (number + 1)
        return [Metric("val_acc", at + 600 * n, value, 150_000.0 * n) for n, value in enumerate(values, 1)]

    gpu, cpu = (
        ("gpu:0", "gpu", "NVIDIA A100-SXM4-80GB", "nvml-counter", 240.0),
        ("cpu", "cpu", "A CPU", "cpu-model", 30.0),
    )
    first = BEGAN + 2 * HOUR
    epochs = [
        Span(
            n,
            "epoch",
            first + 600 * n,
            first + 600 * (n + 1),
            attrs={"index": n},
            energy={"gpu:0": Energy(180_000.0, 600)},
        )
        for n in range(6)
    ]
    keep(
        "full",
        gpu,
        ("gpu:1", "gpu", "NVIDIA A100-SXM4-80GB", "nvml-counter", 200.0),
        cpu,
        ("rapl:dram", "dram", "DRAM", "rapl", 0.0),
        batch={
            "spans": epochs,
            "phases": {"data": Phase("data", 30, 900.0, {"gpu:0": Energy(270_000.0, 900)})},
            "metrics": [*logged(0.5, 0.55, 0.6, 0.65), Metric("loss", first + 60, 0.25)],
            "forecasts": [
                Forecast(first + 900 * n, n / 4, 1.8e6, 1.5e6, 2.1e6, 3700.0, 3500.0, 3900.0) for n in (1, 2)
            ],
            "work": {"samples": 3600.0, "tokens": 1e6},
        },
        project="demo",
        tags=("baseline", "fine-tuning"),
        params={"lr": 1e-3, "early_stopping": "val_acc, patience 3"},
        error="ValueError: a reason that is longer than a line of a terminal is, so that it has to be wrapped there",
        status="failed",
        git_commit="0a1b2c3",
        git_dirty=True,
    )
    begun = BEGAN + 2 * HOUR * (number + 1)
    keep(
        "many",
        *((f"gpu:{n}", "gpu", f"A GPU with a rather long name, number {n % 3}", "fake", 100.0 + n) for n in range(8)),
        batch={
            "spans": [
                Span(
                    n,
                    f"a rather long name of span {n}",
                    begun,
                    begun + n + 1,
                    energy={"gpu:0": Energy(10.0 * n, n + 1)},
                )
                for n in range(60)
            ],
            "metrics": [Metric(f"metric/{n}", begun + n, n / 7, 100.0 * n) for n in range(60)],
            "phases": {f"phase {n}": Phase(f"phase {n}", n, 10.0 * n) for n in range(15)},
        },
        rest="off",
        status="interrupted",
    )
    keep(
        "日本語の名前-resnet18-cifar10-seed1",
        gpu,
        batch={"spans": [Span(1, "検証" * 30, begun, begun + 9)]},
        project="実験",
    )
    keep("a|b_*c*\x1b[31m <b>" + "x" * 300, cpu)
    keep("blind", ("gpu:0", "gpu", "A GPU", "fake", 0.0))
    parts = keep("resumed", gpu, cpu, host=HOST, status="stopped")
    keep("resumed", gpu, cpu, continues=parts)
    for rank in range(2):
        host = Host(id=f"h{rank}", name=f"node-{rank}")
        keep("spread", gpu, began=BEGAN, host=host, boot_id=f"b{rank}", group="g", rank=rank, world_size=2)
    for name, watts in (("fp32", 300.0), ("fp32", 310.0), ("fp32", 305.0), ("int8", 180.0), ("int8", 190.0)):
        keep(
            name,
            ("gpu:0", "gpu", "A GPU", "fake", watts),
            batch={"metrics": logged(0.4, 0.5, 0.6 + watts / 1e4), "work": {"samples": 1e5}},
            project="sweep",
            rest="off",
        )
    writer.close()


EXAMINATION = Examination(
    host=Host(id="h1", name="box", system="Linux", cpu="A CPU", chassis="desktop", timezone="Europe/Paris"),
    devices=(
        DeviceCheck("GPU-1", "gpu", "NVIDIA A100", METHODS["nvml-counter"], 71.25),
        DeviceCheck("cpu", "cpu", "A CPU", METHODS["cpu-model"], 12.0, note="a model: powercap cannot be read"),
        DeviceCheck("GPU-2", "gpu", "NVIDIA A100", METHODS["nvml-average"], None, trouble="it has fallen off the bus"),
    ),
    missing=(Missing(source="rapl", reason="energy_uj is readable by root only", remedy="sudo chmod -R a+r /sys/x"),),
    settings=(Setting("db", "/data/runs.db", "environment variable GREENTRACK_DB"), Setting("tags", (), "default")),
    database=DatabaseCheck(path="/data/runs.db", exists=True, runs=1234),
    recorder_seconds=0.125,
    intensity=find_intensity("FR"),
)
SELF_TEST = SelfTestResult(
    SelfTest(
        at=BEGAN,
        seconds=6.0,
        ticks=60,
        late_p50=0.0002,
        late_p99=0.004,
        sensors=(
            SensorTest("GPU-1", "NVIDIA A100", 0.1, 0.012, 430.0, 425.0),
            SensorTest("cpu", "A CPU", note="it did not move"),
        ),
    ),
    "the database is locked",
)
