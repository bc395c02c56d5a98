"""The rest of a machine as a meter at its wall tells it."""

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from greentrack.calibration_facts import Calibration, HostCalibration
from greentrack.costing.api import summary_of
from greentrack.costing.system_overhead import CHASSIS
from greentrack.costing.wall_calibration import calibrated, calibration_from, chassis_from, check_consistent
from greentrack.errors import ConfigError
from greentrack.methods import METHODS
from greentrack.model import Reading
from tests.records import MakeRecord, MakeUse

DESKTOP, SERVER = CHASSIS["desktop"], CHASSIS["server"]
NOON = 1_795_262_400.0  # 2026-11-21 12:00 UTC


def load(components: float, wall: float, devices: tuple[str, ...] = ("gpu:0",), number: int = 0) -> Calibration:
    return Calibration(
        at=NOON + number, components_watts=components, wall_watts=wall, seconds=30.0, devices=devices, number=number
    )


def test_one_load_gives_the_base_and_keeps_the_slope() -> None:
    """450 W beside 360 W: 90 W less in the components are 100 W less at the wall of a desktop."""
    machine = chassis_from(DESKTOP, [load(360.0, 450.0)])
    assert 360 + machine.joules(360.0, 1.0) == pytest.approx(450.0)
    assert 270 + machine.joules(270.0, 1.0) == pytest.approx(350.0)
    assert "1 load; its slope is that of a desktop" in machine.source


def test_two_loads_give_both() -> None:
    """450 W beside 360 W and 230 W beside 160 W: 54 W and 1.1 for each."""
    machine = chassis_from(DESKTOP, [load(360.0, 450.0), load(160.0, 230.0)])
    assert [watts + machine.joules(watts, 1.0) for watts in (360, 160, 260)] == pytest.approx([450, 230, 340])
    assert machine.source.endswith("with 2 loads")


def test_the_public_study_is_met_by_two_of_its_three_loads() -> None:
    """Fitted to 368 and 203 W, 240 W come out within 5 % of the 335 W read, and the range holds them."""
    machine = chassis_from(SERVER, [load(368.0, 455.0), load(203.0, 282.0)])
    rest = machine.figure(240.0, 1.0)
    assert 240 + rest.value == pytest.approx(335, rel=0.05)
    assert 240 + rest.low <= 335 <= 240 + rest.high


def test_loads_that_are_nearly_the_same_give_no_slope() -> None:
    """Of 360 and 365 W it is the mean that counts, and the slope stays the usual one."""
    machine = chassis_from(DESKTOP, [load(360.0, 450.0), load(365.0, 449.0)])
    assert machine.efficiency == pytest.approx(0.9)
    assert 362.5 + machine.joules(362.5, 1.0) == pytest.approx(449.5)


def test_a_machine_never_draws_less_than_nothing_when_idle() -> None:
    """440 W beside 400 W do not fit a server's usual quarter: there is no base, and a tenth."""
    machine = chassis_from(SERVER, [load(400.0, 440.0)])
    assert machine.joules(0.0, 1.0) == 0.0
    assert machine.joules(100.0, 1.0) == pytest.approx(10.0)


def test_the_range_is_five_percent_of_the_wall_and_wider_beyond_the_loads() -> None:
    """At 360 W +-22.5 W; 100 W beyond, 0.15 W more for each."""
    machine = chassis_from(DESKTOP, [load(360.0, 450.0)])
    here, above = machine.figure(360.0, 1.0), machine.figure(460.0, 1.0)
    assert (here.low, here.high) == pytest.approx((90 - 22.5, 90 + 22.5))
    wall = 450 + 100 / 0.9
    assert above.high - above.value == pytest.approx(0.05 * wall + 15)


