"""The modelled processor: its share of the machine, its curve, and that it says it is a model."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from greentrack.meters import cpu_model
from greentrack.meters.base import Context
from greentrack.meters.cpu_model import CpuModel, power, rate
from greentrack.meters.cpu_tdp import Processor
from greentrack.methods import METHODS
from tests.rig.powercap import PowercapMachine

MILAN = Processor(name="AMD EPYC", vendor="AuthenticAMD", family=25, model=1, stepping=1, threads=2, is_virtual=True)


@pytest.fixture
def machine(tmp_path: Path) -> PowercapMachine:
    """Four threads of a machine rated 205 W (164 W at full load), on bare metal at its highest frequency."""
    machine = PowercapMachine(tmp_path)
    machine.processor("Intel(R) Xeon(R) Platinum 8280 CPU @ 2.70GHz", threads=4)
    machine.frequency(policy=0, khz=2_800_000, highest_khz=2_800_000)
    machine.work(idle=100)
    return machine


def modelled(machine: PowercapMachine) -> CpuModel:
    [meter] = cpu_model.discover(Context(sys=machine.sys, proc=machine.proc)).meters
    assert isinstance(meter, CpuModel)
    return meter


@given(loads=st.lists(st.floats(-0.5, 1.5), min_size=2, max_size=10))
def test_more_load_is_never_less_power(loads: list[float]) -> None:
    """And it stays between idle and full, whatever the load is said to be."""
    watts = [power(load, idle_watts=20, max_watts=120) for load in sorted(loads)]
    assert watts == sorted(watts)
    assert watts[0] >= 20
    assert watts[-1] <= 120


@given(load=st.floats(0, 1), frequency=st.floats(0, 1))
def test_a_lower_frequency_is_never_below_idle_nor_above_full(load: float, frequency: float) -> None:
    assert 20 <= power(load, 20, 120, frequency) <= power(load, 20, 120)


@given(left=st.floats(0, 1), right=st.floats(0, 1))
def test_the_curve_is_concave(left: float, right: float) -> None:
    """Half the load takes at least half the power: the middle lies on or above the chord."""
    chord = (power(left, 10, 110) + power(right, 10, 110)) / 2
    assert power((left + right) / 2, 10, 110) >= chord - 1e-9


def test_a_physical_machine_has_whole_processors() -> None:
    """Two packages rated 205 W are 410 W: 80 % of it, 328 W, at full load, and a quarter of those, 82 W, idle."""
    rating = rate(
        Processor(name="Intel Xeon Platinum 8280", vendor="GenuineIntel", family=6, model=85, threads=56), 112
    )
    assert (rating.max_watts, rating.idle_watts, rating.tdp_watts) == (328.0, 82.0, 205.0)
    assert "2 of them" in rating.assumed


def test_a_virtual_machine_has_its_threads_share() -> None:
    """2 of an EPYC 7763's 128 threads have 2/128 of its 224 W at full load (80 % of 280 W)."""
    cpu = Processor(name="AMD EPYC 7763 64-Core Processor", vendor="AuthenticAMD", threads=2, is_virtual=True)
    rating = rate(cpu, 2)
    assert rating.max_watts == pytest.approx(224 * 2 / 128)
    assert "2 threads of a shared machine at 1.75 W each (80% of 280 W for 128)" in rating.assumed


def test_a_cloud_that_hides_the_name_is_rated_by_generation() -> None:
    """Two threads of an EPYC of the third generation are 2 x 1.96 W, idle 2 x 0.46 W."""
    rating = rate(MILAN, 2)
    assert (rating.max_watts, rating.idle_watts) == pytest.approx((3.92, 0.92))
    assert rating.assumed == "AMD EPYC, 2 threads of a shared machine at 1.96 W each (as EPYC 3rd Gen)"


@pytest.mark.parametrize(("stepping", "watts"), [(4, 4.10), (7, 4.06)])
def test_skylake_and_cascade_lake_differ_by_stepping(stepping: int, watts: float) -> None:
    cpu = Processor(name="Intel Xeon", vendor="GenuineIntel", family=6, model=85, stepping=stepping, is_virtual=True)
    assert rate(cpu, 10).max_watts == pytest.approx(10 * watts)


def test_a_laptops_virtual_machine_draws_no_more_than_the_laptop() -> None:
    """20 threads of an i7-12700H seen from WSL are one processor of 45 W (36 W at full load), not 20 server threads."""
    cpu = Processor(
        name="12th Gen Intel(R) Core(TM) i7-12700H",
        vendor="GenuineIntel",
        family=6,
        model=154,
        threads=20,
        is_virtual=True,
    )
    assert rate(cpu, 20).max_watts == pytest.approx(36.0)
    assert rate(cpu, 2).max_watts == pytest.approx(2 * 4.06)


def test_an_unknown_processor_is_modelled_and_says_so() -> None:
    rating = rate(Processor(), 4)
    assert rating.max_watts == pytest.approx(4 * 4.06)
    assert "in no table of ours" in rating.assumed


def test_an_arm_machine_is_rated_as_one() -> None:
    assert rate(Processor(name="Raspberry Pi 4 Model B", is_arm=True), 4).max_watts == pytest.approx(4 * 1.69)


