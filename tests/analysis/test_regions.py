"""A run elsewhere: grams by hand, ranks that say what cannot be told apart, money where a price is known."""

import datetime
import json
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from greentrack.analysis.regions import Region, RegionRanking, where
from greentrack.errors import ConfigError, ZoneError
from greentrack.model import DeviceUse, Record
from greentrack.reports.regions_json import to_dict
from greentrack.reports.regions_notes import regions_notes

MakeUse = Callable[..., DeviceUse]
MakeRecord = Callable[..., Record]

TODAY = datetime.date(2026, 11, 22)


def at(found: RegionRanking, zone: str) -> Region:
    (place,) = [place for place in (found.here, *found.ranked, *found.unranked) if place.zone == zone]
    return place


def notes(found: RegionRanking) -> str:
    return " | ".join(regions_notes(found))


@pytest.fixture
def two_kwh(use: MakeUse, record: MakeRecord) -> Record:
    """2,000 W for an hour in France, read without error."""
    return record(use(watts=2000.0))


def test_two_kwh_in_sweden_and_germany(two_kwh: Record) -> None:
    """2 x 41.44 = 82.88 g here, 2 x 35.26 = 70.52 g in Sweden, 2 x 329.67 in Germany (Ember 2025), each within 10 %."""
    found = where(two_kwh, among=["DE", "SE"], today=TODAY)
    assert [place.zone for place in found.ranked] == ["SE", "DE"]
    assert found.here.g.value == pytest.approx(82.88)
    assert (at(found, "SE").g.value, at(found, "SE").g.low, at(found, "SE").g.high) == pytest.approx(
        (70.52, 0.9 * 70.52, 1.1 * 70.52)
    )
    assert at(found, "DE").times_here == pytest.approx(at(found, "DE").intensity.g_per_kwh / 41.44)


def test_what_cannot_be_told_apart_has_one_rank(two_kwh: Record) -> None:
    """Sweden's 31.7 to 38.8 g/kWh and France's 37.3 to 45.6 overlap; Germany's and Poland's do not."""
    found = where(two_kwh, among=["SE", "NO", "DE", "PL"], today=TODAY)
    ranks = {place.zone: (place.rank, place.like_here) for place in found.ranked}
    assert ranks == {"NO": (1, False), "SE": (2, True), "DE": (3, False), "PL": (4, False)}
    assert where(two_kwh, among=["FI", "SE", "CH"], zone="NO", today=TODAY).ranked[1].rank == 1


def test_the_runs_energy_error_does_not_blur_the_ranks(use: MakeUse, record: MakeRecord) -> None:
    """A model that may be off by 100 % is off alike everywhere: Austria's 117 g/kWh are still more than 41."""
    found = where(record(use(method="cpu-model")), among=["AT"], today=TODAY)
    assert found.ranked[0].g.low < found.here.g.high
    assert not found.ranked[0].like_here


def test_all_countries_states_and_areas_are_ranked(two_kwh: Record) -> None:
    """More than 300, no cloud's region, not the world, and not here once more; in the order of their intensity."""
    found = where(two_kwh, today=TODAY)
    zones = [place.zone for place in found.ranked]
    assert len(zones) > 300
    assert len(set(zones)) == len(zones)
    assert {"SE", "US-CA", "CA-QC", "NO-NO1"} <= set(zones)
    assert not [zone for zone in zones if ":" in zone or zone in ("WORLD", "FR")]
    intensities = [place.intensity.g_per_kwh for place in found.ranked]
    assert intensities == sorted(intensities)
    ranks = [place.rank for place in found.ranked if place.intensity.boundary == found.here.intensity.boundary]
    assert ranks[0] == 1
    assert all(rank is not None and rank <= number for number, rank in enumerate(ranks, start=1))


