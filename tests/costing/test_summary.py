"""Summaries: joules, ranges, coverage, carbon and scope, on records made by hand."""

import datetime
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from greentrack.costing.api import summarize, summary_of
from greentrack.errors import ConfigError, NotFoundError, StoreError, ZoneError
from greentrack.methods import METHODS
from greentrack.model import (
    Device,
    DeviceUse,
    Energy,
    Host,
    Metric,
    Phase,
    Reading,
    Record,
    RunInfo,
    Span,
    TrackerOverhead,
)
from greentrack.quantity import Figure
from greentrack.store.batch import Batch
from greentrack.store.writer import Writer
from greentrack.tracking.final_line import final_line

MakeUse = Callable[..., DeviceUse]
MakeRecord = Callable[..., Record]


def sure(figure: Figure | None) -> Figure:
    assert figure is not None
    return figure


def test_an_hour_at_360_watts_is_0_36_kwh_and_14_9_g_in_france(use: MakeUse, record: MakeRecord) -> None:
    """0.36 kWh at 41.44 g/kWh is 14.92 g."""
    summary = summary_of(record(use()))
    assert sure(summary.kwh).value == pytest.approx(0.36)
    assert sure(summary.g).value == pytest.approx(0.36 * 41.44)
    assert (sure(summary.g).low, sure(summary.g).high) == pytest.approx((0.36 * 41.44 * 0.9, 0.36 * 41.44 * 1.1))


def test_another_zone_changes_the_grams_and_never_the_joules(use: MakeUse, record: MakeRecord) -> None:
    """Costing a run again under other assumptions leaves its energy alone."""
    run = record(use())
    here, there = summary_of(run), summary_of(run, zone="PL")
    assert here.joules == there.joules
    assert sure(there.g).value > 10 * sure(here.g).value
    assert there.intensity.zone == "PL"


def test_a_zone_that_does_not_exist_is_an_error(use: MakeUse, record: MakeRecord) -> None:
    """Never another zone's figure."""
    with pytest.raises(ZoneError):
        summary_of(record(use()), zone="Atlantis")


def test_devices_of_one_method_share_their_error_and_others_do_not(use: MakeUse, record: MakeRecord) -> None:
    """Two RAPL packages of 100 +- 5 add to +- 10; a modelled 50 (-30, +100) beside them adds in quadrature."""
    packages = [use(f"rapl:{n}", "cpu", watts=1, seconds=100, method="rapl") for n in (0, 1)]
    memory = use("ram", "ram", watts=0.5, seconds=100, method="ram-model")
    summary = summary_of(record(*packages, memory, seconds=100.0))
    assert sure(summary.joules).value == 250
    assert sure(summary.joules).low == pytest.approx(250 - 1000**0.5)
    assert sure(summary.joules).high == pytest.approx(250 + 10_100**0.5)
    assert summary.measured_share == pytest.approx(0.8)


def test_nothing_measured_is_not_zero(record: MakeRecord) -> None:
    """A run without a device has no kWh, no grams, no share, and says so."""
    summary = summary_of(record())
    assert (summary.joules, summary.kwh, summary.g, summary.measured_share) == (None, None, None, None)
    assert summary.equivalents == ()
    assert "nothing was measured" in str(summary)
    assert "nothing was measured" in final_line(summary)
    assert " 0 " not in final_line(summary)


def test_a_device_never_read_is_a_row_without_joules(use: MakeUse, record: MakeRecord) -> None:
    """A device that was found and could never be read has no figure, and does not turn the total into zero."""
    summary = summary_of(record(use(seconds=0.0), rest="desktop"))
    assert [device.joules for device in summary.devices] == [None]
    assert summary.joules is None


def test_a_device_that_drew_nothing_is_zero(use: MakeUse, record: MakeRecord) -> None:
    """A measured zero is a zero."""
    summary = summary_of(record(use(watts=0.0)))
    assert sure(summary.joules).value == 0.0
    assert summary.measured_share == 1.0


def test_time_that_was_not_seen_is_told_and_not_filled_in(use: MakeUse, record: MakeRecord) -> None:
    """Half an hour of an hour at 100 W is 50 Wh with a coverage of one half."""
    summary = summary_of(record(use(watts=100.0, seconds=1800.0)))
    assert sure(summary.kwh).value == pytest.approx(0.05)
    assert summary.devices[0].coverage == 0.5
    assert "gpu:0: 30 min of 1 h were not seen and are not filled in" in summary.notes


