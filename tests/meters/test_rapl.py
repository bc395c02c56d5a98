"""RAPL: what is counted, once, through wraps and failures, and what is said where nothing can be."""

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from greentrack.errors import MeterError
from greentrack.meters.base import Context, Discovery
from greentrack.meters.rapl import discovery as rapl
from greentrack.meters.rapl.meter import RaplCounter
from tests.rig.powercap import AMD_RANGE, INTEL_RANGE, PowercapMachine


@pytest.fixture
def machine(tmp_path: Path) -> PowercapMachine:
    machine = PowercapMachine(tmp_path)
    machine.processor()
    return machine


def found(machine: PowercapMachine) -> Discovery:
    return rapl.discover(Context(sys=machine.sys, proc=machine.proc))


def total(meters: Discovery, now: float) -> float:
    return sum(meter.read(now).joules for meter in meters.meters)


def test_packages_and_dram_are_summed_and_nothing_else(machine: PowercapMachine) -> None:
    """Two packages at 100 W and two memories at 10 W are 220 J a second, whatever core, uncore and psys say."""
    zones = {}
    for number in (0, 1):
        zones[machine.zone(f"{number}", f"package-{number}", joules=1000 * number)] = 100
        zones[machine.zone(f"{number}:0", "core", joules=50)] = 80
        zones[machine.zone(f"{number}:1", "uncore", joules=60)] = 7
        zones[machine.zone(f"{number}:2", "dram", joules=5000 * number)] = 10
    zones[machine.zone("2", "psys", joules=70)] = 400
    machine.sys.joinpath("class/powercap/intel-rapl-mmio:0").symlink_to(next(iter(zones)))
    meters = found(machine)
    assert total(meters, 0.0) == 0.0
    for folder, watts in zones.items():
        machine.count(folder, int((folder / "energy_uj").read_text()) / 1e6 + watts)
    assert total(meters, 1.0) == pytest.approx(220.0)
    assert [meter.device.uid for meter in meters.meters] == [
        "rapl:package-0",
        "rapl:package-1",
        "rapl:package-0/dram",
        "rapl:package-1/dram",
    ]
    assert {meter.device.kind for meter in meters.meters} == {"cpu", "dram"}
    assert not meters.missing


def test_devices_are_named_after_the_processor(machine: PowercapMachine) -> None:
    """One package bears the processor's name alone; of several, each says which."""
    machine.zone("0", "package-0")
    assert [meter.device.name for meter in found(machine).meters] == ["Intel Xeon Platinum 8280"]
    machine.zone("1", "package-1", joules=100)
    assert found(machine).meters[1].device.name == "Intel Xeon Platinum 8280 (package-1)"


@pytest.mark.parametrize(
    ("vendor", "method"), [("GenuineIntel", "rapl"), ("AuthenticAMD", "rapl-amd"), ("HygonGenuine", "rapl-amd")]
)
def test_the_method_tells_a_measurement_from_amds_estimate(machine: PowercapMachine, vendor: str, method: str) -> None:
    machine.processor(vendor=vendor)
    machine.zone("0", "package-0")
    assert found(machine).meters[0].method == method


def test_dies_are_packages(machine: PowercapMachine) -> None:
    """package-0-die-0 at 30 W and package-0-die-1 at 50 W are 80 J a second."""
    dies = [machine.zone("0", "package-0-die-0", joules=10), machine.zone("1", "package-0-die-1", joules=900)]
    meters = found(machine)
    total(meters, 0.0)
    machine.count(dies[0], 40)
    machine.count(dies[1], 950)
    assert total(meters, 1.0) == pytest.approx(80.0)


def test_mirrored_dies_count_once(machine: PowercapMachine) -> None:
    """Two dies that show one counter at 68 W are 68 J a second, and the second says why it has none."""
    dies = [machine.zone(str(die), f"package-0-die-{die}", joules=5000) for die in (0, 1)]
    meters = found(machine)
    total(meters, 0.0)
    for second in (1, 2, 3):
        for die in dies:
            machine.count(die, 5000 + 68 * second)
        assert total(meters, float(second)) == pytest.approx(68.0 * second)
    assert meters.meters[1].read(4.0).joules == 0.0
    assert "rapl:package-0-die-0" in meters.meters[1].note


