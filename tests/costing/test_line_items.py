"""Money, facility, embodied carbon and water in the summary: by hand, and what must hold for any options."""

import datetime
import json
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from greentrack.config import Settings
from greentrack.costing.api import summary_of
from greentrack.costing.options import CostingOptions
from greentrack.costing.summary import Summary
from greentrack.model import Device, DeviceUse, Energy, Host, Reading, Record, RunInfo
from greentrack.quantity import Figure
from greentrack.reports.json import render as as_json
from greentrack.reports.text import render as as_text
from greentrack.tracking.final_line import final_line

MakeUse = Callable[..., DeviceUse]
MakeRecord = Callable[..., Record]

TODAY = datetime.date(2026, 11, 22)


def sure(figure: Figure | None) -> Figure:
    assert figure is not None
    return figure


def amount(summary: Summary) -> Figure:
    assert summary.money is not None
    return summary.money.amount


@pytest.fixture
def two_kwh(use: MakeUse, record: MakeRecord) -> Record:
    """2,000 W for an hour, read without error."""
    return record(use(watts=2000.0))


def test_two_kwh_at_a_pue_of_one_and_a_half_and_20_cents_cost_60_cents(two_kwh: Record) -> None:
    """2 kWh x 1.5 = 3 kWh x 0.20 EUR = 0.60 EUR; the site's PUE is good to 10 %, so 0.54 to 0.66 EUR."""
    summary = summary_of(two_kwh, pue=1.5, tariff="0.20 EUR")
    assert sure(summary.facility_joules).value == pytest.approx(3 * 3.6e6)
    assert sure(summary.kwh).value == pytest.approx(2)
    assert (amount(summary).value, amount(summary).low, amount(summary).high) == pytest.approx((0.60, 0.54, 0.66))


def test_carbon_is_the_facilitys_too(two_kwh: Record) -> None:
    """3 kWh at France's 41.44 g/kWh are 124.3 g."""
    assert sure(summary_of(two_kwh, pue="1.5").g).value == pytest.approx(3 * 41.44)


def test_without_a_pue_none_is_applied_and_that_is_said(two_kwh: Record) -> None:
    """1, "not applied", and no figure of a facility."""
    summary = summary_of(two_kwh)
    assert (summary.pue.value, summary.facility_joules) == (1.0, None)
    (pue,) = [item for item in summary.assumptions if "PUE" in item.name]
    assert (pue.value, pue.source) == (1.0, "not applied")


def test_households_in_germany_pay_77_cents_and_the_price_is_17_months_old(two_kwh: Record) -> None:
    """2 kWh x 0.3835 EUR = 0.767 EUR, 15 % more or less, of a price of June 2025."""
    summary = summary_of(two_kwh, zone="DE", today=TODAY)
    assert (amount(summary).value, amount(summary).low) == pytest.approx((0.767, 0.767 * 0.85))
    assert summary.money is not None
    assert summary.money.note == "electricity at 0.3835 EUR/kWh, household price in DE, 17 months old"
    assert summary.money.source.startswith("Eurostat")


def test_a_place_without_a_price_has_no_money_and_no_word_of_it(two_kwh: Record) -> None:
    """Iceland has no row: nothing is shown, and nobody asked."""
    summary = summary_of(two_kwh, zone="IS")
    assert summary.money is None
    assert not any("price" in note for note in summary.notes)
    assert "money" not in as_text(summary)


def test_a_clouds_customer_is_told_that_a_household_price_is_not_theirs(two_kwh: Record) -> None:
    """The region's country is used, and a note says what to give instead."""
    summary = summary_of(two_kwh, zone="aws:eu-central-1")
    assert amount(summary).value == pytest.approx(0.767)
    assert any("rent" in note for note in summary.notes)


def test_a_renter_pays_for_hours_and_not_for_energy(use: MakeUse, record: MakeRecord) -> None:
    """Two GPUs for an hour at 2.95 USD are 5.90 USD, whatever they drew and whatever the PUE."""
    gpus = (use("gpu:0", watts=700.0), use("gpu:1", watts=1.0), use("cpu", "cpu"))
    summary = summary_of(record(*gpus), rent="2.95 USD", pue=2)
    assert amount(summary) == Figure(value=5.90, low=5.90, high=5.90)
    assert summary.money is not None
    assert summary.money.basis == "renter"


def test_a_rented_gpu_costs_even_where_it_could_not_be_read(use: MakeUse, record: MakeRecord) -> None:
    """Nothing measured is no energy, but an hour is an hour."""
    summary = summary_of(record(use(seconds=0.0)), rent="2 USD")
    assert summary.joules is None
    assert amount(summary).value == 2.0
    assert "2.00 USD" in as_text(summary)


def test_a_rent_that_is_not_known_is_said(two_kwh: Record) -> None:
    """Money was asked for: the note tells why there is none, and what to give."""
    summary = summary_of(two_kwh, rent="specialist")
    assert summary.money is None
    assert any("rent = '2.95 USD'" in note for note in summary.notes)


