"""How fast the processors run, from files as the kernel writes them."""

from pathlib import Path

import pytest

from greentrack.meters.cpu_model import MAX_SAMPLED, TYPICAL_FREQUENCY, CpuFrequency
from tests.rig.powercap import PowercapMachine


@pytest.fixture
def machine(tmp_path: Path) -> PowercapMachine:
    return PowercapMachine(tmp_path)


def test_each_processor_counts_against_its_own_highest(machine: PowercapMachine) -> None:
    """A fast core at 2 of 4 GHz and a slow one at 1 of 1 GHz run at three quarters."""
    machine.frequency(policy=0, khz=2_000_000, highest_khz=4_000_000)
    machine.frequency(policy=1, khz=1_000_000, highest_khz=1_000_000)
    assert CpuFrequency(machine.sys).now() == pytest.approx(0.75)


def test_it_is_the_frequency_of_now(machine: PowercapMachine) -> None:
    machine.frequency(policy=0, khz=1_000_000, highest_khz=4_000_000)
    frequency = CpuFrequency(machine.sys)
    assert frequency.now() == 0.25
    machine.frequency(policy=0, khz=4_000_000, highest_khz=4_000_000)
    assert frequency.now() == 1.0


def test_a_boost_beyond_the_highest_is_full(machine: PowercapMachine) -> None:
    """Some drivers leave the boost out of the highest frequency and show it in the present one."""
    machine.frequency(policy=0, khz=4_000_000, highest_khz=3_400_000)
    assert CpuFrequency(machine.sys).now() == 1.0


def test_where_nothing_tells_it_is_the_typical_frequency(machine: PowercapMachine) -> None:
    """A virtual machine has no such folder; a driver may say <unknown>."""
    assert CpuFrequency(machine.sys).now() == TYPICAL_FREQUENCY
    machine.frequency(policy=0, khz=1_000_000, highest_khz=4_000_000)
    frequency = CpuFrequency(machine.sys)
    (machine.sys / "devices/system/cpu/cpufreq/policy0/scaling_cur_freq").write_text("<unknown>\n")
    assert frequency.now() == TYPICAL_FREQUENCY


def test_a_processor_taken_offline_does_not_count(machine: PowercapMachine) -> None:
    machine.frequency(policy=0, khz=1_000_000, highest_khz=2_000_000)
    machine.frequency(policy=1, khz=2_000_000, highest_khz=2_000_000)
    frequency = CpuFrequency(machine.sys)
    (machine.sys / "devices/system/cpu/cpufreq/policy1/scaling_cur_freq").unlink()
    assert frequency.now() == 0.5


def test_a_large_server_is_sampled_evenly(machine: PowercapMachine) -> None:
    """Of 128 processors, the upper half at half speed, a few are read, and three quarters is the answer."""
    for policy in range(128):
        machine.frequency(policy=policy, khz=2_000_000 if policy < 64 else 1_000_000, highest_khz=2_000_000)
    frequency = CpuFrequency(machine.sys)
    assert frequency.now() == pytest.approx(0.75)
    for policy in range(1, 128, 128 // MAX_SAMPLED):  # not among those sampled
        machine.frequency(policy=policy, khz=1, highest_khz=2_000_000)
    assert frequency.now() == pytest.approx(0.75)
