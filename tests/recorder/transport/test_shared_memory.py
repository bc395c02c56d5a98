"""The memory that a run shares with its recorder."""

import os
import subprocess
import sys
from typing import Any

import pytest

from greentrack.model import Device, DeviceUse, Energy, Host, TrackerOverhead
from greentrack.recorder.transport import protocol
from greentrack.recorder.transport.shared_memory import MEMORY_BYTES, read_figures, write_figures

DAEMON = """
import os
from greentrack.recorder.transport.shared_memory import SharedFigures
memory = SharedFigures()
for n in range(3): os.dup2(os.open(os.devnull, os.O_RDWR), n)
memory.close()
for n in range(3): os.fstat(n)
"""


@pytest.mark.skipif(os.name != "posix", reason="descriptors that a shell closes")
def test_a_daemon_that_opens_its_standard_streams_again_keeps_them() -> None:
    """Started without any: no descriptor of the memory takes their numbers, and none is closed with it."""
    shell = ["sh", "-c", '"$0" -c "$1" <&- >&- 2>&-', sys.executable, DAEMON]
    assert subprocess.run(shell, check=False).returncode == 0


def test_figures_are_read_as_they_were_written() -> None:
    """Devices with their details, energies and notes, and the host."""
    device = Device(uid="GPU-1", kind="gpu", name="GPU", details={"power_limit_watts": 300})
    use = DeviceUse(
        device=device, method="fake", energy=Energy(joules=1.5, seconds=2.0, cross_check=3.0), counter_valid=False
    )
    use = use._replace(idle=Energy(joules=0.5, seconds=1.0), idle_watts=0.4)
    memory = bytearray(MEMORY_BYTES)
    assert read_figures(memory) is None
    write_figures(memory, protocol.figures(7.0, [use], TrackerOverhead(readings=4), Host(id="h", name="n")))
    shown = read_figures(memory)
    assert shown is not None
    assert protocol.figures_of(shown) == ([use], TrackerOverhead(readings=4))
    assert shown["host"] is not None
    assert shown["host"]["name"] == "n"
    assert use.joules == 3.0


def test_memory_that_is_being_written_shows_nothing_rather_than_nonsense() -> None:
    """A checksum that does not fit is never believed."""
    memory = bytearray(MEMORY_BYTES)
    figures: Any = {"at": 1.0}
    write_figures(memory, figures)
    memory[10] ^= 0xFF
    assert read_figures(memory) is None


def test_figures_too_long_for_the_memory_leave_the_last_ones() -> None:
    """A thousand devices do not write over the end."""
    memory = bytearray(MEMORY_BYTES)
    figures: Any = {"at": 1.0}
    write_figures(memory, figures)
    figures = {"text": "x" * MEMORY_BYTES}
    write_figures(memory, figures)
    shown: object = read_figures(memory)
    assert shown == {"at": 1.0}
