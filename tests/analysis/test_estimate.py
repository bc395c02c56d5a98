"""Estimates from a run and from hardware, by hand; whatever cannot be estimated is refused."""

import datetime
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from greentrack.analysis.estimate import Estimate, estimate_from, estimate_hardware
from greentrack.costing.options import CostingOptions
from greentrack.errors import ConfigError, GreenTrackError
from greentrack.model import DeviceUse, Record, Span
from greentrack.quantity import Figure

MakeUse = Callable[..., DeviceUse]
MakeRecord = Callable[..., Record]

TODAY = datetime.date(2026, 11, 22)
KWH = 3.6e6


def kwh(made: Estimate) -> Figure:
    assert made.summary.kwh is not None
    return made.summary.kwh


def money(made: Estimate) -> Figure:
    assert made.summary.money is not None
    return made.summary.money.amount


def notes(made: Estimate) -> str:
    return " | ".join(made.summary.notes)


@pytest.fixture
def hour(use: MakeUse, record: MakeRecord) -> Record:
    """1,000 W for an hour in France: 1 kWh, read without error; 100 steps, 3,200 samples."""
    return record(use(watts=1000.0), work={"steps": 100.0, "samples": 3200.0})


def test_a_hundred_times_the_steps_take_a_hundred_times_the_energy(hour: Record) -> None:
    """100 steps took 1 kWh, so 10,000 take 100 kWh, off by 10 % and twice 10 %: 70 to 130. At 41.44 g: 4.144 kg."""
    made = estimate_from(hour, {"steps": 10_000})
    assert (kwh(made).value, kwh(made).high) == pytest.approx((100, 130))
    assert kwh(made).low == pytest.approx(70, abs=0.02)
    assert made.summary.g is not None
    assert made.summary.g.value == pytest.approx(4144)
    assert made.seconds.value == pytest.approx(100 * 3600)
    assert made.seconds.low < made.seconds.value < made.seconds.high
    assert made.factor is not None
    assert made.source == hour.run.id
    assert made.how == "scaled from run 019a0000-0000 (digits), 1 h with 100 steps, by a factor of 100"


def test_hours_are_exact_and_the_energy_is_not(hour: Record) -> None:
    """10 h at 1 kWh an hour: 10 kWh, off by 20 %."""
    made = estimate_from(hour, {"hours": 10})
    assert (kwh(made).value, kwh(made).high) == pytest.approx((10, 12))
    assert made.seconds == Figure(value=36_000, low=36_000, high=36_000)


def test_the_runs_own_range_adds_to_the_scalings(use: MakeUse, record: MakeRecord) -> None:
    """A GPU counter is 5 % below and 7 % above; with 10 % for the same work once more: 11.2 and 12.2 %."""
    made = estimate_from(record(use(watts=1000.0, method="nvml-counter", seconds=36_000.0), seconds=36_000.0),
                         {"hours": 10})  # fmt: skip
    assert kwh(made).low == pytest.approx(10 * (1 - 0.1118), rel=1e-3)
    assert kwh(made).high == pytest.approx(10 * (1 + 0.1221), rel=1e-3)


def test_epochs_are_counted_by_their_spans(hour: Record) -> None:
    """Two that ended and one that did not: 10 epochs are five times the run."""
    spans = tuple(
        Span(id=number, name="epoch", started_at=0.0, ended_at=end) for number, end in enumerate((1.0, 2.0, None))
    )
    assert kwh(estimate_from(hour._replace(spans=spans), {"epochs": 10})).value == pytest.approx(5)


def test_it_is_priced_and_placed_like_a_run(hour: Record) -> None:
    """10 kWh x PUE 1.5 x 0.20 EUR = 3 EUR, in Sweden at 35.26 g/kWh 528.9 g; a renter pays 10 h x 2 USD."""
    knobs: CostingOptions = {"zone": "SE", "pue": 1.5, "tariff": "0.20 EUR"}
    made = estimate_from(hour, {"hours": 10}, **knobs)
    assert money(made).value == pytest.approx(3.0)
    assert made.summary.g is not None
    assert made.summary.g.value == pytest.approx(15 * 35.26)
    rented = money(estimate_from(hour, {"hours": 10}, rent="2 USD"))
    assert (rented.value, rented.low, rented.high) == pytest.approx((20, 20, 20))


def test_a_tariff_by_hours_is_the_mean_from_its_least_to_its_most(hour: Record) -> None:
    """From 22 to 6 o'clock 0.18, else 0.30: 0.26 a kWh on average, and nobody knows when it will run."""
    made = money(estimate_from(hour, {"hours": 1}, tariff="0.30 EUR; 22-6 0.18"))
    assert made.value == pytest.approx(0.26)
    assert made.low < 0.19
    assert made.high > 0.30


