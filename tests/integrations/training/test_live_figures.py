"""What a run has used while it goes on: by its last reading, with its earlier parts, under a logger's names."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from greentrack.config import Settings
from greentrack.integrations.training.forecast import LiveForecast
from greentrack.integrations.training.live_figures import MAX_AHEAD_S, Consumption, LiveFigures
from greentrack.model import Device, DeviceUse, Energy, Record, RunInfo
from greentrack.quantity import Figure

KWH = 3.6e6
HOUR = 3600.0

amounts = st.floats(0, 1e12)
figures = st.builds(
    Consumption, joules=amounts, gpu_joules=amounts, grams=amounts, seconds=amounts, samples=amounts, watts=amounts
)


class Machine:
    """A run on a machine of a GPU of 300 W and a CPU of 100 W, that lasts for *seconds* and was read until *seen*."""

    def __init__(self, seconds: float = 0.0, seen: float = 0.0) -> None:
        self.seconds, self.seen = seconds, seen

    def record(self) -> Record:
        """What is known of it now."""
        watts = {"gpu": 300.0, "cpu": 100.0} if self.seen else {}
        devices = tuple(
            DeviceUse(
                device=Device(uid=kind, kind=kind, name=kind),
                method="fake",
                energy=Energy(joules=power * self.seen, seconds=self.seen),
            )
            for kind, power in watts.items()
        )
        return Record(run=RunInfo(id="a", name="a", zone="FR", rest="off", seconds=self.seconds), devices=devices)


def test_figures_are_those_of_the_last_reading() -> None:
    """360 s at 400 W are 0.04 kWh, of which 0.03 are the GPU's; half of 1440 samples cost 100 J each."""
    live = LiveFigures(Machine(361.0, 360.0))
    assert live.refresh(samples=1440)
    assert live.total().joules == pytest.approx(0.04 * KWH)
    named = live.total().named()
    assert named["energy/kwh"] == pytest.approx(0.04)
    assert named["energy/gpu_kwh"] == pytest.approx(0.03)
    assert named["energy/power_w"] == pytest.approx(400.0)
    assert named["energy/j_per_sample"] == pytest.approx(100.0)
    assert named["carbon/g"] > 0


def test_no_forecast_is_below_what_was_used() -> None:
    """1 kWh was foreseen an epoch ago and 2 were used since: 2 at least. Nothing is named where nothing was used."""
    assert Consumption(joules=2 * KWH).named(KWH)["energy/forecast_kwh"] == pytest.approx(2.0)
    assert Consumption(joules=2 * KWH).named(3 * KWH)["energy/forecast_kwh"] == pytest.approx(3.0)
    assert "energy/forecast_kwh" not in Consumption(joules=2 * KWH).named()
    assert Consumption().named(KWH) == {}


def test_nothing_is_new_without_a_reading() -> None:
    """Before the first there is nothing at all; the same one again is none; each is taken once."""
    machine = Machine(0.5)
    live = LiveFigures(machine)
    assert not live.refresh(samples=8)
    assert live.total() == Consumption()
    machine.seen = 1.0
    assert [live.refresh(samples=8), live.refresh(samples=16)] == [True, False]
    assert live.total().samples == 8


def test_power_is_that_of_the_last_interval() -> None:
    """The first second at 400 W, and none in the next: what is shown is not an average of both."""

    class Idle(Machine):
        def record(self) -> Record:
            record = super().record()
            return record if self.seen <= 1 else _until_then(record, 1.0, self.seen)

    machine = Idle(1.0, 1.0)
    live = LiveFigures(machine)
    live.refresh(samples=1)
    assert live.total().watts == pytest.approx(400.0)
    machine.seconds = machine.seen = 2.0
    live.refresh(samples=1)
    assert live.total().watts == pytest.approx(0.0, abs=1e-6)
    assert live.total().joules == pytest.approx(400.0)


def _until_then(record: Record, busy: float, seen: float) -> Record:
    return record._replace(
        devices=tuple(
            use._replace(energy=Energy(joules=use.energy.joules * busy / seen, seconds=seen)) for use in record.devices
        ),
    )


def test_the_time_since_the_last_reading_is_filled_in_at_its_power() -> None:
    """Two seconds after the one at 10 s: 12 s x 400 W; but no more than some seconds are taken on trust."""
    machine = Machine(12.0, 10.0)
    live = LiveFigures(machine)
    live.refresh(samples=1)
    assert live.now() == pytest.approx((4800.0, 12.0))
    machine.seconds = 1000.0
    live.refresh(samples=1)
    assert live.now() == pytest.approx((400 * (10 + MAX_AHEAD_S), 1000.0))


def test_earlier_parts_are_in_the_total_and_not_in_this_part() -> None:
    """A part of 1 kWh before; the power is that of now."""
    live = LiveFigures(Machine(10.0, 10.0))
    live.earlier = Consumption(joules=KWH, gpu_joules=KWH / 2, grams=50.0, seconds=3600.0, samples=1000.0, watts=9999.0)
    live.refresh(samples=16)
    total = live.total()
    assert total.joules == pytest.approx(KWH + 4000)
    assert (total.seconds, total.samples) == (3610.0, 1016.0)
    assert total.watts == pytest.approx(400.0)
    assert live.now() == pytest.approx((4000.0, 10.0))