def test_a_counter_that_disagreed_is_replaced_by_its_check(use: MakeUse, record: MakeRecord) -> None:
    """GeForce counters may read low: the integrated power is used, with its wider range, and it is said."""
    wrong = use(watts=100, seconds=10, method="nvml-counter", check=2000.0, counter_valid=False)
    summary = summary_of(record(wrong, seconds=10.0))
    device = summary.devices[0]
    assert sure(device.joules).value == 2000.0
    assert device.method == "nvml-distrusted"
    assert any("disagreed" in note for note in summary.notes)


def test_the_rest_is_its_own_modelled_row(use: MakeUse, record: MakeRecord) -> None:
    """A server's 400 W for a second bring a quarter more, modelled, and the measured share falls to 80 %."""
    summary = summary_of(record(use(watts=400, seconds=1), chassis="server", rest="auto", seconds=1.0))
    rest = summary.devices[-1]
    assert (rest.kind, rest.method, rest.measured) == ("rest", "rest-model", False)
    assert sure(rest.joules).value == pytest.approx(100)
    assert summary.by_kind == pytest.approx({"gpu": 400, "rest": 100})
    assert summary.measured_share == pytest.approx(0.8)
    assert summary_of(record(use(), chassis="server", rest="auto"), rest="off").devices[-1].kind == "gpu"


def test_the_rests_base_is_not_billed_for_time_that_nobody_saw(use: MakeUse, record: MakeRecord) -> None:
    """A desktop's 50 W count for the seconds that a device was seen."""
    half = summary_of(record(use(watts=0, seconds=1800.0), rest="desktop"))
    assert half.by_kind["rest"] == pytest.approx(50 / 0.9 * 1800)
    assert half.devices[-1].coverage == 0.5


def test_a_counter_that_stood_still_says_nothing_of_shares(use: MakeUse, record: MakeRecord) -> None:
    """Its power is believed instead; of whose work it was nobody knows, so the whole device is counted, and said."""
    stuck = use(watts=0.0, check=90_000.0, counter_valid=False, method="nvml-distrusted", process=0.0)
    own = summary_of(record(stuck), scope="process")
    assert own.joules is not None
    assert own.joules.value == 90_000.0
    assert any("whole device" in note for note in own.notes)


def test_the_process_scope_counts_the_runs_own_share(use: MakeUse, record: MakeRecord) -> None:
    """A quarter of the CPU was ours; nobody knows of the GPU, so it counts whole and that is said; the rest follows."""
    cpu = use("cpu", "cpu", watts=200, seconds=1, process=50.0)
    gpu = use(watts=150, seconds=1)
    run = record(cpu, gpu, rest="server", seconds=1.0)
    own = summary_of(run, scope="process")
    assert own.by_kind == pytest.approx({"cpu": 50, "gpu": 150, "rest": 50})
    assert any(note.startswith("gpu:0: the run's own share is not known") for note in own.notes)
    assert summary_of(run).by_kind["cpu"] == 200
    with pytest.raises(ConfigError):
        summary_of(run, scope="galaxy")


def test_spans_and_phases_keep_their_own_energy(use: MakeUse, record: MakeRecord) -> None:
    """An epoch of 10 s has 400 J of GPU and 50 J of CPU; a phase without readings has no joules, not zero."""
    energy = {"gpu:0": Energy(joules=400, seconds=10), "cpu": Energy(joules=50, seconds=10), "gone": Energy(joules=9)}
    span = Span(id=1, name="epoch", started_at=0.0, ended_at=10.0, attrs={"index": 3}, energy=energy)
    phases = (Phase(name="load", calls=2, seconds=1.0), Phase(name="step", calls=5, seconds=9.0, energy=energy))
    summary = summary_of(record(use(), use("cpu", "cpu"), spans=(span,), phases=phases))
    assert (summary.spans[0].seconds, summary.spans[0].joules) == (10.0, 450)
    assert summary.spans[0].by_kind == {"gpu": 400, "cpu": 50}
    assert [phase.joules for phase in summary.phases] == [None, 450]


def test_an_open_span_lasts_until_the_run_ends(use: MakeUse, record: MakeRecord) -> None:
    """A span that was open when the run was killed ends with it."""
    span = Span(id=1, name="epoch", started_at=1_790_000_600.0)
    assert summary_of(record(use(), spans=(span,), status="interrupted")).spans[0].seconds == 3000.0


