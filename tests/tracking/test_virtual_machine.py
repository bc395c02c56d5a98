"""A whole run in real time, on a machine of eight virtual GPUs and two processors whose energy is known."""

import time
from collections.abc import Callable
from pathlib import Path

import pytest

from greentrack.meters.fake import Wave
from greentrack.store.reader import Reader
from tests.rig.library import Board, Driver, compiled, needs_compiler
from tests.rig.nvml import steady
from tests.rig.powercap import PowercapMachine
from tests.tracking.conftest import Program

pytestmark = needs_compiler

Start = Callable[..., Program]

POWERS = [*(steady(100.0 * number) for number in range(1, 8)), Wave(low=100, high=700, period=0.7)]
BOARDS = [Board(uuid=f"GPU-{index}", power=power) for index, power in enumerate(POWERS)]

TRAINING = """
with track("job", meters=["nvidia", "rapl"], db={db!r}, quiet=True) as run:
    while not run.joules(): time.sleep(0.01)
    with run.span("first"):
        time.sleep(1.2)
    say(run.id)
    sys.stdin.readline()
    with run.span("second"):
        time.sleep(1.2)
"""

GLANCE = """
with track("job", meters=["nvidia", "rapl"], db={db!r}, quiet=True) as run:
    while not run.joules(): time.sleep(0.01)
    say(run.id)
"""


@pytest.fixture(scope="module")
def driver(tmp_path_factory: pytest.TempPathFactory) -> Driver:
    """NVIDIA's library, for once of our own making."""
    return compiled(tmp_path_factory.mktemp("nvml"))


@pytest.fixture
def processors(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> PowercapMachine:
    """Two packages that have counted 10 J and 20 J; a user who has hidden no GPU."""
    for name in ("CUDA_VISIBLE_DEVICES", "CUDA_DEVICE_ORDER"):
        monkeypatch.delenv(name, raising=False)
    machine = PowercapMachine(tmp_path)
    machine.zone("0", "package-0", 10.0)
    machine.zone("1", "package-1", 20.0)
    return machine


def truth(uid: str, until: float, seconds: float) -> float:
    """The joules of the GPU *uid* in the *seconds* up to *until* (Unix time)."""
    power = POWERS[int(uid.removeprefix("GPU-"))]
    end = until - time.time() + time.clock_gettime(time.CLOCK_BOOTTIME)
    return power.joules(end) - power.joules(end - seconds)


def two_updates(uid: str) -> float:
    """What a counter that moves each 100 ms leaves open at both ends of a stretch, in joules."""
    return 2 * 0.1 * POWERS[int(uid.removeprefix("GPU-"))].high


def test_a_run_tells_every_board_s_energy(
    db: Path, program: Start, driver: Driver, processors: PowercapMachine
) -> None:
    """Eight GPUs, once each, for the whole run and for its spans; and 50 J and 70 J of two processors.

    Whoever is kept from going on between looking at the clock and at a counter reads too much: of three runs one must
    be as exact as the counters are.
    """
    off: list[float] = []
    while not off or (off[-1] > 1.0 and len(off) < 3):
        off.append(furthest_off(db, program, driver, processors))
    assert off[-1] <= 1.0, off


def furthest_off(db: Path, program: Start, driver: Driver, processors: PowercapMachine) -> float:
    """Record a run and check all but the energy of the boards; by how many times what is allowed that one is off."""
    for number in (0, 1):
        processors.count(processors.top / f"intel-rapl:{number}", 10.0 + 10.0 * number)
    training = program(TRAINING.format(db=str(db)), {**driver.env(*BOARDS), "GREENTRACK_SYS": str(processors.sys)})
    run_id = training.line()
    processors.count(processors.top / "intel-rapl:0", 60.0)
    processors.count(processors.top / "intel-rapl:1", 90.0)
    code, _, errors = training.end("\n")
    assert (code, errors) == (0, "")
    with Reader(db) as reader:
        record, readings = reader.record(run_id), reader.readings(run_id)
    uses = {use.device.uid: use for use in record.devices}
    packages = {"rapl:package-0": 50.0, "rapl:package-1": 70.0}
    assert sorted(uses) == [*(board.uuid for board in BOARDS), *packages]
    assert len(uses) == len(record.devices)
    # a read that comes right after another goes on at the last power, and may be a little ahead of the zone at the end
    assert {uid: uses[uid].energy.joules for uid in packages} == pytest.approx(packages, abs=1.0)
    assert (record.tracker_overhead.failures, record.tracker_overhead.restarts) == (0, 0)
    off = [0.0]
    for uid in (board.uuid for board in BOARDS):
        energy = uses[uid].energy
        assert uses[uid].method == "nvml-counter"
        assert energy.seconds > 2.3
        assert energy.joules == pytest.approx(sum(reading.joules for reading in readings[uid]))
        off.append(abs(energy.joules - truth(uid, readings[uid][-1].at, energy.seconds)) / two_updates(uid))
        for span in record.spans:
            part = span.energy[uid]
            assert span.ended_at is not None
            assert part.seconds > 1.1
            off.append(abs(part.joules - truth(uid, span.ended_at, part.seconds)) / two_updates(uid))
    return max(off)


@pytest.mark.parametrize("visible", ["1,3", "GPU-1,GPU-3"])
def test_a_run_records_the_boards_that_it_sees(
    db: Path, program: Start, driver: Driver, processors: PowercapMachine, visible: str
) -> None:
    """With CUDA_VISIBLE_DEVICES=1,3 the other six are somebody else's."""
    glance = program(
        GLANCE.format(db=str(db)),
        {**driver.env(*BOARDS), "GREENTRACK_SYS": str(processors.sys), "CUDA_VISIBLE_DEVICES": visible},
    )
    run_id = glance.line()
    assert glance.end()[0] == 0
    with Reader(db) as reader:
        gpus = [use.device.uid for use in reader.record(run_id).devices if use.device.kind == "gpu"]
    assert gpus == ["GPU-1", "GPU-3"]


def test_a_driver_that_does_not_start_costs_only_its_boards(
    db: Path, program: Start, driver: Driver, processors: PowercapMachine
) -> None:
    """After an update of the driver, before the reboot: the processors are recorded and the training goes on."""
    glance = program(GLANCE.format(db=str(db)), {**driver.env(*BOARDS, init=18), "GREENTRACK_SYS": str(processors.sys)})
    run_id = glance.line()
    assert glance.end()[0] == 0
    with Reader(db) as reader:
        assert {use.device.kind for use in reader.record(run_id).devices} == {"cpu"}
