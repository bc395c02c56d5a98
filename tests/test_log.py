"""The log: told when there is news, and never the end of a training."""

import subprocess
import sys

NO_FILE_LEFT = """
import os, resource, sys
from greentrack import log
assert "logging" not in sys.modules
resource.setrlimit(resource.RLIMIT_NOFILE, (20, 20))
held = []
try:
    while True:
        held.append(os.open(os.devnull, os.O_RDONLY))
except OSError:
    pass
log.warning("no %s", "file")
log.debug("no %s", "file")
loaded = "logging" in sys.modules
for fd in held:
    os.close(fd)
log.warning("there is %s", "room")
print(loaded)
"""


def test_a_program_with_no_file_left_goes_on_and_is_told_of_what_comes_later() -> None:
    """The module that logs cannot be loaded then."""
    command = [sys.executable, "-c", NO_FILE_LEFT]
    done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=120)
    assert (done.returncode, done.stdout, done.stderr) == (0, "False\n", "there is room\n")
