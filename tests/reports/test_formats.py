"""Every format says the same: the same figures, the same of what is not known, and any name as text."""

import csv
import io
import json
import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from greentrack import __version__
from greentrack.costing.api import summary_of
from greentrack.costing.multipart import joined
from greentrack.costing.summary import Summary
from greentrack.model import Device, DeviceUse, Energy, Host, Metric, Phase, Record, RunInfo, Span
from greentrack.registry import FORMATS, load
from greentrack.reports.text import render as text_report
from tests.reports import parsing

MakeUse = Callable[..., DeviceUse]
MakeRecord = Callable[..., Record]

NASTY = (
    "<script>alert(1)</script>",
    "=cmd|' /C calc'!A0",
    "\x1b[31mred\x1b[0m\x9b2J",
    "abc\u202etxt.exe",
    "a|b & 50% of $x_1^2$ {c} ~ #1 \\input{x} `y` *z* [l](http://x) \"q\" 'r'",
    "line\nbreak\r\ttab: - yaml",
    "x" * 10_000,
    "- list",
    "日本語 🚀",
    "",
)
METHODS = ["fake", "nvml-counter", "rapl-amd", "cpu-model", "ram-model"]


def rendered(form: str, summary: Summary) -> str:
    text: str = load(FORMATS, form, "format")(summary)
    return text


@st.composite
def summaries(draw: st.DrawFn) -> Summary:
    """Make a run of any length and power, costed under any terms; sometimes one of several parts."""
    seconds = draw(st.floats(0.01, 1e7))
    uses = tuple(
        DeviceUse(
            device=Device(uid=f"{kind}:{number}", kind=kind, name=draw(st.sampled_from(["A GPU", *NASTY[:5]]))),
            method=draw(st.sampled_from(METHODS)),
            energy=Energy(joules=draw(st.floats(1e-3, 1e6)) * seconds, seconds=seconds * draw(st.floats(0.1, 1))),
        )
        for number, kind in enumerate(draw(st.lists(st.sampled_from(["gpu", "cpu", "ram"]), min_size=1, max_size=4)))
    )
    paid = draw(st.sampled_from([{}, {"tariff": "0.123 EUR"}, {"tariff": "7 USD"}, {"rent": "2.95 USD"}]))
    terms: dict[str, Any] = {
        **paid,
        "zone": draw(st.sampled_from(["FR", "US-CA", "WORLD", "PL"])),
        "pue": draw(st.none() | st.floats(1, 3)),
        "embodied": draw(st.booleans()),
        "water": draw(st.booleans()),
        "rest": draw(st.sampled_from(["off", "server", "desktop"])),
    }

    def part(number: int) -> Summary:
        run = RunInfo(
            id=f"019a0000-0000-7000-8000-00000000000{number}",
            name=draw(st.sampled_from(["digits", *NASTY[:6]])),
            status=draw(st.sampled_from(["finished", "failed"])),
            started_at=1.79e9 + number * 1e8,
            seconds=seconds,
            host=Host(id="h", name="box", chassis="server"),
        )
        return summary_of(Record(run=run, devices=uses, work={"samples": 36.0}), **terms)

    parts = [part(number) for number in range(draw(st.integers(1, 3)))]
    return parts[0] if len(parts) == 1 else joined(parts[-1], parts, 1.0)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(summaries())
