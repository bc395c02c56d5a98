"""A run's figures times a factor: by hand, and what must hold for any factor."""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from greentrack.analysis.scaling import scaled, scaling, unseen
from greentrack.costing.api import summary_of
from greentrack.costing.summary import Summary
from greentrack.model import DeviceUse, Record, RunInfo
from greentrack.quantity import Figure

MakeUse = Callable[..., DeviceUse]
MakeRecord = Callable[..., Record]


def exactly(value: float) -> Figure:
    return Figure(value=value, low=value, high=value)


def sure(figure: Figure | None) -> Figure:
    assert figure is not None
    return figure


@pytest.fixture
def hour(use: MakeUse, record: MakeRecord) -> Record:
    """1,000 W for an hour in France: 1 kWh, 41.44 g, read without error; 100 steps."""
    return record(use(watts=1000.0), work={"steps": 100.0})


def test_a_hundredfold_may_be_off_by_30_percent() -> None:
    """10 % and twice 10 %; the first 30 s of ten hours count for nothing: 70 to 130."""
    factor = scaling(100, 36_000)
    assert (factor.value, factor.high) == pytest.approx((100, 130))
    assert factor.low == pytest.approx(70, abs=0.01)


def test_a_start_that_is_not_repeated_widens_the_range_downwards() -> None:
    """30 of 60 s may be fixed; by ten: off by 20 % and by 0.5 x (1 - 1/10) = 45 %, together 49.2 %."""
    factor = scaling(10, 60)
    assert factor.low == pytest.approx(10 * (1 - 0.49244), abs=0.001)
    assert factor.high == pytest.approx(12)


def test_less_work_may_take_more_than_its_part() -> None:
    """A tenth of a run of 60 s: the fixed half stays, 0.5 x (10 - 1) = 4.5 times as much and more."""
    factor = scaling(0.1, 60)
    assert factor.low == pytest.approx(0.08)
    assert factor.high == pytest.approx(0.1 * (1 + (0.2**2 + 4.5**2) ** 0.5))


def test_more_work_never_takes_less_than_the_run() -> None:
    """A thousand times a run of one second, all of which may be its start: at least 0.9 of it."""
    assert scaling(1000, 1).low == 0.9


def test_what_was_not_seen_widens_the_range_upwards(use: MakeUse, record: MakeRecord) -> None:
    """A meter that saw half an hour of an hour may have missed as much again."""
    half = summary_of(record(use(watts=1000.0, seconds=1800.0)))
    assert unseen(half) == pytest.approx(1.0)
    assert scaling(1.0, 36_000, unseen(half)).high == pytest.approx(2.1)
    assert unseen(summary_of(record(use()))) == 0


def test_energy_carbon_and_an_owners_money_grow_with_the_work(hour: Record) -> None:
    """Ten times 1 kWh: 10 kWh, 414.4 g, 2.00 EUR at 0.20, and 1,000 steps of 36 kJ."""
    base = summary_of(hour, tariff="0.20 EUR")
    made = scaled(base, Figure(value=10, low=8, high=12), exactly(36_000))
    kwh = sure(made.kwh)
    assert (kwh.value, kwh.low, kwh.high) == pytest.approx((10, 8, 12))
    assert sure(made.g).value == pytest.approx(414.4)
    assert made.money is not None
    assert made.money.amount.value == pytest.approx(2.0)
    assert made.work["steps"].total == 1000
    assert sure(made.work["steps"].joules_per).value == pytest.approx(36_000)


def test_a_rent_and_making_the_hardware_go_by_time(hour: Record) -> None:
    """One GPU for ten hours at 2 USD: 20 USD and no range, whatever its energy."""
    base = summary_of(hour, rent="2 USD", embodied=True)
    made = scaled(base, Figure(value=10, low=5, high=20), exactly(36_000))
    assert made.money is not None
    assert (made.money.amount.value, made.money.amount.low, made.money.amount.high) == pytest.approx((20, 20, 20))
    assert sure(made.embodied).value == pytest.approx(10 * sure(base.embodied).value)
    assert sure(made.embodied).low == pytest.approx(10 * sure(base.embodied).low)


