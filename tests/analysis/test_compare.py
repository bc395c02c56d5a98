"""Comparisons: what differs, whether it can be claimed, and what is said of runs that are unlike each other."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from greentrack.analysis.compare import Comparison, compare
from greentrack.analysis.groups import Group
from greentrack.analysis.time_to_target import parse_target
from greentrack.costing.api import summary_of
from greentrack.costing.multipart import joined
from greentrack.costing.summary import Summary
from greentrack.errors import ConfigError, NotFoundError
from greentrack.model import Device, DeviceUse, Energy, Host, Metric, Record, RunInfo
from greentrack.quantity import JOULES_PER_KWH as KWH
from greentrack.reports import comparison_json, comparison_text
from greentrack.reports.comparison_notes import comparison_notes

MakeUse = Callable[..., DeviceUse]
MakeRecord = Callable[..., Record]
MakeRun = Callable[..., Summary]
SPREAD = (0.98, 0.98, 1.0, 1.02, 1.02)


@pytest.fixture
def run(use: MakeUse, record: MakeRecord) -> MakeRun:
    """A run of 100 s in which one device used these *joules*."""

    def make(joules: float, *, accuracy: tuple[float, ...] = (), method: str = "fake", **facts: Any) -> Summary:
        terms = {key: facts.pop(key) for key in ("zone", "tariff", "rent", "scope") if key in facts}
        metrics = tuple(
            Metric(name="val_acc", at=1_790_000_000.0 + 10 * (n + 1), value=value, joules=joules * (n + 1) / 10)
            for n, value in enumerate(accuracy)
        )
        seen = facts.pop("seen", 100.0)
        made = record(
            use(watts=joules / seen, seconds=seen, method=method), metrics=metrics, **{"seconds": 100.0, **facts}
        )
        return summary_of(made, **terms)

    return make


def group(name: str, *summaries: Summary) -> Group:
    return Group(name, summaries)


def notes(comparison: Comparison) -> list[str]:
    return list(comparison_notes(comparison))


def said(comparison: Comparison) -> str:
    return " ".join(comparison_text.render(comparison).split())


def test_100_joules_beside_69_is_31_percent_less(run: MakeRun) -> None:
    """One run each on devices without error: the figure, and that chance is not known."""
    found = compare([group("fp32", run(100)), group("int8", run(69))])
    row = found.row("energy")
    assert row.values == pytest.approx((100, 69))
    (difference,) = row.differences
    assert difference is not None
    assert difference.change == pytest.approx(-0.31)
    assert difference.is_claimed
    assert "one run each: no repeats, so chance is unknown" in notes(found)
    assert "- 31 % less energy, carbon and money - no difference in time" in said(found)


def test_repeats_get_an_interval_per_sample(run: MakeRun) -> None:
    """Five seeds each, 50 samples: 2 J and 1.38 J a sample; df = 8, t = 2.306, as in test_difference."""
    before = [run(100 * part, work={"samples": 50.0}) for part in SPREAD]
    after = [run(69 * part, work={"samples": 50.0}) for part in SPREAD]
    found = compare([group("fp32", *before), group("int8", *after)])
    row = found.row("energy per sample")
    assert row.values == pytest.approx((2.0, 1.38), rel=1e-3)
    assert "- 31 % less energy, energy per sample, carbon and money (95 % CI 29 to 33 %, n = 5+5)" in said(found)
    assert not any("chance" in note for note in notes(found))


def test_a_single_run_is_held_against_the_spread_of_the_repeats(run: MakeRun) -> None:
    """One run of 95 J beside five of 98 to 102 J could have been a sixth; what is assumed of it is said."""
    found = compare([group("once", run(95)), group("five", *(run(100 * part) for part in SPREAD))])
    (difference,) = found.row("energy").differences
    assert difference is not None
    assert difference.interval is not None
    assert not difference.is_claimed
    assert "once: one run only, taken to scatter like the repeats beside it; nobody has seen it" in notes(found)
    two = compare([group("once", run(95)), group("two", run(98), run(102))])
    assert "once: one run only, so chance is unknown where it is compared" in notes(two)


def test_a_difference_within_the_methods_error_is_not_claimed(run: MakeRun) -> None:
    """3 % less by counters of two hosts that are good for 5 to 7 %."""
    there = run(97, method="nvml-counter")._replace(run=run(97).run._replace(host=Host(id="x", name="x")))
    found = compare([group("a", run(100, method="nvml-counter")), group("b", there)])
    (difference,) = found.row("energy").differences
    assert difference is not None
    assert not difference.is_claimed
    assert "no difference can be claimed: 3 % less energy, carbon and money, while the methods leave" in said(found)


def test_the_same_3_percent_can_be_claimed_on_one_host(use: MakeUse, record: MakeRecord) -> None:
    """Their common error cancels, and it is said why."""
    a, b = (
        summary_of(record(use(watts=watts, seconds=1e5, method="nvml-counter"), seconds=1e5)) for watts in (100, 97)
    )
    found = compare([group("a", a), group("b", b)])
    (difference,) = found.row("energy").differences
    assert difference is not None
    assert difference.is_claimed
    assert "same sensors on one host: their common error cancels" in notes(found)


def test_carbon_follows_the_energy_on_one_grid_and_money_at_one_price(run: MakeRun) -> None:
    """31 % less of each, as sure as the energy."""
    found = compare(
        [group("a", run(3.6e6, tariff="0.30 EUR")), group("b", run(0.69 * 3.6e6, tariff="0.30 EUR"))],
    )
    assert found.row("money").unit == "EUR"
    assert found.row("money").values == pytest.approx((0.30, 0.207))
    for name in ("carbon", "money"):
        (difference,) = found.row(name).differences
        assert difference is not None
        assert (difference.low, difference.high) == pytest.approx((-0.31, -0.31))


def test_money_in_two_currencies_is_not_compared(run: MakeRun) -> None:
    """And it is said what to do."""
    found = compare([group("a", run(100, tariff="0.30 EUR")), group("b", run(69, tariff="0.30 USD"))])
    assert "money" not in [row.name for row in found.rows]
    assert any("EUR and USD" in note for note in notes(found))


def test_runs_without_a_common_unit_are_compared_by_their_totals_and_it_is_said(run: MakeRun) -> None:
    """Samples here, tokens there."""
    found = compare([group("a", run(100, work={"samples": 5})), group("b", run(69, work={"tokens": 7}))])
    assert any("share no unit of work" in note for note in notes(found))
    assert [row.name for row in found.rows][:2] == ["energy", "time"]


def test_a_unit_that_not_all_count_is_refused(run: MakeRun) -> None:
    """With what each of them counts."""
    groups = [group("a", run(100, work={"samples": 5})), group("b", run(69, work={"tokens": 7}))]
    with pytest.raises(ConfigError, match="do not all count sample: a counts samples; b counts tokens"):
        compare(groups, per="sample")


def test_one_unit_of_several_can_be_asked_for(run: MakeRun) -> None:
    """In the singular or the plural."""
    both = {"samples": 5.0, "tokens": 70.0}
    found = compare([group("a", run(100, work=both)), group("b", run(69, work=both))], per="token")
    assert [row.name for row in found.rows if "per" in row.name] == ["energy per token"]


def test_runs_that_did_different_amounts_of_work_are_told_apart(run: MakeRun) -> None:
    """Half the samples for half the energy is no saving."""
    found = compare([group("a", run(100, work={"samples": 50})), group("b", run(50, work={"samples": 25}))])
    assert any("samples: a 50, b 25" in note for note in notes(found))
    (difference,) = found.row("energy per sample").differences
    assert difference is not None
    assert not difference.is_claimed


def test_runs_of_one_group_that_did_different_amounts_of_work_are_told_by_their_range(run: MakeRun) -> None:
    """The most of each is the same; what differs is seen."""
    a, b = ([run(100, work={"samples": n}) for n in done] for done in ((19_200, 19_200), (12_800, 19_200)))
    found = compare([group("a", *a), group("b", *b)])
    assert any("(samples: a 19200, b 12800 to 19200)" in note for note in notes(found))


@pytest.mark.parametrize(
    ("facts", "note"),
    [
        ({"status": "interrupted"}, "b: the run was interrupted"),
        ({"status": "failed"}, "b: the run failed"),
        ({"status": "running"}, "b: the run is still running"),
        ({"seen": 80.0}, "b: gpu:0 was not seen for 20 % of the time"),
        ({"continues": "019a"}, "b: the run carries on an earlier one"),
    ],
)
def test_a_run_that_is_not_whole_is_marked(run: MakeRun, facts: dict[str, Any], note: str) -> None:
    """Its figures are shown all the same."""
    found = compare([group("a", run(100)), group("b", run(69, **facts))])
    assert any(one.startswith(note) for one in notes(found))
    assert not any(one.startswith("a:") for one in notes(found))


def test_a_device_that_only_one_of_them_has_is_named(use: MakeUse, record: MakeRecord, run: MakeRun) -> None:
    """A GPU that was not seen in the other is no saving."""
    more = summary_of(record(use(), use("cpu", "cpu")))
    assert "the energy of cpu is in b only" in notes(compare([group("a", run(100)), group("b", more)]))


def test_a_device_of_which_nothing_was_read_is_no_saving(use: MakeUse, record: MakeRecord) -> None:
    """10 Wh of memory beside 10 Wh of it and 90 of a processor: nobody knows whether the first used less."""
    memory, processor = use("ram", "ram", watts=10.0), use("cpu", "cpu", watts=90.0)
    blind = use("cpu", "cpu", seconds=0.0)
    whole, part = summary_of(record(memory, processor)), summary_of(record(memory, blind))
    found = compare([group("whole", whole), group("part", part)])
    assert found.row("energy").values == pytest.approx((0.1 * KWH, 0.01 * KWH))
    assert [found.row(name).differences for name in ("energy", "carbon", "money")] == [(None,)] * 3
    assert "whole and part: not the same devices were read, so their energies are not compared with each other" in (
        notes(found)
    )
    assert found.row("time").differences != (None,)
    both = compare([group("part", part), group("another", part)])  # what both lack makes them no less alike
    assert both.row("energy").differences != (None,)


def test_devices_that_were_seen_alike_share_a_note(use: MakeUse, record: MakeRecord) -> None:
    """Both were first read after a fifth of the run."""
    late = [use(uid, uid, seconds=80.0) for uid in ("cpu", "ram")]
    found = compare([group("a", summary_of(record(*late, seconds=100.0))), group("b", summary_of(record(*late)))])
    assert "a: cpu, ram were not seen for 20 % of the time; all ranges allow for it" in notes(found)


def test_ten_thousand_letters_of_a_name_are_no_ten_thousand_in_a_note(run: MakeRun) -> None:
    """Both ends of it are there, by which names are told apart, in the notes, titles and the table."""
    names = [f"begin{'n' * 10_000}seed={seed}" for seed in (1, 2)]
    found = compare([group(name, run(100.0, seen=80.0)) for name in names])
    assert max(map(len, notes(found))) < 200
    assert any(note.startswith("beginnnn") and "seed=2: gpu:0 was not seen" in note for note in notes(found))
    table, _, rest = comparison_text.render(found).partition("\n\n")
    assert [cell[-6:] for cell in table.splitlines()[0].split()] == ["seed=1", "seed=2"]
    assert max(map(len, table.splitlines())) <= 100
    assert len(rest) < 3000


def test_outcomes_are_compared_by_their_last_and_best_values(run: MakeRun) -> None:
    """0.95 and then 0.94; the best is shown where it is not the last."""
    a, b = run(100, accuracy=(0.95, 0.94)), run(69, accuracy=(0.93, 0.94))
    found = compare([group("a", a), group("b", b)])
    assert found.row("val_acc, last").values == (0.94, 0.94)
    assert found.row("val_acc, best").values == (0.95, 0.94)
    (difference,) = found.row("val_acc, best").differences
    assert difference is not None
    assert difference.change == pytest.approx(-0.01)


def test_the_front_names_who_is_beaten(run: MakeRun) -> None:
    """80 J for 0.93 is more than 69 J for 0.94."""
    runs = {"fp32": (100.0, 0.95), "int8": (69.0, 0.94), "pruned": (80.0, 0.93)}
    found = compare([group(name, run(joules, accuracy=(value,))) for name, (joules, value) in runs.items()])
    assert found.front is not None
    assert (found.front.groups, found.front.beaten) == (("fp32", "int8"), ("pruned",))


def test_nobody_is_said_to_be_beaten_by_a_difference_that_cannot_be_claimed(run: MakeRun) -> None:
    """3 % less by a model of a processor, as good: the means alone say so."""
    runs = [group(name, run(joules, accuracy=(0.9,), method="cpu-model")) for name, joules in (("a", 100), ("b", 97))]
    found = compare(runs)
    assert found.front is not None
    assert (found.front.groups, found.front.beaten, found.front.unsure) == (("b",), (), ("a",))
    assert "Beaten by the means, but no difference in energy can be claimed: a." in said(found)
    assert "Beaten in both" not in said(found)
    sure = compare([group("a", run(100, accuracy=(0.9,))), group("b", run(97, accuracy=(0.9,)))])
    assert sure.front is not None
    assert (sure.front.beaten, sure.front.unsure) == (("a",), ())


def test_a_metric_whose_name_does_not_tell_is_asked_about(run: MakeRun) -> None:
    """With --better it is known."""
    groups = [
        group(name, run(joules)._replace(metrics={"q": (Metric(name="q", at=1.0, value=value),)}))
        for name, joules, value in (("a", 100.0, 1.0), ("b", 69.0, 2.0))
    ]
    assert compare(groups).front is None
    with pytest.raises(ConfigError, match="--better"):
        compare(groups, front="q")
    found = compare(groups, front="q", better="higher").front
    assert found is not None
    assert found.groups == ("b",)
    with pytest.raises(NotFoundError, match="'w'"):
        compare(groups, front="w")


def test_the_cost_to_a_target_is_compared_too(run: MakeRun) -> None:
    """0.9 after 20 of 100 J beside after 10 of 69 J's tenth: 20 and 6.9 J, 20 and 10 s."""
    a, b = run(100, accuracy=(0.5, 0.9)), run(69, accuracy=(0.9,))
    found = compare([group("a", a), group("b", b)], until=parse_target("val_acc>=0.9"))
    assert found.row("energy to val_acc >= 0.9").values == pytest.approx((20, 6.9))
    assert found.row("time to val_acc >= 0.9").values == pytest.approx((20, 10))
    assert any("in proportion" in note for note in notes(found))


