"""No network unless somebody asks for it: every connection, address and name that Python would look up is refused."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

FORBIDDEN = """
import sys
def hook(event, args):
    if event in ("socket.gethostname", "socket.__new__"):
        return
    if event.startswith(("socket.", "urllib.", "http.", "ftplib.", "smtplib.", "webbrowser.")):
        print(f"{event} {args}", file=sys.stderr)
        raise SystemExit("the network was used")
sys.addaudithook(hook)
"""
TRACKED = """
import greentrack
from greentrack import track
for how in ("thread", "process"):
    with track(how, db="g.db", recorder=how, meters=["fake:gpu=100"], zone="FR", budget="5 kWh", quiet=False) as run:
        with run.span("s"): run.advance(samples=1)
        run.log(val_acc=0.5)
        run.summary()
"""
ASKED = """
from greentrack.cli import main
MAY_FAIL = ("doctor", "when")  # nothing is measured here; the hours are over
for words in (
    ["show", "--embodied", "--water", "--tariff", "0.3 EUR"], ["show", "--format", "json"], ["runs", "--totals"],
    ["compare", "thread", "process"], ["where"], ["where", "--cloud", "aws"],
    ["estimate", "--gpu", "H100", "--hours", "10"], ["references"], ["doctor"], ["export"],
    ["report", "-o", "page.html"], ["when", "--hourly", "hours.csv"], ["calibrate", "--list"], ["--help"],
):
    try: main([*words, *(["--db", "g.db"] if words[0] not in ("references", "--help") else [])])
    except SystemExit as end: assert not end.code or words[0] in MAY_FAIL, (words, end.code)
"""
SERVED = """
import json
import greentrack.recorder.server, greentrack.recorder.setup, greentrack.recorder.sampler, greentrack.store.writer
import greentrack.registry as registry
for vendor in registry.METERS.values(): registry.attribute(vendor.discover)
print(json.dumps(sorted({"socket", "ssl", "http.client", "urllib.request"} & sys.modules.keys())))
"""
HOURS = "# zone: FR\ndatetime,g_per_kwh\n2026-09-21T00:00Z,31\n2026-09-21T01:00Z,28\n"


def run(script: str, folder: Path) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-c", FORBIDDEN + script]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


def test_a_run_and_every_command_work_without_the_network(tmp_path: Path) -> None:
    """import, track() with either recorder, its line, and each command that does not name a source on the network."""
    (tmp_path / "hours.csv").write_text(HOURS)
    done = run(TRACKED + ASKED, tmp_path)
    assert "the network was used" not in done.stderr
    assert done.returncode == 0, done.stderr


def test_the_recorder_does_not_even_load_what_a_connection_takes(tmp_path: Path) -> None:
    """Nor does any meter: the process beside the training has no way out."""
    done = run(SERVED, tmp_path)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == []


def test_the_callback_is_imported_without_the_network(tmp_path: Path) -> None:
    """Its framework included."""
    pytest.importorskip("pytorch_lightning")
    done = run(
        "from greentrack.integrations.lightning.callback import GreenTrackCallback; GreenTrackCallback()", tmp_path
    )
    assert done.returncode == 0, done.stderr


def test_the_rule_finds_a_connection(tmp_path: Path) -> None:
    """Somebody who asks for a source on the network is refused here, in one line."""
    asked = "from greentrack.cli import main; main(['when', '--hourly', 'uk', '--zone', 'GB', '--db', 'g.db'])"
    done = run(asked, tmp_path)
    assert "urllib.Request ('https://api.carbonintensity.org.uk/" in done.stderr
    assert done.returncode != 0
