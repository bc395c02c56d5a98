"""What GPUs are rated for: the table is whole, names are found, and a part of the rating is drawn."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from greentrack.analysis.gpu_ratings import BUSY, HOST, IDLE, find_gpu, part_drawn, ratings, rests_on
from greentrack.costing.gpu_rental import find_prices, parse_rent
from greentrack.errors import ConfigError
from greentrack.reports.assumptions import stated


def test_every_row_has_watts_a_source_and_a_year() -> None:
    """20 to 2,000 W, no name twice."""
    assert len({rating.name for rating in ratings()}) == len(ratings())
    for rating in ratings():
        assert 20 < rating.watts < 2000
        assert rating.source
        assert 2010 < rating.year < 2030


@pytest.mark.parametrize(
    ("asked", "name", "watts"),
    [
        ("H100", "H100 SXM", 700),
        ("h100 pcie", "H100 PCIe", 350),
        ("NVIDIA H100 NVL", "H100 NVL", 400),
        ("A100", "A100 SXM 80GB", 400),
        ("A100-PCIE-40GB", "A100 PCIe 40GB", 250),
        ("L4", "L4", 72),
        ("GeForce RTX 4090", "RTX 4090", 450),
        ("AMD Instinct MI300X", "MI300X", 750),
    ],
)
def test_a_gpu_is_found_by_its_usual_names(asked: str, name: str, watts: float) -> None:
    """However it is spelt; the usual one where several are called so."""
    rating, _ = find_gpu(asked)
    assert (rating.name, rating.watts) == (name, watts)


def test_other_gpus_of_that_name_are_told() -> None:
    """An H100 may be one of three; an L4 is no L40S."""
    assert [other.name for other in find_gpu("H100")[1]] == ["H100 PCIe", "H100 NVL"]
    assert find_gpu("L4")[1] == ()


@pytest.mark.parametrize(("asked", "says"), [("H1000", "H100"), ("rtx4090", "RTX 4090"), ("", "known"), ("GPU", "T4")])
def test_an_unknown_gpu_is_refused_with_suggestions(asked: str, says: str) -> None:
    """Never another GPU's power; one line that lists those known."""
    with pytest.raises(ConfigError, match="no rated power is known") as caught:
        find_gpu(asked)
    assert says in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_gpu_that_is_in_use_draws_three_quarters_of_its_rating() -> None:
    """75 %, 45 to 100: 525 of 700 W. An idle one 10 %, 4 to 22."""
    assert part_drawn(1.0) == BUSY
    assert part_drawn(0.0) == IDLE
    assert part_drawn(1.0).value * 700 == pytest.approx(525)


@given(st.floats(0, 1))
def test_no_gpu_draws_more_than_its_rating(utilization: float) -> None:
    """Between idle and busy, and the ends in order."""
    part = part_drawn(utilization)
    assert 0 < part.low < part.value < part.high <= 1


def test_busy_is_where_published_trainings_are() -> None:
    """Hours x rating is 10 to 60 % above what was used: 1 / 1.6 to 1 / 1.1 of it, 62 to 91 %, lie within the range."""
    assert BUSY.low < 1 / 1.6 < BUSY.value < 1 / 1.1 < BUSY.high


def test_the_gpus_part_of_a_node_is_that_of_an_h100_node() -> None:
    """1 W of GPU, 0.3 W beside it, a quarter for the rest: 1 / (1.3 x 1.25) = 62 %; published are 57 to 65."""
    assert 0.57 < 1 / ((1 + HOST.value) * 1.25) < 0.65


def test_an_uncertain_rating_is_called_so() -> None:
    """V100's data sheet was not seen."""
    named = {stated(item).name for item in rests_on(find_gpu("V100")[0], 1.0)}
    assert "rated power of V100 SXM2, uncertain, W" in named


def test_rents_know_the_gpus_by_these_names() -> None:
    """An H100 SXM at a specialist's has a price."""
    found = find_prices(parse_rent("specialist"), [find_gpu("H100")[0].name])
    assert isinstance(found, list), found
    assert [price.gpu for price in found] == ["H100"]
