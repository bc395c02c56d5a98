"""Rents: the table's by the name of a GPU and the kind of provider, and the user's own."""

import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from greentrack.costing.gpu_rental import TIERS, Rent, find_prices, parse_rent, prices, rental_cost
from greentrack.errors import ConfigError
from greentrack.reports import caveats

TODAY = datetime.date(2026, 11, 22)
H100 = "NVIDIA H100 80GB HBM3"


def test_eight_h100_for_ten_hours_at_a_specialist_are_240_dollars() -> None:
    """2.50 to 3.50 USD a GPU-hour in May 2026: 80 x 3 = 240, from 200 to 280."""
    found = find_prices(parse_rent("specialist"), [H100] * 8)
    assert isinstance(found, list)
    money = rental_cost(found, 36_000.0, TODAY)
    assert (money.amount.value, money.amount.low, money.amount.high) == pytest.approx((240, 200, 280))
    assert (money.currency, money.basis, money.year) == ("USD", "renter", 2026)
    assert money.note == "8 GPUs at 3 USD/GPU-hour (H100, specialist)"


def test_the_users_own_rent_is_exact() -> None:
    """2.95 USD x 2 GPUs x half an hour = 2.95 USD, whatever they are."""
    found = find_prices(parse_rent("2.95USD"), ["a", "b"])
    assert isinstance(found, list)
    money = rental_cost(found, 1800.0, TODAY)
    assert (money.amount.value, money.amount.low, money.amount.high) == pytest.approx((2.95, 2.95, 2.95))
    assert money.note == "2 GPUs at 2.95 USD/GPU-hour"


def test_another_gpu_than_the_runs_can_be_asked_for() -> None:
    """What a run on one T4 would have cost as an hour of an H100."""
    found = find_prices(parse_rent("h100 marketplace"), ["Tesla T4"])
    assert isinstance(found, list)
    assert [price.gpu for price in found] == ["H100"]


def test_unlike_gpus_have_each_their_price() -> None:
    """An H100 (3.00) and an A100 80GB (1.30) for an hour at a specialist are 4.30 USD."""
    found = find_prices(parse_rent("specialist"), [H100, "NVIDIA A100-SXM4-80GB"])
    assert isinstance(found, list)
    assert rental_cost(found, 3600.0, TODAY).amount.value == pytest.approx(4.30)


@pytest.mark.parametrize("gpus", [["NVIDIA A100-SXM4-40GB"], [H100, "NVIDIA GH200 480GB"], []])
def test_a_gpu_that_the_table_does_not_have_gets_no_others_price(gpus: list[str]) -> None:
    """The reason is a sentence, not a guess; a run without GPU has no GPU-hours."""
    found = find_prices(parse_rent("specialist"), gpus)
    assert not isinstance(found, list)
    reason = caveats.text(found)
    assert "\n" not in reason
    assert "known" in reason


def test_a_price_older_than_a_year_is_shown_with_its_age() -> None:
    """The H100's is of May 2026: 13 months old in June 2027."""
    found = find_prices(Rent(tier="specialist"), [H100])
    assert isinstance(found, list)
    assert rental_cost(found, 1.0, datetime.date(2027, 6, 1)).note.endswith(", 13 months old")
    assert "old" not in rental_cost(found, 1.0, datetime.date(2027, 5, 31)).note


def test_a_price_that_nobody_checked_says_so_and_is_wider() -> None:
    """B200 at a marketplace: 3 to 5 USD, widened by 30 %."""
    found = find_prices(parse_rent("B200 marketplace"), ["any"])
    assert isinstance(found, list)
    assert rental_cost(found, 3600.0, TODAY).note.endswith("uncertain")
    assert (found[0].price.low, found[0].price.high) == pytest.approx((2.1, 6.5))


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "neither a price"),
        ("2.95", "currency"),
        ("-2 USD", "negative"),
        ("2.95 USX", "USX"),
        ("hyperscaller", "did you mean hyperscaler"),
        ("A100 specialist", "A100 80GB"),
        ("T4 marketplace", "T4"),
    ],
)
def test_a_rent_that_cannot_be_read_is_refused(text: str, says: str) -> None:
    """With what is known instead."""
    with pytest.raises(ConfigError, match=says):
        parse_rent(text)


@given(st.text())
def test_whatever_is_written_is_read_or_refused(text: str) -> None:
    """No other error gets out of the parser."""
    try:
        rent = parse_rent(text)
    except ConfigError:
        return
    assert rent.tier in TIERS or (rent.price or 0.0) >= 0


def test_every_row_of_the_table_is_a_range_and_none_is_there_twice() -> None:
    """Its dearest tier is not below its cheapest, and each price can be asked for by its name."""
    table = prices()
    assert len({(price.gpu, price.tier) for price in table}) == len(table)
    for price in table:
        assert 0 < price.price.low <= price.price.value <= price.price.high
        assert parse_rent(f"{price.gpu} {price.tier}") == Rent(tier=price.tier, gpu=price.gpu)
        assert price.source
