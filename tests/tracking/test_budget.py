"""What a run may use, and what happens when it has used more."""

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from greentrack import ConfigError, OverBudgetError, track
from greentrack.config import Settings
from greentrack.model import RunInfo as Facts
from greentrack.store.reader import Reader
from greentrack.tracking.budget import BudgetUse, Limit, budget_of, describe, first_over, limits_of, parse, spent_of
from greentrack.tracking.budget_watch import CHECK_S, BudgetWatch
from greentrack.tracking.run import Run

KNOWN: dict[str, Any] = {"meters": ["fake:gpu=300,cpu=100"], "rest": "off", "quiet": True}
"""A machine of 400 W, so that 20 J are spent in 50 ms."""


def spent(joules: float | None = None, seconds: float = 0.0, **more: Any) -> BudgetUse:
    return BudgetUse(**{"joules": joules, "grams": None, "money": None, "currency": None, "seconds": seconds, **more})


def train(run: Run, error: Exception | None = None) -> None:
    """Work until the run is over its budget, and fail with the *error* that is given."""
    while not run.over_budget:
        os.sched_yield()
    if error is not None:
        raise error


def train_on(run: Run) -> None:
    """Work until ``check_budget`` ends it."""
    while True:
        run.check_budget()


def kept(db: Path) -> Facts:
    with Reader(db) as reader:
        return reader.record(reader.find("latest")).run


@pytest.mark.parametrize(
    ("text", "kind", "amount"),
    [
        ("2 kWh", "energy", 7.2e6),
        ("300Wh", "energy", 1.08e6),
        ("1.5 MWh", "energy", 5.4e9),
        ("5 MJ", "energy", 5e6),
        ("2 kwh", "energy", 7.2e6),
        ("500 g", "carbon", 500),
        ("500 gCO2", "carbon", 500),
        ("2 kg CO2e", "carbon", 2000),
        ("0.1 t", "carbon", 1e5),
        ("2h", "time", 7200),
        ("90 min", "time", 5400),
        ("1.5 d", "time", 129_600),
        ("45 s", "time", 45),
        ("1h30m", "time", 5400),
        ("1 d 2 h 3 min 4 s", "time", 93_784),
        ("1e3 J", "energy", 1000),
    ],
)
def test_a_limit_is_read_in_the_units_that_people_use(text: str, kind: str, amount: float) -> None:
    """1 kWh is 3.6 MJ (SI brochure, 2019), a tonne a million grams, a day 86,400 seconds."""
    limit = parse(text)
    assert (limit.kind, limit.currency, limit.text) == (kind, None, text)
    assert limit.amount == pytest.approx(amount)


@pytest.mark.parametrize(
    ("text", "currency"), [("3 EUR", "EUR"), ("3SEK", "SEK"), ("€3", "EUR"), ("3 $", "USD"), ("£ 3", "GBP")]
)
def test_money_is_read_with_its_currency(text: str, currency: str) -> None:
    """By ISO 4217 code or by sign, before or behind."""
    assert parse(text)[:3] == ("money", 3.0, currency)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("1,000 Wh", "without commas"),
        ("1,5 kWh", "without commas"),
        ("-2 kWh", "below zero"),
        ("€-3", "below zero"),
        ("0 kWh", "allows nothing"),
        ("0h0m", "allows nothing"),
        ("1e999 J", "more than a number can hold"),
        ("nan kWh", "not a number and a unit"),
        ("inf Wh", "not a number and a unit"),
        ("2", "not a number and a unit"),
        ("kWh", "not a number and a unit"),
        ("", "not a number and a unit"),
        ("2 kWh!", "not a number and a unit"),
        ("2 kWk", "unknown unit 'kWk' (did you mean kWh"),
        ("2 mwh", "did you mean mWh or MWh?"),
        ("3 eur", "did you mean EUR?"),
        ("5 W", "unknown unit 'W'"),
        ("2 h 500 g", "not one limit"),
        ("30m1h", "not one limit"),
        ("1h1h", "not one limit"),
        ("2 kWh CO2", "CO2 is limited in g, kg or t"),
    ],
)
def test_what_is_no_limit_is_refused_with_examples(text: str, says: str) -> None:
    """One line that names it, says what is wrong, and shows how it is done."""
    with pytest.raises(ConfigError) as caught:
        parse(text)
    message = str(caught.value)
    assert says in message
    assert message.startswith(f"budget {text!r}")
    assert message.endswith("such as 2 kWh, 500 g CO2e, 3 EUR, 1h30m")


