"""Multi-part runs: each joule, gram and second of the whole once, in the summary and in the list."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from greentrack.costing.api import summarize, summary_of
from greentrack.costing.overlap import seconds_of
from greentrack.costing.run_list import list_runs, total
from greentrack.costing.summary import Summary
from greentrack.model import Device, DeviceUse, Forecast, Host, Reading, Record, RunInfo
from greentrack.quantity import Figure
from greentrack.reports import json as as_json
from greentrack.reports import text
from greentrack.store.batch import Batch
from greentrack.store.writer import Writer

HOUR = 3600.0
BEGAN = 1_790_000_000.0
BOX, OTHER = Host(id="h1", name="box"), Host(id="h2", name="other")
Keep = Callable[..., None]
MakeUse = Callable[..., DeviceUse]
MakeRecord = Callable[..., Record]


@pytest.fixture
def keep(db: Path) -> Keep:
    """Store an hour's run of a GPU at 360 W, without the rest of the machine, that began so many hours in."""

    def make(
        run_id: str, hours: float, continues: str | None = None, *, watts: float | None = 360.0, **facts: Any
    ) -> None:
        forecasts = facts.pop("forecasts", [])
        begun = BEGAN + hours * HOUR
        usual: dict[str, Any] = {"status": "finished", "host": BOX, "boot_id": "b1", "zone": "FR", "rest": "off"}
        run = RunInfo(
            id=run_id,
            name="digits",
            started_at=begun,
            ended_at=begun + HOUR,
            seconds=HOUR,
            continues=continues,
            **(usual | facts),
        )
        use = DeviceUse(device=Device(uid="gpu:0", kind="gpu", name="A GPU"), method="fake")
        readings = (
            [] if watts is None else [Reading(device="gpu:0", at=begun + HOUR, seconds=HOUR, joules=watts * HOUR)]
        )
        writer = Writer(db)
        writer.write(Batch(run_id=run_id, run=run, devices=[use], readings=readings, forecasts=forecasts))
        writer.close()

    return make


@pytest.fixture
def resumed(keep: Keep) -> None:
    """An hour that was interrupted, one that was stopped a day later, and a last one a day after that."""
    keep("a", 0.0, status="interrupted")
    keep("b", 24.0, "a", watts=720.0, status="stopped")
    keep("c", 48.0, "b")


def kwh(figure: Figure | None) -> float:
    assert figure is not None
    return figure.value / 3.6e6


def forecast(progress: float, wh: float, seconds: float) -> Forecast:
    joules = wh * 3600
    return Forecast(
        at=BEGAN + progress,
        progress=progress,
        joules=joules,
        joules_low=joules * 0.9,
        joules_high=joules * 1.2,
        seconds=seconds,
        seconds_low=seconds,
        seconds_high=seconds,
    )


@pytest.mark.usefixtures("resumed")
def test_the_whole_is_the_sum_of_its_parts_and_no_pause(db: Path) -> None:
    """0.36 + 0.72 + 0.36 kWh in 3 h, however long it lay; grams and money likewise; the run's own figures stay."""
    middle = summarize("b", db=db, tariff="0.50 EUR")
    assert middle.whole is not None
    assert kwh(middle.joules) == pytest.approx(0.72)
    assert kwh(middle.whole.joules) == pytest.approx(1.44)
    assert middle.whole.seconds == 3 * HOUR
    assert middle.g is not None
    assert middle.whole.g is not None
    assert middle.whole.g.value == pytest.approx(2 * middle.g.value)
    assert middle.whole.money is not None
    assert middle.whole.money.amount.value == pytest.approx(0.72)
    assert middle.whole.money.currency == "EUR"
    assert middle.whole.status == "finished"
    assert [(part.id, part.status, part.seconds) for part in middle.parts] == [
        ("a", "interrupted", HOUR),
        ("b", "stopped", HOUR),
        ("c", "finished", HOUR),
    ]
    assert [part.before and part.before / 3.6e6 for part in middle.parts] == pytest.approx([None, 0.36, 1.08])
    assert summarize("a", db=db).whole == summarize("c", db=db).whole


