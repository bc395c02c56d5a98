"""Processors of known power, recorded as in a run: which zones count, wraps, failures, and models where none counts."""

from pathlib import Path

import pytest

from greentrack.store.reader import Reader
from greentrack.store.writer import Writer
from tests.rig.machine import play
from tests.rig.powercap import AMD_RANGE
from tests.rig.scenario import Cpu, Fault, Reset, Scenario, Zone
from tests.rig.traces import constant, waves

PACKAGE = "rapl:package-0"


def test_packages_and_dram_count_and_nothing_inside_or_around_them() -> None:
    """Two packages of 100 W and 90 W, two memories of 10 W and 12 W: 212 W, whatever core, psys and mmio show."""
    zones = [
        Zone("0", "package-0", constant(100)),
        Zone("0:0", "core", constant(80)),
        Zone("0:1", "uncore", constant(5)),
        Zone("0:2", "dram", constant(10)),
        Zone("1", "package-1", constant(90), began=5000),
        Zone("1:0", "dram", constant(12), began=700),
        Zone("2", "psys", constant(260)),
        Zone("mmio:0", "package-0", constant(100), mmio=True),
    ]
    played = play(Scenario(zones=zones), 600)
    assert played.joules == pytest.approx(212 * 600)
    assert {uid: round(use.joules / 600) for uid, use in played.uses.items()} == {
        "rapl:package-0": 100,
        "rapl:package-1": 90,
        "rapl:package-0/dram": 10,
        "rapl:package-1/dram": 12,
    }


def test_dies_are_packages() -> None:
    """Two dies with counters of their own are summed."""
    zones = [
        Zone("0", "package-0-die-0", constant(60), began=100),
        Zone("1", "package-0-die-1", constant(40), began=90_000),
        Zone("1:0", "dram", constant(5)),
    ]
    assert play(Scenario(zones=zones), 60).joules == pytest.approx(105 * 60)


def test_mirrored_dies_count_once() -> None:
    """Two dies that show one counter of 68 W are 68 W, and the one that is left out says why."""
    zones = [Zone(str(n), f"package-0-die-{n}", constant(68), began=1234.5) for n in range(2)]
    played = play(Scenario(zones=zones), 600)
    cpus = {uid: use for uid, use in played.uses.items() if use.device.kind == "cpu"}
    assert sum(use.joules for use in cpus.values()) == pytest.approx(68 * 600)
    assert "rapl:package-0-die-0" in cpus["rapl:package-0-die-1"].note


@pytest.mark.parametrize("short_of", [99.0, 101.0, 1_000.0])
def test_a_wrap_just_before_or_after_a_mark_changes_nothing(short_of: float) -> None:
    """The counter starts at 0 again in the second before the edge, after it, or in the span: 2 kJ in 20 s at 100 W."""
    zone = Zone(power=constant(100), range_uj=AMD_RANGE, began=AMD_RANGE / 1e6 - 1000 - short_of + 100)
    played = play(Scenario(zones=[zone]), 60, spans=[("span", 10.0, 30.0)])
    assert played.spans["span"].energy[PACKAGE].joules == pytest.approx(2000, abs=0.01)
    assert played.uses[PACKAGE].joules == pytest.approx(6000, abs=0.01)


def test_hours_of_wraps_lose_nothing() -> None:
    """An AMD package at 280 W wraps every 234 s; two hours are 2.016 MJ all the same, 30 times its range."""
    zone = Zone(power=waves((1.0, 300.0), (1.0, 260.0), times=3600), range_uj=AMD_RANGE, began=60_000)
    played = play(Scenario(zones=[zone]), 7200)
    assert played.uses[PACKAGE].joules == pytest.approx(2_016_000, abs=1)


@pytest.mark.parametrize("text", ["", "what?", "-7", "0", "99999999999999999999"])
def test_a_failed_read_is_healed_by_the_next(text: str) -> None:
    """One read of nonsense in a minute at 100 W is no joule more and none less than 6 kJ."""
    nonsense = Fault(device="0", at=30.5, until=31.5, shows={"text": text})
    use = play(Scenario(zones=[Zone(power=constant(100), began=90_000)], faults=[nonsense]), 60).uses[PACKAGE]
    assert use.joules == pytest.approx(6000, abs=0.01)
    assert use.energy.seconds == pytest.approx(60)


def test_a_count_beyond_its_range_is_never_taken_for_a_new_beginning() -> None:
    """However often it is repeated: the minute's 6 kJ are all there once the counter shows itself again."""
    nonsense = Fault(device="0", at=10.5, until=40.5, shows={"text": "99999999999999999999"})
    use = play(Scenario(zones=[Zone(power=constant(100))], faults=[nonsense]), 60).uses[PACKAGE]
    assert use.joules == pytest.approx(6000, abs=0.01)
    assert use.energy.seconds == pytest.approx(60)


def test_a_counter_closed_from_the_start_is_missing_with_its_remedy_and_modelled() -> None:
    """Root only: the reason and the command are told, and the processor is modelled, never 0."""
    played = play(Scenario(zones=[Zone(mode=0)]), 60)
    (closed,) = [missing for missing in played.missing if missing.source == "rapl"]
    assert closed.remedy.startswith("sudo chmod a+r ")
    assert PACKAGE not in played.uses
    assert played.uses["cpu-model"].joules > 0


