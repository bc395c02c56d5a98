"""What the documents say is so: their code runs, their commands parse, what they name is there."""

import importlib
import json
import re
import shlex
import sqlite3
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import Any

import click
import pytest

from greentrack import ConfigError, __version__, config, track
from greentrack.cli.app import greentrack
from tests.documents import PARTS, ROOT, blocks, renewed

FRONT = [ROOT / name for name in ("README.md", "CHANGELOG.md", "SECURITY.md")]
DOCUMENTS = [*FRONT, *sorted((ROOT / "docs").glob("*.md"))]
STAND_IN = "NAME"  # in docs/adding.md, for the name of what somebody will add
FAKE = "fake:gpu=300,cpu=100"

every_document = pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)


def found(pattern: str, *documents: Path) -> list[Any]:
    """What *pattern* matches, each once: a text, or a tuple where it has several groups."""
    texts = (document.read_text(encoding="utf-8") for document in documents or DOCUMENTS)
    return list(dict.fromkeys(chain.from_iterable(re.findall(pattern, text, flags=re.MULTILINE) for text in texts)))


def named(dotted: str) -> Any:
    """The object of that full name. Raises ImportError or AttributeError."""
    module, _, attribute = dotted.rpartition(".")
    try:
        return getattr(importlib.import_module(module), attribute)
    except AttributeError:
        return importlib.import_module(dotted)


@pytest.mark.parametrize("file", PARTS)
def test_tables_that_come_from_the_code_are_in_step_with_it(file: str) -> None:
    """``make docs`` would change nothing."""
    assert (ROOT / file).read_text(encoding="utf-8") == renewed(file)