def test_a_place_that_is_counted_otherwise_has_no_rank(two_kwh: Record) -> None:
    """Vermont's 23.7 g are of chimneys alone; beside a country's whole life cycle they win nothing."""
    found = where(two_kwh, today=TODAY)
    unlike = [place for place in found.ranked if place.intensity.boundary != found.here.intensity.boundary]
    assert "US-VT" in {place.zone for place in unlike}
    assert {(place.rank, place.like_here) for place in unlike} == {(None, False)}


def test_figures_that_count_less_are_called_direct(two_kwh: Record) -> None:
    """US states have chimneys only."""
    found = where(two_kwh, among=["US-CA", "SE"], today=TODAY)
    assert at(found, "US-CA").intensity.boundary == "direct"
    assert "only chimneys" in notes(found)
    assert "only chimneys" not in notes(where(two_kwh, among=["SE"], today=TODAY))


def test_a_clouds_regions(two_kwh: Record) -> None:
    """Ireland for aws:eu-west-1, and no money: a customer pays rent."""
    found = where(two_kwh, cloud="aws", today=TODAY)
    assert {place.zone.partition(":")[0] for place in found.ranked} == {"aws"}
    assert at(found, "aws:eu-west-1").g.value == pytest.approx(at(where(two_kwh, among=["IE"]), "IE").g.value)
    assert at(found, "aws:eu-west-1").money is None
    assert "customers pay rent" in notes(found)


def test_an_overhead_is_the_same_everywhere(two_kwh: Record) -> None:
    """2 kWh x 1.5 x 35.26 = 105.78 g."""
    found = where(two_kwh, among=["SE"], pue=1.5, today=TODAY)
    assert found.ranked[0].g.value == pytest.approx(105.78)
    assert "a PUE of 1.5" in notes(found)


def test_money_is_what_households_pay_where_that_is_known(two_kwh: Record) -> None:
    """2 x 0.3835 = 0.767 EUR in Germany, 2 x 0.24 EUR, uncertain, in Sweden; nobody knows Norway's."""
    found = where(two_kwh, among=["DE", "SE", "NO"], today=TODAY)
    german = at(found, "DE").money
    assert german is not None
    assert german.amount.value == pytest.approx(0.767)
    assert at(found, "DE").sure_of_price
    assert not at(found, "SE").sure_of_price
    assert at(found, "NO").money is None


def test_by_money_only_one_currency_is_ranked(two_kwh: Record) -> None:
    """EUR, as here: Hungary's 0.104 and Malta's 0.1244 overlap, being good to 15 %; Germany is third; not the US."""
    found = where(two_kwh, among=["US", "DE", "NO", "MT", "HU"], by="money", today=TODAY)
    assert [(place.zone, place.rank) for place in found.ranked] == [("HU", 1), ("MT", 1), ("DE", 3)]
    assert {place.zone for place in found.unranked} == {"US", "NO"}
    assert "no rate of exchange" in notes(found)
    assert found.ranked[0].times_here == pytest.approx(0.104 / 0.27)


def test_an_own_tariff_is_that_of_here(two_kwh: Record) -> None:
    """2 x 0.12 = 0.24 EUR here, and what households pay elsewhere."""
    found = where(two_kwh, among=["HU", "DE"], by="money", tariff="0.12 EUR", today=TODAY)
    assert found.here.money is not None
    assert found.here.money.amount.value == pytest.approx(0.24)
    assert found.ranked[0].times_here == pytest.approx(0.104 / 0.12)
    assert (found.ranked[0].like_here, found.ranked[1].like_here) == (False, False)  # 0.104 + 15 % is 0.1196
    assert "elsewhere it is what households pay" in notes(found)


def test_a_rent_is_the_same_everywhere(two_kwh: Record) -> None:
    """So there is no money, and no ranking by it."""
    found = where(two_kwh, among=["DE"], rent="2 USD", today=TODAY)
    assert (found.here.money, found.ranked[0].money) == (None, None)
    assert "a rent is the same" in notes(found)
    with pytest.raises(ConfigError, match="rent"):
        where(two_kwh, by="money", rent="2 USD", today=TODAY)


