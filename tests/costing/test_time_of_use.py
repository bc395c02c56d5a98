"""The hours of the day at which a run drew its energy."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from greentrack.costing.time_of_use import shares_by_hour
from greentrack.model import DeviceUse, Host, Reading, Record, RunInfo

MakeUse = Callable[..., DeviceUse]
MakeRecord = Callable[..., Record]

MIDNIGHT = 1_790_035_200.0  # 2026-09-22 00:00 UTC, 02:00 in Paris


def run(started_at: float, seconds: float, timezone: str | None) -> RunInfo:
    return RunInfo(
        id="1", name="x", started_at=started_at, seconds=seconds, host=Host(id="h", name="h", timezone=timezone)
    )


def test_without_readings_a_run_has_drawn_evenly() -> None:
    """From 21:30 to 22:30 half of it lies before ten o'clock, and it is said that this is assumed."""
    shares, how = shares_by_hour(run(MIDNIGHT - 9000, 3600.0, "Etc/UTC"))
    assert (shares[21], shares[22]) == pytest.approx((0.5, 0.5))
    assert "evenly" in how


def test_with_readings_it_is_what_they_say() -> None:
    """300 J before and 100 J after midnight, of two devices, are 75 % and 25 %."""
    readings = {
        "gpu:0": [
            Reading(device="gpu:0", at=MIDNIGHT, seconds=600.0, joules=200.0),
            Reading(device="gpu:0", at=MIDNIGHT + 600, seconds=600.0, joules=50.0),
        ],
        "cpu": [Reading(device="cpu", at=MIDNIGHT + 300, seconds=600.0, joules=0.0)],
        "ram": [Reading(device="ram", at=MIDNIGHT + 600, seconds=1200.0, joules=100.0)],
    }
    shares, how = shares_by_hour(run(MIDNIGHT - 600, 1200.0, "Etc/UTC"), (), readings)
    assert shares[23] == pytest.approx(250 / 350)
    assert shares[0] == pytest.approx(100 / 350)
    assert "readings" in how


def test_the_hours_are_those_of_the_hosts_time_zone() -> None:
    """Midnight UTC is two o'clock in Paris in September, and half past five in Calcutta."""
    assert shares_by_hour(run(MIDNIGHT, 60.0, "Europe/Paris"))[0][2] == 1.0
    assert shares_by_hour(run(MIDNIGHT, 3600.0, "Asia/Kolkata"))[0][5] == pytest.approx(0.5)


@pytest.mark.parametrize("timezone", [None, "Mars/Olympus", "../etc"])
def test_an_unknown_time_zone_is_utc_and_said(timezone: str | None) -> None:
    """Never the reader's own."""
    shares, how = shares_by_hour(run(MIDNIGHT, 60.0, timezone))
    assert shares[0] == 1.0
    assert "UTC, since" in how


def test_a_clock_change_makes_one_hour_long() -> None:
    """On 2026-10-25 Paris has two hours from two to three o'clock."""
    shares, _ = shares_by_hour(run(1_792_879_200.0, 4 * 3600.0, "Europe/Paris"))  # 00:00 to 03:00, in four hours
    assert shares[:3] == pytest.approx((0.25, 0.25, 0.5))


def test_a_distrusted_counters_readings_count_by_their_check(use: MakeUse) -> None:
    """The counter stood still; its power did not."""
    wrong = use(counter_valid=False)
    readings = {"gpu:0": [Reading(device="gpu:0", at=MIDNIGHT, seconds=60.0, joules=0.0, cross_check=9.0)]}
    assert "readings" in shares_by_hour(run(MIDNIGHT - 60, 60.0, None), [wrong], readings)[1]


@given(st.floats(0, 4e9), st.floats(0, 1e6), st.sampled_from([None, "Europe/Paris", "Asia/Kathmandu"]))
def test_the_parts_are_the_whole(started_at: float, seconds: float, timezone: str | None) -> None:
    """Shares add up to one, and none is negative."""
    shares, _ = shares_by_hour(run(started_at, seconds, timezone))
    assert sum(shares) == pytest.approx(1.0)
    assert min(shares) >= 0