def test_a_data_centres_overhead_stays(hour: Record) -> None:
    """1 kWh x 2 x PUE 1.5 = 3 kWh, which carbon and equivalents are of."""
    made = scaled(summary_of(hour, pue=1.5), exactly(2), exactly(7200))
    assert sure(made.facility_joules).value == pytest.approx(3 * 3.6e6)
    assert sure(made.g).value == pytest.approx(3 * 41.44)


def test_nothing_of_it_was_measured(hour: Record) -> None:
    """The method is "estimate" everywhere, the status too, and what only a run has is gone."""
    made = scaled(summary_of(hour), exactly(2), exactly(7200))
    assert made.run.status == "estimate"
    assert made.measured_share == 0
    assert {(row.method, row.measured, row.coverage) for row in made.devices} == {("estimate", False, 0.0)}
    assert (made.spans, made.phases, made.metrics, made.tracker_overhead.readings) == ((), (), {}, 0)


def test_the_equivalents_are_those_of_the_whole(hour: Record) -> None:
    """Ten kWh are 91 litres of boiled water, and no assumption is left of the equivalents of one."""
    base, made = summary_of(hour), scaled(summary_of(hour), exactly(10), exactly(36_000))
    assert made.equivalents
    named = [item.name for item in made.assumptions]
    assert {f"{one.what}, {one.unit} each" for one in made.equivalents} <= set(named)
    gone = {one.what for one in base.equivalents} - {one.what for one in made.equivalents}
    assert not any(name.startswith(what) for name in named for what in gone)
    assert "range of scaling, beside the run's own" in named


@given(st.floats(1e-6, 1e9), st.floats(0, 1e7), st.floats(0, 5))
def test_the_range_holds_the_factor_and_grows_with_uncertainty(factor: float, seconds: float, missed: float) -> None:
    """Low, value, high in order; never narrower than 10 %; longer runs are never the less sure."""
    made = scaling(factor, seconds, missed)
    assert 0 <= made.low <= factor * 0.9 + 1e-9 or made.low == 0.9
    assert made.high >= factor * 1.1 * 0.999999
    longer = scaling(factor, seconds * 2, missed)
    assert longer.low >= made.low - 1e-9
    assert longer.high <= made.high * 1.000001


@given(st.floats(0.01, 1e6), st.floats(0, 0.9), st.floats(0, 9), st.sampled_from([None, 1.3, "world"]))
def test_a_scaled_range_is_never_narrower_than_the_runs(factor: float, below: float, above: float, pue: Any) -> None:
    """Parts add up to the whole, and each range to its value is as wide as before or wider."""
    base = _ram_and_gpu(pue)
    uncertain = Figure(value=factor, low=factor * (1 - below), high=factor * (1 + above))
    made = scaled(base, uncertain, exactly(1.0))
    assert sum(made.by_kind.values()) == pytest.approx(sure(made.joules).value)
    assert sum(sure(row.joules).value for row in made.devices) == pytest.approx(sure(made.joules).value)
    for old, new in ((base.joules, made.joules), (base.g, made.g)):
        assert sure(new).low / sure(new).value <= sure(old).low / sure(old).value * 1.000001
        assert sure(new).high / sure(new).value >= sure(old).high / sure(old).value * 0.999999


def _ram_and_gpu(pue: str | float | None) -> Summary:
    from greentrack.model import Device, Energy

    uses = tuple(
        DeviceUse(
            device=Device(uid=kind, kind=kind, name=kind), method=method, energy=Energy(joules=3.6e6, seconds=3600.0)
        )
        for kind, method in (("gpu", "nvml-counter"), ("ram", "ram-model"))
    )
    run = RunInfo(id="r", name="r", status="finished", seconds=3600.0, zone="FR", rest="off")
    return summary_of(Record(run=run, devices=uses), pue=pue)