def test_half_load_is_the_curves_power(machine: PowercapMachine) -> None:
    """164 W at full load (80 % of 205 W); at half load 41 W idle and 75 % of the other 123 W, for one second."""
    meter = modelled(machine)
    meter.read(0.0)
    machine.work(busy=2, idle=2)
    energy = meter.read(1.0)
    assert energy.joules == pytest.approx(41 + 0.75 * 123)
    assert energy.seconds == 1.0


def test_waiting_and_stolen_time_are_not_load(machine: PowercapMachine) -> None:
    """A machine that waits for its disk, or for its hypervisor, draws idle power: 41 W."""
    meter = modelled(machine)
    meter.read(0.0)
    machine.work(iowait=2, steal=2)
    assert meter.read(1.0).joules == pytest.approx(41.0)


def test_an_idle_machine_is_not_free(machine: PowercapMachine) -> None:
    meter = modelled(machine)
    meter.read(0.0)
    machine.work(idle=4)
    assert meter.read(1.0).joules == pytest.approx(41.0)


def test_a_read_too_soon_goes_on_with_the_last_power(machine: PowercapMachine) -> None:
    """0.1 s after a second at full load, without asking: another tenth of 164 J."""
    meter = modelled(machine)
    meter.read(0.0)
    machine.work(busy=4)
    meter.read(1.0)
    assert meter.read(1.1).joules == pytest.approx(164 * 1.1)


def test_a_quota_makes_a_smaller_machine(machine: PowercapMachine) -> None:
    """A container with 1 of 4 CPUs has a quarter of 164 W, at a typical frequency of 0.8. Its own use is its load."""
    group = machine.cgroup("/job", cpu_max="100000 100000", cpu_stat="usage_usec 5000000\nuser_usec 0")
    meter = modelled(machine)
    assert meter.device.details["max_watts"] == pytest.approx(41.0)
    assert "may use 1 of 4 CPUs" in meter.note
    meter.read(0.0)
    machine.work(busy=4)  # the whole machine is busy, the container half
    (group / "cpu.stat").write_text("usage_usec 5500000\nuser_usec 0\n")
    assert meter.read(1.0).joules == pytest.approx(10.25 + 0.8 * 0.75 * 30.75)


def test_a_lower_frequency_is_less_power(machine: PowercapMachine) -> None:
    """Fully loaded at half of its highest frequency: 41 W idle and half of the other 123 W."""
    machine.frequency(policy=0, khz=1_400_000, highest_khz=2_800_000)
    meter = modelled(machine)
    meter.read(0.0)
    machine.work(busy=4)
    assert meter.read(1.0).joules == pytest.approx(41 + 0.5 * 123)


def test_the_hosts_frequency_is_not_a_containers(machine: PowercapMachine) -> None:
    """The mean of a host is that of its idle processors too: a slice is taken at a typical frequency, 34.85 W of 41."""
    machine.frequency(policy=0, khz=1_400_000, highest_khz=2_800_000)
    group = machine.cgroup("/job", cpu_max="100000 100000", cpu_stat="usage_usec 5000000")
    meter = modelled(machine)
    meter.read(0.0)
    machine.work(busy=1, idle=3)
    (group / "cpu.stat").write_text("usage_usec 6000000\n")
    assert meter.read(1.0).joules == pytest.approx(10.25 + 0.8 * 30.75)


@given(cpus=st.floats(0.1, 4), threads=st.integers(1, 64))
def test_a_slice_is_never_more_than_the_whole(cpus: float, threads: int) -> None:
    """The part that a quota grants draws that part of the machine's power."""
    whole = rate(MILAN, threads)
    part = whole.scaled(min(cpus, threads) / threads)
    assert 0 < part.idle_watts <= whole.idle_watts
    assert part.idle_watts < part.max_watts <= whole.max_watts


def test_a_quota_beyond_the_machine_bounds_nothing(machine: PowercapMachine) -> None:
    machine.cgroup("/job", cpu_max="800000 100000")
    assert modelled(machine).device.details["max_watts"] == 164.0


def test_the_model_says_that_it_is_one(machine: PowercapMachine) -> None:
    """Its method is not a measurement, and its details carry what a report must state."""
    meter = modelled(machine)
    assert not METHODS[meter.method].measured
    assert meter.note == "Intel Xeon Platinum 8280, rated 205 W, 80% of it at full load"
    details = meter.device.details
    assert (details["tdp_watts"], details["idle_watts"], details["max_watts"]) == (205.0, 41.0, 164.0)
    assert details["source"]
    assert details["year"]


def test_a_measured_processor_is_not_modelled_too(machine: PowercapMachine) -> None:
    context = Context(sys=machine.sys, proc=machine.proc, found=[modelled(machine)])
    assert not cpu_model.discover(context).meters


def test_a_sandbox_that_counts_no_time_gets_no_model(machine: PowercapMachine) -> None:
    """All zeros in /proc/stat is no load at all, not an idle machine."""
    (machine.proc / "stat").write_text("cpu  0 0 0 0 0 0 0 0 0 0\n")
    nothing = cpu_model.discover(Context(sys=machine.sys, proc=machine.proc))
    assert not nothing.meters
    assert "counts no time" in nothing.missing[0].reason


def test_this_machine_can_be_modelled() -> None:
    """Wherever the tests run, there is a processor with more than nothing and less than a kilowatt a thread."""
    [meter] = cpu_model.discover(Context()).meters
    assert 0 < meter.device.details["idle_watts"] < meter.device.details["max_watts"] < 10_000
    assert meter.read(0.0).joules == 0.0