def test_prices_and_overheads_are_those_of_the_settings() -> None:
    """9000 s at 400 W are 1 kWh: 2 kWh with a PUE of 2, at 0.5 EUR each."""
    live = LiveFigures(Machine(9000.0, 9000.0), Settings(tariff="0.5 EUR", pue="2"))
    live.refresh(samples=1)
    assert live.total().joules == pytest.approx(2 * KWH)
    assert live.total().money == pytest.approx(1.0)
    assert live.total().currency == "EUR"


@pytest.mark.parametrize(
    ("earlier", "own", "whole"),
    [
        ((2.0, "EUR"), (1.0, "EUR"), (3.0, "EUR")),
        ((2.0, "USD"), (1.0, "EUR"), (None, None)),
        ((None, None), (1.0, "EUR"), (None, None)),
        ((2.0, "EUR"), (None, None), (None, None)),
    ],
)
def test_money_is_added_only_in_one_currency(
    earlier: tuple[float | None, str | None],
    own: tuple[float | None, str | None],
    whole: tuple[float | None, str | None],
) -> None:
    """What was paid in another one, or is not known, makes the sum unknown: absent is not zero."""
    before, now = (Consumption(joules=1.0, money=money, currency=currency) for money, currency in (earlier, own))
    total = now.plus(before)
    assert (total.money, total.currency) == whole


def test_a_part_that_has_used_nothing_yet_leaves_the_money_as_it_was() -> None:
    """A resumed work knows what it has cost before its first reading."""
    before = Consumption(joules=1.0, money=2.0, currency="EUR")
    assert (Consumption().plus(before).money, before.plus(Consumption()).money) == (2.0, 2.0)


@given(figures, figures, figures)
def test_parts_add_up_in_any_grouping(one: Consumption, other: Consumption, third: Consumption) -> None:
    """A work of three parts is the same however often it was resumed."""
    left, right = one.plus(other).plus(third), one.plus(other.plus(third))
    assert left.watts == right.watts == one.watts
    for name in ("joules", "gpu_joules", "grams", "seconds", "samples"):
        assert getattr(left, name) == pytest.approx(getattr(right, name))


def test_a_look_costs_about_a_millisecond() -> None:
    """It is done once a second while a training runs: 20 ms of the processor at the very most."""
    machine = Machine(1.0, 1.0)
    live = LiveFigures(machine)
    live.refresh(samples=1)
    times = []
    for number in range(2, 30):
        machine.seconds = machine.seen = float(number)
        begun = time.thread_time()
        live.refresh(samples=1)
        times.append(time.thread_time() - begun)
    assert sorted(times)[len(times) // 2] < 0.02


def at(value: float) -> Figure:
    return Figure(value, 0.5 * value, 1.5 * value)


@pytest.mark.parametrize(
    ("terms", "currency", "money"),
    [
        (Settings(tariff="0.50 EUR"), "EUR", 1.0 + 2 * 0.50),
        (Settings(rent="2 EUR"), "EUR", 1.0 + 2 * 2.0),
        (Settings(tariff="0.50 USD"), "EUR", None),
    ],
    ids=["owner", "renter", "another currency"],
)
def test_what_a_resumed_work_comes_to_has_what_its_earlier_parts_cost(
    terms: Settings, currency: str, money: float | None
) -> None:
    """It moved: 1 kWh and an hour elsewhere for 1000 g and 1 EUR; then 2 kWh and two hours with one GPU in France.

    1000 g + 2 x the grid of France, and not three times either; the ranges stay as wide as the forecast's.
    """
    live = LiveFigures(Machine(HOUR, HOUR), terms)
    live.earlier = Consumption(joules=KWH, grams=1000.0, seconds=HOUR, money=1.0, currency=currency)
    live.refresh(samples=1)
    cost = live.at_the_end(LiveForecast(0.5, at(3 * KWH), at(3 * HOUR)))
    france = live.own.grams / (live.own.joules / KWH)
    assert cost.g is not None
    assert cost.g.value == pytest.approx(1000 + 2 * france)
    assert cost.g.low <= 0.5 * cost.g.value
    assert cost.g.high >= 1.5 * cost.g.value
    assert (None if cost.money is None else cost.money.amount.value) == (money and pytest.approx(money))


def test_with_a_pue_what_a_resumed_work_comes_to_has_it_once() -> None:
    """Earlier figures have the PUE of 2 in them, and the forecast's joules too: 2 + 4 kWh are 3 kWh of the machine."""
    live = LiveFigures(Machine(HOUR, HOUR), Settings(pue="2", tariff="0.50 EUR"))
    live.earlier = Consumption(joules=2 * KWH, grams=1000.0, seconds=HOUR, money=1.0, currency="EUR")
    live.refresh(samples=1)
    cost = live.at_the_end(LiveForecast(0.5, at(6 * KWH), at(3 * HOUR)))
    assert cost.joules is not None
    assert cost.joules.value == pytest.approx(3 * KWH)
    assert cost.money is not None
    assert cost.money.amount.value == pytest.approx(1.0 + 4 * 0.50)