def test_every_format_has_the_figures_of_the_text_report(summary: Summary) -> None:
    """Energy, carbon, money, time and ranges, read back out of each: not a digit differs."""
    told = parsing.of_text(summary)
    for form in parsing.READERS.keys() - {"html"}:
        figures = parsing.READERS[form](rendered(form, summary))
        expected = dict(told)
        if summary.whole is not None and form in ("modelcard", "sentence", "ai-act"):  # they tell of the whole work
            expected |= {what: told[f"all {what}"] for what in ("energy", "carbon", "time")}
            figures.pop("facility", None)  # the text report has none for the whole
        if form == "sci":
            expected["E"] = told.get("facility", told["energy"])
        assert figures == {what: expected[what] for what in figures}, form
        assert {"carbon", "E" if form == "sci" else "energy"} <= figures.keys(), form
    full = parsing.of_csv(rendered("csv", summary))
    for form in ("markdown", "latex"):
        assert parsing.READERS[form](rendered(form, summary)) == full, form
    assert {what for what in told if not what.startswith("all")} <= full.keys()


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(summaries())
def test_the_page_has_the_figures_of_the_text_report(summary: Summary) -> None:
    """All of them, and no others; fewer runs are tried, as a page takes 200 ms."""
    assert parsing.of_html(rendered("html", summary)) == parsing.of_text(summary)


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(summaries())
def test_the_text_report_has_the_figures_of_the_summary(summary: Summary) -> None:
    """Three digits of the value, so that all the formats have them: within half a percent."""
    told = parsing.of_text(summary)
    assert summary.joules is not None
    assert summary.g is not None
    assert isinstance(told["energy"], tuple)
    assert isinstance(told["carbon"], tuple)
    assert float(told["energy"][0]) == pytest.approx(summary.joules.value / 3.6e6, rel=0.0051)
    assert float(told["carbon"][0]) == pytest.approx(summary.g.value, rel=0.0051)


def test_a_new_format_is_held_against_the_others() -> None:
    """Its reader is to be written in ``parsing``."""
    assert FORMATS.keys() - {"text"} == parsing.READERS.keys()


@pytest.mark.parametrize("form", sorted(FORMATS.keys() - {"html"}))
def test_what_was_not_measured_is_not_a_zero(form: str, use: MakeUse, record: MakeRecord) -> None:
    """No format has a figure of energy or carbon where nobody read one, and each says so or leaves it empty."""
    text = rendered(form, summary_of(record(use(seconds=0.0), zone="FR"), embodied=True))
    assert not re.search(r"(?<![\d.])0 (mWh|Wh|kWh|MWh|mg|g|kg)\b", text)
    if form in parsing.READERS and form != "modelcard":
        assert not {"energy", "facility", "carbon", "E"} & parsing.READERS[form](text).keys()
    if form not in ("csv", "json"):
        assert "not known" in text or "not measured" in text or "nothing was measured" in text


@pytest.mark.parametrize("name", NASTY)
@pytest.mark.parametrize("form", sorted(FORMATS.keys() - {"text", "html", "json"}))
def test_no_format_lets_a_name_steer_a_terminal(form: str, name: str, use: MakeUse, record: MakeRecord) -> None:
    """Neither an escape nor reversed writing comes through, wherever the name stands."""
    text = rendered(form, summary_of(nasty(name, use, record)))
    assert all(line.isprintable() for line in text.split("\n"))


def nasty(name: str, use: MakeUse, record: MakeRecord) -> Record:
    one = use()
    one = one._replace(device=one.device._replace(name=name), note=name)
    made = record(one, name=name, project=name, tags=(name, "b"), error=name, work={name: 3.0, "samples": 1.0})
    return made._replace(run=made.run._replace(host=Host(id="h", name=name, cpu=name, chassis="server")))


@pytest.mark.parametrize("name", NASTY)
def test_a_spreadsheet_works_nothing_out(name: str, use: MakeUse, record: MakeRecord) -> None:
    """No cell begins with what begins a formula, and none is lost or split."""
    head, row = csv.reader(io.StringIO(rendered("csv", summary_of(nasty(name, use, record)))))
    assert len(head) == len(row) == len(set(head))
    assert not [cell for cell in row if cell.lstrip().startswith(("=", "+", "-", "@"))]


