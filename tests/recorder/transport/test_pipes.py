"""Descriptors that are closed once, at the latest when nobody holds them, and never in another's place."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from greentrack.recorder.transport.pipes import OwnedDescriptor, memory_file, pipe


def test_what_nobody_holds_is_closed() -> None:
    """The other end of a pipe sees its end, although nobody has said close."""
    reading, writing = pipe()
    os.write(writing.fd, b"last")
    del writing
    assert os.read(reading.fd, 10) == b"last"
    assert os.read(reading.fd, 10) == b""  # where the end to write were open, this would wait for ever


def test_a_number_that_became_anothers_is_left_alone(tmp_path: Path) -> None:
    """A program closes all its files and opens its own: letting go of ours closes nothing of it."""
    reading, writing = pipe()
    number = writing.fd
    os.close(number)
    other = os.open(tmp_path / "other", os.O_CREAT | os.O_WRONLY)
    if other != number:
        os.dup2(other, number)
    assert not writing.intact()
    writing.close()
    del writing
    assert os.write(number, b"mine") == 4
    for fd in {other, number}:
        os.close(fd)
    reading.close()


def test_closing_again_closes_nothing(tmp_path: Path) -> None:
    """By then the number may be another's, even another end of the same file."""
    memory = memory_file(4096)
    number = memory.fd
    memory.close()
    other = os.open(tmp_path / "other", os.O_CREAT | os.O_WRONLY)
    memory.close()
    del memory
    os.fstat(other)  # raises where it is closed
    os.close(other)
    with pytest.raises(OSError, match="Bad file descriptor"):
        os.fstat(number)


def test_a_child_inherits_no_pipe() -> None:
    """A recorder is handed its ends, and no other program gets any."""
    for end in pipe():
        assert not os.get_inheritable(end.fd)


def test_what_is_no_open_file_raises_and_leaves_nothing_behind() -> None:
    """A number that stands for nothing."""
    with pytest.raises(OSError, match="Bad file descriptor"):
        OwnedDescriptor(1 << 20)


@pytest.mark.parametrize("keep", ["pipes.kept, sys.kept = ends, pipes", "sys._kept = ends"])
def test_one_that_lives_until_the_interpreter_ends_says_nothing(keep: str) -> None:
    """The names of its module are None by then, or those of ``os``."""
    script = f"import sys; from greentrack.recorder.transport import pipes; ends = pipes.pipe(); {keep}"
    ended = subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, text=True)
    assert ended.stderr == ""
