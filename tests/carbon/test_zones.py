"""Zones: what was named, what was guessed, and what is never guessed."""

import datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from greentrack.carbon import find_intensity, months_if_old, zones
from greentrack.carbon.base import Intensity, Source
from greentrack.carbon.codecarbon import CodeCarbon
from greentrack.carbon.table import IntensityTable
from greentrack.carbon.timezones import country_of
from greentrack.carbon.zones import normalise
from greentrack.errors import ConfigError, ZoneError

ALL = zones()


def test_a_country_is_known_by_two_or_three_letters_in_any_case() -> None:
    """FR, fra and Fr are one place, and the table's figure is given with source and year."""
    found = [find_intensity(zone) for zone in ("FR", "fra", " Fr ")]
    assert {one.zone for one in found} == {"FR"}
    assert (found[0].g_per_kwh, found[0].year, found[0].how) == (41.44, 2025, "given")
    assert "Ember" in found[0].source


def test_uk_is_another_word_for_gb() -> None:
    """The country that people call UK has the code GB."""
    assert find_intensity("UK") == find_intensity("GB")


def test_a_yearly_average_has_a_range_of_ten_percent() -> None:
    """41.44 g/kWh may be 37.3 or 45.6."""
    france = find_intensity("FR")
    assert (france.low, france.high) == pytest.approx((37.296, 45.584))


@pytest.mark.parametrize(
    ("wrong", "hint"),
    [
        ("france", "FR (France)"),
        ("germny", "DE (Germany)"),
        ("US-ZZ", "US (United States)"),
        ("aws:eu-west-9", "aws:eu-west-"),
        ("CA-QCC", "CA-QC"),
        ("XX", "known are ISO countries"),
        ("", "known are ISO countries"),
    ],
)
def test_an_unknown_zone_is_an_error_with_suggestions(wrong: str, hint: str) -> None:
    """Nothing is put in the place of a zone that does not exist."""
    with pytest.raises(ZoneError) as caught:
        find_intensity(wrong, timezone="Europe/Paris")
    assert repr(wrong) in str(caught.value)
    assert "\n" not in str(caught.value)
    assert hint in str(caught.value)
    assert isinstance(caught.value, ConfigError)


def test_the_time_zone_gives_a_guess_and_says_so() -> None:
    """Without a zone the country of the time zone is taken, and called a guess."""
    guess = find_intensity(None, timezone="Europe/Paris")
    assert (guess.zone, guess.how) == ("FR", "guessed from the time zone Europe/Paris")


@pytest.mark.parametrize("timezone", [None, "Etc/UTC", "UTC", "no/where"])
def test_without_a_country_it_is_the_worlds_average_with_a_wide_range(timezone: str | None) -> None:
    """UTC is no country: the world's average, said so, and a range that most countries lie in."""
    world = find_intensity(None, timezone=timezone)
    assert (world.zone, world.how) == ("WORLD", "world average; no zone is known")
    assert world.low < find_intensity("FR").g_per_kwh
    assert world.high > find_intensity("PL").g_per_kwh


def test_a_country_without_a_figure_does_not_get_its_neighbours() -> None:
    """Monaco is not in the table: the world's average, and the reason."""
    monaco = find_intensity(None, timezone="Europe/Monaco")
    assert monaco.zone == "WORLD"
    assert "MC" in monaco.how
    with pytest.raises(ZoneError):
        find_intensity("MC")


def test_world_can_be_asked_for() -> None:
    """WORLD, when named, is a zone like any other."""
    assert find_intensity("world").how == "given"


@given(st.sampled_from(sorted(ALL)))
def test_every_listed_zone_is_found_in_any_case_and_has_a_sane_range(zone: str) -> None:
    """What zones() lists, find_intensity() knows, with low <= value <= high and never zero."""
    found = find_intensity(zone.swapcase())
    assert found.zone == zone
    assert 10 < found.low <= found.g_per_kwh <= found.high < 2500
    assert 2005 < found.year < 2030
    assert found.source


@given(st.text(max_size=12))
def test_a_zone_is_normalised_once(text: str) -> None:
    """Normalising twice is the same as once."""
    assert normalise(normalise(text)) == normalise(text)


def test_an_old_factor_is_told_with_its_age() -> None:
    """A factor of 2023 is 34 months old in November 2026; one of 2025 is not old then."""
    today = datetime.date(2026, 11, 21)
    old = Intensity(zone="X", name="X", g_per_kwh=100, source="s", year=2023)
    new = Intensity(zone="X", name="X", g_per_kwh=100, source="s", year=2025)
    assert months_if_old(old, today) == 34
    assert months_if_old(new, today) is None


def test_a_factor_turns_old_after_eighteen_months() -> None:
    """A year's figure is not old in June of the next year but one, and is in August."""
    factor = Intensity(zone="X", name="X", g_per_kwh=100, source="s", year=2024)
    assert months_if_old(factor, datetime.date(2026, 6, 30)) is None
    assert months_if_old(factor, datetime.date(2026, 8, 1)) == 19


def test_an_old_name_of_a_time_zone_is_followed() -> None:
    """Asia/Calcutta has been Asia/Kolkata for long."""
    assert country_of("Asia/Calcutta") == "IN"


def test_the_first_folder_with_a_table_answers(tmp_path: Path) -> None:
    """A folder without zone.tab is passed over; nothing at all is None."""
    (tmp_path / "empty").mkdir()
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "zone.tab").write_text("# c\nFR\t+4852+00220\tEurope/Paris\n")
    assert country_of("Europe/Paris", [tmp_path / "empty", tmp_path / "full"]) == "FR"
    assert country_of("Europe/Paris", [tmp_path / "empty"]) is None


def test_an_empty_codecarbon_leaves_the_countries(tmp_path: Path) -> None:
    """Where codecarbon is not there, countries are known and its zones are an error."""
    sources: list[Source] = [IntensityTable(), CodeCarbon(tmp_path)]
    assert find_intensity("DE", sources=sources).zone == "DE"
    with pytest.raises(ZoneError, match=r"US \(United States\)"):
        find_intensity("US-CA", sources=sources)
