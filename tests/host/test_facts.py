"""Facts of the machine, from a /proc and a /sys of ours."""

import os
from pathlib import Path

import pytest

from greentrack.host import facts


def test_this_process_is_alive_and_a_reaped_one_is_gone() -> None:
    """A pid with its start time names a process; a zombie is gone already."""
    assert facts.process_started(os.getpid()) is not None
    child = os.fork()
    if child == 0:
        os._exit(0)
    os.waitid(os.P_PID, child, os.WEXITED | os.WNOWAIT)
    assert facts.process_started(child) is None
    os.waitpid(child, 0)
    assert facts.process_started(child) is None


def test_a_command_with_spaces_and_brackets_is_read_right(tmp_path: Path) -> None:
    """The name in /proc/PID/stat may hold anything; the start time is counted after its last bracket."""
    (tmp_path / "7").mkdir()
    after = " ".join(["S"] + ["1"] * 18 + ["250"] + ["0"] * 20)
    (tmp_path / "7/stat").write_text(f"7 (a) b ( c) {after}\n")
    assert facts.process_started(7, tmp_path) == 250 / os.sysconf("SC_CLK_TCK")


@pytest.mark.parametrize(("code", "kind"), [("3", "desktop"), ("10", "laptop"), ("23", "server"), ("1", "unknown")])
def test_the_kind_of_machine_is_what_its_firmware_says(tmp_path: Path, code: str, kind: str) -> None:
    """By the chassis code of SMBIOS."""
    place = tmp_path / "class/dmi/id"
    place.mkdir(parents=True)
    (place / "chassis_type").write_text(code + "\n")
    assert facts.chassis(tmp_path / "proc", tmp_path) == kind


def test_a_battery_makes_a_laptop_where_the_firmware_says_nothing(tmp_path: Path) -> None:
    """And nothing at all makes it unknown."""
    assert facts.chassis(tmp_path, tmp_path) == "unknown"
    (tmp_path / "class/power_supply/BAT0").mkdir(parents=True)
    assert facts.chassis(tmp_path, tmp_path) == "laptop"


def test_a_hypervisor_makes_a_vm_whatever_the_chassis(tmp_path: Path) -> None:
    """The flag is in the processor's list, and not only in somebody's model name."""
    (tmp_path / "cpuinfo").write_text("processor\t: 0\nmodel name\t: hypervisor\nflags\t\t: fpu vme\n\n")
    assert not facts.is_virtual(tmp_path)
    (tmp_path / "cpuinfo").write_text("processor\t: 0\nflags\t\t: fpu hypervisor\n\nprocessor\t: 1\n")
    assert facts.is_virtual(tmp_path)
    assert facts.chassis(tmp_path, tmp_path) == "vm"


def test_the_time_zone_is_its_iana_name(monkeypatch: pytest.MonkeyPatch) -> None:
    """TZ=Europe/Paris has a place; TZ=CET-1 has none."""
    monkeypatch.setenv("TZ", ":Europe/Paris")
    assert facts.timezone() == "Europe/Paris"
    monkeypatch.setenv("TZ", "CET-1")
    assert facts.timezone() is None


def test_a_machine_without_proc_says_what_it_can(tmp_path: Path) -> None:
    """Unknown stays empty; nothing is invented."""
    host = facts.host(tmp_path, tmp_path)
    assert host.name
    assert host.memory_bytes == 0
    assert host.chassis == "unknown"


def test_the_clock_is_the_same_for_every_process() -> None:
    """A child's moments lie between its parent's."""
    before = facts.clock()
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.write(writing, repr(facts.clock()).encode())
        os._exit(0)
    os.waitpid(child, 0)
    theirs = float(os.read(reading, 100))
    os.close(reading)
    os.close(writing)
    assert before <= theirs <= facts.clock()
