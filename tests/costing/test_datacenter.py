"""PUE, embodied carbon and water, by hand."""

from collections.abc import Callable

import pytest

from greentrack.costing import datacenter, pue
from greentrack.costing.caveats import Caveat
from greentrack.costing.pue import parse_pue
from greentrack.data.tables import rows
from greentrack.errors import ConfigError
from greentrack.model import DeviceUse, Record
from greentrack.quantity import Figure
from greentrack.reports import caveats

MakeUse = Callable[..., DeviceUse]
MakeRecord = Callable[..., Record]


def named(use: DeviceUse, name: str) -> DeviceUse:
    return use._replace(device=use.device._replace(name=name))


def test_a_sites_pue_may_be_off_by_a_tenth_and_is_never_below_one() -> None:
    """1.5 is 1.35 to 1.65; of 1.05 the low end is 1; exactly 1 is a place without overhead."""
    assert parse_pue(1.5).figure == Figure(value=1.5, low=1.35, high=1.65)
    assert parse_pue("1.05").figure.low == 1.0
    assert parse_pue(1).figure == Figure(value=1.0, low=1.0, high=1.0)


def test_a_pue_that_is_given_is_of_the_year_in_which_it_is_given(monkeypatch: pytest.MonkeyPatch) -> None:
    """A summary of 2031 does not call it one of 2026."""
    monkeypatch.setattr(pue, "this_year", lambda: 2031)
    assert (parse_pue(1.5).year, parse_pue(1).year, parse_pue("world").year) == (
        2031,
        2031,
        2025,
    )


def test_the_worlds_pue_is_1_54_with_a_wide_range() -> None:
    """Uptime Institute 2025; 25 % less and 20 % more."""
    world = parse_pue("world")
    assert (world.figure.value, world.year) == (1.54, 2025)
    assert (world.figure.low, world.figure.high) == pytest.approx((1.155, 1.848))
    assert "Uptime" in world.source


@pytest.mark.parametrize("wrong", ["0.9", -1, "nan", float("nan"), "inf", "120", True, "", "wrold", None])
def test_a_pue_that_cannot_be_is_refused(wrong: str | float) -> None:
    """Below one, not a number, a percentage, a misspelt word."""
    with pytest.raises(ConfigError, match="pue"):
        parse_pue(wrong)


def test_an_h100_and_its_eighth_of_a_server_are_35_g_an_hour(use: MakeUse, record: MakeRecord) -> None:
    """(1,312 + 4,500) kg / 8 = 726.5 kg over 4 x 8,760 h x 60 % = 21,024 h are 34.6 g an hour."""
    run = record(named(use(), "NVIDIA H100 80GB HBM3"), chassis="server")
    parts, missing = datacenter.parts_of(run.run, run.devices)
    assert sum(part.kg * part.number for part in parts) == pytest.approx(726.5)
    grams = datacenter.embodied(parts, 3600.0)
    assert grams.value == pytest.approx(34.56, abs=0.01)
    assert (grams.low, grams.high) == pytest.approx((grams.value / 2, grams.value * 2))
    assert missing is None


def test_eight_gpus_are_eight_times_one(use: MakeUse, record: MakeRecord) -> None:
    """Embodied carbon is by device and hour."""
    eight = record(*(named(use(f"gpu:{n}"), "NVIDIA H100 80GB HBM3") for n in range(8)), chassis="server")
    parts, _ = datacenter.parts_of(eight.run, eight.devices)
    assert datacenter.embodied(parts, 1800.0).value == pytest.approx(8 * 34.56 / 2, abs=0.1)


def test_a_gpu_that_is_not_in_the_table_has_an_assumption_that_is_marked(use: MakeUse, record: MakeRecord) -> None:
    """150 kg, as others have assumed."""
    run = record(named(use(), "NVIDIA GeForce RTX 4090"), chassis="desktop")
    parts, missing = datacenter.parts_of(run.run, run.devices)
    assert [(part.kg, part.text.endswith(", uncertain")) for part in parts] == [(150.0, True)]
    assert "uncertain" in parts[0].text
    assert missing == Caveat("embodied unknown", ("desktop", True))
    assert "desktop" in caveats.text(missing)


def test_a_server_without_gpus_is_counted_whole_and_what_is_not_known_is_not_nothing(
    use: MakeUse, record: MakeRecord
) -> None:
    """1,700 kg for a server; no figure, and a reason, for a laptop, a virtual machine and an unknown one."""
    cpu = use("cpu", "cpu")
    server = record(cpu, chassis="server")
    assert [part.kg for part in datacenter.parts_of(server.run, server.devices)[0]] == [1700.0]
    for chassis in ("laptop", "vm", "unknown"):
        other = record(cpu, chassis=chassis)
        parts, missing = datacenter.parts_of(other.run, other.devices)
        assert parts == []
        assert missing == Caveat("embodied unknown", (chassis, False))
        assert "no figure is known" in caveats.text(missing)


def test_water_is_the_sites_and_that_of_the_power_stations() -> None:
    """1 kWh at a PUE of 1.5 in France: 1.5 x 3.67 = 5.505 l; on Amazon's site 0.15 l more; each by a factor of two.

    The PUE's 10 % widen that: below by the root of 50² + 10², 51.0 %; above by that of 100² + 10², 100.5 %.
    """
    kwh, pue = Figure(value=3.6e6, low=3.6e6, high=3.6e6), Figure(value=1.5, low=1.35, high=1.65)
    own = datacenter.water(kwh, pue, *datacenter.water_of("FR", "FR"))
    assert (own.value, own.low, own.high) == pytest.approx((5.505, 5.505 * (1 - 0.5099), 5.505 * 2.005), rel=1e-4)
    exact = datacenter.water(kwh, Figure(value=1.5, low=1.5, high=1.5), *datacenter.water_of("FR", "FR"))
    assert (exact.value, exact.low, exact.high) == pytest.approx((5.505, 2.7525, 11.01))
    amazons = datacenter.water(kwh, pue, *datacenter.water_of("aws:eu-west-3", "FR"))
    assert amazons.value == pytest.approx(5.655)


def test_a_country_without_a_figure_gets_the_worlds_by_name() -> None:
    """3.91 l/kWh, and it says whose that is."""
    grid, site = datacenter.water_of("IS", "IS")
    assert (grid.per_kwh, site.per_kwh) == (3.91, 0.0)
    assert "world" in grid.text


@pytest.mark.parametrize("name", ["embodied.csv", "water.csv"])
def test_every_row_has_a_positive_figure_a_source_and_a_year(name: str) -> None:
    """What is uncertain is marked as such."""
    for row in rows(name):
        assert float(row["kg"] if name == "embodied.csv" else row["litres_per_kwh"]) > 0
        assert row["source"]
        assert 2015 < int(row["year"]) < 2030
        assert row["certainty"] in {"checked", "uncertain"}
