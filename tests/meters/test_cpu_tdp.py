"""Which processor this is and what it is rated for."""

from pathlib import Path

import pytest

from greentrack.meters.cpu_tdp import processor, rated_watts
from tests.rig.powercap import PowercapMachine

TABLE = """Name,TDP
AMD EPYC 7763,280.0
AMD EPYC 7763X,281
Intel Xeon Platinum 8280,205.0
Intel Celeron 1000A,27.29.5
Intel Quark SoC X1000,2.0
Intel Core i9-13900K,125.0
AMD Ryzen AI 9 HX 370,28.0
Dreamt Up 9000,90000
"Quoted One",50
"""


@pytest.fixture
def table(tmp_path: Path) -> Path:
    path = tmp_path / "cpu_power.csv"
    path.write_text(TABLE)
    return path


@pytest.mark.parametrize(
    ("name", "watts"),
    [
        ("AMD EPYC 7763 64-Core Processor", 280.0),
        ("Intel(R) Xeon(R) Platinum 8280 CPU @ 2.70GHz", 205.0),
        ("INTEL(R) XEON(R) PLATINUM 8280 CPU @ 2.70GHZ", 205.0),
        ("13th Gen Intel(R) Core(TM) i9-13900K", 125.0),
        ("AMD Ryzen AI 9 HX 370 w/ Radeon 890M", 28.0),
        ("Quoted One", 50.0),
    ],
)
def test_a_processor_is_found_by_its_name(table: Path, name: str, watts: float) -> None:
    """What makers add to a name (marks, clock, cores, graphics) does not hide it."""
    assert rated_watts(name, table) == watts


@pytest.mark.parametrize(
    "name", ["AMD EPYC", "AMD EPYC 776", "EPYC 7763", "AMD EPYC 7764", "", "Intel(R) Xeon(R) CPU @ 2.20GHz"]
)
def test_a_neighbour_is_not_taken_for_it(table: Path, name: str) -> None:
    assert rated_watts(name, table) is None


@pytest.mark.parametrize("name", ["Intel Celeron 1000A", "Intel Quark SoC X1000", "Dreamt Up 9000"])
def test_nonsense_in_the_table_is_not_believed(table: Path, name: str) -> None:
    """Malformed, below 3 W, above 1,000 W."""
    assert rated_watts(name, table) is None


def test_a_missing_table_is_no_trouble(tmp_path: Path) -> None:
    assert rated_watts("AMD EPYC 7763", tmp_path / "none.csv") is None


def test_the_table_that_codecarbon_carries_is_found() -> None:
    """If codecarbon moves or renames it, this says so."""
    assert rated_watts("AMD EPYC 7763 64-Core Processor") == 280.0


def test_a_processor_tells_who_it_is(tmp_path: Path) -> None:
    machine = PowercapMachine(tmp_path)
    machine.processor("AMD EPYC", vendor="AuthenticAMD", family=25, model=1, stepping=1, threads=2, virtual=True)
    cpu = processor(machine.proc)
    assert (cpu.name, cpu.is_amd, cpu.family, cpu.model, cpu.stepping) == ("AMD EPYC", True, 25, 1, 1)
    assert (cpu.threads, cpu.is_virtual, cpu.is_arm) == (2, True, False)


def test_an_arm_board_bears_its_boards_name(tmp_path: Path) -> None:
    """ARM kernels name no processor; the device tree names the board."""
    (tmp_path / "device-tree").mkdir()
    (tmp_path / "cpuinfo").write_text("processor\t: 0\nCPU implementer\t: 0x41\nCPU part\t: 0xd08\n\n")
    assert processor(tmp_path).name == "ARM processor (part 0xd08)"
    (tmp_path / "device-tree/model").write_text("Raspberry Pi 4 Model B Rev 1.4\0")
    assert processor(tmp_path).name == "Raspberry Pi 4 Model B Rev 1.4"
    assert processor(tmp_path).is_arm


def test_a_system_without_proc_still_answers(tmp_path: Path) -> None:
    """Elsewhere the system is asked for the name; it may be empty, and nothing is raised."""
    assert isinstance(processor(tmp_path / "none").name, str)
