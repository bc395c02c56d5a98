"""Asking ``greentrack`` in this process, as often as a fuzzer wants to, and what every answer must be like."""

import contextlib
import gc
import io
import json
from collections.abc import Sequence
from typing import NamedTuple

from hypothesis import strategies as st

from greentrack.cli import main
from greentrack.errors import GreenTrackError

NASTY = (
    *("", " ", "-", "--", "-1", "0", "1", "nan", "inf", "-inf", "1e309", "1e400 kWh", "9" * 400, "0x10", "1_000", "١٢"),
    *("\x00", "\ud800", "\udcff", "\x1b[31m", "a\nb", "a\r\nb", "\u202eabc", "é", "日本", "𝟙", "\ufeff", "%s%n{}{0}"),
    *("'; DROP TABLE runs; --", '" OR 1=1 --', "*", "?", "[", "[!", "%", "_", "=1+1", "../..", ".", "..", "~", "$HOME"),
    *(
        "latest",
        "all",
        "null",
        "true",
        "None",
        "[]",
        "{}",
        '{"a": [',
        "a=b",
        "=",
        ";",
        ",",
        "a" * 5000,
        "NaN",
        "[" * 20_000,
    ),
)
"""Texts that programs stumble over."""

hostile = st.sampled_from(NASTY) | st.text(max_size=20)


class Said(NamedTuple):
    """What a command said, and its exit status."""

    status: int
    out: str
    err: str


def ask(args: Sequence[str]) -> Said:
    """Run ``greentrack`` with *args*. Whatever it raises comes through: nothing but its exit is expected."""
    out, err = io.BytesIO(), io.BytesIO()
    output = io.TextIOWrapper(out, "utf-8", write_through=True)
    errors = io.TextIOWrapper(err, "utf-8", errors="backslashreplace", write_through=True)
    status: object = 0
    with contextlib.redirect_stdout(output), contextlib.redirect_stderr(errors):
        try:
            main(args)
        except SystemExit as end:
            status = end.code
        finally:
            gc.enable()  # a command may have turned it off for its own short life
    assert isinstance(status, int), args
    return Said(status, out.getvalue().decode(), err.getvalue().decode())


def answered(args: Sequence[str], *, good: Sequence[int] = (0, 1, 2)) -> Said:
    """Ask, and hold the answer against what is promised of every answer: right, or one line that names the trouble."""
    said = ask(args)
    assert said.status in good, (args, said)
    assert "Traceback" not in said.out + said.err, (args, said)
    told = [line for line in said.err.splitlines() if line.startswith("greentrack: ")]
    if said.status > 1:  # 1 is an answer, too: doctor's that nothing is measured
        assert len(told) == 1, (args, said)
        assert len(told[0]) > len("greentrack: "), (args, said)
    if said.status == 0 and "json" in args and "--help" not in args and "-h" not in args and said.out:
        json.loads(said.out, parse_constant=_refused)
    return said


def names(error: GreenTrackError, place: str) -> None:
    """Hold an error against what is promised of it: it says something, and names the *place*."""
    assert str(error).strip()
    assert place in str(error)


def _refused(constant: str) -> None:
    raise AssertionError(f"{constant} is no JSON")