def test_the_readmes_python_runs(tmp_path: Path, db: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """All blocks, one after another as somebody would try them, with two batches and a loss of 0.5 to train on."""
    monkeypatch.setenv("GREENTRACK_DB", str(db))
    monkeypatch.setenv("GREENTRACK_METERS", FAKE)
    script = tmp_path / "readme.py"
    stand_ins = (
        "from lightning.pytorch import Trainer\n"
        "from lightning.pytorch.demos.boring_classes import BoringModel, RandomDataset\n"
        "from torch.utils.data import DataLoader\n"
        "model, data = BoringModel(), DataLoader(RandomDataset(32, 64))\n"
        "loader = [[0] * 64, [0] * 36]\n"
        "step = lambda batch: 0.5\n"
    )
    script.write_text("\n".join((stand_ins, *blocks(ROOT / "README.md", "python"))), encoding="utf-8")
    done = subprocess.run([sys.executable, script], capture_output=True, text=True, check=False, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "300 samples" in done.stdout  # three epochs of 64 + 36
    with sqlite3.connect(db) as runs:
        names = [row[0] for row in runs.execute("SELECT name FROM runs WHERE status = 'finished' ORDER BY started_at")]
    runs.close()
    assert names == ["BoringModel", "digits", "evaluate", "notebook", "with a budget"]


@pytest.mark.parametrize(
    "line", [line for file in DOCUMENTS for block in blocks(file, "sh") for line in block.splitlines()]
)
def test_commands_in_the_documents_exist_with_their_options(line: str) -> None:
    """Each line of shell is parsed, not run; variables before it are settings."""
    words = shlex.split(line, comments=True)
    while "=" in words[0]:
        assert words.pop(0).partition("=")[0].removeprefix("GREENTRACK_").lower() in config.Settings._fields
    program, name, *arguments = words
    assert program == "greentrack"
    command = greentrack.get_command(click.Context(greentrack), name)
    assert command is not None, f"no command is called {name}"
    command.make_context(name, arguments)


@every_document
def test_links_lead_somewhere(document: Path) -> None:
    """To a file that exists and, behind a #, to one of its headings."""
    for target in found(r"\]\(([^)\s]+)\)", document):
        if target.startswith("https://"):
            continue
        place, _, anchor = target.partition("#")
        file = document.parent / place if place else document
        assert file.exists(), target
        if anchor:
            headings = re.findall(r"^#+ (.+)$", file.read_text(encoding="utf-8"), flags=re.MULTILINE)
            assert anchor in [re.sub(r"[^\w -]", "", heading).lower().replace(" ", "-") for heading in headings]


@every_document
def test_files_that_are_named_exist(document: Path) -> None:
    """Paths of this repository in backticks, but for those with a stand-in."""
    paths = found(r"`((?:greentrack|reports|integrations|tests|docs|examples)/[^`\s]*)`", document)
    assert [path for path in paths if STAND_IN not in path and not (ROOT / path).exists()] == []


def test_names_of_the_code_that_are_named_exist() -> None:
    """``greentrack.registry.METERS`` and the like, in backticks; a figure that is given with one is its value."""
    for dotted, figure in found(r"`(greentrack(?:\.\w+)+)`(?: = (\d+(?:\.\d+)?))?"):
        if dotted.endswith((".db", ".toml", ".csv")):
            continue
        value = named(dotted)
        assert not figure or value == float(figure), f"{dotted} is {value}"


def test_the_callback_is_imported_from_one_place_in_all_documents() -> None:
    assert found(r"from (\S+) import GreenTrackCallback") == ["greentrack.integrations.lightning"]


def test_variables_that_are_named_are_settings() -> None:
    """But for those that are none, and two in examples: one is a mistake, the other somebody else's."""
    known = {f"GREENTRACK_{name.upper()}" for name in config.Settings._fields}
    others = {"GREENTRACK_DISABLED", "GREENTRACK_RUN_ID", "GREENTRACK_INTERVALL", "GREENTRACK_CI_BUCKET"}
    others |= {"GREENTRACK_AUTO", "GREENTRACK_ELECTRICITYMAPS_TOKEN"}
    assert set(found(r"\b(GREENTRACK_[A-Z_]*[A-Z])\b")) == known | others
    with pytest.raises(ConfigError, match="did you mean interval"):
        config.load(env={"GREENTRACK_INTERVALL": "1"}, folder=Path("/"))
    assert config.load(env={"GREENTRACK_CI_BUCKET": "x"}, folder=Path("/")) == config.Settings()


def test_targets_of_make_that_are_named_exist() -> None:
    """``make demo`` and the others; what is declared phony is there too."""
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    rules = set(re.findall(r"^([a-z]+):", makefile, flags=re.MULTILINE))
    said = {word for words in found(r"(?:^    |`)make ([a-z ]+?)(?:  |`|$)") for word in words.split()}
    assert {"demo", "test"} <= said <= rules
    assert set(re.findall(r"^\.PHONY: (.+)$", makefile, flags=re.MULTILINE)[0].split()) <= rules


def test_the_settings_file_in_the_documents_is_read(tmp_path: Path) -> None:
    """It sets what it says, and its database lies beside it."""
    (example,) = blocks(ROOT / "docs/settings.md", "toml")
    (tmp_path / "greentrack.toml").write_text(example, encoding="utf-8")
    settings = config.load(env={}, folder=tmp_path)
    assert settings.db == str(tmp_path / "results/greentrack.db")
    assert (settings.project, settings.zone, settings.gpus) == ("digits", "FR", (0, 1))
    assert set(tomllib.loads(example)) <= set(config.Settings._fields)


def test_the_changelog_has_this_version() -> None:
    """Its newest heading is the version that the package says it is."""
    assert found(r"^## \[([^\]]+)\]", ROOT / "CHANGELOG.md")[0] == __version__


@pytest.fixture
def digits(db: Path) -> Iterator[sqlite3.Connection]:
    """A database with one run, as README would have it made."""
    with track("digits", project="demo", db=db, meters=[FAKE], interval=0.1, quiet=True) as run:
        for epoch in range(3):
            with run.span("epoch", index=epoch):
                while sum(run.joules().values()) < 40 * (epoch + 1):  # a tenth of a second at 400 W
                    pass
            run.log(val_acc=0.5 + epoch / 10)
    connection = sqlite3.connect(db)
    yield connection
    connection.close()


def test_the_tables_of_the_database_are_described(digits: sqlite3.Connection) -> None:
    """Every table and view with every column, and none that is not there."""
    there = {
        table: {column[1] for column in digits.execute(f"PRAGMA table_info({table})")}
        for (table,) in digits.execute("SELECT name FROM sqlite_master WHERE type IN ('table', 'view')")
        if not table.startswith(("_", "sqlite_"))
    }
    rows = found(r"^\| `(\w+)` \| [^|]+ \| (.+) \|$", ROOT / "docs/database.md")
    assert {table: set(re.findall(r"`(\w+)`", columns)) for table, columns in rows} == there


def test_the_questions_in_the_documents_are_answered(digits: sqlite3.Connection) -> None:
    """A GPU of 300 W and a processor of 100 W read so, and epochs are no more than the whole."""
    projects, epochs, power = (digits.execute(query).fetchall() for query in blocks(ROOT / "docs/database.md", "sql"))
    ((project, runs, kwh, measured),) = projects
    assert (project, runs, measured) == ("demo", 1, 1.0)
    assert min(joules for _, joules, _ in epochs) > 0
    assert sum(joules for _, joules, _ in epochs) <= kwh * 3.6e6 * 1.000001
    assert [(epoch, accuracy) for epoch, _, accuracy in epochs] == [(0, 0.5), (1, 0.6), (2, 0.7)]
    assert {(kind, round(watts)) for kind, _, _, watts in power} == {("gpu", 300), ("cpu", 100)}
    assert json.loads(digits.execute("SELECT attrs FROM spans WHERE id = 1").fetchone()[0]) == {"index": 0}