def test_a_budget_is_one_limit_or_several_of_different_kinds() -> None:
    """As a text, a list, or a text with semicolons, as a variable has it."""
    assert budget_of(None) == budget_of([]) == ()
    assert [limit.text for limit in budget_of("2 kWh")] == ["2 kWh"]
    assert [limit.kind for limit in budget_of(["2 kWh", "1h"])] == ["energy", "time"]
    assert [(limit.kind, limit.text) for limit in budget_of("2 kWh; 1h")] == [("energy", "2 kWh"), ("time", "1h")]
    with pytest.raises(ConfigError, match=r"'2 kWh' and '5 MJ' both limit energy"):
        budget_of(["2 kWh", "1h", "5 MJ"])
    with pytest.raises(ConfigError, match="is not a text or a list of texts"):
        budget_of(5)  # type: ignore[arg-type]  # what a mistaken caller does


def test_what_is_used_up_or_unknown_is_not_over() -> None:
    """2 kWh of 2 kWh are within; no energy known is not too much; another currency is no comparison."""
    two_kwh, three_eur = parse("2 kWh"), parse("3 EUR")
    assert first_over([two_kwh], spent(7.2e6)) is None
    assert first_over([two_kwh], spent(7.2e6 + 1)) is two_kwh
    assert first_over([two_kwh], spent(None)) is None
    assert first_over([three_eur], spent(money=99.0, currency="USD")) is None
    assert first_over([two_kwh, three_eur], spent(1.0, money=3.5, currency="EUR")) is three_eur


def test_what_was_used_is_told_in_the_unit_of_the_limit() -> None:
    """With as many digits as it takes to see that it is over."""
    assert describe(parse("2 kWh"), spent(7.236e6)) == "2.01 of 2 kWh"
    assert describe(parse("2 kWh"), spent(7.2001e6)) == "2.00003 of 2 kWh"
    assert describe(parse("500 g"), spent(grams=512.3)) == "512 of 500 g CO2e"
    assert describe(parse("€3"), spent(money=3.012, currency="EUR")) == "3.01 of 3 EUR"
    assert describe(parse("1h30m"), spent(seconds=5430)) == "90.5 of 90 min"
    assert describe(parse("3 EUR"), spent()) == "an unknown part of 3 EUR"


@given(
    st.floats(1e-6, 1e6), st.sampled_from([("J", 1.0), ("Wh", 3600.0), ("kWh", 3.6e6), ("MWh", 3.6e9), ("GJ", 1e9)]),
    st.floats(1e-6, 1e3),
)  # fmt: skip
def test_what_is_described_as_over_is_over(amount: float, unit: tuple[str, float], part: float) -> None:
    """Any number in any unit comes back as it went in, and 1.1 times as much is over it and reads so."""
    limit = parse(f"{amount!r} {unit[0]}")
    assert limit.amount == pytest.approx(amount * unit[1])
    assert first_over([limit], spent(limit.amount * (1 + part))) is limit
    used, _, allowed, _ = describe(limit, spent(limit.amount * (1 + part))).replace(",", "").split()
    assert float(used) >= float(allowed) * (1 - 1e-5)  # the allowed is told with six digits


def test_money_needs_a_price_in_its_currency() -> None:
    """France pays in EUR; a price of one's own settles any other."""
    assert limits_of(Settings(budget=("3 EUR",), zone="FR"))[0].currency == "EUR"
    assert limits_of(Settings(budget=("3 SEK",), zone="FR", tariff="0.30 SEK"))[0].currency == "SEK"
    assert limits_of(Settings(budget=("3 USD",), zone="FR", rent="2.95 USD"))[0].currency == "USD"
    with pytest.raises(
        ConfigError, match=r"no price in SEK is known for zone FR \(but in EUR\); .* tariff = '0.30 SEK'"
    ):
        limits_of(Settings(budget=("3 SEK",), zone="FR"))
    with pytest.raises(ConfigError, match=r"no price in EUR is known for the rent \(but in USD\)"):
        limits_of(Settings(budget=("3 EUR",), zone="FR", rent="specialist"))


class Figures:
    """What a run has used, as a test says, and how often it was asked for."""

    def __init__(self, *figures: BudgetUse) -> None:
        self.figures, self.asked, self.now = list(figures), 0, 0.0

    def __call__(self, by_clock: bool) -> BudgetUse:
        self.asked += 1
        return self.figures.pop(0) if len(self.figures) > 1 else self.figures[0]

    def clock(self) -> float:
        return self.now

    def watch(self, limits: Iterable[Limit]) -> BudgetWatch:
        return BudgetWatch(tuple(limits), self, grace_s=10, clock=self.clock)


def test_the_figures_are_looked_at_every_half_second() -> None:
    """However often it is asked in between; and no more once it is over."""
    figures = Figures(spent(1.0), spent(2.0), spent(3.0))
    watch = figures.watch(budget_of("2 J"))
    assert not any(watch.is_over() for _ in range(1000))
    assert figures.asked == 1
    figures.now = CHECK_S
    assert not watch.is_over()  # 2 of 2 J
    figures.now = 2 * CHECK_S
    assert all(watch.is_over() for _ in range(10))
    assert (figures.asked, watch.text) == (3, "3 of 2 J")