def test_a_part_of_a_multipart_run_is_said_to_be_one(two_kwh: Record) -> None:
    """To the letter, and first."""
    found = where(two_kwh, among=["DE"], today=TODAY)._replace(parts=3)
    assert notes(found).startswith("the run is one of 3 parts of a multi-part run; this is the part alone | ")


def test_hours_are_left_out_and_that_is_said(two_kwh: Record) -> None:
    """The file that is named is not even read."""
    assert "yearly averages" in notes(where(two_kwh, among=["DE"], hourly="nowhere.csv", today=TODAY))


def test_making_the_hardware_and_water_are_left_out_and_that_is_said(two_kwh: Record) -> None:
    """They were asked for, and do not tell places apart or are not known well enough to."""
    assert "are left out" in notes(where(two_kwh, among=["DE"], embodied=True, today=TODAY))
    assert "are left out" not in notes(where(two_kwh, among=["DE"], today=TODAY))


def test_a_guessed_place_is_called_one(two_kwh: Record) -> None:
    """Here is the world's average, which overlaps with nearly everything."""
    lost = two_kwh._replace(run=two_kwh.run._replace(zone=None))
    found = where(lost, among=["DE", "FR"], today=TODAY)
    assert "the zone here is world average" in notes(found)
    assert all(place.like_here for place in found.ranked)


@pytest.mark.parametrize(
    ("knobs", "says"),
    [
        ({"among": ["XX"]}, "XX"),
        ({"cloud": "asw"}, "did you mean aws"),
        ({"cloud": "aws", "among": ["FR"]}, "not both"),
        ({"by": "monye"}, "did you mean money"),
        ({"by": "money", "zone": "NO"}, "no price of electricity is known in NO"),
    ],
)
def test_what_makes_no_sense_is_refused(two_kwh: Record, knobs: dict[str, object], says: str) -> None:
    """In one line."""
    with pytest.raises((ConfigError, ZoneError), match=says) as caught:
        where(two_kwh, today=TODAY, **knobs)  # type: ignore[arg-type]
    assert "\n" not in str(caught.value)


def test_a_run_without_energy_has_nothing_to_place(use: MakeUse, record: MakeRecord) -> None:
    """Absent is not zero."""
    with pytest.raises(ConfigError, match="no energy"):
        where(record(use(seconds=0.0)), today=TODAY)


def test_json_has_every_place(two_kwh: Record) -> None:
    """Strict, ranked and not, with boundary and source."""
    found = where(two_kwh, among=["US", "DE"], by="money", today=TODAY)
    made = json.loads(json.dumps(to_dict(found), allow_nan=False))
    assert made["kwh"]["value"] == pytest.approx(2)
    assert made["here"]["zone"] == "FR"
    assert [row["zone"] for row in made["zones"]] == ["DE"]
    assert [row["zone"] for row in made["unranked"]] == ["US"]
    assert made["zones"][0]["money"]["amount"]["value"] == pytest.approx(0.767)


@given(st.floats(0.001, 1e6), st.floats(1.0, 3.0))
def test_the_order_is_the_grids_whatever_the_energy(watts: float, pue: float) -> None:
    """Joules are the same everywhere: times here is the ratio of the grids, and the order stays."""
    from greentrack.model import Device, Energy, RunInfo

    use = DeviceUse(
        device=Device(uid="gpu:0", kind="gpu", name="gpu"),
        method="fake",
        energy=Energy(joules=watts * 3600, seconds=3600.0),
    )
    run = RunInfo(id="r", name="r", status="finished", seconds=3600.0, zone="FR", rest="off")
    found = where(Record(run=run, devices=(use,)), among=["PL", "SE", "DE"], pue=pue, today=TODAY)
    assert [place.zone for place in found.ranked] == ["SE", "DE", "PL"]
    for place in found.ranked:
        assert place.g.value / found.here.g.value == pytest.approx(place.times_here)