def test_carbon_by_the_hour_gives_way_to_the_year_and_that_is_said(hour: Record) -> None:
    """No source is asked: the file that is named does not even exist."""
    made = estimate_from(hour, {"hours": 1}, hourly="nowhere.csv")
    assert "carbon by the hour is left out" in notes(made)
    assert made.summary.intensity.hourly_share is None


def test_a_short_run_is_called_one(use: MakeUse, record: MakeRecord) -> None:
    """20 s may be nothing but the start; the range reaches down to the run itself."""
    short = record(use(watts=1000.0, seconds=20.0), seconds=20.0, work={"steps": 10.0})
    made = estimate_from(short, {"steps": 1000})
    assert "most of that may be its start" in notes(made)
    assert kwh(made).low * KWH == pytest.approx(0.9 * 20_000, rel=0.01)


def test_what_the_run_missed_is_said(use: MakeUse, record: MakeRecord) -> None:
    """Half of the hour was not seen."""
    made = estimate_from(record(use(watts=1000.0, seconds=1800.0)), {"hours": 2})
    assert "not in the estimate either" in notes(made)
    assert kwh(made).high > 2 * kwh(made).value


def test_a_run_that_goes_on_is_taken_as_it_is(hour: Record) -> None:
    """And that is said."""
    going = hour._replace(run=hour.run._replace(status="running"))
    assert "taken as it is by now" in notes(estimate_from(going, {"hours": 2}))


@pytest.mark.parametrize("amount", [0, -1, float("nan"), float("inf"), 1e300])
def test_an_amount_that_is_none_is_refused(hour: Record, amount: float) -> None:
    """Zero, negative, not a number, beyond all bounds."""
    for unit in ("steps", "hours"):
        with pytest.raises(ConfigError, match=f"{unit} = .* is no number above 0"):
            estimate_from(hour, {unit: amount})
    with pytest.raises(ConfigError, match=r"hours = .* is no number above 0"):
        estimate_hardware("H100", hours=amount)


def test_a_unit_that_the_run_did_not_count_is_refused_with_those_it_did(hour: Record) -> None:
    """Nothing is guessed from another unit."""
    with pytest.raises(ConfigError, match=r"counted no tokens; scale it by its hours or samples or steps"):
        estimate_from(hour, {"tokens": 5})
    with pytest.raises(ConfigError, match=r"did you mean steps"):
        estimate_from(hour, {"step": 5})
    with pytest.raises(ConfigError, match=r"counted no steps; scale it by its hours$"):
        estimate_from(hour._replace(work={"steps": 0.0}), {"steps": 5})
    with pytest.raises(ConfigError, match="one unit of work"):
        estimate_from(hour, {})


def test_a_run_without_energy_is_refused(record: MakeRecord, use: MakeUse) -> None:
    """Absent is not zero, and neither is a hundred times absent."""
    with pytest.raises(ConfigError, match="no energy to scale"):
        estimate_from(record(use(seconds=0.0), work={"steps": 5.0}), {"steps": 500})


def test_a_run_that_is_not_there_is_refused(tmp_path: Path) -> None:
    """By the reader's own message: there is no such database."""
    with pytest.raises(GreenTrackError, match=r"none\.db"):
        estimate_from("nope", {"hours": 1}, db=str(tmp_path / "none.db"))


def test_eight_h100_for_three_days() -> None:
    """8 x 700 W x 0.75 x 72 h = 302.4 kWh of GPUs; 0.3 of it for the host, a quarter of both for the rest: 491.4."""
    made = estimate_hardware("H100", count=8, hours=72, zone="US", today=TODAY)
    rows = {row.kind: row.joules.value / KWH for row in made.summary.devices if row.joules is not None}
    assert rows == pytest.approx({"gpu": 302.4, "cpu": 90.72, "rest": 98.28})
    assert kwh(made).value == pytest.approx(491.4)
    assert made.summary.g is not None
    assert made.summary.g.value == pytest.approx(491.4 * 384.38, rel=1e-4)
    assert money(made).value == pytest.approx(491.4 * 0.173)
    assert made.seconds.value == 72 * 3600
    assert "H100 is taken to be H100 SXM; it could be H100 PCIe (350 W)" in notes(made)


def test_its_range_is_that_of_a_node_that_nobody_measured() -> None:
    """GPU -40/+33 %, host -15/+23 %, rest -8/+20 %, independent: within 44 % below and 45 % above."""
    made = kwh(estimate_hardware("H100", count=8, hours=72))
    assert made.low / made.value == pytest.approx(1 - (0.4**2 + (0.2 / 1.3) ** 2 + 0.08**2) ** 0.5)
    assert made.high / made.value == pytest.approx(1 + ((1 / 3) ** 2 + (0.3 / 1.3) ** 2 + 0.2**2) ** 0.5)


