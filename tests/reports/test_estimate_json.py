"""An estimate as JSON: how it was found, and a summary's keys without those of a measured run."""

import json

from greentrack.analysis.estimate import estimate_hardware
from greentrack.reports.estimate_json import render


def test_it_says_how_and_has_the_figures_of_a_summary() -> None:
    """302.4 x 1.3 x 1.25 = 491.4 kWh; nothing that only a run has."""
    made = json.loads(render(estimate_hardware("H100", count=8, hours=72, zone="US")))
    assert made["estimate"]["how"].startswith("8 x H100 SXM for 72 h")
    assert made["estimate"]["from_run"] is None
    assert round(made["energy"]["kwh"]["value"], 1) == 491.4
    assert made["energy"]["measured_share"] == 0
    assert {row["method"] for row in made["devices"]} == {"estimate"}
    assert made["comparison"]["name"] == "BERT-base"
    assert not {"run", "spans", "phases", "metrics", "tracker", "waste"} & set(made)