def test_a_distrusted_counters_spans_use_the_check_too(use: MakeUse, record: MakeRecord) -> None:
    """The device's choice of method holds for each of its spans."""
    span = Span(id=1, name="e", started_at=0, ended_at=1, energy={"gpu:0": Energy(joules=1, seconds=1, cross_check=2)})
    wrong = use(method="nvml-counter", check=9e6, counter_valid=False)
    assert summary_of(record(wrong, spans=(span,))).spans[0].joules == 2


def test_work_is_the_whole_runs_joules_for_each_unit(use: MakeUse, record: MakeRecord) -> None:
    """1,000 J for 500 samples are 2 J each; no samples are no figure."""
    summary = summary_of(record(use(watts=100, seconds=10), seconds=10.0, work={"samples": 500.0, "tokens": 0.0}))
    assert sure(summary.work["samples"].joules_per).value == 2.0
    assert summary.work["tokens"].joules_per is None


def test_metrics_are_grouped_in_the_order_of_time(use: MakeUse, record: MakeRecord) -> None:
    """The last value is the latest, however they came in."""
    metrics = (Metric(name="acc", at=2.0, value=0.9), Metric(name="acc", at=1.0, value=0.5))
    assert [m.value for m in summary_of(record(use(), metrics=metrics)).metrics["acc"]] == [0.5, 0.9]


def test_every_assumption_has_a_source_and_a_year(use: MakeUse, record: MakeRecord) -> None:
    """Ranges, the model's watts, the rest, the grid and the equivalents are all accounted for."""
    details = {"idle_watts": 3.0, "max_watts": 8.0, "source": "a table", "year": 2023}
    cpu = use("cpu-model", "cpu", method="cpu-model", details=details)
    summary = summary_of(record(cpu, rest="desktop"))
    names = [item.name for item in summary.assumptions]
    assert all(item.source and item.year for item in summary.assumptions)
    assert "cpu-model: power at full load, W" in names
    for start in ("range of cpu-model", "rest of the machine: base", "grid intensity of FR", "smartphone charges"):
        assert any(name.startswith(start) for name in names), start


def test_an_old_factor_and_a_guess_are_noted(use: MakeUse, record: MakeRecord) -> None:
    """California's figure is of 2023: three years later that is said; a guessed country is said where it is shown."""
    summary = summary_of(record(use()), zone="US-CA", today=datetime.date(2026, 11, 21))
    assert any("34 months" in note for note in summary.notes)
    guessed = summary_of(record(use(), zone=None, timezone="Europe/Berlin"))
    assert "guessed from the time zone Europe/Berlin" in " ".join(str(guessed).split())


def test_the_recorders_troubles_are_noted(use: MakeUse, record: MakeRecord) -> None:
    """Failed reads and restarts are part of the truth."""
    notes = " ".join(summary_of(record(use(), tracker_overhead=TrackerOverhead(restarts=1, failures=7))).notes)
    assert "started anew" in notes
    assert "7" in notes


def test_a_method_of_the_future_is_refused_clearly(use: MakeUse, record: MakeRecord) -> None:
    """A range that is not known cannot be stated."""
    with pytest.raises(StoreError, match="upgrade"):
        summary_of(record(use(method="quantum-meter")))


def test_the_line_says_what_a_run_cost(use: MakeUse, record: MakeRecord) -> None:
    """Name, duration, energy, carbon with zone, money (3.41 Wh at 0.27 EUR/kWh), quality and id, on one line."""
    cpu = use("cpu", "cpu", watts=170.5, seconds=72.0, method="rapl")
    text = final_line(summary_of(record(cpu, seconds=72.0)))
    assert text == (
        "greentrack: digits  1 min 12 s  3.41 Wh (3.24–3.58)  140 mg CO2e (FR)  0.00092 EUR  100 % measured  "
        "run 019a0000-0000-7000-8000-000000000001"
    )


def test_summarize_takes_a_record_or_something_that_has_one(use: MakeUse, record: MakeRecord) -> None:
    """The handle of a live run is costed like a stored one."""
    run = record(use())

    class Handle:
        def record(self) -> Record:
            return run

    assert summarize(run).joules == summarize(Handle()).joules == summary_of(run).joules