def test_the_hours_of_the_readings_price_a_night_tariff(use: MakeUse, record: MakeRecord) -> None:
    """1.5 kWh before and 0.5 kWh after 22 o'clock: 1.5 x 0.30 + 0.5 x 0.10 = 0.50 EUR; evenly spread it is 0.40 EUR."""
    ten = 1_790_028_000.0  # 2026-09-21 22:00 UTC
    run = record(use(watts=2000.0), started_at=ten - 1800, timezone="Etc/UTC")
    readings = {
        "gpu:0": [
            Reading(device="gpu:0", at=ten, seconds=1800.0, joules=1.5 * 3.6e6),
            Reading(device="gpu:0", at=ten + 1800, seconds=1800.0, joules=0.5 * 3.6e6),
        ]
    }
    tariff = "0.30 EUR; 22-6 0.10"
    assert amount(summary_of(run, tariff=tariff, readings=readings)).value == pytest.approx(0.50)
    even = summary_of(run, tariff=tariff)
    assert amount(even).value == pytest.approx(0.40)
    assert even.money is not None
    assert "evenly" in even.money.note


def test_embodied_carbon_and_water_are_shown_only_where_asked_for(use: MakeUse, record: MakeRecord) -> None:
    """An H100 in a server: 34.6 g an hour, beside the run's carbon and not in it; 2 kWh in France: 7.34 l."""
    gpu = use(watts=2000.0)
    run = record(gpu._replace(device=gpu.device._replace(name="NVIDIA H100 80GB HBM3")), chassis="server")
    plain, full = summary_of(run), summary_of(run, embodied=True, water=True)
    assert (plain.embodied, plain.water) == (None, None)
    assert sure(full.embodied).value == pytest.approx(34.56, abs=0.01)
    assert sure(full.water).value == pytest.approx(2 * 3.67)
    assert full.g == plain.g


def test_the_process_scope_has_its_share_of_the_hardware(use: MakeUse, record: MakeRecord) -> None:
    """A quarter of a server's joules, a quarter of its making."""
    cpu = use("cpu", "cpu", watts=100, process=90_000.0)
    whole, own = (
        summary_of(record(cpu, chassis="server"), scope=scope, embodied=True) for scope in ("machine", "process")
    )
    assert sure(own.embodied).value == pytest.approx(sure(whole.embodied).value / 4)


def test_what_is_not_known_of_the_hardware_is_said(use: MakeUse, record: MakeRecord) -> None:
    """A laptop without GPU: no figure, and a note."""
    summary = summary_of(record(use("cpu", "cpu"), chassis="laptop"), embodied=True)
    assert summary.embodied is None
    assert any("laptop" in note for note in summary.notes)


def test_every_constant_is_among_the_assumptions(use: MakeUse, record: MakeRecord) -> None:
    """Price, PUE, kg, life, litres, and the range of each, with source and year."""
    run = record(use(), chassis="server", zone="DE")
    summary = summary_of(run, pue="world", embodied=True, water=True)
    values = {item.name: item.value for item in summary.assumptions}
    assert {0.3835, 1.54, 150.0, 562.5, 4.0, 0.6, 1.95, 0.0} <= set(values.values())
    for name in ("PUE", "price of electricity", "embodied carbon", "water"):
        assert any(f"range of the {name}" in key or f"range of {name}" in key for key in values), name
    assert all(item.source and 2000 < item.year < 2100 for item in summary.assumptions)
    rented = summary_of(run, rent="H100 specialist")
    assert 3.0 in [item.value for item in rented.assumptions]


def test_text_and_json_have_each_figure_in_one_place(two_kwh: Record) -> None:
    """A line and a key each for facility, money, embodied carbon and water."""
    run = two_kwh._replace(run=two_kwh.run._replace(host=Host(id="h", name="h", chassis="server")))
    summary = summary_of(run, pue=1.5, tariff="0.20 EUR", embodied=True, water=True)
    lines = [row.split()[0] for row in as_text(summary).splitlines() if row.strip()]
    assert [lines.count(name) for name in ("energy", "facility", "carbon", "money", "embodied", "water")] == [1] * 6
    assert "0.60 EUR (0.54–0.66)  owner: electricity at 0.2 EUR/kWh" in as_text(summary)
    made = json.loads(as_json(summary))
    assert made["money"]["amount"]["value"] == pytest.approx(0.60)
    assert (made["money"]["currency"], made["money"]["basis"]) == ("EUR", "owner")
    assert made["facility"]["kwh"]["value"] == pytest.approx(3.0)
    assert made["facility"]["pue"] == {"value": 1.5, "low": 1.35, "high": 1.65}
    assert set(made["embodied"]) == {"g"}
    assert set(made["water"]) == {"litres"}


