"""``greentrack references``: the table, what the rows are, the misprints, and the same as JSON."""

import json

from tests.cli.conftest import Ask


def test_the_table_has_energy_carbon_and_how_it_was_found(ask: Ask) -> None:
    """BERT-base: 1.507 MWh and 0.652 t, partly assumed; PaLM's 271 t were not checked; nobody knows AlphaGo Zero's."""
    answer = ask("references")
    rows = {line.partition("  ")[0]: line.split("  ") for line in answer.out.split("\n\n")[0].splitlines()}
    assert answer.status == 0
    assert [cell.strip() for cell in rows["BERT-base"] if cell] == [
        "BERT-base", "2018", "1.51 MWh", "0.652 t", "partly assumed",
    ]  # fmt: skip
    assert "~271 t" in [cell.strip() for cell in rows["PaLM 540B"]]
    assert [cell.strip() for cell in rows["AlphaGo Zero"] if cell][2:] == ["—", "—", "not published"]


def test_it_fits_the_terminal(ask: Ask) -> None:
    """80 columns here."""
    assert max(map(len, ask("references").out.splitlines())) <= 80


def test_each_row_is_explained_with_its_source(ask: Ask) -> None:
    """Hardware, what was counted, money, doubt, source."""
    text = " ".join(ask("references").out.split())
    assert "- GPT-2 1.5B: TPU v3; neither power nor energy was published; uncertain" in text
    assert "- GPT-2 1.5B: ~27,955 USD (12,902–43,008) at the prices of 2019: the hours at a cloud's prices" in text
    assert "uncertain [Strubell et al. 2019, table 3]" in text
    assert "PUE 1.12; co2e uncertain [Patterson et al. 2021, table 4]" in text


def test_misprints_are_listed(ask: Ask) -> None:
    """PaLM's 3.4 kWh is 3.4 GWh; 0.00027 J is 7.5e-11 kWh."""
    text = " ".join(ask("references").out.split())
    assert '- "PaLM took 3.4 kWh": 3,436 MWh, which is 3.4 GWh' in text
    assert "7.5e-11 kWh" in text


def test_json_has_everything_and_null_for_what_is_not_known(ask: Ask) -> None:
    """Strict JSON with both lists."""
    made = json.loads(ask("references", "--format", "json").out)
    by_name = {row["name"]: row for row in made["references"]}
    assert (by_name["BERT-base"]["energy_mwh"], by_name["BERT-base"]["how"]) == (1.507, "assumed")
    assert by_name["AlphaGo Zero"]["energy_mwh"] is None
    paid = by_name["BERT-base"]["money"]
    assert (paid["value"], paid["low"], paid["high"]) == (8161.0, 3751.0, 12571.0)
    assert (paid["currency"], paid["year"], paid["how"][:9]) == ("USD", 2019, "the hours")
    assert by_name["AlphaGo Zero"]["money"] is None
    assert {"said", "so", "source"} == set(made["misprints"][0])