def test_summarize_finds_a_stored_run_by_id_prefix_or_latest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, use: MakeUse, record: MakeRecord
) -> None:
    """360 W for ten seconds, written and read back, are 3,600 J; the settings name the zone where the run does not."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GREENTRACK_ZONE", "PL")
    db = tmp_path / "runs.db"
    gpu = use()
    run = record(gpu, zone=None, seconds=10.0, ended_at=1_790_000_010.0).run
    reading = Reading(device=gpu.device.uid, at=1_790_000_010.0, seconds=10.0, joules=3600.0)
    writer = Writer(db)
    writer.write(Batch(run_id=run.id, run=run, devices=[gpu], readings=[reading], work={"samples": 36.0}))
    writer.close()
    for ref in (run.id, "019a", "latest", "digits"):
        summary = summarize(ref, db=db)
        assert sure(summary.joules).value == 3600.0
        assert sure(summary.work["samples"].joules_per).value == 100.0
        assert summary.intensity.zone == "PL"
    assert summarize("latest", db=db, zone="FR").intensity.zone == "FR"
    with pytest.raises(NotFoundError):
        summarize("nobody", db=db)


def test_the_line_is_one_line_whatever_the_run_is_called(use: MakeUse, record: MakeRecord) -> None:
    """Line ends, escapes and a novel in the name neither break it nor steer the terminal."""
    text = final_line(summary_of(record(use(), name="a\nb\x1b[31m" + "x" * 1000)))
    assert text.isprintable()
    assert "a b [31mx" in text
    assert len(text) < 250


def test_no_sensor_or_database_library_is_loaded_for_the_line() -> None:
    """The training process makes this line at its end: nothing heavy may come with it."""
    code = (
        "import sys; from greentrack.model import *; from greentrack.costing.api import *\n"
        "from greentrack.tracking.final_line import *\n"
        "cpu = Device(uid='a', kind='cpu', name='a')\n"
        "use = DeviceUse(device=cpu, method='rapl', energy=Energy(joules=1.0, seconds=1.0))\n"
        "final_line(summary_of(Record(run=RunInfo(id='1', name='x', seconds=1.0), devices=(use,))))\n"
        "sys.exit(bool({'sqlite3', 'rich', 'click', 'psutil', 'pynvml', 'codecarbon'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


uses = st.lists(
    st.builds(
        lambda n, kind, method, joules, seconds, share: DeviceUse(
            device=Device(uid=f"{kind}:{n}", kind=kind, name=kind),
            method=method,
            energy=Energy(joules=joules, seconds=seconds),
            process=None if share is None else joules * share,
        ),
        st.integers(0, 9),
        st.sampled_from(["gpu", "cpu", "dram", "ram"]),
        st.sampled_from(sorted(METHODS)),
        st.floats(0, 1e12),
        st.floats(0, 1e6),
        st.none() | st.floats(0, 1),
    ),
    max_size=6,
    unique_by=lambda use: use.device.uid,
)


@given(
    uses, st.sampled_from(["auto", "off", "desktop", "vm"]), st.sampled_from(["machine", "process"]), st.floats(0, 1e6)
)
def test_the_total_is_its_parts_and_lies_in_its_range(
    devices: list[DeviceUse], rest: str, scope: str, seconds: float
) -> None:
    """Total = sum of devices = sum of kinds; low <= value <= high; the own share is never above the machine."""
    run = RunInfo(id="1", name="x", seconds=seconds, rest=rest, host=Host(id="h", name="h", chassis="laptop"))
    summary = summary_of(Record(run=run, devices=tuple(devices)), scope=scope)
    parts = [device.joules for device in summary.devices if device.joules is not None]
    assert (summary.joules is None) == (not parts)
    if summary.joules is None:
        return
    assert sure(summary.joules).value == pytest.approx(sum(part.value for part in parts))
    assert sure(summary.joules).value == pytest.approx(sum(summary.by_kind.values()))
    for figure in (*parts, summary.joules, sure(summary.g)):
        assert 0 <= figure.low <= figure.value <= figure.high
    assert all(sure(summary.joules).value >= part.value * (1 - 1e-9) for part in parts)
    assert 0 <= (summary.measured_share or 0.0) <= 1 + 1e-9
    assert all(0 <= device.coverage <= 1 for device in summary.devices)
    whole = summary_of(Record(run=run, devices=tuple(devices)))
    assert sure(summary.joules).value <= sure(whole.joules).value * (1 + 1e-9)
