"""The table of published errors: each correction is worked out by hand here, from the other tables' figures."""

import pytest

from greentrack.costing.equivalents import constant
from greentrack.costing.published_trainings import PublishedError, published_errors, reference


def about(words: str) -> PublishedError:
    (found,) = (error for error in published_errors() if words in error.said)
    return found


@pytest.mark.parametrize(
    ("said", "figures"),
    [
        # 8,404,992 chip-hours x 378.5 W x 1.08 = 3,436 MWh; / 12.194 MWh = 281.8; / 10.260 MWh = 334.9
        ("PaLM took 3.4 kWh", ["3,436 MWh", "3.4 GWh", "about 300 US homes", "282 by the EPA", "335 by the EIA"]),
        # 0.00027 / 3,600,000 = 7.5e-11
        ("0.00027 kWh", ["0.00027 J", "7.5e-11 kWh", "3,600,000 times"]),
        # 626,155 lb x 0.4536 = 284.0 t; 284.0 / 3.2 = 88.8; 656 / 7.5 = 87.5
        ("284 t (626,155 lb)", ["3.2 t", "87 to 89 times less"]),
        # 512 / 4 devices x 60 h x $8 = $61,440; four times that is $245,760
        ("XLNet cost $245,760", ["$61,440", "128 devices"]),
        # 10,000 x 14.8 x 24 h x 330 W x 1.10 = 1,289 MWh
        ("552 t were measured", ["1,289 MWh", "press release", "502 t"]),
        # 1,287 / 12.194 = 105.5; / 10.260 = 125.4
        ("120 homes", ["1,287 MWh", "106 (EPA)", "125 (EIA)"]),
        ("ChatGPT took 1,287 MWh", ["GPT-3's", "3,436 MWh"]),
        # 1,082,990 h x 400 W = 433.2 MWh; x 1.1 = 476.5; 1,287 x 1.1 = 1,415.7
        ("times a PUE", ["433 MWh become 477", "1,287", "1,416"]),
        ("Llama 3.1 emitted 0 t", ["11,390 t", "certificates"]),
        # 39.3e6 h x 700 W = 27,510 MWh
        ("it can test an estimator", ["27,510 MWh", "rating"]),
        # 12.9 t / 4,900 MWh = 2.6 g/kWh; 11,390 t / 27,510 MWh = 414 g/kWh; 4,900 x 0.414 = 2,029 t
        ("Llama 3.3 emitted 12.9 t", ["2.6 g/kWh", "414 g/kWh", "about 2,000 t"]),
        # 1,000 g / 120 g/km = 8.33 km
        ("1 kWh is 8.3 km", ["1 kg of CO2e is 8.3 km", "120 g/km"]),
    ],
)
def test_a_published_error_is_put_right(said: str, figures: list[str]) -> None:
    """Each figure as one finds it on paper."""
    error = about(said)
    assert [figure for figure in figures if figure not in error.so] == []
    assert error.source


def test_none_is_without_a_test() -> None:
    """Twelve above, twelve in the table."""
    assert len(published_errors()) == 12


@pytest.mark.parametrize(
    ("training", "mwh", "tons"),
    [
        ("PaLM 540B", "3,436", None),
        ("GPT-3 175B", "1,287", "552"),
        ("Evolved Transformer search", None, "3.2"),
        ("Llama 3.1 (8B to 405B)", None, "11,390"),
        ("Llama 3.3 70B", "4,900", None),
    ],
)
def test_the_corrections_quote_the_table_of_trainings(training: str, mwh: str | None, tons: str | None) -> None:
    """A figure that changes there has to change here."""
    published = reference(training)
    if mwh is not None:
        assert f"{published.energy_mwh:,.0f}" == mwh
        assert any(f"{mwh} MWh" in error.so for error in published_errors())
    if tons is not None:
        assert f"{published.tco2e:,.5g}" == tons
        assert any(f"{tons} t" in error.said + error.so for error in published_errors())


def test_homes_are_those_of_the_table_of_equivalents() -> None:
    """10,260 kWh a year (EIA) to 12,194 (EPA): 1,287,000 kWh are 125 to 106 homes, PaLM's 3,436,000 are 335 to 282."""
    home = constant("years of a US home's electricity")
    assert [f"{1_287_000 / kwh:.0f}" for kwh in (home.figure.low, home.figure.high)] == ["125", "106"]
    assert [f"{3_436_000 / kwh:.0f}" for kwh in (home.figure.low, home.figure.high)] == ["335", "282"]