def test_a_target_that_was_not_reached_is_no_number(run: MakeRun) -> None:
    """The best is said instead."""
    found = compare(
        [group("a", run(100, accuracy=(0.9,))), group("b", run(69, accuracy=(0.8,)))],
        until=parse_target("val_acc>=0.9"),
    )
    reached, unreached = found.row("energy to val_acc >= 0.9").values
    assert reached == pytest.approx(10)
    assert unreached is None
    assert "b: val_acc >= 0.9 was not reached (best 0.8)" in notes(found)


def test_money_is_of_all_parts_as_the_energy_is(run: MakeRun) -> None:
    """2 kWh at 0.25 EUR in two parts of 1 kWh are 0.50 EUR, beside 1 kWh at once for 0.25 EUR."""
    part, other = run(KWH, tariff="0.25 EUR"), run(KWH, tariff="0.25 EUR")
    whole = part._replace(whole=joined(part, [part, part], 1.0).whole)
    found = compare([group("resumed", whole), group("at once", other)])
    assert found.row("energy").values == pytest.approx((2 * KWH, KWH))
    assert found.row("money").values == pytest.approx((0.50, 0.25))


def test_one_group_is_no_comparison(run: MakeRun) -> None:
    """It takes two."""
    with pytest.raises(ConfigError, match="one group only"):
        compare([group("a", run(100), run(101))])


