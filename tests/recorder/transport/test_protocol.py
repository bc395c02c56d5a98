"""Messages between a run and its recorder."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from greentrack.recorder.transport import protocol

MESSAGES = st.lists(
    st.dictionaries(st.text(max_size=5), st.one_of(st.integers(), st.text(), st.none()), max_size=3), max_size=6
)


@given(messages=MESSAGES, cut=st.integers(1, 7))
def test_messages_come_out_whole_however_the_pipe_cuts_them(messages: list[Any], cut: int) -> None:
    """In order, none lost, none twice."""
    data = b"".join(protocol.line(message) for message in messages)
    lines: protocol.LineBuffer[Any] = protocol.LineBuffer()
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
    message: Any = {"params": {(1, 2): 3, "silent": Silent(), "nested": {"lr": 0.1, ("a",): None}}, "circle": circle}
    (sent,) = protocol.LineBuffer[Any]().feed(protocol.line(message))
    assert sent["params"] == {"(1, 2)": 3, "silent": "<Silent>", "nested": {"lr": 0.1, "('a',)": None}}
    assert (
        str(sent["circle"]).count("[") == protocol.MAX_DEPTH + 1
    )  # as deep as is kept, then as Python writes it: [[...]]


def test_lines_that_are_no_messages_are_left_out() -> None:
    """Half a line of a recorder that was killed, or a number, does not end the rest."""
    assert protocol.LineBuffer[Any]().feed(b'{"a":\n7\n{"a": 1}\n') == [{"a": 1}]
