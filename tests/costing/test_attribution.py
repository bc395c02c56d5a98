"""How a device's joules count: its part while it idled, and what it used beyond its power at rest."""

import json
from collections.abc import Callable

import pytest

from greentrack.costing.api import summary_of
from greentrack.model import DeviceUse, Record
from greentrack.reports.json import render as as_json
from greentrack.reports.text import render

MakeUse = Callable[..., DeviceUse]
MakeRecord = Callable[..., Record]


def test_above_idle_is_what_a_gpu_used_beyond_its_power_at_rest(use: MakeUse, record: MakeRecord) -> None:
    """An hour at 360 W, of which 60 W are drawn anyway, is 300 Wh above idle; the total stays 360 Wh."""
    summary = summary_of(record(use(idle_watts=60.0, method="nvml-counter")))
    assert summary.kwh is not None
    assert summary.above_idle is not None
    assert summary.kwh.value == pytest.approx(0.36)
    assert summary.above_idle.value == pytest.approx(300 * 3600)
    assert summary.above_idle.low == pytest.approx(0.95 * 300 * 3600)  # its method's range, -5 %
    (at_rest,) = [one for one in summary.assumptions if "nothing ran" in one.name]
    assert (at_rest.value, at_rest.year) == (60.0, 2026)


def test_it_is_known_of_all_gpus_or_not_at_all(use: MakeUse, record: MakeRecord) -> None:
    """A GPU that was never seen at rest leaves the sum open; one without readings does not, nor does a processor."""
    known, unknown = use("gpu:0", idle_watts=60.0), use("gpu:1")
    assert summary_of(record(known, unknown)).above_idle is None
    assert summary_of(record(use("cpu", "cpu"))).above_idle is None
    above = summary_of(record(known, use("gpu:2", seconds=0.0), use("cpu", "cpu"))).above_idle
    assert above is not None
    assert above.value == pytest.approx(300 * 3600)


@pytest.mark.parametrize(("watts", "above"), [(0.0, 360.0), (360.0, 0.0), (400.0, 0.0)])
def test_it_is_between_nothing_and_all(use: MakeUse, record: MakeRecord, watts: float, above: float) -> None:
    """A GPU that ended the run cooler than it rested before used nothing beyond it, and not less than nothing."""
    found = summary_of(record(use(idle_watts=watts))).above_idle
    assert found is not None
    assert found.value == pytest.approx(above * 3600)


def test_a_counter_found_wrong_is_wrong_of_its_rest_too(use: MakeUse, record: MakeRecord) -> None:
    """It showed half of everything, 30 of 180 W: five sixths of the 360 Wh that are believed are above idle."""
    gpu = use(watts=180, check=360 * 3600.0, counter_valid=False, method="nvml-distrusted", idle_watts=30.0)
    above = summary_of(record(gpu)).above_idle
    assert above is not None
    assert above.value == pytest.approx(300 * 3600)


def test_a_counter_that_stood_still_says_nothing_of_idle(use: MakeUse, record: MakeRecord) -> None:
    """Joules that are believed by another method have no part that it saw."""
    gpu = use(watts=0, check=360 * 3600.0, counter_valid=False, method="nvml-distrusted", idle_watts=0.0)
    (device,) = summary_of(record(gpu)).devices
    assert (device.idle, device.above_idle) == (None, None)


def test_the_runs_own_share_has_its_part_of_it(use: MakeUse, record: MakeRecord) -> None:
    """Half of the GPU was the run's, so half of the 300 Wh are."""
    summary = summary_of(record(use(idle_watts=60.0, process=180 * 3600.0)), scope="process")
    assert summary.above_idle is not None
    assert summary.above_idle.value == pytest.approx(150 * 3600)


def test_reports_show_it_beside_the_total_and_only_where_it_is_known(use: MakeUse, record: MakeRecord) -> None:
    """A line of its own in the text, null in the JSON where nobody knows."""
    known, unknown = summary_of(record(use(idle_watts=60.0))), summary_of(record(use()))
    energy, above = (line.split("  ")[0] + line[12:18] for line in render(known).splitlines()[3:5])
    assert (energy, above) == ("energy360 Wh", "above idle300 Wh")
    assert "above idle" not in render(unknown)
    made, null = json.loads(as_json(known)), json.loads(as_json(unknown))
    assert made["energy"]["gpus_above_idle_kwh"]["value"] == pytest.approx(0.3)
    assert made["devices"][0]["above_idle_joules"]["value"] == pytest.approx(300 * 3600)
    assert null["energy"]["gpus_above_idle_kwh"] is null["devices"][0]["above_idle_joules"] is None