def test_the_json_holds_what_the_text_says(run: MakeRun) -> None:
    """Strictly: no NaN, changes as parts."""
    runs = [group(name, *(run(joules * part) for part in SPREAD)) for name, joules in (("a", 100), ("b", 69))]
    made = json.loads(comparison_json.render(compare(runs)))
    energy = next(row for row in made["quantities"] if row["name"] == "energy")
    (difference,) = energy["differences"]
    assert difference["group"] == "b"
    assert difference["change"] == pytest.approx(-0.31)
    assert difference["n"] == [5, 5]
    assert difference["chance"]["p"] < 0.001
    assert [one["name"] for one in made["groups"]] == ["a", "b"]


def test_the_text_fits(run: MakeRun) -> None:
    """80 columns, no trailing spaces, however long the names."""
    facts: dict[str, Any] = {"work": {"samples": 50.0}, "accuracy": (0.9, 0.91)}
    found = compare(
        [group("a" * 90, run(100, **facts)), group("b" * 90, run(69, **facts))], until=parse_target("val_acc>=2")
    )
    lines = str(found).splitlines()
    assert max(map(len, lines)) <= 80
    assert all(line == line.rstrip() for line in lines)


def test_names_stay_on_one_line(run: MakeRun) -> None:
    """A name with a line end and escapes breaks neither the table, nor a title, nor the JSON."""
    made = compare([group("a\nb\x1b[31m", run(100)), group("c\x9b\u202ed", run(69))])
    lines = str(made).split("\n")
    assert lines[0].split() == ["a", "b", "[31m", "c", "d"]
    assert "c  d beside a b [31m" in lines
    assert all(line.isprintable() for line in (*lines, *comparison_json.render(made).split("\n")))


