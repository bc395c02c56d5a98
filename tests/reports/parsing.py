"""Figures read back out of every format, in kWh, grams, litres and money, so that formats can be held side by side."""

import csv
import io
import json
import re
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

import pytest

from greentrack.costing.summary import Summary
from greentrack.formatting.units import duration, energy_range, litres_range, mass_range, money_range
from greentrack.quantity import Figure
from greentrack.reports.text import render as text_report

Triple = tuple[Decimal, Decimal, Decimal]
Figures = dict[str, Triple | str]
"""By what it is: value, low and high; "time" is as people read it."""

_EXPONENTS = {"mWh": -6, "Wh": -3, "kWh": 0, "MWh": 3, "ml": -3, "l": 0, "m³": 3}
_EXPONENTS |= {"mg CO2e": -3, "g CO2e": 0, "kg CO2e": 3, "t CO2e": 6, "EUR": 0, "USD": 0}
_CARDS = ("energy", "facility", "carbon", "embodied", "money", "water")
_NOTHING = "nothing was measured"
_NUMBER = r"[\d.,]*\d"
FIGURE = rf"({_NUMBER}) ({'|'.join(sorted(_EXPONENTS, key=len, reverse=True))})(?: \(({_NUMBER})(?:–({_NUMBER}))?\))?"


def figure(text: str) -> Triple:
    """Read a figure with its range; one without a range is certain."""
    found = re.match(FIGURE, text)
    assert found, text
    value, unit, low, high = found.groups()
    texts = (value, low or value, high or low or value)
    first, second, third = (Decimal(each.replace(",", "")).scaleb(_EXPONENTS[unit]) for each in texts)
    return first, second, third


def found(patterns: Mapping[str, str], text: str) -> Figures:
    """Read what each pattern finds; those that find nothing are left out."""
    made: Figures = {}
    for what, pattern in patterns.items():
        match = re.search(pattern, text, re.MULTILINE)
        if match:
            made[what] = match[1] if what.endswith("time") else figure(match[1])
    return made


def of_text(summary: Summary, text: str | None = None) -> Figures:
    """Read the text report, at a width at which nothing is wrapped."""
    made = found(
        {
            **{what: rf"^{what} +({FIGURE})" for what in _CARDS},
            "time": r"  (?:finished|failed)  (.+)  \d{4}-\d\d-\d\d \d\d:\d\d UTC$",
        },
        text_report(summary, width=2000) if text is None else text,
    )
    text = text_report(summary, width=2000)
    return made | _of_all(re.search(r"^(This run is part .+ \(pauses not counted\))$", text, re.MULTILINE))


def of_json(text: str) -> Figures:
    """Read the JSON, whose figures are not rounded, and round them as for people."""
    whole = json.loads(text)
    money, all_ = whole["money"], whole["whole"] or {}
    figures = {
        "energy": (whole["energy"]["kwh"], _kwh),
        "facility": (whole["facility"]["kwh"], _kwh),
        "carbon": (whole["carbon"]["g"], mass_range),
        "embodied": ((whole["embodied"] or {}).get("g"), mass_range),
        "water": ((whole["water"] or {}).get("litres"), litres_range),
        "money": (money and money["amount"], lambda amount: money_range(amount, money["currency"])),
        "all energy": (all_.get("kwh"), _kwh),
        "all carbon": (all_.get("g"), mass_range),
    }
    made: Figures = {what: figure(shown(Figure(**one))) for what, (one, shown) in figures.items() if one}
    made["time"] = duration(whole["run"]["seconds"])
    return made


def of_csv(text: str) -> Figures:
    """Read the one row."""
    (row,) = csv.DictReader(io.StringIO(text))
    columns = {
        "energy": "kwh",
        "facility": "facility_kwh",
        "carbon": "g_co2e",
        "embodied": "embodied_g_co2e",
        "water": "water_litres",
        "money": "money",
        "all energy": "all_parts_kwh",
        "all carbon": "all_parts_g_co2e",
        "all money": "all_parts_money",
    }
    made: Figures = {
        what: (Decimal(row[column]), Decimal(row[f"{column}_low"]), Decimal(row[f"{column}_high"]))
        for what, column in columns.items()
        if row[column]
    }
    made["time"] = duration(float(row["seconds"]))
    if row["all_parts_seconds"]:
        made["all time"] = duration(float(row["all_parts_seconds"]))
    return made


_ROWS = {
    "Energy": "energy",
    "Energy at the facility": "facility",
    "Carbon": "carbon",
    "Embodied carbon": "embodied",
    "Money": "money",
    "Water": "water",
    "Time": "time",
    "All parts: energy": "all energy",
    "All parts: carbon": "all carbon",
    "All parts: money": "all money",
    "All parts: time": "all time",
}


