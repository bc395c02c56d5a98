"""The forecast line of a training, compared with what its report shows."""

from typing import Any

import pytest

from greentrack.config import Settings
from greentrack.costing.api import summary_of
from greentrack.costing.forecast_costs import forecast_cost
from greentrack.integrations.training.forecast import LiveForecast
from greentrack.integrations.training.job import Job
from greentrack.integrations.training.ranks import Ranks
from greentrack.model import Device, DeviceUse, Energy, Record, RunInfo
from greentrack.model import Forecast as Kept
from greentrack.quantity import Figure
from greentrack.reports.forecast_text import cells

HOUR, KWH = 3600.0, 3.6e6


class Machine:
    """A run on a GPU of 360 W in France, an hour after its start, and what was forecast of it."""

    def __init__(self, *made: Kept) -> None:
        self._made = made

    def record(self) -> Record:
        """What is known of it."""
        use = DeviceUse(
            device=Device(uid="gpu:0", kind="gpu", name="a gpu"),
            method="fake",
            energy=Energy(joules=360.0 * HOUR, seconds=HOUR),
        )
        run = RunInfo(id="1", name="run", started_at=1_790_000_000.0, seconds=HOUR, zone="FR", rest="off")
        return Record(run=run, devices=(use,), forecasts=self._made)


@pytest.fixture(params=[{"pue": "1.5", "tariff": "0.50 EUR"}, {"rent": "2.00 USD"}], ids=["owner with PUE", "renter"])
def settings(request: pytest.FixtureRequest) -> Settings:
    """Terms under which a run is costed."""
    return Settings(**request.param)


def told(settings: Settings, *, at_most: bool = False) -> str:
    """Return the line of a work that will take 0.72 kWh, before any PUE, and two hours, each 25 % either way."""
    run: Any = Machine()
    job = Job(run, Ranks(), settings)
    assert job.live.refresh(samples=1)
    joules = 0.72 * KWH * job.live.overhead  # with it, as the figures of loggers and budgets are
    job.forecast = LiveForecast(0.5, _about(joules), _about(2 * HOUR))
    return job.forecast_line(3, at_most=at_most)


def _about(value: float) -> Figure:
    return Figure(value, 0.75 * value, 1.25 * value)


def test_the_line_has_the_figures_that_the_report_will_have(settings: Settings) -> None:
    """Energy, carbon, money and time are the same texts, whatever the PUE and whoever pays for what."""
    kept = Kept(
        at=1_790_000_900.0, progress=0.5, joules=0.72 * KWH, joules_low=0.54 * KWH, joules_high=0.9 * KWH,
        seconds=2 * HOUR, seconds_low=1.5 * HOUR, seconds_high=2.5 * HOUR,
    )  # fmt: skip
    summary = summary_of(Machine(kept).record(), settings=settings)
    line = told(settings)
    assert [part for part in cells(forecast_cost(kept, summary)) if part not in line] == []
    assert line.startswith("greentrack: forecast after epoch 3: 720 Wh (540–900)")


@pytest.mark.parametrize(
    ("terms", "said"),
    [
        ({"pue": "1.5", "tariff": "0.50 EUR"}, "720 Wh (540–900) before a PUE of 1.5, "),
        ({"tariff": "0.50 EUR"}, "720 Wh (540–900), "),
    ],
)
def test_the_line_says_that_its_energy_is_without_the_overhead(terms: dict[str, Any], said: str) -> None:
    """0.72 kWh x 1.5 x 0.50 EUR = 0.54 EUR, which nobody could redo without the PUE; without one nothing is said."""
    line = told(Settings(**terms))
    assert said in line
    assert ("0.54 EUR" if "pue" in terms else "0.36 EUR") in line


def test_the_line_says_that_early_stopping_may_end_it_before(settings: Settings) -> None:
    """It is an upper bound then."""
    assert told(settings, at_most=True).endswith(" at most: early stopping may end it before")
    assert "at most" not in told(settings)