methods = st.sampled_from(["nvml-counter", "nvml-instant", "rapl", "cpu-model", "fake"])
sides = st.lists(st.floats(1, 1000), min_size=1, max_size=4)


def _group(name: str, watts: list[float], method: str, host: str) -> Group:
    device = Device(uid="gpu:0", kind="gpu", name="g")
    return Group(
        name,
        tuple(
            summary_of(
                Record(
                    run=RunInfo(id=f"{name}{n}", name=name, seconds=100, zone="FR", host=Host(id=host, name=host)),
                    devices=(DeviceUse(device=device, method=method, energy=Energy(joules=100 * one, seconds=100)),),
                )
            )
            for n, one in enumerate(watts)
        ),
    )


@given(sides, methods)
def test_runs_beside_themselves_never_differ(watts: list[float], method: str) -> None:
    """No quantity of a comparison with itself is claimed."""
    group = _group("a", watts, method, "h")
    found = compare([group, group])
    assert not any(difference.is_claimed for row in found.rows for difference in row.differences if difference)


@given(sides, sides, methods, methods, st.booleans())
def test_the_other_way_round_every_ratio_is_inverted(
    first: list[float], second: list[float], method: str, method_too: str, apart: bool
) -> None:
    """Energy, carbon and time, with their ranges and claims."""
    one, other = _group("a", first, method, "h"), _group("b", second, method_too, "i" if apart else "h")
    there, back = compare([one, other]), compare([other, one])
    for row in there.rows:
        (forward,), (backward,) = row.differences, back.row(row.name).differences
        assert forward is not None
        assert backward is not None
        assert (1 + forward.change) * (1 + backward.change) == pytest.approx(1)
        assert forward.is_claimed == backward.is_claimed
        if backward.high < 1e6:
            assert (1 + forward.low) * (1 + backward.high) == pytest.approx(1)