@pytest.mark.usefixtures("resumed")
def test_a_whole_is_costed_under_the_terms_that_are_asked_for(db: Path) -> None:
    """Half the grams per kWh are half the grams of every part; joules stay."""
    french, polish = (summarize("c", db=db, zone=zone) for zone in ("FR", "PL"))
    assert french.whole is not None
    assert polish.whole is not None
    assert french.whole.g is not None
    assert polish.whole.g is not None
    assert french.whole.joules == polish.whole.joules
    ratio = polish.intensity.g_per_kwh / french.intensity.g_per_kwh
    assert polish.whole.g.value / french.whole.g.value == pytest.approx(ratio)


def test_a_run_on_its_own_has_no_parts(keep: Keep, db: Path) -> None:
    """Neither text nor JSON speaks of any."""
    keep("a", 0.0)
    summary = summarize("a", db=db)
    assert (summary.parts, summary.whole) == ((), None)
    assert "run is part" not in str(summary)
    made = as_json.to_dict(summary)
    assert (made["parts"], made["whole"], made["forecasts"]) == ([], None, [])


def test_hosts_of_a_job_add_their_joules_but_not_their_time(keep: Keep, db: Path) -> None:
    """Two machines for the same hour used twice the energy in one hour; GPUs of one name on two hosts are two GPUs."""
    keep("a", 0.0, group="job", world_size=2, rank=0)
    keep("b", 0.0, group="job", world_size=2, rank=1, host=OTHER, boot_id="b2")
    whole = summarize("a", db=db).whole
    assert whole is not None
    assert kwh(whole.joules) == pytest.approx(0.72)
    assert whole.seconds == HOUR
    assert [line.split()[-1] for line in str(summarize("a", db=db)).splitlines() if line[3:5] in ("1 ", "2 ")] == [
        "other",
        "box",
    ]


def test_two_resumes_at_once_on_one_machine_count_its_joules_once(keep: Keep, db: Path) -> None:
    """Both saw the GPU's 0.36 kWh; the whole has them once, says so, and the list agrees."""
    keep("a", 0.0)
    keep("b", 24.0, "a")
    keep("c", 24.0, "a")
    summary = summarize("c", db=db)
    assert summary.whole is not None
    assert kwh(summary.whole.joules) == pytest.approx(0.72)
    assert summary.whole.seconds == 2 * HOUR
    assert any("360 Wh that several saw counts once" in note for note in summary.notes)
    (line,) = list_runs(db=db)
    assert line.kwh == pytest.approx(0.72)
    sums = total([line], db=db)
    assert sums.joules == pytest.approx(0.72 * 3.6e6)
    assert sums.overlapped == pytest.approx(0.36 * 3.6e6)
    assert sums.g == pytest.approx(line.g)


def test_a_part_that_measured_nothing_is_not_zero(keep: Keep, db: Path) -> None:
    """The whole is what the other used, and is said to be more; nothing at all stays unknown."""
    keep("a", 0.0, watts=None)
    keep("b", 24.0, "a")
    summary = summarize("b", db=db)
    assert summary.whole is not None
    assert kwh(summary.whole.joules) == pytest.approx(0.36)
    assert summary.parts[0].joules is None
    assert any("nothing was measured in 1 of the 2 parts" in note for note in summary.notes)
    keep("c", 0.0, watts=None)
    keep("d", 24.0, "c", watts=None)
    blind = summarize("d", db=db).whole
    assert blind is not None
    assert (blind.joules, blind.g, blind.money) == (None, None, None)


def test_prices_in_two_currencies_are_not_added(keep: Keep, db: Path) -> None:
    """An hour in France and one in Britain have no sum in money."""
    keep("a", 0.0, zone="FR")
    keep("b", 24.0, "a", zone="GB")
    summary = summarize("b", db=db)
    assert summary.money is not None
    assert summary.whole is not None
    assert summary.whole.money is None


