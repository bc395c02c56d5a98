"""Messages and figures between a run and its recorder."""

from hypothesis import given
from hypothesis import strategies as st

from greentrack.model import Device, DeviceUse, Energy, Host, TrackerOverhead
from greentrack.recorder.transport import protocol

MESSAGES = st.lists(
    st.dictionaries(st.text(max_size=5), st.one_of(st.integers(), st.text(), st.none()), max_size=3), max_size=6
)


@given(messages=MESSAGES, cut=st.integers(1, 7))
def test_messages_come_out_whole_however_the_pipe_cuts_them(messages: list[dict[str, object]], cut: int) -> None:
    """In order, none lost, none twice."""
    data = b"".join(protocol.line(message) for message in messages)
    lines = protocol.LineBuffer()
    out = [message for i in range(0, len(data), cut) for message in lines.feed(data[i : i + cut])]
    assert out == messages


class Silent:
    """What cannot even be shown."""

    def __str__(self) -> str:
        raise RuntimeError


def test_what_json_cannot_hold_is_sent_as_text() -> None:
    """Keys of any type, circles and objects without a text: a training may put anything in its params."""
    circle: list[object] = []
    circle.append(circle)
    message = {"params": {(1, 2): 3, "silent": Silent(), "nested": {"lr": 0.1, ("a",): None}}, "circle": circle}
    (sent,) = protocol.LineBuffer().feed(protocol.line(message))
    assert sent["params"] == {"(1, 2)": 3, "silent": "<Silent>", "nested": {"lr": 0.1, "('a',)": None}}
    assert (
        str(sent["circle"]).count("[") == protocol.DEEPEST + 1
    )  # as deep as is kept, then as Python writes it: [[...]]


def test_lines_that_are_no_messages_are_left_out() -> None:
    """Half a line of a recorder that was killed, or a number, does not end the rest."""
    assert protocol.LineBuffer().feed(b'{"a":\n7\n{"a": 1}\n') == [{"a": 1}]


def test_figures_are_read_off_the_board_as_they_were_posted() -> None:
    """Devices with their details, energies and notes, and the host."""
    device = Device(uid="GPU-1", kind="gpu", name="GPU", details={"power_limit_watts": 300})
    use = DeviceUse(
        device=device, method="fake", energy=Energy(joules=1.5, seconds=2.0, cross_check=3.0), counter_valid=False
    )
    use = use._replace(idle=Energy(joules=0.5, seconds=1.0), idle_watts=0.4)
    board = bytearray(protocol.BOARD_BYTES)
    assert protocol.look(board) is None
    protocol.post(board, protocol.figures(7.0, [use], TrackerOverhead(readings=4), Host(id="h", name="n")))
    shown = protocol.look(board)
    assert shown is not None
    assert protocol.figures_of(shown) == ([use], TrackerOverhead(readings=4))
    assert shown["host"]["name"] == "n"
    assert use.joules == 3.0


def test_a_board_that_is_being_written_shows_nothing_rather_than_nonsense() -> None:
    """A checksum that does not fit is never believed."""
    board = bytearray(protocol.BOARD_BYTES)
    protocol.post(board, {"at": 1.0})
    board[10] ^= 0xFF
    assert protocol.look(board) is None


def test_figures_too_long_for_the_board_leave_the_last_ones() -> None:
    """A thousand devices do not write over the end."""
    board = bytearray(protocol.BOARD_BYTES)
    protocol.post(board, {"at": 1.0})
    protocol.post(board, {"text": "x" * protocol.BOARD_BYTES})
    assert protocol.look(board) == {"at": 1.0}