@given(st.floats(0, 200), st.floats(1.001, 1.599), st.floats(20, 2000), st.floats(20, 2000), st.floats(0, 3000))
def test_any_sane_machine_is_found_again(base: float, slope: float, one: float, other: float, load_w: float) -> None:
    """Two exact readings give back the line they lie on, pass the check, and the rest is never negative."""
    assume(abs(one - other) >= 0.31 * (base + slope * (one + other) / 2))
    readings = [load(watts, base + slope * watts) for watts in (one, other)]
    assume(all(reading.wall_watts < 200 + 3 * reading.components_watts for reading in readings))
    check_consistent(DESKTOP, readings)
    machine = chassis_from(DESKTOP, readings)
    assert load_w + machine.joules(load_w, 1.0) == pytest.approx(base + slope * load_w, rel=1e-6, abs=1e-3)
    figure = machine.figure(load_w, 1.0)
    assert 0 <= figure.low <= figure.value + 1e-6 <= figure.high + 1e-5


@pytest.mark.parametrize(
    ("readings", "words"),
    [
        ([load(368.0, 355.0)], "less than its parts"),
        ([load(368.0, 4550.0)], "something else as well"),
        ([load(168.0, 245.0, number=1), load(168.0, 455.0)], "245 W (number 1)"),
        ([load(360.0, 450.0, number=4), load(160.0, 440.0)], "--forget NUMBER"),
        ([load(160.0, 200.0, number=4), load(360.0, 560.0)], "does not go with"),
    ],
)
def test_what_cannot_be_is_refused(readings: list[Calibration], words: str) -> None:
    """Less than its parts, ten times too much, another wall at the same load, a slope below 1 and one of 1.8."""
    with pytest.raises(ConfigError) as error:
        check_consistent(DESKTOP, readings)
    assert words in str(error.value)


def test_a_calibration_holds_for_the_devices_it_was_made_with() -> None:
    """Where a run saw other devices, the machine is as its kind is."""
    made = [load(360.0, 450.0, ("gpu:0", "cpu"))]
    assert calibrated(DESKTOP, made, ["cpu", "gpu:0"]).method == "rest-calibrated"
    assert calibrated(DESKTOP, made, ["gpu:0"]) is DESKTOP
    assert calibrated(DESKTOP, [], ["gpu:0"]) is DESKTOP


def test_a_summary_uses_and_names_it(use: MakeUse, record: MakeRecord) -> None:
    """360 W for an hour, 450 W at the wall: 90 W of rest, +-22.5, by a model that says when and by how many loads."""
    known = HostCalibration(calibrations=(load(360.0, 450.0), load(160.0, 230.0)))
    summary = summary_of(record(use(), rest="auto", chassis="desktop", calibration=known))
    rest = summary.devices[-1]
    assert rest.joules is not None
    assert rest.joules.value == pytest.approx(90 * 3600)
    assert rest.joules.high - rest.joules.value == pytest.approx(22.5 * 3600)
    assert (rest.method, rest.measured, rest.name) == ("rest-calibrated", False, "calibrated")
    assert "calibrated at the wall on 2026-11-21 with 2 loads" in " ".join(str(summary).split())
    assert not METHODS["rest-calibrated"].measured


def test_a_kind_that_is_asked_for_now_is_not_as_calibrated(use: MakeUse, record: MakeRecord) -> None:
    """``rest="server"`` is a server's quarter and ``off`` is none; a kind that the run was recorded with is."""
    known = HostCalibration(calibrations=(load(360.0, 450.0),))
    made = record(use(), rest="desktop", calibration=known)
    assert summary_of(made).by_kind["rest"] == pytest.approx(90 * 3600)
    assert summary_of(made, rest="auto").by_kind["rest"] == pytest.approx(90 * 3600)
    assert summary_of(made, rest="server").by_kind["rest"] == pytest.approx(90 * 3600)  # 360 / 4
    assert summary_of(made, rest="server").devices[-1].method == "rest-model"
    assert "rest" not in summary_of(made, rest="off").by_kind


def test_a_run_that_saw_other_devices_says_that_the_calibration_is_not_used(use: MakeUse, record: MakeRecord) -> None:
    """The note names both, so that one sees why."""
    known = HostCalibration(calibrations=(load(360.0, 450.0, ("gpu:0", "cpu")),))
    (note, *_) = summary_of(record(use(), rest="auto", chassis="desktop", calibration=known)).notes
    assert "made with gpu:0, cpu, and this run saw gpu:0; so it is not used" in note