@pytest.mark.parametrize("name", NASTY)
def test_markdown_shows_a_name_as_it_is(name: str, use: MakeUse, record: MakeRecord) -> None:
    """Rendered, the heading is the name, tables keep their columns, and no HTML, link or emphasis has come of it."""
    parser = MarkdownIt("commonmark").enable("table")
    tokens = parser.parse(rendered("markdown", summary_of(nasty(name, use, record))))
    inline = [inner for token in tokens for inner in token.children or ()]
    assert not {"html_block", "html_inline", "fence", "hr"} & {token.type for token in (*tokens, *inline)}
    assert {token.type for token in inline} <= {"text", "text_special", "softbreak", "strong_open", "strong_close"}
    heading = next(token for number, token in enumerate(tokens) if tokens[number - 1].type == "heading_open")
    shown = "".join(inner.content for inner in heading.children or ())
    printable = "".join(each if each.isprintable() else " " for each in name).strip()
    assert shown == (printable if len(printable) <= 120 else f"{printable[:60]}…{printable[-59:]}")
    table = "".join({"th_open": ".", "td_open": ".", "tr_close": "\n"}.get(token.type, "") for token in tokens)
    assert set(table.split("\n")) == {"...", "." * 7, ""}  # figures in three columns, devices in seven


@pytest.mark.parametrize("name", NASTY)
def test_latex_is_set_as_it_is(name: str, use: MakeUse, record: MakeRecord) -> None:
    """Braces balance, each row has its three cells, and every command is one that the format itself writes."""
    text = rendered("latex", summary_of(nasty(name, use, record)))
    bare = re.sub(r"\\([{}$&#_%])", "", text)
    assert bare.count("{") == bare.count("}")
    assert bare.count("$") % 2 == 0
    assert all(line.count("&") == 2 for line in bare.splitlines() if line.endswith(r"\\"))
    allowed = {"usepackage", "begin", "end", "centering", "caption", "label", "toprule", "midrule", "bottomrule"}
    allowed |= {"textbackslash", "textasciicircum", "textasciitilde", "textless", "textgreater", "textbar", "symbol"}
    allowed |= {"textasciigrave", "textsubscript", "textsuperscript", "times", "ldots"}
    assert set(re.findall(r"\\([a-zA-Z]+)", bare)) <= allowed
    assert "%" not in "".join(bare.splitlines()[1:])


@pytest.mark.parametrize("name", NASTY)
def test_a_model_card_stays_yaml(name: str, use: MakeUse, record: MakeRecord) -> None:
    """Whatever the hardware is called, the block has the five keys of the card at most, and grams as a number."""
    yaml: Any = pytest.importorskip("yaml")
    text = rendered("modelcard", summary_of(nasty(name, use, record)))
    assert text.startswith("---\n")
    assert text.endswith("\n---")
    made = yaml.safe_load(text.removesuffix("---"))["co2_eq_emissions"]
    assert isinstance(made["emissions"], float | int)
    keys = {"emissions", "source", "training_type", "geographical_location", "hardware_used"}
    assert made.keys() <= keys


def test_a_model_card_has_grams(use: MakeUse, record: MakeRecord) -> None:
    """1,000 hours of 360 W are 360 kWh, in France at 41.44 g: 14,918 g, and not the 14.9 kg that people read."""
    yaml: Any = pytest.importorskip("yaml")
    hours = 1000 * 3600.0
    made = record(use(seconds=hours), seconds=hours, tags=("Fine_Tuning",))
    card = yaml.safe_load(rendered("modelcard", summary_of(made)).removesuffix("---"))["co2_eq_emissions"]
    assert card["emissions"] == 14_900
    assert card["training_type"] == "fine-tuning"
    assert card["geographical_location"] == "France (FR)"
    assert card["hardware_used"] == "the gpu"
    assert "14.9 kg CO2e (13–16)" in card["source"]