def test_a_gpu_that_is_used_for_part_of_the_time_draws_less() -> None:
    """0.7 x 0.75 + 0.3 x 0.10 = 0.555 of 72 W for 100 h: 3.996 kWh."""
    (gpu, *_) = estimate_hardware("L4", hours=100, utilization=0.7, rest="off").summary.devices
    assert gpu.joules is not None
    assert gpu.joules.value / KWH == pytest.approx(3.996)


def test_the_rest_is_a_servers_unless_said_otherwise() -> None:
    """A desktop has 50 W of its own: (337.5 x 1.3 + 50) / 0.9 W; with rest "off" it is left out."""
    desktop = estimate_hardware("RTX 4090", hours=1, rest="desktop")
    assert kwh(desktop).value * 1000 == pytest.approx((337.5 * 1.3 + 50) / 0.9)
    assert kwh(estimate_hardware("RTX 4090", hours=1, rest="off")).value * 1000 == pytest.approx(337.5 * 1.3)


def test_gpu_hours_are_rented_and_their_making_counted() -> None:
    """8 x 72 h x 2.50 USD = 1,440 USD; 8 H100 and their server: 34.6 g a GPU-hour, 19.9 kg."""
    made = estimate_hardware("H100", count=8, hours=72, rent="2.50 USD", embodied=True, water=True, pue="world")
    assert money(made).value == pytest.approx(1440)
    assert made.summary.embodied is not None
    assert made.summary.embodied.value == pytest.approx(8 * 72 * (164 + 4500 / 8) * 1000 / 21_024)
    assert made.summary.water is not None
    assert made.summary.facility_joules is not None
    assert made.summary.facility_joules.value == pytest.approx(491.4 * 1.54 * KWH)


def test_it_stands_beside_the_published_trainings() -> None:
    """491.4 kWh are 0.33 of BERT-base's 1,507."""
    comparison = estimate_hardware("H100", count=8, hours=72).summary.comparison
    assert comparison is not None
    assert comparison.text.startswith("0.33 of what BERT-base took")


def test_nothing_of_it_was_measured() -> None:
    """Not a row, not a share; every figure that it rests on is there with its source."""
    made = estimate_hardware("V100", hours=1)
    assert {(row.method, row.measured) for row in made.summary.devices} == {("estimate", False)}
    assert made.summary.measured_share == 0
    assert made.summary.run.status == "estimate"
    names = [item.name for item in made.summary.assumptions]
    assert "rated power of V100 SXM2, uncertain, W" in names
    assert all(item.source and item.year for item in made.summary.assumptions)


@pytest.mark.parametrize(
    ("more", "says"),
    [
        ({"count": 0}, "count = 0"),
        ({"count": -3}, "count = -3"),
        ({"utilization": 70.0}, "70 % is 0.7"),
        ({"utilization": -0.1}, "from 0 to 1"),
        ({"utilization": float("nan")}, "from 0 to 1"),
        ({"scope": "process"}, "no share of a process"),
        ({"rest": "toaster"}, "unknown rest"),
        ({"zone": "XX"}, "XX"),
    ],
)
def test_hardware_that_makes_no_sense_is_refused(more: dict[str, object], says: str) -> None:
    """In one line that says what is right."""
    with pytest.raises(ConfigError, match=says) as caught:
        estimate_hardware("H100", hours=1, **more)  # type: ignore[arg-type]
    assert "\n" not in str(caught.value)


@given(
    st.sampled_from(["H100", "L4", "RTX 4090"]),
    st.floats(0.01, 1e5),
    st.integers(1, 64),
    st.floats(0, 1),
    st.sampled_from(["server", "desktop", "off"]),
)
def test_parts_add_up_and_ranges_hold(gpu: str, hours: float, count: int, busy: float, rest: str) -> None:
    """Whatever the hardware: the rows are the whole, and low, value, high are in order."""
    made = estimate_hardware(gpu, hours=hours, count=count, utilization=busy, rest=rest, zone="FR", today=TODAY)
    joules = made.summary.joules
    assert joules is not None
    assert sum(made.summary.by_kind.values()) == pytest.approx(joules.value)
    assert 0 < joules.low < joules.value < joules.high


@given(st.floats(1.0, 1e6), st.floats(1.01, 100.0))
def test_more_of_it_takes_more(hours: float, times: float) -> None:
    """In proportion."""
    one, more = (estimate_hardware("H100", hours=each, zone="FR", today=TODAY) for each in (hours, hours * times))
    assert kwh(more).value == pytest.approx(times * kwh(one).value)
