"""The rest of the machine: a model that meets the one public study, and its limits."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from greentrack.costing.system_overhead import CHASSIS, chassis_of
from greentrack.errors import ConfigError
from greentrack.model import Host, RunInfo


@pytest.mark.parametrize(("components", "wall"), [(368, 455), (203, 282), (240, 335)])
def test_a_desktop_meets_the_plug_meter_within_a_tenth(components: float, wall: float) -> None:
    """The three cases of the public plug study, each within 10 %."""
    assert components + CHASSIS["desktop"].joules(components, 1.0) == pytest.approx(wall, rel=0.10)


def test_a_server_is_a_quarter_more() -> None:
    """400 W of components draw 500 W, between 460 and 600."""
    server = CHASSIS["server"]
    rest = server.joules(400.0, 1.0)
    assert rest == pytest.approx(100.0)
    assert (rest * (1 - server.below), rest * (1 + server.above)) == pytest.approx((60.0, 200.0))


def test_a_virtual_machine_has_no_idle_host() -> None:
    """Nothing drawn by its components is nothing drawn by the rest."""
    assert CHASSIS["vm"].joules(0.0, 3600.0) == 0.0
    assert CHASSIS["desktop"].joules(0.0, 3600.0) > 0.0


@pytest.mark.parametrize(
    ("recorded", "setting", "chassis", "kind"),
    [
        ("auto", None, "laptop", "laptop"),
        ("auto", None, "toaster", "unknown"),
        ("desktop", None, "laptop", "desktop"),
        ("desktop", "server", "laptop", "server"),
        ("off", "auto", "vm", "vm"),
    ],
)
def test_the_setting_wins_over_the_run_and_the_run_over_the_host(
    recorded: str, setting: str | None, chassis: str, kind: str
) -> None:
    """What is asked now, then what was recorded, then what the machine is."""
    run = RunInfo(id="1", name="x", rest=recorded, host=Host(id="h", name="h", chassis=chassis))
    assert chassis_of(run, setting) is CHASSIS[kind]


def test_off_is_no_row_and_a_typo_is_an_error() -> None:
    """The row can be turned off; what is not known is not ignored."""
    run = RunInfo(id="1", name="x")
    assert chassis_of(run, "off") is None
    with pytest.raises(ConfigError, match="did you mean desktop"):
        chassis_of(run, "dektop")


@given(st.sampled_from(sorted(CHASSIS)), st.floats(0, 1e9), st.floats(0, 1e7))
def test_the_rest_is_never_negative_and_grows_with_the_components(kind: str, joules: float, seconds: float) -> None:
    """More components or more time never make the rest smaller."""
    chassis = CHASSIS[kind]
    rest = chassis.joules(joules, seconds)
    assert rest >= -1e-6
    assert chassis.joules(joules + 10, seconds + 1) >= rest