@pytest.mark.usefixtures("resumed")
@pytest.mark.parametrize("width", [60, 80, 120])
def test_the_text_has_the_whole_and_a_row_for_each_part(db: Path, width: int) -> None:
    """It says which part this is, what all came to, and what was used before each."""
    lines = text.render(summarize("b", db=db, tariff="0.50 EUR"), width=width).splitlines()
    assert max(map(len, lines)) <= width
    said = " ".join(lines)
    assert "This run is part 2 of 3: in all 1.44 kWh" in said
    assert "0.72 EUR" in said
    assert "3 h (pauses not counted)" in said
    rows = [line.split() for line in lines if line[:7].strip() in ("1  a", "2  b", "3  c")]
    assert len(rows) == 3
    assert rows[2][-2:] == ["1.08", "kWh"]


@pytest.mark.usefixtures("resumed")
def test_the_json_has_the_whole_and_each_part(db: Path) -> None:
    """The same figures, in kWh."""
    made = json.loads(as_json.render(summarize("c", db=db)))
    assert made["whole"]["kwh"]["value"] == pytest.approx(1.44)
    assert (made["whole"]["status"], made["whole"]["seconds"]) == ("finished", 3 * HOUR)
    assert [part["kwh_before"] for part in made["parts"]] == pytest.approx([None, 0.36, 1.08])
    assert made["parts"][0]["started_at"] == "2026-09-21T14:13:20.000+00:00"


def said_of_forecasts(summary: Summary) -> str:
    words = str(summary).split()
    start, end = words.index("forecast"), words.index("This" if summary.whole else "device")
    return " ".join(words[start + 1 : end])


def test_a_forecast_for_another_plan_is_not_held_against_what_it_came_to(keep: Keep, db: Path) -> None:
    """The first part was to train for 20 epochs and the second for 6: the first's forecast tells nothing of those."""
    keep("a", 0.0, params={"max_epochs": 20}, forecasts=[forecast(0.1, 9000, 72_000)], boot_id="b0")
    keep("b", 2.0, "a", params={"max_epochs": 6}, forecasts=[forecast(0.5, 700, 7200)])
    assert [made.joules for made in summarize("b", db=db).forecasts] == [700 * 3600]


def test_a_forecast_is_shown_beside_what_it_came_to(keep: Keep, db: Path) -> None:
    """The first and the last of three; 360 Wh in an hour is what it came to."""
    keep("a", 0.0, forecasts=[forecast(0.1, 300, 3000), forecast(0.5, 340, 3600), forecast(0.9, 350, 3540)])
    summary = summarize("a", db=db, tariff="1 EUR")
    said = re.sub(r"[\d.]+ g CO2e \(.+?\), ", "", said_of_forecasts(summary))
    assert said.startswith(
        "after 10 %: 300 Wh (270–360), 0.30 EUR (0.27–0.36), 50 min "
        "after 90 %: 350 Wh (320–420), 0.35 EUR (0.32–0.42), 59 min it came to 360 Wh, 0.36 EUR, 1 h"
    )
    made = as_json.to_dict(summary)["forecasts"]
    assert [one["progress"] for one in made] == [0.1, 0.5, 0.9]
    assert made[0]["kwh"] == {"value": 0.3, "low": pytest.approx(0.27), "high": pytest.approx(0.36)}


def test_a_single_forecast_is_shown_once_and_an_early_end_is_said(keep: Keep, db: Path) -> None:
    """What was stopped did not come to its end."""
    keep("a", 0.0, status="stopped", forecasts=[forecast(0.1, 720, 7200)])
    said = said_of_forecasts(summarize("a", db=db))
    assert said.count("after") == 1
    assert "it was stopped at 360 Wh, " in said


