"""The memory that a run shares with its recorder."""

import os
import subprocess
import sys

import pytest

DAEMON = """
import os
from greentrack.recorder.transport.shared_memory import SharedFigures
board = SharedFigures()
for n in range(3): os.dup2(os.open(os.devnull, os.O_RDWR), n)
board.close()
for n in range(3): os.fstat(n)
"""


@pytest.mark.skipif(os.name != "posix", reason="descriptors that a shell closes")
def test_a_daemon_that_opens_its_standard_streams_again_keeps_them() -> None:
    """Started without any: no descriptor of the memory takes their numbers, and none is closed with it."""
    shell = ["sh", "-c", '"$0" -c "$1" <&- >&- 2>&-', sys.executable, DAEMON]
    assert subprocess.run(shell, check=False).returncode == 0