def test_time_is_up_when_it_is_up() -> None:
    """A limit of 0.6 s is not looked at every half second only."""
    figures = Figures(spent(seconds=0.0), spent(seconds=0.5), spent(seconds=0.601))
    watch = figures.watch(budget_of("0.6 s"))
    seen: list[float] = []
    for figures.now in (0.0, 0.5, 0.601):
        seen.append(watch.is_over())
    assert seen == [False, False, True]


def test_once_over_it_stays_over() -> None:
    """Figures that fall (a counter found wrong) do not bring the budget back."""
    figures = Figures(spent(3.0), spent(1.0))
    watch = figures.watch(budget_of("2 J"))
    assert watch.is_over()
    figures.now = 10.0
    assert watch.is_over()


def test_it_is_said_once_that_a_budget_is_exceeded_or_cannot_be_watched(caplog: pytest.LogCaptureFixture) -> None:
    """Energy that nothing measured is not zero: after 10 s, somebody should know."""
    figures = Figures(spent(None, seconds=9.0), spent(None, seconds=11.0), spent(None, seconds=12.0), spent(3.0))
    watch = figures.watch(budget_of("2 J"))
    for figures.now in (0.0, 1.0, 2.0, 3.0, 4.0):
        watch.is_over()
    assert [record.message for record in caplog.records] == [
        "budget '2 J' cannot be watched: it is not known how much energy was used",
        "over budget: 3 of 2 J",
    ]


def test_figures_that_fail_leave_the_time(caplog: pytest.LogCaptureFixture) -> None:
    """It is said, once, and the training goes on until its time is up."""
    seconds = iter(range(10))

    def broken(by_clock: bool) -> BudgetUse:
        if by_clock:
            return spent(seconds=next(seconds))
        raise ValueError("no figures")

    watch = BudgetWatch(budget_of(["2 J", "5 s"]), broken, grace_s=10, clock=iter(range(100)).__next__)
    assert [watch.is_over() for _ in range(7)] == [False] * 6 + [True]
    assert [record.message for record in caplog.records] == [
        "only time can be compared with the budget: ValueError('no figures')",
        "over budget: 6 of 5 s",
    ]


def test_a_loop_that_sees_the_budget_spent_ends_the_run_as_stopped(db: Path, caplog: pytest.LogCaptureFixture) -> None:
    """20 J at 400 W; how much of it was used is kept as the reason."""
    with track(db=db, budget="20 J", interval=0.1, **KNOWN) as run:
        assert run.budget_text is None
        train(run)
        assert run.over_budget
    assert run.over_budget
    assert run.budget_text is not None
    assert run.budget_text.endswith(" of 20 J")
    assert float(run.budget_text.split()[0]) > 20
    assert (kept(db).status, kept(db).error) == ("stopped", f"budget: {run.budget_text}")
    assert [record.message for record in caplog.records] == [f"over budget: {run.budget_text}"]


def test_a_time_limit_needs_no_figures(db: Path) -> None:
    """50 ms are over after 50 ms, not after the next reading; as soon as that the quickest of a few runs sees it."""
    seen: list[float] = []
    while not seen or (min(seen) >= CHECK_S and len(seen) < 10):
        with track(db=db, budget="0.05 s", interval=3600, **KNOWN) as run:
            train(run)
        assert run.budget_text is not None
        seen.append(float(run.budget_text.split()[0]))
        assert kept(db).status == "stopped"
    assert 0.05 < min(seen) < CHECK_S


