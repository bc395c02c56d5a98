"""The modelled memory: watts by size, bounded by a container's limit, and never beside a measurement."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from greentrack.meters import ram_model
from greentrack.meters.base import Context, Meter
from greentrack.methods import METHODS
from greentrack.model import Device
from tests.rig.powercap import PowercapMachine

GB_IN_KB = 2**20


def modelled(machine: PowercapMachine) -> Meter:
    [meter] = ram_model.discover(Context(sys=machine.sys, proc=machine.proc)).meters
    return meter


@pytest.fixture
def machine(tmp_path: Path) -> PowercapMachine:
    machine = PowercapMachine(tmp_path)
    machine.memory(64 * GB_IN_KB)
    return machine


def test_memory_draws_by_its_size(machine: PowercapMachine) -> None:
    """64 GB at 0.3725 W are 23.84 W: 238.4 J in ten seconds read each second."""
    meter = modelled(machine)
    readings = [meter.read(float(second)) for second in range(11)]
    assert readings[-1].joules == pytest.approx(238.4)
    assert readings[-1].seconds == 10.0


@given(sizes=st.lists(st.integers(1, 4096), min_size=2, max_size=5))
def test_more_memory_is_never_less_power(tmp_path_factory: pytest.TempPathFactory, sizes: list[int]) -> None:
    watts = []
    for size in sorted(sizes):
        machine = PowercapMachine(tmp_path_factory.mktemp("machine"))
        machine.memory(size * GB_IN_KB)
        watts.append(modelled(machine).device.details["watts"])
    assert watts == sorted(watts)


def test_a_containers_limit_bounds_it(machine: PowercapMachine) -> None:
    """A limit of 8 GB on a parent group holds, however much the machine has: 2.98 W."""
    machine.cgroup("/job/step", memory_max="max")
    (machine.sys / "fs/cgroup/job/memory.max").write_text(f"{8 * 2**30}\n")
    assert modelled(machine).device.details["watts"] == pytest.approx(2.98)


def test_no_limit_of_version_1_is_a_huge_number(machine: PowercapMachine) -> None:
    folder = machine.sys / "fs/cgroup/memory"
    folder.mkdir(parents=True)
    (machine.proc / "self/cgroup").write_text("4:memory:/docker/abc\n")
    (folder / "memory.limit_in_bytes").write_text("9223372036854771712\n")
    assert modelled(machine).device.details["bytes"] == 64 * 2**30


def test_measured_memory_is_not_modelled_too(machine: PowercapMachine) -> None:
    measured = ram_model.RamModel(Device(uid="rapl:package-0/dram", kind="dram", name="memory"), 1.0)
    assert not ram_model.discover(Context(sys=machine.sys, proc=machine.proc, found=[measured])).meters


def test_the_model_says_that_it_is_one(machine: PowercapMachine) -> None:
    meter = modelled(machine)
    assert not METHODS[meter.method].measured
    assert meter.device.name == "64.0 GB of memory"
    assert (meter.device.details["source"], meter.device.details["year"]) == ("Green Algorithms v3.0", 2021)


def test_unreadable_memory_is_missing_and_not_zero(machine: PowercapMachine) -> None:
    (machine.proc / "meminfo").write_text("Nonsense: 1 kB\n")
    nothing = ram_model.discover(Context(sys=machine.sys, proc=machine.proc))
    assert not nothing.meters
    assert "how much memory" in nothing.missing[0].reason