def test_what_was_not_asked_for_is_null(two_kwh: Record) -> None:
    """Absent is never zero."""
    made = json.loads(as_json(summary_of(two_kwh, zone="IS")))
    assert (made["money"], made["embodied"], made["water"], made["facility"]["kwh"]) == (None, None, None, None)


def test_the_line_has_the_money_of_the_settings(two_kwh: Record) -> None:
    """As a run's own end shows it; nothing where no price is known."""
    assert "  0.40 EUR  " in final_line(summary_of(two_kwh, settings=Settings(tariff="0.20 EUR")))
    assert "EUR" not in final_line(summary_of(two_kwh, zone="IS"))


options = st.fixed_dictionaries(
    {},
    optional={
        "zone": st.sampled_from(["DE", "FR", "US-CA", "aws:eu-west-1", "IS", "WORLD"]),
        "pue": st.sampled_from(["world"]) | st.floats(1, 10),
        "tariff": st.floats(0, 1e6).map(lambda price: f"{price} EUR") | st.just("0.30 EUR; 22-6 0.18"),
        "embodied": st.booleans(),
        "water": st.booleans(),
        "scope": st.sampled_from(["machine", "process"]),
    },
)
devices = st.lists(
    st.builds(
        lambda n, kind, method, joules, seconds: DeviceUse(
            device=Device(uid=f"{kind}:{n}", kind=kind, name="NVIDIA H100"),
            method=method,
            energy=Energy(joules=joules, seconds=seconds),
            process=joules / 2,
        ),
        st.integers(0, 9),
        st.sampled_from(["gpu", "cpu", "ram"]),
        st.sampled_from(["nvml-counter", "rapl", "cpu-model", "ram-model"]),
        st.floats(0, 1e12),
        st.floats(1, 1e6),
    ),
    min_size=1,
    max_size=4,
    unique_by=lambda use: use.device.uid,
)


def made(uses: Sequence[DeviceUse], chassis: str) -> Record:
    host = Host(id="h", name="h", chassis=chassis)
    return Record(run=RunInfo(id="1", name="x", seconds=3600.0, host=host, zone="FR"), devices=tuple(uses))


@given(devices, st.sampled_from(["server", "desktop", "vm"]), options)
def test_terms_never_change_joules_and_every_range_holds_its_value(
    uses: list[DeviceUse], chassis: str, options: CostingOptions
) -> None:
    """Costing again is free to change grams and money only."""
    run = made(uses, chassis)
    scope = options.get("scope") or "machine"
    summary, plain = summary_of(run, **options), summary_of(run, scope=scope)
    assert (summary.joules, summary.devices, summary.by_kind) == (plain.joules, plain.devices, plain.by_kind)
    money = None if summary.money is None else summary.money.amount
    for figure in (summary.g, summary.facility_joules, money, summary.embodied, summary.water, summary.pue):
        if figure is not None:
            assert 0 <= figure.low <= figure.value * (1 + 1e-9)
            assert figure.value <= figure.high * (1 + 1e-9)


def widths(figure: Figure) -> tuple[float, float]:
    """The parts of a figure's value that lie below and above it in its range."""
    return (1 - figure.low / figure.value, figure.high / figure.value - 1) if figure.value > 0 else (0.0, 0.0)


@given(devices, st.sampled_from(["world"]) | st.floats(1, 10), st.sampled_from(["DE", "FR"]))
def test_a_range_never_shrinks_when_an_assumption_is_added(uses: list[DeviceUse], pue: str | float, zone: str) -> None:
    """A PUE widens what was known of energy, carbon and money; the table's price is never surer than the user's own."""
    run = made(uses, "server")
    plain, under = summary_of(run, zone=zone), summary_of(run, zone=zone, pue=pue)
    pairs: list[tuple[Any, Any]] = [
        (plain.joules, under.facility_joules),
        (plain.g, under.g),
        (amount(plain), amount(under)),
        (amount(summary_of(run, zone=zone, tariff="0.30 EUR")), amount(plain)),
    ]
    for before, after in pairs:
        for narrow, wide in zip(widths(before), widths(after), strict=True):
            assert wide >= narrow - 1e-9


@given(st.lists(st.floats(1, 1e9), min_size=1, max_size=4), st.floats(1, 3), st.floats(0.01, 1))
def test_the_parts_money_is_the_wholes(parts: list[float], pue: float, price: float) -> None:
    """Runs of single devices cost together what one run of them all costs."""

    def cost(joules: Sequence[float]) -> float:
        uses = [
            DeviceUse(
                device=Device(uid=str(n), kind="gpu", name="g"), method="fake", energy=Energy(joules=each, seconds=1)
            )
            for n, each in enumerate(joules)
        ]
        run = RunInfo(id="1", name="x", seconds=1.0, rest="off", zone="FR")
        return amount(summary_of(Record(run=run, devices=tuple(uses)), pue=pue, tariff=f"{price} EUR")).value

    assert sum(cost([each]) for each in parts) == pytest.approx(cost(parts))