def test_money_and_overheads_count_as_in_the_summary(db: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """At 0.36 EUR/kWh a joule costs 1e-7 EUR, so 0.000002 EUR are 20 J at the meter, 10 J before a PUE of 2."""
    monkeypatch.setenv("GREENTRACK_TARIFF", "0.36 EUR")
    monkeypatch.setenv("GREENTRACK_PUE", "2")
    with track(db=db, budget="0.000002 EUR", interval=0.1, **KNOWN) as run:
        train(run)
    assert run.budget_text is not None
    assert run.budget_text.endswith(" of 0.000002 EUR")
    joules = sum(run.joules().values())
    assert joules > 10
    used = spent_of(run.summary())
    assert used.joules == pytest.approx(2 * joules)
    assert used.money == pytest.approx(2e-7 * joules)
    assert used.currency == "EUR"


def test_the_exception_on_request_ends_the_run_as_stopped(db: Path) -> None:
    """``check_budget`` is silent until the budget is spent."""
    with (
        pytest.raises(OverBudgetError, match=r"^budget: .* of 0.02 s$") as caught,
        track(db=db, budget="0.02 s", **KNOWN) as run,
    ):
        train_on(run)
    assert (kept(db).status, kept(db).error) == ("stopped", str(caught.value))


def test_the_first_limit_that_is_reached_counts(db: Path) -> None:
    """An hour is far away when 20 J are spent."""
    with track(db=db, budget=["1 h", "20 J"], interval=0.1, **KNOWN) as run:
        train(run)
    assert run.budget_text is not None
    assert run.budget_text.endswith(" of 20 J")


def test_a_budget_that_is_not_spent_changes_nothing(db: Path, caplog: pytest.LogCaptureFixture) -> None:
    """The run is finished, and nothing is said."""
    with track(db=db, budget=["1 kWh", "1 d", "1 t"], **KNOWN) as run:
        run.check_budget()
        assert not run.over_budget
    assert (kept(db).status, kept(db).error, run.budget_text) == ("finished", None, None)
    assert caplog.records == []


def test_a_training_that_never_asks_is_told_and_is_finished(db: Path, caplog: pytest.LogCaptureFixture) -> None:
    """It did not stop for the budget, so it was not stopped; the same under the decorator."""

    @track(db=db, budget="0.001 s", **KNOWN)
    def work() -> int:
        return sum(range(200_000))

    work()
    assert (kept(db).status, kept(db).error) == ("finished", None)
    assert [record.message.partition(":")[0] for record in caplog.records] == ["over budget"]


def test_an_exception_of_the_training_is_not_hidden_by_its_budget(db: Path) -> None:
    """What failed, failed, however much it had used."""
    with pytest.raises(ValueError, match="nan"), track(db=db, budget="0.001 s", **KNOWN) as run:
        train(run, ValueError("loss is nan"))
    assert kept(db).status == "failed"


def test_a_run_without_budget_or_recording_is_never_over(db: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing to be over."""
    with track(db=db, **KNOWN) as run:
        assert not run.over_budget
    monkeypatch.setenv("GREENTRACK_DISABLED", "1")
    with track(budget="0.001 s") as run:
        run.check_budget()
        assert (run.over_budget, run.budget_text) == (False, None)


def test_a_forked_child_has_no_budget(program: Any, db: Path) -> None:
    """A DataLoader's worker does not stop for what its parent used."""
    script = """
os.environ["GREENTRACK_BUDGET"] = "0.001 s"
with track(meters=["fake:gpu=300"], db=DB, quiet=True) as run:
    while not run.over_budget: pass
    if (child := os.fork()) == 0:
        say(run.over_budget, run.budget_text)
        os._exit(0)
    os.waitpid(child, 0)
    say(run.over_budget)
"""
    code, out, _ = program(script.replace("DB", repr(str(db)))).end()
    assert (code, out.split()) == (0, ["False", "None", "True"])


def test_a_mistyped_budget_is_told_before_the_training_starts(monkeypatch: pytest.MonkeyPatch) -> None:
    """With the place where it was given."""
    with pytest.raises(ConfigError, match=r"^argument budget: budget '2 kWk': unknown unit"):
        track(budget="2 kWk")
    with pytest.raises(ConfigError, match=r"^argument budget: budget ''"):
        track(budget="")
    with pytest.raises(ConfigError, match=r"^argument budget: budget = 5 is not a text"):
        track(budget=5)  # type: ignore[arg-type]  # what a mistaken caller does
    monkeypatch.setenv("GREENTRACK_BUDGET", "1h; 2h")
    with pytest.raises(ConfigError, match=r"^environment variable GREENTRACK_BUDGET: budget: '1h' and '2h' both"):
        track()


def test_a_budget_comes_from_the_environment_and_an_empty_list_lifts_it(
    db: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Limits are separated by semicolons there."""
    monkeypatch.setenv("GREENTRACK_BUDGET", "1 kWh; 0.01 s")
    with track(db=db, **KNOWN) as run:
        train(run)
    assert run.budget_text is not None
    with track(db=db, budget=[], **KNOWN) as run:
        assert not run.over_budget


def test_secrets_are_kept_neither_in_params_nor_in_the_command(db: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Unless the setting says so."""
    monkeypatch.setattr("sys.orig_argv", ["python", "train.py", "--token", "abc"])
    with track(db=db, params={"lr": 0.1, "api_key": "abc"}, **KNOWN) as run:
        run.learn(params={"hub_token": "abc", "epochs": 3})
    assert dict(kept(db).params) == {"lr": 0.1, "api_key": "[redacted]", "hub_token": "[redacted]", "epochs": 3}
    assert dict(run.record().run.params) == dict(kept(db).params)
    assert kept(db).command == ("python", "train.py", "--token", "[redacted]")
    monkeypatch.setenv("GREENTRACK_REDACT", "0")
    with track(db=db, params={"api_key": "abc"}, **KNOWN):
        pass
    assert dict(kept(db).params) == {"api_key": "abc"}
    assert kept(db).command[-1] == "abc"