def test_a_counter_closed_in_mid_run_keeps_what_it_had() -> None:
    """Closed after 20 of 60 s: 2 kJ, coverage of a third, and the remedy said once."""
    closed = Fault(device="0", at=20.5, until=1e9, shows={"mode": 0})
    played = play(Scenario(zones=[Zone(power=constant(100))], faults=[closed]), 60)
    assert played.uses[PACKAGE].joules == pytest.approx(2000, abs=0.01)
    assert played.uses[PACKAGE].energy.seconds == pytest.approx(20)
    assert len(played.said) == 1
    assert "sudo chmod a+r" in played.said[0]


def test_a_counter_opened_again_has_lost_nothing() -> None:
    """Closed for half a minute: the next read spans it."""
    closed = Fault(device="0", at=20.5, until=50.5, shows={"mode": 0})
    use = play(Scenario(zones=[Zone(power=constant(100))], faults=[closed]), 60).uses[PACKAGE]
    assert use.joules == pytest.approx(6000, abs=0.01)
    assert use.energy.seconds == pytest.approx(60)


def test_a_counter_set_to_zero_is_no_wrap() -> None:
    """A count of 90 kJ that begins anew is not 172 kJ in a second: two intervals are missing, and no joule too many."""
    use = play(Scenario(zones=[Zone(power=constant(100), began=90_000)], faults=[Reset(device="0", at=30.5)]), 60).uses[
        PACKAGE
    ]
    assert use.joules == pytest.approx(5900, abs=0.01)
    assert use.energy.seconds == pytest.approx(59)


def test_a_modelled_processor_draws_between_idle_and_full() -> None:
    """Idle, it draws its idle power; the busier the more, and at most its full power; all the time is covered."""
    uses = [play(Scenario(cpu=Cpu(threads=8, busy=constant(busy))), 60).uses["cpu-model"] for busy in (0, 1, 4, 8)]
    idle, most = (uses[0].device.details[key] for key in ("idle_watts", "max_watts"))
    watts = [use.joules / 60 for use in uses]
    assert watts[0] == pytest.approx(idle)
    assert watts[0] < watts[1] < watts[2] < watts[3] <= most + 1e-6
    assert [use.energy.seconds for use in uses] == pytest.approx([60] * 4)


def test_a_slice_of_a_shared_machine_is_rated_by_its_threads() -> None:
    """A virtual machine with 2 threads of an EPYC 7763 (128 threads, 280 W) draws no more than 2/128 of it."""
    kind = {"name": "AMD EPYC 7763 64-Core Processor", "vendor": "AuthenticAMD", "family": 25, "virtual": True}
    played = play(Scenario(cpu=Cpu(kind=kind, threads=2, busy=constant(2.0))), 60)
    assert 0 < played.uses["cpu-model"].joules <= 280 * 2 / 128 * 60 + 0.1


def test_a_quota_bounds_the_processor_and_its_own_load_counts() -> None:
    """2 of 8 CPUs granted and both busy, while others keep all 8 busy: a quarter of the machine's full power."""
    whole = play(Scenario(cpu=Cpu(threads=8, busy=constant(8.0))), 60).uses["cpu-model"]
    part = play(Scenario(cpu=Cpu(threads=8, busy=constant(8.0), quota=2.0, ours=constant(2.0))), 60).uses["cpu-model"]
    idle = play(Scenario(cpu=Cpu(threads=8, busy=constant(8.0), quota=2.0)), 60).uses["cpu-model"]
    assert part.joules == pytest.approx(whole.joules / 4, rel=0.01)
    assert idle.joules < 0.5 * part.joules


def test_memory_is_modelled_by_its_size() -> None:
    """64 GB at 0.3725 W each are 23.84 W: 1,430 J in a minute."""
    assert play(Scenario(memory_gb=64), 60).uses["ram-model"].joules == pytest.approx(1430.4)


def test_the_store_tells_what_the_recorder_knew(tmp_path: Path) -> None:
    """Kept in SQLite and read back: the same totals and spans, and readings that add up to them."""
    zone = Zone(power=waves((3.0, 200.0), (2.0, 50.0), times=100))
    faults = [Fault(device="0", at=30.5, until=40.5, shows={"there": False})]
    db = tmp_path / "greentrack.db"
    played = play(Scenario(zones=[zone], faults=faults), 120, spans=[("epoch", 10.0, 70.0)], sink=Writer(db))
    with Reader(db) as reader:
        record = reader.record("run")
    stored = {use.device.uid: use for use in record.devices}
    assert stored[PACKAGE].joules == pytest.approx(played.truth(PACKAGE), abs=0.01)
    assert stored[PACKAGE].joules == pytest.approx(played.uses[PACKAGE].joules)
    assert record.spans[0].energy[PACKAGE].joules == pytest.approx(played.truth(PACKAGE, 10.0, 70.0), abs=0.01)
