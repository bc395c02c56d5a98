"""Published trainings: the table is whole and adds up, and a run is held against the nearest."""

import re
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from greentrack.costing.api import summary_of
from greentrack.costing.published_trainings import (
    HOW,
    JOULES_PER_MWH,
    WELL_KNOWN,
    closest,
    comparison_of,
    reference,
    references,
)
from greentrack.errors import NotFoundError
from greentrack.model import DeviceUse, Record
from greentrack.quantity import Figure
from greentrack.reports import references_json
from greentrack.reports.json import to_dict

KWH = 3.6e6
MakeUse = Callable[..., DeviceUse]
MakeRecord = Callable[..., Record]


def exactly(joules: float) -> Figure:
    return Figure(value=joules, low=joules, high=joules)


def test_every_row_says_how_where_from_and_how_sure() -> None:
    """A training with energy says how it was found; one without says in words that there is none."""
    assert len({row.name for row in references()}) == len(references())
    for row in references():
        assert row.hardware
        assert row.boundary
        assert row.source
        assert 2010 < row.year < 2030
        assert row.certainty in {"published", "co2e uncertain", "uncertain"}
        assert row.how in HOW
        assert bool(row.how) == (row.energy_mwh is not None), row.name
        assert row.energy_mwh is not None or "published" in row.boundary, row.name


@pytest.mark.parametrize(
    "name",
    [
        "BERT-base",
        "GPT-2 1.5B",
        "XLNet-Large",
        "BigGAN",
        "StyleGAN2 (whole project)",
        "StyleGAN3 (whole project)",
        "ResNet-50 (ImageNet)",
        "T5-11B",
        "GPT-3 175B",
        "PaLM 540B",
        "BLOOM 176B",
        "LLaMA 65B",
        "Llama 2 (7B to 70B)",
        "Llama 3 (8B and 70B)",
        "Llama 3.1 (8B to 405B)",
        "AlphaGo Zero",
    ],
)  # fmt: skip
def test_the_trainings_that_everybody_names_are_there(name: str) -> None:
    """Each by its name."""
    assert reference(name).name == name


def test_what_nobody_published_is_not_a_number() -> None:
    """AlphaGo Zero's energy is unknown, and the row says that the figures that go round are guesses."""
    row = reference("AlphaGo Zero")
    assert (row.energy_mwh, row.tco2e, row.energy_text, row.carbon_text) == (None, None, "", "")
    assert (row.money, row.money_text, references_json.to_dict(row)["money"]) == (None, "", None)
    assert "guesses" in row.boundary
    assert references()[-1].energy_mwh is None


@pytest.mark.parametrize(
    ("name", "gpu_hours", "watts", "pue"),
    [  # the model cards and papers give hours and rated power; the energy is their product
        ("BLOOM 176B", 1_082_990, 400, 1.0),
        ("Llama 2 (7B to 70B)", 3_311_616, 400, 1.0),
        ("Llama 3 (8B and 70B)", 7.7e6, 700, 1.0),
        ("Llama 3.1 (8B to 405B)", 39.3e6, 700, 1.0),
        ("Llama 3.3 70B", 7.0e6, 700, 1.0),
        ("Llama 4 Maverick", 2.38e6, 700, 1.0),
        ("LLaMA 7B", 82_432, 400, 1.1),
        ("LLaMA 65B", 1_022_362, 400, 1.1),
        ("Stable Diffusion v1", 150_000, 250, 1.0),
        ("StarCoder", 320_256, 280, 1.0),
        ("OPT-175B", 809_472, 400, 1.1),
        ("PaLM 540B", 8_404_992, 378.5, 1.08),
        ("GPT-3 175B", 10_000 * 14.8 * 24, 330, 1.10),
        ("T5-11B", 512 * 20 * 24, 310, 1.12),
        ("Meena 2.6B", 1024 * 30 * 24, 289, 1.09),
        ("BERT-base", 79, 12_042, 1.58),
        ("Transformer-big", 84, 1515, 1.58),
    ],
)
def test_energies_are_hours_times_watts(name: str, gpu_hours: float, watts: float, pue: float) -> None:
    """Hours x W x PUE / 1e6 is the row's MWh, within what the sources round."""
    assert reference(name).energy_mwh == pytest.approx(gpu_hours * watts * pue / 1e6, rel=0.012)


@pytest.mark.parametrize(
    ("name", "hours", "cheap", "dear"),
    [  # Strubell et al. 2019: spot and on-demand prices of a GPU-hour and of a TPU-hour
        ("BERT-base", 64 * 79, 0.74, 2.48),
        ("XLNet-Large", 512 / 4 * 60, 8.0, 8.0),  # Synced 2019: $8 for a device of four chips
        ("DeepSeek-V3", 2.788e6, 2.0, 2.0),  # DeepSeek-AI 2024
    ],
)
def test_money_is_hours_times_a_price(name: str, hours: float, cheap: float, dear: float) -> None:
    """Device-hours x USD an hour, and the figure is the middle of both ends."""
    paid = reference(name).money
    assert paid is not None
    assert (paid.amount.low, paid.amount.high) == pytest.approx((hours * cheap, hours * dear), rel=0.01)
    assert paid.amount.value == (paid.amount.low + paid.amount.high) / 2
    assert (paid.currency, bool(paid.how)) == ("USD", True)