def test_packages_that_start_alike_by_chance_lose_nothing(machine: PowercapMachine) -> None:
    """Two packages at 0 J, then at 100 and 150 W: all 250 J are there after the first second, for 1 s of coverage."""
    packages = [machine.zone(str(number), f"package-{number}") for number in (0, 1)]
    meters = found(machine)
    total(meters, 0.0)
    machine.count(packages[0], 100)
    machine.count(packages[1], 150)
    assert total(meters, 1.0) == pytest.approx(250.0)
    assert [meter.read(1.0).seconds for meter in meters.meters] == [1.0, 1.0]


def test_a_possible_mirror_waits_until_the_counters_have_moved(machine: PowercapMachine) -> None:
    """After 0.5 J nobody can tell; when they then part, the held joules come too."""
    packages = [machine.zone(str(number), f"package-{number}", joules=7) for number in (0, 1)]
    meters = found(machine)
    total(meters, 0.0)
    for package in packages:
        machine.count(package, 7.5)
    assert total(meters, 1.0) == pytest.approx(0.5)
    machine.count(packages[0], 17)
    machine.count(packages[1], 37)
    assert total(meters, 2.0) == pytest.approx(10 + 30)
    assert meters.meters[1].read(2.0).seconds == 2.0


@given(start=st.integers(0, AMD_RANGE), steps=st.lists(st.integers(0, 250_000_000), min_size=1, max_size=20))
def test_a_wrap_changes_nothing(start: int, steps: list[int]) -> None:
    """Up to 250 W from any start: the total is the sum of the steps, however often the 65.5 kJ range ran over."""
    with tempfile.TemporaryDirectory() as folder:
        machine = PowercapMachine(Path(folder))
        machine.processor()
        zone = machine.zone("0", "package-0", joules=start / 1e6, range_uj=AMD_RANGE)
        [meter] = found(machine).meters
        meter.read(0.0)
        count = start
        for second, step in enumerate(steps, start=1):
            count += step
            machine.count(zone, count / 1e6)
            assert meter.read(float(second)).joules == pytest.approx(sum(steps[:second]) / 1e6, abs=1e-3)


def test_a_failed_read_is_a_gap_that_heals(machine: PowercapMachine) -> None:
    """A count that vanishes for a second is an error then, and all 200 J are there afterwards."""
    zone = machine.zone("0", "package-0", joules=1000)
    [meter] = found(machine).meters
    meter.read(0.0)
    (zone / "energy_uj").unlink()
    with pytest.raises(MeterError, match="cannot be read"):
        meter.read(1.0)
    machine.count(zone, 1200)
    assert meter.read(2.0).joules == pytest.approx(200.0)
    assert meter.failures == 1


def test_an_empty_count_is_no_zero(machine: PowercapMachine) -> None:
    """A file that is suddenly empty is an error, not a counter that wrapped."""
    zone = machine.zone("0", "package-0", joules=1000)
    [meter] = found(machine).meters
    meter.read(0.0)
    (zone / "energy_uj").write_text("")
    with pytest.raises(MeterError):
        meter.read(1.0)


def test_a_step_that_no_processor_can_make_is_refused(machine: PowercapMachine) -> None:
    """A zone limited to 150 W cannot use 263 kJ in a second, which a count of 0 in between would imply."""
    zone = machine.zone("0", "package-0", joules=1000, constraint_0_max_power_uw=150_000_000)
    [meter] = found(machine).meters
    meter.read(0.0)
    machine.count(zone, 0)
    with pytest.raises(MeterError, match="not counted"):
        meter.read(1.0)
    machine.count(zone, 1200)
    assert meter.read(2.0).joules == pytest.approx(200.0)


@pytest.mark.parametrize(
    ("limits", "most"),
    [
        ({}, 1000.0),
        ({"constraint_0_max_power_uw": 125_000_000, "constraint_1_power_limit_uw": 253_000_000}, 506.0),
        ({"constraint_0_max_power_uw": 125_000_000, "constraint_1_power_limit_uw": 4_095_000_000}, 1000.0),
        ({"constraint_0_max_power_uw": 0}, 1000.0),
    ],
)
def test_the_most_a_package_draws_is_twice_its_highest_limit(
    machine: PowercapMachine, limits: dict[str, int], most: float
) -> None:
    """A board's short-term limit counts; none, zero and "unlimited" mean that the limit is not known."""
    machine.zone("0", "package-0", **limits)
    [meter] = found(machine).meters
    assert isinstance(meter, RaplCounter)
    assert meter.max_watts == most
    assert meter.wrap == pytest.approx((INTEL_RANGE + 1) / 1e6)


