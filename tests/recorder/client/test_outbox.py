"""Lines that wait for a recorder: in order, whole, and no more of them than fit."""

import fcntl
import os
from collections.abc import Iterator

import pytest

from greentrack.recorder.client import outbox
from greentrack.recorder.client.outbox import Outbox
from greentrack.recorder.transport.pipes import OwnedDescriptor, pipe

PAGE = 4096


@pytest.fixture
def narrow() -> Iterator[tuple[OwnedDescriptor, OwnedDescriptor]]:
    """A pipe that takes a page; its end to write to does not wait."""
    reading, writing = pipe()
    fcntl.fcntl(writing.fd, fcntl.F_SETPIPE_SZ, PAGE)
    os.set_blocking(writing.fd, False)
    os.set_blocking(reading.fd, False)
    yield reading, writing
    reading.close()
    writing.close()


def taken(waiting: Outbox, reading: OwnedDescriptor, writing: OwnedDescriptor) -> bytes:
    """All that comes out of the pipe while the backlog is written."""
    data = b""
    while waiting.write(writing):
        data += os.read(reading.fd, 1 << 20)
    return data


def test_events_follow_what_a_recorder_is_to_record(narrow: tuple[OwnedDescriptor, OwnedDescriptor]) -> None:
    """Whatever was there first, and however little the pipe takes at a time."""
    waiting = Outbox()
    waiting.add(b"b" * PAGE + b"\n")
    waiting.add(b"c\n")
    waiting.begin([b"a" * PAGE + b"\n"])
    assert len(waiting) == 3
    assert taken(waiting, *narrow) == b"a" * PAGE + b"\n" + b"b" * PAGE + b"\nc\n"
    assert not waiting


def test_what_was_told_in_part_is_told_to_the_next_recorder_as_a_whole(
    narrow: tuple[OwnedDescriptor, OwnedDescriptor],
) -> None:
    """And what the one before was to record is not told twice."""
    waiting = Outbox()
    waiting.begin([b"old\n"])
    event = b"{" * 2 * PAGE + b"\n"
    waiting.add(event)
    assert waiting.write(narrow[1])
    os.read(narrow[0].fd, PAGE)
    waiting.begin([b"new\n"])
    assert taken(waiting, *narrow) == b"new\n" + event


def test_it_tells_whether_anything_was_taken(narrow: tuple[OwnedDescriptor, OwnedDescriptor]) -> None:
    """A full pipe takes nothing, and one whose other end is closed raises."""
    waiting = Outbox()
    assert not waiting.write(narrow[1])
    waiting.add(b"a" * 2 * PAGE)
    assert waiting.write(narrow[1])
    assert not waiting.write(narrow[1])
    narrow[0].close()
    with pytest.raises(OSError, match="Broken pipe"):
        waiting.write(narrow[1])


def test_beyond_its_room_the_newest_are_dropped_and_the_ends_of_spans_are_not(
    narrow: tuple[OwnedDescriptor, OwnedDescriptor], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Room for two: of two more events and three ends, two ends are kept, and the end of the run whatever waits."""
    monkeypatch.setattr(outbox, "MAX_EVENTS", 2)
    waiting = Outbox()
    for event in b"12":
        waiting.add(b"%c\n" % event)
    for event in b"34":
        waiting.add(b"%c\n" % event)
    for event in b"567":
        waiting.add(b"%c\n" % event, important=True)
    for _ in range(2):
        waiting.add_last(b"end\n")
    assert waiting.dropped == 3
    assert taken(waiting, *narrow) == b"1\n2\n5\n6\nend\n"


def test_events_that_were_written_make_room(
    narrow: tuple[OwnedDescriptor, OwnedDescriptor], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Bytes count while they wait."""
    monkeypatch.setattr(outbox, "MAX_BYTES", 4)
    waiting = Outbox()
    for _ in range(3):
        waiting.add(b"123\n")
        assert taken(waiting, *narrow) == b"123\n"
    assert waiting.dropped == 0


def test_the_end_alone_follows_what_was_begun(narrow: tuple[OwnedDescriptor, OwnedDescriptor]) -> None:
    """A line that was written in part is written to its end; of the others none is, and they are counted."""
    waiting = Outbox()
    for event in (b"a" * 2 * PAGE + b"\n", b"b\n", b"c\n"):
        waiting.add(event)
    waiting.add_last(b"end\n")
    waiting.write(narrow[1])
    waiting.leave_only(b"end\n")
    assert waiting.dropped == 2
    data = os.read(narrow[0].fd, PAGE) + taken(waiting, *narrow)
    assert data == b"a" * 2 * PAGE + b"\nend\n"
