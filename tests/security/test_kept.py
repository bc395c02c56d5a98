"""What a run keeps of secrets: nothing of them, wherever GreenTrack takes down what it was not handed as a label."""

import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

SECRET = "hf_" + "aB3" * 11
WORK = f"""
import os, sys
from greentrack import track
def work():
    with track("x", db="g.db", meters=["fake:gpu=100"], rest="off", quiet=True, params={{"token": "{SECRET}"}}) as run:
        with run.span("upload", url="https://me:{SECRET}@example.org", attempt=1):
            raise OSError("401 for https://example.org?token={SECRET}")
try: work()
except OSError as error: assert "{SECRET}" in str(error)
"""


def kept(folder: Path) -> tuple[bytes, tuple[str, str, str, str]]:
    """Return all bytes of a database, and of its run the params, the command, the error and its span's attributes."""
    db = sqlite3.connect(folder / "g.db")
    row: tuple[str, str, str, str] = db.execute(
        "SELECT params, command, error, attrs FROM runs JOIN spans ON run = key"
    ).fetchone()
    db.close()
    return b"".join(file.read_bytes() for file in folder.glob("g.db*")), row


@pytest.mark.parametrize("recorder", ["process", "thread"])
def test_no_byte_of_a_secret_is_in_the_database(tmp_path: Path, recorder: str) -> None:
    """Of params, the command, the error and a span's attributes; the exception that comes out is as it was."""
    env = {"GREENTRACK_RECORDER": recorder, "HOME": str(tmp_path)}
    subprocess.run([sys.executable, "-c", WORK, "--token", SECRET], cwd=tmp_path, check=True, env=env)
    content, (params, command, error, attrs) = kept(tmp_path)
    assert SECRET.encode() not in content
    assert params == '{"token": "[redacted]"}'
    assert command.endswith('"--token", "[redacted]"]')
    assert error == "OSError: 401 for https://example.org?token=[redacted]"
    assert attrs == '{"attempt": 1, "url": "https://me:[redacted]@example.org"}'


def test_who_turns_it_off_has_all_as_it_was(tmp_path: Path) -> None:
    """redact = false is one's own decision."""
    (tmp_path / "greentrack.toml").write_text("redact = false\n")
    subprocess.run([sys.executable, "-c", WORK], cwd=tmp_path, check=True, env={"HOME": str(tmp_path)})
    _, (params, command, error, attrs) = kept(tmp_path)
    assert all(SECRET in text for text in (params, command, error, attrs))


def test_a_secret_that_the_cut_would_halve_is_known_before(tmp_path: Path) -> None:
    """An error's text is kept up to 500 characters, and a token that lies across the last of them is none of it."""
    work = f"""
from greentrack import track
try:
    with track("x", db="g.db", meters=["fake:gpu=100"], rest="off", quiet=True) as run:
        with run.span("s"): raise OSError("." * 475 + " {SECRET}")
except OSError: pass
"""
    subprocess.run([sys.executable, "-c", work], cwd=tmp_path, check=True, env={"HOME": str(tmp_path)})
    content, (_, _, error, _) = kept(tmp_path)
    assert len(error) <= 500
    assert "hf_" not in error
    assert b"hf_aB3" not in content.replace(SECRET.encode(), b"")
