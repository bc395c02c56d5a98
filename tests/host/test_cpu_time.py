"""CPU time, CPUs and limits of the machine, with files that say what happened."""

from pathlib import Path

import pytest

from greentrack.errors import MeterError
from greentrack.host.cpu_time import busy_seconds, cgroup_folders, cpus, quota
from tests.rig.powercap import PowercapMachine


@pytest.fixture
def machine(tmp_path: Path) -> PowercapMachine:
    return PowercapMachine(tmp_path)


def test_busy_is_what_computes(machine: PowercapMachine) -> None:
    """Waiting for disks, idling and stolen time are part of the total only."""
    machine.work(busy=3, idle=4, iowait=1, steal=2)
    assert busy_seconds(machine.proc) == pytest.approx((3.0, 10.0))


def test_a_guest_is_not_counted_twice(machine: PowercapMachine) -> None:
    """Linux adds guests' time to the user time already: 5 s of user time, 4 s of them a guest's."""
    (machine.proc / "stat").write_text("cpu  500 0 0 500 0 0 0 0 400 0\n")
    assert busy_seconds(machine.proc) == pytest.approx((5.0, 10.0))


def test_a_broken_stat_is_an_error_that_names_it(machine: PowercapMachine) -> None:
    (machine.proc / "stat").write_text("cpu  banana\n")
    with pytest.raises(MeterError, match="stat cannot be read"):
        busy_seconds(machine.proc)


def test_online_cpus_are_counted(machine: PowercapMachine) -> None:
    online = machine.sys / "devices/system/cpu/online"
    online.write_text("0-3,8,10-11\n")
    assert cpus(machine.proc, machine.sys) == 7
    online.unlink()
    (machine.proc / "stat").write_text("cpu  1\ncpu0 1\ncpu1 1\nintr 5\n")
    assert cpus(machine.proc, machine.sys) == 2


def test_the_tightest_quota_on_the_way_up_counts(machine: PowercapMachine) -> None:
    """Half a CPU on the pod binds a container in it that may use two."""
    machine.cgroup("/pod/box", cpu_max="200000 100000")
    pod = machine.sys / "fs/cgroup/pod"
    (pod / "cpu.max").write_text("50000 100000\n")
    (pod / "cpu.stat").write_text("usage_usec 1500000\n")
    bound = quota(machine.sys, machine.proc)
    assert bound is not None
    assert (bound.cpus, bound.used_seconds()) == (0.5, 1.5)


def test_a_container_sees_its_own_group_as_the_root(machine: PowercapMachine) -> None:
    """The path in /proc is the host's and leads nowhere here."""
    machine.cgroup("/", cpu_max="150000 100000")
    (machine.proc / "self/cgroup").write_text("0::/../kubepods/pod1\n")
    bound = quota(machine.sys, machine.proc)
    assert bound is not None
    assert bound.cpus == 1.5


def test_version_1_tells_limit_and_use_apart(machine: PowercapMachine) -> None:
    """The limit lies with cpu, the use with cpuacct."""
    (machine.proc / "self/cgroup").write_text("3:cpuacct:/\n2:cpu:/\n0::/\n")
    for name, files in {
        "cpu": {"cpu.cfs_quota_us": "300000", "cpu.cfs_period_us": "100000"},
        "cpuacct": {"cpuacct.usage": "7000000000"},
    }.items():
        folder = machine.sys / "fs/cgroup" / name
        folder.mkdir(parents=True)
        for file, text in files.items():
            (folder / file).write_text(text + "\n")
    bound = quota(machine.sys, machine.proc)
    assert bound is not None
    assert (bound.cpus, bound.used_seconds()) == (3.0, 7.0)


@pytest.mark.parametrize("limit", ["max 100000", "nonsense"])
def test_no_limit_is_no_quota(machine: PowercapMachine, limit: str) -> None:
    machine.cgroup("/job", cpu_max=limit)
    assert quota(machine.sys, machine.proc) is None


def test_a_system_without_control_groups_has_no_quota(machine: PowercapMachine) -> None:
    assert cgroup_folders("cpu", machine.sys, machine.proc) == []
    assert quota(machine.sys, machine.proc) is None


def test_without_proc_psutil_answers(tmp_path: Path) -> None:
    """The way of macOS and Windows, on whatever the tests run."""
    none = tmp_path / "none"
    busy, total = busy_seconds(none)
    assert 0 < busy < total
    assert cpus(none, none) >= 1
