"""What the methods' errors do to a ratio: what is common cancels, and what is not remains."""

import math
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from greentrack.analysis.error_budget import MODEL_SCATTER, SENSOR_SCATTER, carbon_error, energy_error, money_error
from greentrack.costing.api import summary_of
from greentrack.costing.summary import Summary
from greentrack.methods import METHODS
from greentrack.model import Device, DeviceUse, Energy, Host, Record, RunInfo
from greentrack.reports.difference_text import shared_sensors

MakeUse = Callable[..., DeviceUse]
MakeRecord = Callable[..., Record]
DAY = 86_400.0  # so long that the edges count for nothing
SCATTER = math.hypot(math.log(1 + SENSOR_SCATTER), -math.log(1 - SENSOR_SCATTER))


def elsewhere(record: Record) -> Record:
    """The same on another host."""
    return record._replace(run=record.run._replace(host=Host(id="other", name="other")))


@pytest.fixture
def on_gpu(use: MakeUse, record: MakeRecord) -> Callable[..., Record]:
    """A day of a GPU with a counter (5 % below to 7 % above)."""
    return lambda watts=300.0: record(use(watts=watts, seconds=DAY, method="nvml-counter"), seconds=DAY)


def test_the_gain_of_a_sensor_cancels_on_one_host(on_gpu: Callable[..., Record]) -> None:
    """Only its scatter, 1 % in each run, is left of 5 to 7 %."""
    error = energy_error([summary_of(on_gpu(300))], [summary_of(on_gpu(200))])
    assert error.above == pytest.approx(SCATTER, rel=0.01)
    assert shared_sensors(error.shared) == "same sensors on one host: their common error cancels"


def test_nothing_cancels_between_hosts(on_gpu: Callable[..., Record]) -> None:
    """The second may be 7 % above while the first is 5 % below: ln 1.07 and ln 0.95 in quadrature, both ways."""
    error = energy_error([summary_of(on_gpu())], [summary_of(elsewhere(on_gpu()))])
    assert (error.below, error.above) == pytest.approx((math.hypot(math.log(1.07), math.log(0.95)),) * 2, rel=0.001)
    assert "none of their errors cancels" in shared_sensors(error.shared)


def test_nothing_cancels_between_methods(use: MakeUse, record: MakeRecord) -> None:
    """A counter here and polled power there are two sensors, though of one GPU."""
    counter, polled = (
        summary_of(record(use(seconds=DAY, method=method), seconds=DAY)) for method in ("nvml-counter", "nvml-instant")
    )
    assert energy_error([counter], [polled]).above > 0.08


def test_edges_remain_of_short_runs(use: MakeUse, record: MakeRecord) -> None:
    """A counter's two edges of 0.1 s in 10 s are 2 % in each run, beside the scatter."""
    short = summary_of(record(use(seconds=10.0, method="nvml-counter"), seconds=10.0))
    assert energy_error([short], [short]).above == pytest.approx(math.hypot(SCATTER, 0.02, 0.02), rel=0.01)


def test_a_model_cancels_where_the_power_is_alike_and_not_where_it_differs(use: MakeUse, record: MakeRecord) -> None:
    """At one power 15 % of scatter are left; at twice the power all of -60 to +100 %."""
    low, high = (summary_of(record(use("cpu", "cpu", watts=w, method="cpu-model"))) for w in (50.0, 100.0))
    alike = energy_error([low], [low])
    assert alike.above == pytest.approx(math.hypot(math.log(1 + MODEL_SCATTER), math.log(1 - MODEL_SCATTER)))
    assert energy_error([low], [high]).above == pytest.approx(math.hypot(math.log(2), math.log(0.4)))
    assert "models" in shared_sensors(alike.shared)


def test_a_common_error_remains_where_the_sensors_part_differs(use: MakeUse, record: MakeRecord) -> None:
    """A GPU of all the energy beside one of half of it (the rest is exact): (1 + 0.07) / (1 + 0.035) remains."""
    gpu = use(watts=100, seconds=DAY, method="nvml-counter")
    alone = summary_of(record(gpu, seconds=DAY))
    beside = summary_of(record(gpu, use("cpu", "cpu", watts=100, seconds=DAY), seconds=DAY))
    error = energy_error([beside], [alone])
    own = math.hypot(math.log(1.01), math.log(1 - 0.005))  # 1 % of all of one and of half of the other
    assert error.above == pytest.approx(math.hypot(math.log(1.07 / 1.035), own), rel=0.01)


def test_what_was_not_seen_may_have_been_used(use: MakeUse, record: MakeRecord) -> None:
    """Half of a run unseen: it may have used twice as much, and the first seen in full cannot have."""
    whole = summary_of(record(use(seconds=DAY), seconds=DAY))
    half = summary_of(record(use(seconds=DAY), seconds=2 * DAY))
    error = energy_error([whole], [half])
    assert (error.below, error.above) == (0, 0)
    assert error.unseen == pytest.approx((0, math.log(2)))


def test_one_grid_cancels_and_two_do_not(on_gpu: Callable[..., Record]) -> None:
    """10 % of an intensity are in both or, in another zone, in each."""
    record = on_gpu()
    here, there = summary_of(record, zone="FR"), summary_of(record, zone="DE")
    assert carbon_error([here], [here]).above == energy_error([here], [here]).above
    apart = math.hypot(math.log(1.1), math.log(0.9))
    assert carbon_error([here], [there]).above == pytest.approx(math.hypot(SCATTER, apart), rel=0.02)


def test_one_price_cancels(on_gpu: Callable[..., Record]) -> None:
    """And rent is for time, in which no method errs."""
    record = on_gpu()
    own, rented = summary_of(record, tariff="0.30 EUR"), summary_of(record, rent="2 EUR")
    assert money_error([own], [own]).above == energy_error([own], [own]).above
    assert money_error([rented], [rented]).above == 0


parts = st.lists(st.tuples(st.sampled_from(sorted(METHODS)), st.floats(1, 500)), min_size=1, max_size=4)


def _summary(devices: list[tuple[str, float]], host: str) -> Summary:
    uses = tuple(
        DeviceUse(
            device=Device(uid=f"d{number}", kind="gpu", name="d"),
            method=method,
            energy=Energy(joules=watts * 100, seconds=100),
        )
        for number, (method, watts) in enumerate(devices)
    )
    run = RunInfo(id=host, name="r", seconds=100, zone="FR", host=Host(id=host, name="h", chassis="server"))
    return summary_of(Record(run=run, devices=uses))


@given(parts, parts, st.booleans())
def test_the_other_way_round_down_is_up(
    first: list[tuple[str, float]], second: list[tuple[str, float]], apart: bool
) -> None:
    """Whatever the devices, their methods and hosts."""
    one, other = _summary(first, "h"), _summary(second, "i" if apart else "h")
    there, back = energy_error([one], [other]), energy_error([other], [one])
    assert (there.below, there.above) == pytest.approx((back.above, back.below))
    assert there.unseen == pytest.approx(back.unseen[::-1])
    assert there.below >= 0


@given(parts)
def test_another_host_never_makes_it_surer(devices: list[tuple[str, float]]) -> None:
    """What cancels on one host does not between two."""
    here = energy_error([_summary(devices, "h")], [_summary(devices, "h")])
    apart = energy_error([_summary(devices, "h")], [_summary(devices, "i")])
    assert here.above <= apart.above * 1.000001
    assert here.below <= apart.below * 1.000001