def test_money_of_a_row_that_is_uncertain_has_a_tilde() -> None:
    """GPT-2's was not checked at its source; of XLNet there is one price and no range."""
    assert reference("GPT-2 1.5B").money_text == "~27,955 USD (12,902–43,008) at the prices of 2019"
    assert reference("XLNet-Large").money_text == "61,440 USD at the prices of 2019"


@pytest.mark.parametrize(("pounds", "name"), [(1438, "BERT-base"), (192, "Transformer-big"), (262, "ELMo")])
def test_pounds_are_tons(pounds: float, name: str) -> None:
    """Strubell et al. print pounds of CO2; a pound is 0.4536 kg."""
    assert reference(name).tco2e == pytest.approx(pounds * 0.45359e-3, abs=0.0006)


def test_a_training_that_is_well_known_goes_before_one_that_is_nearer() -> None:
    """0.45 kWh / 1,507 kWh (Strubell et al. 2019) = 0.0003 of BERT-base, though ViT-Tiny's 1.7 kWh are nearer."""
    shown = comparison_of(exactly(0.45 * KWH))
    assert shown is not None
    assert shown.text == (
        "0.0003 of what BERT-base took: 1.51 MWh, partly assumed, 0.652 t CO2e, "
        "8,161 USD (3,751–12,571) at the prices of 2019 [Strubell et al. 2019, table 3]"
    )


def test_a_run_that_is_nothing_beside_the_well_known_is_held_against_the_nearest() -> None:
    """A ten-thousandth of BERT-base is 0.1507 kWh; 0.15 kWh are 0.088 of ViT-Tiny's 1.7 (Dodge et al. 2022)."""
    assert closest(0.151 * KWH).name == "BERT-base"
    shown = comparison_of(exactly(0.15 * KWH))
    assert shown is not None
    assert shown.text.startswith("0.088 of what ViT-Tiny took")


def test_the_well_known_trainings_have_an_energy_that_is_sure() -> None:
    """A name that is misspelt, or a row of uncertain energy, would never be chosen."""
    for name in WELL_KNOWN:
        assert reference(name).energy_mwh is not None
        assert reference(name).certainty != "uncertain"


def test_of_the_well_known_it_is_the_smallest_that_took_more() -> None:
    """1 MWh is 0.66 of BERT-base's 1.507 MWh."""
    shown = comparison_of(exactly(1000 * KWH))
    assert shown is not None
    assert shown.reference.name == "BERT-base"
    assert shown.text.startswith("0.66 of what BERT-base took: 1.51 MWh, partly assumed, ")


def test_the_runs_range_goes_along() -> None:
    """753.5 kWh (602.8 to 904.2) beside BERT-base's 1,507: 0.5 (0.4 to 0.6)."""
    shown = comparison_of(Figure(value=753.5 * KWH, low=602.8 * KWH, high=904.2 * KWH))
    assert shown is not None
    assert "0.5 of what BERT-base took (0.4–0.6)" in shown.text


def test_more_than_all_of_them_is_so_many_times_the_largest() -> None:
    """55,020 MWh is twice Llama 3.1."""
    shown = comparison_of(exactly(55_020 * JOULES_PER_MWH))
    assert shown is not None
    assert shown.text.startswith("2 times what Llama 3.1 (8B to 405B) took: ")


def test_nearly_nothing_is_held_against_nothing() -> None:
    """1 mWh beside 20 Wh is a ratio that tells nobody anything; no energy at all even less."""
    assert comparison_of(exactly(3.6)) is None
    assert comparison_of(exactly(0.0)) is None


@given(st.floats(1e3, 1e14))
def test_a_run_is_never_held_against_a_doubtful_energy(joules: float) -> None:
    """And it is a part of what it is held against, unless that is the largest."""
    row = closest(joules)
    assert row.energy_mwh is not None
    assert row.certainty != "uncertain"
    assert row.energy_mwh * JOULES_PER_MWH >= joules or row.name == "Llama 3.1 (8B to 405B)"


def test_a_report_has_one_line_of_it(use: MakeUse, record: MakeRecord) -> None:
    """10 kW for an hour, and a PUE of 1.5: 15 kWh are 0.01 of BERT-base's 1,507."""
    summary = summary_of(record(use(watts=10_000.0)), pue=1.5)
    text = " ".join(str(summary).split())
    assert text.count("0.01 of what BERT-base took (0.009–0.011): 1.51 MWh, partly assumed") == 1
    made = to_dict(summary)["comparison"]
    assert made["ratio"]["value"] == pytest.approx(15 / 1507)
    assert (made["name"], made["energy_mwh"], made["how"]) == ("BERT-base", 1.507, "assumed")
    assert (made["money"]["low"], made["money"]["currency"], made["money"]["year"]) == (3751.0, "USD", 2019)


def test_a_run_of_which_nothing_was_read_is_compared_with_nothing(use: MakeUse, record: MakeRecord) -> None:
    """Neither in the text nor in the JSON."""
    summary = summary_of(record(use(seconds=0.0)))
    assert summary.comparison is None
    assert to_dict(summary)["comparison"] is None


def test_a_name_that_is_not_there_is_an_error_with_a_hint() -> None:
    """In one line."""
    with pytest.raises(NotFoundError, match=re.escape("did you mean BERT-base")):
        reference("BERT-bass")
