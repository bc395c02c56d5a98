"""Any command with any arguments: a right answer or one line, never a traceback, and never another run's figures."""

from pathlib import Path

import click
import pytest
from hypothesis import given
from hypothesis import strategies as st

from greentrack.cli.app import COMMANDS
from greentrack.errors import NotFoundError
from greentrack.registry import FORMATS, HOURLY, METERS, load
from greentrack.store.export import TABLES
from greentrack.store.reader import Reader
from tests.fuzz import past
from tests.fuzz.asking import answered, hostile
from tests.fuzz.conftest import cases

REFS = (*past.NAMES, *past.IDS, "latest", "019a", "019a0001", "ALPHA", "alph")
WORDS = {
    "run": REFS,
    "runs": REFS,
    "like": REFS,
    "source": REFS,
    "command": ("--", "/nowhere/train"),
    "project": ("demo", "demos"),
    "tags": ("t", "alpha", "x"),
    "status": ("finished", "running", "imported", "done"),
    "name": ("alpha", "a*", "?", "[a"),
    "since": ("2026-05-01", "7d", "12h", "today", "0001-01-01", "9999-12-31", "99999999w", "1e9d"),
    "until": ("val_acc>=0.5", "val_acc>=9", "loss<1", "2026-09-21", "today", ">=1"),
    "sort": ("started", "name", "seconds", "kwh", "g", "status", "-kwh", "--kwh"),
    "limit": ("0", "1", "-1", "99999999999999999999"),
    "zone": ("FR", "US-CA", "aws:eu-west-1", "WORLD", "XX", "SE3", ":"),
    "zones": ("FR,SE", "FR,XX", ","),
    "cloud": ("aws", "gcp", "azure", "moon"),
    "by": ("carbon", "money", "g", "cost"),
    "hourly": (*HOURLY, "hours.csv", "none.csv", "tariff.csv"),
    "rest": ("auto", "off", "server", "toaster"),
    "scope": ("machine", "process", "all"),
    "pue": ("1", "1.5", "world", "0.5", "1e308", "150"),
    "tariff": ("0.30 EUR", "0.30 EUR; 22-6 0.18", "tariff.csv", "hours.csv", "1e308 EUR", "-1 EUR", "0.3 XYZ"),
    "rent": ("2.95 USD", "specialist", "H100 hyperscaler", "1e308 USD", "Q9 cheap"),
    "per": ("samples", "tokens"),
    "param": ("lr", "of", "x", "lr=1", "x=[1"),
    "front": ("val_acc", "loss"),
    "better": ("higher", "lower", "best"),
    "gpu": ("H100", "H100 PCIe", "RTX 4090", "abacus"),
    "power": ("300W", "1.2kW", "-1W", "1e308kW", "W"),
    "hours": ("1", "0", "168", "1e308", "-1", "nan", "1e-300"),
    "what": (*TABLES, "all"),
    "form": (*FORMATS, "table", "jsonl", "parquet", "json"),
    "to": ("-", "out.csv", "out", "there/is/none", "g.db"),
    "tool": ("codecarbon",),
    "file": ("emissions.csv", "hours.csv", "none.csv", "."),
    "wall_watts": ("455", "0", "nan"),
    "wall_kwh_start": ("12.34", "-1", "1e308"),
    "wall_kwh_stop": ("12.81", "12.34", "x"),
    "forget": ("1", "all", "0"),
    "meters": (*METERS, "fake:gpu=100", "fake:gpu", "rapls"),
    "gpus": ("auto", "all", "0,1", "GPU-1", "-1"),
    "interval": ("1", "0.1", "0", "nan"),
    "count": ("1", "8", "0", "-1", "99999999999999999999"),
    "utilization": ("0.5", "2", "nan", "1e308"),
    "top": ("1", "0", "99999999999999999999"),
}
"""What may follow an argument or option of that name in earnest, or nearly."""

SLOW = {"doctor": ("self_test", "seconds"), "calibrate": ("seconds",), "report": ("look",)}
"""What would measure for seconds, or open a browser."""

NEEDED = {"calibrate": ("--list",), "run": ("--db", "g.db")}
"""Without these, a command might measure for half a minute; or record to where others look."""

FILES = ("to", "file", "db")


def values(name: str) -> st.SearchStrategy[str]:
    known = st.sampled_from(WORDS.get(name, ("1", "x")))
    odd = hostile.map(lambda text: text.replace("/", "").replace("~", "")) if name in FILES else hostile
    return known | known | known | odd


@st.composite
def lines(draw: st.DrawFn, name: str) -> list[str]:
    """Draw the words of a command: its options and arguments, mostly what they take, and now and then anything."""
    command: click.Command = load(COMMANDS, name, "command")
    words: list[str] = []
    for param in command.params:
        if param.name in ("db", *SLOW.get(name, ())):
            continue
        if isinstance(param, click.Argument):
            if name != "run":
                count = draw(st.integers(0, 3)) if param.nargs == -1 else draw(st.integers(0, 1) | st.just(1))
                words += draw(st.lists(values(param.name or ""), min_size=count, max_size=count))
            continue
        if draw(st.integers(0, 5)):
            continue
        option = draw(st.sampled_from((*param.opts, *param.secondary_opts)))
        words += [option] if param.is_flag else [option, draw(values(param.name or ""))]  # type: ignore[attr-defined]
    if draw(st.integers(0, 9)) == 0 and name != "run":  # which would run it
        words.insert(draw(st.integers(0, len(words))), draw(hostile))
    words = [word.replace("\0", "") for word in words]  # no operating system hands one over
    if name == "run":  # whatever it is told, it must find nothing to start
        return [name, *NEEDED[name], *(word for word in words if word != "--"), "--", "/nowhere/train"]
    if name == "calibrate" and not {"--run", "--forget"} & set(words):
        words.append("--list")
    return [name, *words]


@pytest.mark.parametrize("name", COMMANDS)
def test_any_arguments_get_a_right_answer_or_one_line(name: str, place: Path, whole: Path) -> None:
    """For each command: its own options with good, nearly good and nasty values; nothing outside the folder is made."""

    @cases({"doctor": 10, "report": 40}.get(name, 80))  # which take a tenth of a second
    @given(lines(name))
    def each(words: list[str]) -> None:
        past.renew(whole, place / "g.db")
        answered(words, good=(2, 127) if name == "run" else (0, 1, 2))

    each()


@cases(400)
@given(
    st.sampled_from((*REFS, ""))
    | hostile
    | st.tuples(st.sampled_from(past.IDS), st.integers(1, 36)).map(lambda p: p[0][: p[1]])
)
def test_a_reference_means_one_run_or_none(whole: Path, ref: str) -> None:
    """An id, latest, a name, or what begins the id of one run only; it never is taken for a run that is like it."""
    wanted = {"latest": past.IDS[-1], **dict(zip(past.NAMES, past.IDS, strict=True))}.get(ref)
    begun = [run_id for run_id in past.IDS if ref and run_id.startswith(ref.lower())]
    if wanted is None and len(begun) == 1:
        wanted = begun[0]
    with Reader(whole) as reader:
        try:
            found = reader.find(ref)
        except NotFoundError:
            found = None
    assert found == wanted
