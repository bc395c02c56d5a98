"""One Chromium for all tests, and the pages that they look at; skipped where no Chromium is installed."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from greentrack.model import Device, DeviceUse, Energy, Forecast, Host, Metric, Phase, Reading, RunInfo, Span
from greentrack.store.batch import Batch
from greentrack.store.time_bins import PhaseTime
from greentrack.store.writer import Writer
from tests.browser.chromium import Chromium, Tab, find
from tests.reports.html.pages import report

PICTURES = Path(__file__).parents[2] / "build" / "screenshots"
BEGAN, HOUR = 1_790_000_000.0, 3600.0
EVIL = '<script>document.title = "evil"</script><img src=x onerror="document.title = 1"><a href="x">b</a>'
Open = Callable[..., Tab]


@pytest.fixture(scope="session")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chromium]:
    """A browser of its own, without anybody's settings."""
    program = find()
    if program is None:
        pytest.skip("Chromium is not installed (Debian: apt-get install chromium)")
    with Chromium(program, tmp_path_factory.mktemp("profile")) as browser:
        yield browser


@pytest.fixture
def show(chromium: Chromium) -> Iterator[Open]:
    """Open a page; its tab is closed at the end."""
    tabs: list[Tab] = []

    def make(file: Path, **how: Any) -> Tab:
        tabs.append(chromium.open(file, **how))
        return tabs[-1]

    yield make
    for tab in tabs:
        tab.close()


@pytest.fixture(scope="session")
def tabs() -> dict[str, Tab]:
    """The pages that are open on a desk."""
    return {}


@pytest.fixture
def opened(chromium: Chromium, pages: dict[str, Path], tabs: dict[str, Tab]) -> Open:
    """A page on a desk, in the light; it stays open for the tests after, as reading Plotly takes seconds."""

    def make(name: str) -> Tab:
        if name not in tabs:
            tabs[name] = chromium.open(pages[name])
        tabs[name].front()
        return tabs[name]

    return make


@pytest.fixture(scope="session")
def pages(chromium: Chromium, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The three kinds of pages: one run with hostile names, two that are compared, sixty in a table."""
    del chromium  # without it nobody looks at them
    folder = tmp_path_factory.mktemp("pages")
    db = folder / "greentrack.db"
    writer = Writer(db)
    for number in range(60):
        writer.write(_run(number))
    writer.close()
    asked: dict[str, dict[str, Any]] = {
        "one": {"refs": ["latest"], "pue": "1.4", "tariff": "0.25 EUR"},
        "two": {"refs": [_id(0), _id(1)]},
        "many": {"project": "demo"},
    }
    made = {}
    for name, how in asked.items():
        made[name] = folder / f"{name}.html"
        made[name].write_text(report(db=db, **how), encoding="utf-8")
    return made


def _id(number: int) -> str:
    return f"019a{number:04x}-0000-7000-8000-000000000000"


def _run(number: int) -> Batch:
    """An hour of a GPU with a gap and of a modelled processor; each run uses 1 % more, the last has hostile names."""
    began = BEGAN + 7200 * number
    more = 1 + number / 100
    last = number == 59
    run = RunInfo(
        id=_id(number),
        name=f"{EVIL}\u202e {'x' * 300}" if last else f"digits {number % 3}",
        project="demo",
        tags=("y" * 10_240,) if last else ("baseline",),
        status="finished",
        host=Host(id="h", name="box", chassis="desktop"),
        started_at=began,
        ended_at=began + HOUR,
        seconds=HOUR,
        boot_id="b",
        zone="FR",
    )
    devices = {"gpu": ("fake", 300 * more), "cpu": ("cpu-model", 60.0)}
    readings = [
        Reading(device=kind, at=began + 10 * n, seconds=10, joules=10 * watts * (1 + (n % 7) / 20))
        for kind, (_, watts) in devices.items()
        for n in range(1, 361)
        if not 100 < n <= 120
    ]
    epochs = [
        Span(
            id=n + 1,
            name=EVIL if last and n > 7 else "epoch",
            started_at=began + 360 * n,
            ended_at=began + 360 * (n + 1),
            attrs={"index": n},
            energy={"gpu": Energy(joules=360 * 300 * more, seconds=360)},
        )
        for n in range(10)
    ]
    return Batch(
        run_id=run.id,
        run=run,
        devices=[
            DeviceUse(device=Device(uid=kind, kind=kind, name=EVIL if last else f"the {kind}"), method=method)
            for kind, (method, _) in devices.items()
        ],
        readings=readings,
        spans=epochs,
        phases={"data": Phase(name="data", calls=100, seconds=900.0, energy={"gpu": Energy(joules=9e4, seconds=900)})},
        phase_times=[
            PhaseTime(name, began + 60 * n, 60.0, seconds)
            for n in range(60)
            for name, seconds in (("data", 10.0 + n % 10), (EVIL if last else "step", 30.0))
        ],
        metrics=[
            Metric(name=name, at=began + 360 * n, value=value * n, joules=360.0 * 360 * n)
            for n in range(1, 11)
            for name, value in (("val_acc", 0.09 + number / 10_000), (EVIL, 1.0))
            if last or name != EVIL
        ],
        forecasts=[
            Forecast(at=began + 600 * n, progress=n / 6, joules=2e6 + 1e5 / n, joules_low=1.8e6, joules_high=2.4e6,
                     seconds=HOUR, seconds_low=HOUR, seconds_high=HOUR)
            for n in range(1, 6)
        ],
        work={"samples": 1000.0},
    )  # fmt: skip