def test_a_run_that_goes_on_has_no_end_to_compare_with(record: MakeRecord, use: MakeUse) -> None:
    """What is expected is said to be expected."""
    going = record(use(), status="running", forecasts=(forecast(0.1, 720, 7200),))
    said = said_of_forecasts(summary_of(going))
    assert said.startswith("after 10 %: 720 Wh (650–860), ")
    assert ", 2 h expected at the end" in said
    assert "came to" not in said


def test_forecasts_of_all_parts_are_held_against_the_whole(keep: Keep, db: Path) -> None:
    """What the first part expected of the whole run is what its three hours and 1.08 kWh are compared with."""
    keep("a", 0.0, status="interrupted", forecasts=[forecast(0.1, 1000, 10_000)])
    keep("b", 24.0, "a", status="interrupted")
    keep("c", 48.0, "b", forecasts=[forecast(0.95, 1080, 10_800)])
    said = said_of_forecasts(summarize("b", db=db))
    assert said.startswith("after 10 %: 1 kWh")
    assert "after 95 %: 1.08 kWh" in said
    assert re.search(r"it came to 1\.08 kWh, .+, 3 h", said)


def test_a_forecast_and_its_outcome_are_for_the_same_boundary(keep: Keep, db: Path) -> None:
    """Both are of the machine: whatever PUE somebody asks for later, they can be held against each other."""
    keep("a", 0.0, forecasts=[forecast(0.1, 360, 3600)])
    assert "it came to 360 Wh" in said_of_forecasts(summarize("a", db=db, pue=1.5))


@pytest.mark.usefixtures("resumed")
def test_a_list_has_a_line_for_each_multipart_run(keep: Keep, db: Path) -> None:
    """Three parts and another run are two lines; that of the three is the latest part's, with the figures of all."""
    keep("d", 12.0)
    whole, alone = list_runs(db=db)
    assert (whole.run.id, whole.run.status, whole.run.seconds) == ("c", "finished", 3 * HOUR)
    assert [whole.kwh, whole.measured_share] == pytest.approx([1.44, 1.0])
    assert [part.run.id for part in whole.parts] == ["a", "b", "c"]
    assert (alone.run.id, alone.parts) == ("d", ())
    shown = summarize("c", db=db).whole
    assert shown is not None
    assert shown.g is not None
    assert whole.g == pytest.approx(shown.g.value)
    assert [cost.run.id for cost in list_runs(db=db, all_parts=True)] == ["c", "b", "d", "a"]
    assert [cost.parts for cost in list_runs(db=db, all_parts=True)] == [()] * 4


@pytest.mark.usefixtures("resumed")
def test_a_work_is_found_by_its_latest_part(keep: Keep, db: Path) -> None:
    """Filters and limits look at what the line says, and its figures are those of all parts all the same."""
    keep("d", 72.0)
    assert [cost.run.id for cost in list_runs(db=db, status="interrupted")] == []
    assert [cost.kwh for cost in list_runs(db=db, since=BEGAN + 30 * HOUR, until=BEGAN + 50 * HOUR)] == [
        pytest.approx(1.44)
    ]
    assert [cost.run.id for cost in list_runs(db=db, limit=2)] == ["d", "c"]
    assert [cost.run.id for cost in list_runs(db=db, sort="kwh", limit=1)] == ["c"]
    sums = total(list_runs(db=db), db=db)
    assert (sums.runs, sums.seconds) == (2, 4 * HOUR)
    assert sums.joules == pytest.approx(1.8 * 3.6e6)


@given(st.lists(st.tuples(st.integers(0, 30), st.integers(0, 10)), max_size=8))
def test_seconds_are_those_in_which_some_part_ran(spells: list[tuple[int, int]]) -> None:
    """Counted second by second, overlaps once and pauses not at all."""
    runs = [RunInfo(id="x", name="x", started_at=float(begun), seconds=float(long)) for begun, long in spells]
    assert seconds_of(runs) == len({second for begun, long in spells for second in range(begun, begun + long)})