def test_a_model_card_leaves_out_a_kind_of_training_that_it_does_not_know(use: MakeUse, record: MakeRecord) -> None:
    """It says how to name one, in a comment."""
    text = rendered("modelcard", summary_of(record(use())))
    assert "training_type" not in re.sub("#.*", "", text)
    assert "# training_type: pre-training or fine-tuning" in text


def test_a_sentence_says_what_a_reader_must_know(use: MakeUse, record: MakeRecord) -> None:
    """Energy, boundary, method, share measured, PUE, factor with source and year, carbon, and what is left out."""
    made = record(use(), use("ram", "ram", watts=40.0, method="ram-model"), name="digits")
    text = rendered("sentence", summary_of(made, pue=1.2))
    for words in (
        "The run “digits” took 1 h on the gpu and used 400 Wh (",
        "GPUs and memory, without the rest of the machine; 90 % of it was measured",
        "that of the GPUs was measured (a virtual device whose power is known)",
        "that of the memory was modelled (watts per gigabyte of memory)",
        "With a power usage effectiveness (PUE) of 1.2 (1.08–1.32; given by the user",
        "the data centre used 480 Wh (",
        "At a grid intensity of 41.4 g CO2e/kWh (France, life-cycle, location-based, Ember",
        "The carbon of making the hardware is not included.",
    ):
        assert words in text
    plain = rendered("sentence", summary_of(record(use(seconds=1800.0), zone=None, timezone="Europe/Paris")))
    assert "No overhead of a data centre (PUE) is included." in plain
    assert "all of it was measured" in plain
    assert "of the least seen device 50 %" in plain
    assert "zone guessed from the time zone Europe/Paris" in plain


def test_tables_for_papers_have_the_energy_above_idle(use: MakeUse, record: MakeRecord) -> None:
    """Whatever the text report has a line of; 60 of the GPU's 360 Wh are its idling."""
    made = summary_of(record(use(idle_watts=60.0)))
    assert "| Above idle | 300 Wh |" in rendered("markdown", made)
    assert "Above idle & 300 Wh &" in rendered("latex", made)


def test_the_regulators_block_counts_every_part_of_a_work(use: MakeUse, record: MakeRecord) -> None:
    """Two parts of 360 Wh and an hour each: 0.00072 MWh and 2 h, and what was modelled is marked."""
    parts = [
        summary_of(
            record(use(), use("cpu", "cpu", watts=0.0, method="cpu-model"), id=f"part-{n}", started_at=1e9 + n * 1e6),
            pue=1.5,
        )
        for n in (1, 2)
    ]
    text = rendered("ai-act", joined(parts[1], parts, 1.0))
    flat = " ".join(text.split())
    assert "Energy 0.00072 MWh, that is 720 Wh, all 2 parts together" in flat
    assert "0.00036 MWh, that is 360 Wh, this part, known: all of it was measured" in flat
    assert "0.00108 MWh (0.00097–0.0012), that is 1.08 kWh (0.97–1.2), with the data centre's overhead" in flat
    assert "Time 2 h (2 h) in which some part ran 1 GPU-hours of this part, on 1 GPU" in flat
    assert "cpu the cpu: 0 MWh, ESTIMATED (cpu-model)" in flat
    assert "(not required by the Annex)" in flat
    assert "fixes no unit, no boundary and no method" in flat
    assert max(map(len, text.splitlines())) <= 100


def test_csv_has_the_same_columns_for_every_run(use: MakeUse, record: MakeRecord) -> None:
    """Whatever is known of a run, so that files can be put together; a blank is what is not known."""
    poor = summary_of(record(use(seconds=0.0)))
    rich = summary_of(record(use(), project="p", tags=("a",)), pue=2, embodied=True, water=True, tariff="1 EUR")
    heads = {rendered("csv", summary).splitlines()[0] for summary in (poor, rich, joined(rich, [rich, rich], 1.0))}
    assert len(heads) == 1
    (row,) = csv.DictReader(io.StringIO(rendered("csv", rich)))
    assert (row["kwh"], row["facility_kwh"], row["money"], row["money_currency"]) == ("0.36", "0.72", "0.72", "EUR")
    (row,) = csv.DictReader(io.StringIO(rendered("csv", poor)))
    assert (row["kwh"], row["g_co2e"], row["pue"]) == ("", "", "")
    assert Decimal(row["g_per_kwh"]) == Decimal("41.4")