def of_markdown(text: str) -> Figures:
    """Read the first table."""
    rows = (line.strip("| ").split(" | ") for line in text.splitlines() if line.startswith("| "))
    return _table({cells[0]: cells[1] for cells in rows if len(cells) > 1})


def of_latex(text: str) -> Figures:
    """Read the table's rows, as they are set."""
    text = text.replace("--", "–").replace(r"CO\textsubscript{2}e", "CO2e").replace(r"\textsuperscript{3}", "³")
    rows = re.findall(r"^ +(.+) & (.*) & (.*) \\\\$", text, re.MULTILINE)
    return _table({label: f"{value} ({ends})" if ends else value for label, value, ends in rows})


def of_modelcard(text: str) -> Figures:
    """Read the YAML between its dashes."""
    yaml: Any = pytest.importorskip("yaml")
    (made,) = yaml.safe_load("\n".join(text.split("\n")[1:-1])).values()
    source = found({"carbon": f"({FIGURE})", "energy": f"from ({FIGURE})", "time": r" in (\d[^;]*);"}, made["source"])
    grams = Decimal(str(made["emissions"]))
    assert isinstance(source["carbon"], tuple)
    assert grams == source["carbon"][0]
    return source


def of_sentence(text: str) -> Figures:
    """Read the paragraph."""
    return found(
        {
            "energy": f"used ({FIGURE}) of electricity",
            "facility": f"the data centre used ({FIGURE})",
            "carbon": f"this amounts to ({FIGURE})",
            "embodied": f"Making the hardware adds ({FIGURE})",
            "time": r"” (?:\(\d parts together\) )?took (.+?) on ",
        },
        text,
    )


def of_ai_act(text: str) -> Figures:
    """Read the block; MWh and the unit that fits must be the same."""
    text = re.sub(r"\n {14}", " ", text)
    text = re.sub(r"^ +", "", text, flags=re.MULTILINE)
    again = found({"energy": rf"^Energy .*?that is ({FIGURE})", "facility": rf"overhead.*?({FIGURE})"}, text)
    made = found(
        {
            "energy": f"^Energy +({FIGURE})",
            "facility": rf"({_NUMBER} MWh[^M]*), that is {FIGURE}, with the data centre's overhead",
            "carbon": f"^Carbon +({FIGURE})",
            "time": r"^Time +\S+ h \((.+?)\)",
        },
        text,
    )
    assert made.get("energy") == again.get("energy")
    return made


def of_sci(text: str) -> Figures:
    """Read E, O and M."""
    return found({"E": f"^E +({FIGURE})", "carbon": f"^O +({FIGURE})", "embodied": f"^M +({FIGURE})"}, text)


def of_html(text: str) -> Figures:
    """Read the page's cards, the line of its status and the caption of its parts."""
    rows: dict[str, str] = {}
    for item in re.findall(r"<div><dt>(.+?)</div>", text):
        label, _, rest = item.partition("</dt>")
        rows[label] = re.sub("<[^>]+>", "", rest)
    made: Figures = {what: figure(rows[what]) for what in _CARDS if rows.get(what, _NOTHING) != _NOTHING}
    made["time"] = re.sub("^(?:finished|failed) ", "", rows["status"]).partition(", started")[0]
    return made | _of_all(re.search(r"<caption>(This run is part .+? \(pauses not counted\))</caption>", text))


READERS: Mapping[str, Callable[[str], Figures]] = {
    "json": of_json,
    "csv": of_csv,
    "html": of_html,
    "markdown": of_markdown,
    "latex": of_latex,
    "modelcard": of_modelcard,
    "sentence": of_sentence,
    "ai-act": of_ai_act,
    "sci": of_sci,
}


def _of_all(said: re.Match[str] | None) -> Figures:
    """Read what all parts of a work came to; nothing where there is one only."""
    if said is None:
        return {}
    *cells, seconds = said[1].partition(": in all ")[2].removesuffix(" (pauses not counted)").split(", ")
    names = ("all energy", "all carbon", "all money")
    return {"all time": seconds, **{what: figure(cell) for what, cell in zip(names, cells, strict=False)}}


def _table(rows: Mapping[str, str]) -> Figures:
    return {
        what: rows[label] if what.endswith("time") else figure(rows[label])
        for label, what in _ROWS.items()
        if rows.get(label, "not known") != "not known"
    }


def _kwh(kwh: Figure) -> str:
    return energy_range(kwh * 3_600_000.0)
