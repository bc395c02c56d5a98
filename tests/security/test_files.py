"""What is written is the user's: with the umask that they set, and never for everybody to write."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

WORK = """
import os, sys
os.umask(int(sys.argv[1], 8))
from greentrack import track
from greentrack.cli import main
with track("x", db="kept/g.db", meters=["fake:gpu=100"], rest="off", quiet=True) as run:
    with run.span("s"): run.advance(n=1)
    run.log(loss=1.0)
for words in (
    ["show", "--db", "kept/g.db"],
    ["report", "--db", "kept/g.db", "-o", "page.html"],
    ["export", "--db", "kept/g.db", "-o", "readings.csv"],
    ["export", "--db", "kept/g.db", "--what", "all", "--format", "csv", "-o", "all"],
    ["import", "codecarbon", "emissions.csv", "--db", "kept/imported.db"],
):
    try: main(words)
    except SystemExit as end: assert not end.code, words
"""
EMISSIONS = """timestamp,project_name,run_id,duration,emissions,cpu_energy,gpu_energy,ram_energy,energy_consumed
2024-05-01T13:00:00,vision,9adda612-4ce8-49d0-9a55-e3b071a7b885,3600,0.02,0.05,0.4,0.01,0.46
"""


@pytest.mark.parametrize("umask", [0o077, 0o022, 0o002, 0o000], ids=oct)
def test_files_and_folders_have_the_users_umask_and_are_never_for_all_to_write(tmp_path: Path, umask: int) -> None:
    """The database, its log, a page, exports: what a umask of 077 hides stays hidden, and 000 opens nothing to all."""
    (tmp_path / "emissions.csv").write_text(EMISSIONS)
    (tmp_path / "emissions.csv").chmod(0o600)
    subprocess.run([sys.executable, "-c", WORK, f"{umask:o}"], cwd=tmp_path, check=True, stdout=subprocess.DEVNULL)
    made = {file.relative_to(tmp_path).as_posix(): file.stat().st_mode & 0o777 for file in tmp_path.rglob("*")}
    assert {"kept/g.db", "kept/imported.db", "page.html", "readings.csv", "all/spans.csv"} <= made.keys()
    assert {name: oct(mode) for name, mode in made.items() if mode & umask} == {}
    assert {name: oct(mode) for name, mode in made.items() if mode & 0o002} == {}


def test_the_log_of_an_open_database_is_no_more_open_than_the_database(db: Path) -> None:
    """SQLite gives -wal and -shm the mode of the file itself."""
    from greentrack.model import RunInfo
    from greentrack.store.batch import Batch
    from greentrack.store.writer import Writer

    before = os.umask(0o027)
    try:
        writer = Writer(db)
        writer.write(Batch(run_id="1", run=RunInfo(id="1", name="x")))
        modes = {file.name: file.stat().st_mode & 0o777 for file in db.parent.glob("greentrack.db*")}
        writer.close()
    finally:
        os.umask(before)
    assert modes == {"greentrack.db": 0o640, "greentrack.db-wal": 0o640, "greentrack.db-shm": 0o640}