@pytest.mark.parametrize("form", ["sentence", "ai-act", "modelcard", "csv", "markdown", "latex"])
def test_who_recorded_an_imported_run_is_named(form: str, use: MakeUse, record: MakeRecord) -> None:
    """codecarbon with its version, and GreenTrack only as what it was imported into."""
    about = {"status": "imported", "params": {"codecarbon": {"version": "2.8.3"}}}
    imported = summary_of(record(use("ram", "ram", method="codecarbon-ram"), **about))
    words = f"codecarbon 2.8.3, imported into GreenTrack {__version__}"
    text = " ".join(rendered(form, imported).split())
    assert words in text
    assert text.count(f"GreenTrack {__version__}") == text.count(words)
    assert "imported into" not in rendered(form, summary_of(record(use())))


def test_a_recorder_of_unknown_version_is_named_without_one(use: MakeUse, record: MakeRecord) -> None:
    """The oldest files do not say it."""
    imported = summary_of(record(use(), status="imported", params={"codecarbon": {"version": None}}))
    text = rendered("sentence", imported)
    assert f"as recorded with codecarbon, imported into GreenTrack {__version__}." in text


def test_parentheses_within_parentheses_are_brackets(use: MakeUse, record: MakeRecord) -> None:
    """A method's own remark stays with what it is of."""
    text = rendered("sentence", summary_of(record(use("ram", "ram", method="codecarbon-ram"))))
    assert "imported: 3 W for 8 GB [version 2] or 5 W a module [version 3])" in text


@pytest.mark.parametrize(
    ("rest", "uids", "missed", "boundary"),
    [
        ("server", ["cpu"], "the whole machine but for cpu", "the whole machine but for cpu, of which"),
        ("off", ["cpu"], "its devices only but for cpu", "without cpu, of which nothing was read, and without the"),
        ("server", ["gpu:1"], "the whole machine but for 1 of 2 of gpu", "but for 1 of 2 of gpu, of which"),
    ],
)
def test_a_device_that_was_not_read_is_not_in_the_whole_machine(
    rest: str, uids: list[str], missed: str, boundary: str, use: MakeUse, record: MakeRecord
) -> None:
    """In the text, and in every format that says where the energy ends."""
    unread = [use(uid, uid.partition(":")[0], seconds=0.0) for uid in uids]
    summary = summary_of(record(use(), *unread, rest=rest))
    assert f"{missed}, of which nothing was read, " in text_report(summary, width=2000)
    for form in ("markdown", "latex", "modelcard", "sentence", "ai-act"):
        assert boundary in " ".join(rendered(form, summary).split()), form
    assert json.loads(rendered("json", summary))["energy"]["unread"] == uids


def test_the_energy_of_spans_phases_and_metrics_says_that_it_is_the_devices(use: MakeUse, record: MakeRecord) -> None:
    """The rest of the machine is in none of them, in the text and on the page."""
    one = Energy(joules=36.0, seconds=1.0)
    made = record(
        use(),
        chassis="server",
        rest="auto",
        spans=(Span(id=1, name="epoch", started_at=1.79e9, ended_at=1.79e9 + 1, energy={"gpu:0": one}),),
        phases=(Phase(name="data", calls=1, seconds=1.0, energy={"gpu:0": one}),),
        metrics=(Metric(name="acc", at=1.79e9 + 1, value=0.5, joules=36.0),),
    )
    for form in ("text", "html"):
        text = rendered(form, summary_of(made))
        assert "after 10 mWh of devices" in text
        assert text.count("of devices") >= 3