@pytest.fixture
def nobody() -> Iterator[Path]:
    """A folder that everybody may enter, for tests that give up root's right to read all."""
    user = os.geteuid()
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)
        if user == 0:
            os.seteuid(0)


def give_up_root() -> None:
    if os.geteuid() == 0:
        os.seteuid(65534)


def test_closed_counters_name_the_command_that_opens_them(nobody: Path) -> None:
    """Every zone that is needed and closed is in the command, and core is not; the reason names the side channel."""
    machine = PowercapMachine(nobody)
    machine.processor()
    zones = [machine.zone("0", "package-0"), machine.zone("0:0", "core"), machine.zone("0:1", "dram")]
    for zone in zones:
        (zone / "energy_uj").chmod(0o400 if os.geteuid() == 0 else 0)
    give_up_root()
    nothing = found(machine)
    assert not nothing.meters
    [missing] = nothing.missing
    assert missing.remedy == f"sudo chmod a+r {zones[0]}/energy_uj {zones[2]}/energy_uj"
    assert "CVE-2020-8694" in missing.reason


def test_a_counter_closed_in_mid_run_is_a_gap_with_a_remedy(nobody: Path) -> None:
    machine = PowercapMachine(nobody)
    machine.processor()
    zone = machine.zone("0", "package-0", joules=50)
    [meter] = found(machine).meters
    meter.read(0.0)
    (zone / "energy_uj").chmod(0o400 if os.geteuid() == 0 else 0)
    give_up_root()
    with pytest.raises(MeterError, match=r"sudo chmod a\+r .*energy_uj"):
        meter.read(1.0)


def test_one_closed_zone_does_not_take_the_others_along(nobody: Path) -> None:
    """The package is read, the memory is missing."""
    machine = PowercapMachine(nobody)
    machine.processor()
    machine.zone("0", "package-0")
    dram = machine.zone("0:1", "dram")
    (dram / "energy_uj").chmod(0o400 if os.geteuid() == 0 else 0)
    give_up_root()
    some = found(machine)
    assert [meter.device.uid for meter in some.meters] == ["rapl:package-0"]
    assert [missing.remedy for missing in some.missing] == [f"sudo chmod a+r {dram}/energy_uj"]


def reason(machine: PowercapMachine) -> str:
    nothing = found(machine)
    assert not nothing.meters
    [missing] = nothing.missing
    return f"{missing.reason} | {missing.remedy}"


def test_a_virtual_machine_is_told_so(machine: PowercapMachine) -> None:
    machine.processor(virtual=True)
    assert "virtual machine" in reason(machine)


def test_a_masked_tree_is_a_containers(machine: PowercapMachine) -> None:
    """Links that lead nowhere are what Docker leaves of powercap."""
    machine.top.mkdir(parents=True)
    (machine.top / "intel-rapl:0").symlink_to(machine.sys / "devices/virtual/powercap/intel-rapl/intel-rapl:0")
    assert "container" in reason(machine)
    assert "systempaths=unconfined" in reason(machine)


def test_an_old_kernel_cannot_read_amd(machine: PowercapMachine) -> None:
    machine.processor("AMD EPYC 7763 64-Core Processor", vendor="AuthenticAMD", family=25, model=1)
    release = machine.proc / "sys/kernel/osrelease"
    release.parent.mkdir(parents=True)
    release.write_text("5.4.0-100-generic\n")
    assert "Linux 5.4" in reason(machine)
    release.write_text("6.1.0\n")
    assert "modprobe" in reason(machine)


def test_an_arm_machine_has_none(machine: PowercapMachine) -> None:
    (machine.proc / "cpuinfo").write_text("processor\t: 0\nCPU implementer\t: 0x41\nCPU part\t: 0xd0c\n\n")
    assert "ARM" in reason(machine)


def test_a_system_without_proc_is_named(tmp_path: Path) -> None:
    """macOS and Windows have neither folder."""
    nothing = rapl.discover(Context(sys=tmp_path / "no", proc=tmp_path / "no"))
    assert "Linux powercap" in nothing.missing[0].reason


def test_a_mount_without_the_flat_links_is_read_too(tmp_path: Path) -> None:
    """A copy of the tree that keeps only the nesting shows the same zones."""
    machine = PowercapMachine(tmp_path)
    machine.processor()
    machine.zone("0", "package-0")
    machine.zone("0:0", "dram").unlink()
    assert [meter.device.uid for meter in found(machine).meters] == ["rapl:package-0", "rapl:package-0/dram"]