def readings(*watts: float, seconds: float = 1800.0) -> dict[str, list[Reading]]:
    start = 1_790_000_000.0
    return {
        "gpu:0": [
            Reading(device="gpu:0", at=start + (index + 1) * seconds, seconds=seconds, joules=power * seconds)
            for index, power in enumerate(watts)
        ]
    }


def test_a_run_and_the_watts_shown_are_a_calibration(use: MakeUse, record: MakeRecord) -> None:
    """An hour at 360 W beside 450 W."""
    made = calibration_from(record(use()), readings(360.0, 360.0), wall_watts=450.0)
    assert (made.components_watts, made.wall_watts, made.devices) == (360.0, 450.0, ("gpu:0",))


def test_a_run_and_two_kwh_readings_are_a_calibration(use: MakeUse, record: MakeRecord) -> None:
    """0.45 kWh in an hour are 450 W; the load may go up and down meanwhile."""
    made = calibration_from(record(use()), readings(200.0, 520.0), wall_kwh=("12.340", "12.790"))
    assert made.wall_watts == pytest.approx(450.0)
    assert made.source.startswith("12.340 to 12.790 kWh")


@pytest.mark.parametrize(
    ("kwh", "words"),
    [
        (("12,340", "12,340"), "must be the larger"),
        (("12.3", "12.8"), "until 2 kWh are used"),
        (("12.34", "twelve"), "no readings in kWh"),
        (("12.34", "nan"), "no readings in kWh"),
    ],
)
def test_kwh_readings_that_say_nothing_are_refused(
    kwh: tuple[str, str], words: str, use: MakeUse, record: MakeRecord
) -> None:
    """Nothing used, too few steps of the last digit, no numbers."""
    with pytest.raises(ConfigError) as error:
        calibration_from(record(use()), readings(360.0, 360.0), wall_kwh=kwh)
    assert words in str(error.value)


def test_a_load_that_is_not_steady_has_no_one_power_at_the_wall(use: MakeUse, record: MakeRecord) -> None:
    """200 W in the first half and 520 W in the second."""
    with pytest.raises(ConfigError, match="200 W in its first half and 520 W in its second"):
        calibration_from(record(use()), readings(200.0, 520.0), wall_watts=450.0)


def test_a_run_must_be_over_seen_and_long_enough(use: MakeUse, record: MakeRecord) -> None:
    """Each is refused with its reason."""
    for made, words in (
        (record(use(), status="running"), "still running"),
        (record(), "no readings"),
        (record(use(seconds=1800.0)), "seen for 1800 s of 3600 s only"),
        (record(use(seconds=2.0, method="nvml-counter"), seconds=2.0), "it takes 4 s or more"),
        (record(use(), use("psu", "rest")), "measured already"),
    ):
        with pytest.raises(ConfigError) as error:
            calibration_from(made, readings(360.0, 360.0), wall_watts=450.0)
        assert words in str(error.value)


def test_a_short_run_has_a_wider_range(use: MakeUse, record: MakeRecord) -> None:
    """Two updates of 0.1 s are a tenth of 2 s and nothing of an hour; where a self-test saw 20 ms, a fiftieth."""
    short = record(use(seconds=2.0, method="nvml-counter"), seconds=2.0)
    for made, edges in (
        (short, 0.1),
        (short._replace(calibration=HostCalibration(updates={"gpu:0": 0.02})), 0.02),
        (record(use(method="nvml-counter")), 0.0),
    ):
        joules = summary_of(made).devices[0].joules
        assert joules is not None
        assert 1 - joules.low / joules.value == pytest.approx((0.05**2 + edges**2) ** 0.5, rel=1e-4)
        assert joules.high / joules.value - 1 == pytest.approx((0.07**2 + edges**2) ** 0.5, rel=1e-4)
