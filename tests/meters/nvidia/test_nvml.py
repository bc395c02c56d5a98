"""NVIDIA GPUs through the real pynvml, on a compiled library whose boards' true energy is known."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from greentrack.meters.fake import Wave
from tests.rig.library import Board, Driver, Fault, Watcher, compiled, needs_compiler
from tests.rig.nvml import ADA, AMPERE, AVERAGE, ENERGY, HOPPER, INSTANT, TURING, steady

pytestmark = needs_compiler

T0 = 1000.0
NOT_SUPPORTED, NO_PERMISSION, UNKNOWN_FIELD, LOST, UNKNOWN = 3, 4, 2, 15, 999
ENERGY_CALL, POWER_CALL = "nvmlDeviceGetTotalEnergyConsumption", "nvmlDeviceGetPowerUsage"
FIELDS_CALL = "nvmlDeviceGetFieldValues"


@pytest.fixture(scope="module")
def nvidia(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Watcher]:
    """A process whose NVIDIA library is for once of our own making."""
    with Watcher(compiled(tmp_path_factory.mktemp("nvml"))) as watcher:
        yield watcher


def without(*calls: object, code: int = NOT_SUPPORTED) -> tuple[Fault, ...]:
    """Boards that do not know these calls or fields."""
    return tuple(Fault(call=str(call), code=code) for call in calls)


NO_COUNTER = without(ENERGY, ENERGY_CALL)


def every(step: float, seconds: float, start: float = T0) -> list[float]:
    """Times of reads that many seconds apart."""
    return [start + tick * step for tick in range(round(seconds / step) + 1)]


def many(number: int) -> list[Board]:
    """Boards of 100, 101, 102 ... watts, named by their index."""
    return [Board(uuid=f"GPU-{index:02d}00-aa", power=steady(100.0 + index)) for index in range(number)]


# -- energy


def test_a_counter_is_exact(nvidia: Watcher) -> None:
    """20 s of a square wave whose edges fall between the reads: within 0.1 % of the truth."""
    board = Board(power=Wave(low=100, high=700, period=0.73))
    last = nvidia.watch(board, times=every(1.0, 20)).last
    truth = board.power.joules(T0 + 20) - board.power.joules(T0)
    assert last["joules"] == pytest.approx(truth, rel=0.001)
    assert last["seconds"] == 20


def test_a_counter_shows_what_was_used_up_to_its_last_update(nvidia: Watcher) -> None:
    """Read 50 ms after an update, 300 W are 15 J behind at both ends: the difference is exact."""
    last = nvidia.watch(Board(), times=every(1.0, 20, T0 + 0.05)).last
    assert last["joules"] == pytest.approx(6000, abs=0.002)


@pytest.mark.parametrize("period", [0.037, 0.23, 0.73, 7.37])
def test_a_sensor_that_sees_25_of_100_ms(nvidia: Watcher, period: float) -> None:
    """Polled at 10 Hz for 60 s: within 2 % of the truth, by instant power alone."""
    board = Board(
        name="NVIDIA A100-SXM4-80GB",
        architecture=AMPERE,
        window=0.025,
        power=Wave(low=100, high=700, period=period),
        faults=(*NO_COUNTER, *without(AVERAGE)),
    )
    seen = nvidia.watch(board, times=every(0.1, 60, T0 + 0.03))
    assert seen.devices[0]["method"] == "nvml-sparse"
    assert seen.last["joules"] == pytest.approx(60 * 400, rel=0.02)


@pytest.mark.parametrize(
    ("board", "method"),
    [
        (Board(), "nvml-counter"),
        (Board(faults=without(ENERGY)), "nvml-counter"),
        (Board(faults=without(AVERAGE, INSTANT, code=UNKNOWN_FIELD)), "nvml-counter"),
        (Board(faults=without(FIELDS_CALL)), "nvml-counter"),
        (Board(faults=NO_COUNTER), "nvml-instant"),
        (Board(faults=(*NO_COUNTER, *without(INSTANT))), "nvml-average"),
        (Board(faults=(*NO_COUNTER, *without(INSTANT, AVERAGE, code=NO_PERMISSION))), "nvml-average"),
        (Board(faults=without(FIELDS_CALL, ENERGY_CALL)), "nvml-average"),
        (Board(faults=NO_COUNTER, architecture=HOPPER, name="NVIDIA H100"), "nvml-average"),
        (Board(faults=without(FIELDS_CALL, ENERGY_CALL), architecture=TURING, name="Tesla T4"), "nvml-instant"),
        (
            Board(faults=without(FIELDS_CALL, ENERGY_CALL), architecture=AMPERE, name="NVIDIA A100-PCIE-40GB"),
            "nvml-sparse",
        ),
        (Board(faults=(*NO_COUNTER, *without("nvmlDeviceGetArchitecture"))), "nvml-average"),
        (Board(faults=(*NO_COUNTER, *without("nvmlDeviceGetArchitecture", AVERAGE))), "nvml-sparse"),
    ],
)
def test_what_a_board_does_not_know_is_got_another_way(nvidia: Watcher, board: Board, method: str) -> None:
    """Entries of the batch that fail, batches that fail, single calls that fail: 10 s at 300 W are 3 kJ."""
    interval = 1.0 if method == "nvml-counter" else 0.1
    seen = nvidia.watch(board, times=every(interval, 10))
    assert (seen.devices[0]["method"], seen.devices[0]["failures"]) == (method, 0)
    assert seen.last["joules"] == pytest.approx(3000, abs=0.01)
    assert not seen.missing


def test_power_beside_a_counter_comes_in_the_same_batch(nvidia: Watcher) -> None:
    """Both fields have their own type in the batch's union, and both are right."""
    last = nvidia.watch(Board(power=steady(250)), times=every(1.0, 10)).last
    assert (last["joules"], last["check"]) == pytest.approx((2500, 2500))


def test_a_board_that_tells_nothing_is_missing(nvidia: Watcher) -> None:
    """Not zero; and its neighbour is measured."""
    mute = Board(uuid="GPU-mute", faults=without(FIELDS_CALL, ENERGY_CALL, POWER_CALL))
    seen = nvidia.watch(mute, Board(uuid="GPU-fine"))
    assert seen.uids == ["GPU-fine"]
    assert "neither energy nor power" in seen.missing[0]["reason"]


def test_grace_module_power(nvidia: Watcher) -> None:
    """Scope 1 of the batch is the whole module's power, CPU included."""
    faults = (*NO_COUNTER, *without(INSTANT, AVERAGE, POWER_CALL))
    board = Board(name="NVIDIA GH200 480GB", architecture=HOPPER, module=120.0, faults=faults)
    seen = nvidia.watch(board, times=every(0.1, 10))
    assert seen.devices[0]["details"]["covers"] == ["cpu"]
    assert seen.last["joules"] == pytest.approx(4200, abs=0.01)


# -- counters that are wrong


@pytest.mark.parametrize(("neighbour", "valid"), [(0.0, True), (0.1, False)])
def test_a_lazy_geforce_counter_is_found_out(nvidia: Watcher, neighbour: float, valid: bool) -> None:
    """Our own reads cost it 1.5 %, which is left; another program's at 10 Hz cost 13 %, which is seen in a minute."""
    board = Board(name="NVIDIA GeForce RTX 4090", architecture=ADA, power=steady(400), lazy=neighbour)
    seen = nvidia.watch(board, times=every(1.0, 61))
    assert seen.devices[0]["valid"] is valid
    assert seen.devices[0]["method"] == ("nvml-counter" if valid else "nvml-distrusted")
    assert seen.last["check"] == pytest.approx(61 * 400)
    assert seen.last["joules"] == pytest.approx(61 * 400 * (1 / 1.015 if valid else 0.1 / 0.115), rel=0.002)


def test_edges_of_spans_do_not_cost_a_geforce_counter_its_joules(nvidia: Watcher) -> None:
    """Asked ten times a second it is read once a second: 98 % of the joules, and not 87 %."""
    board = Board(name="NVIDIA GeForce RTX 4090", power=steady(400), lazy=0.0)
    last = nvidia.watch(board, times=every(0.1, 60)).last
    assert last["joules"] == pytest.approx(60 * 400, rel=0.03)


def test_a_counter_that_stands_still_is_found_out(nvidia: Watcher) -> None:
    """A driver that answers 0 mJ for ever is not believed for longer than a minute."""
    seen = nvidia.watch(Board(gain=0.0, offset=0.0), times=every(1.0, 60))
    assert seen.devices[0]["method"] == "nvml-distrusted"
    assert seen.last["check"] == pytest.approx(60 * 300)


def test_a_reset_counter_starts_a_new_segment(nvidia: Watcher) -> None:
    """It began at 5 kJ and starts at 0 after 10.5 s: one second is not covered, the rest is right."""
    seen = nvidia.watch(Board(power=steady(100), reset=T0 + 10.5), times=every(1.0, 20))
    assert (seen.last["joules"], seen.last["seconds"]) == pytest.approx((1900, 19))
    assert seen.devices[0]["failures"] == 0


# -- boards that fail


@pytest.mark.parametrize(
    ("code", "remedy"),
    [(LOST, "sudo reboot"), (16, "sudo nvidia-smi --gpu-reset"), (UNKNOWN, "nvidia-smi")],
)
def test_a_lost_gpu_comes_back(nvidia: Watcher, code: int, remedy: str) -> None:
    """Lost from 3.5 s to 6.5 s: three reads fail, the others go on, and its counter heals the gap."""
    lost = Board(uuid="GPU-lost", power=steady(100), faults=[Fault(call="*", code=code, between=(T0 + 3.5, T0 + 6.5))])
    seen = nvidia.watch(lost, Board(uuid="GPU-fine", power=steady(200)), times=every(1.0, 10))
    errors = [reads[0].get("error", "") for reads in seen.reads]
    assert [bool(error) for error in errors] == [3 < second < 7 for second in range(11)]
    assert "GPU-lost" in errors[4]
    assert errors[4].endswith(f"try: {remedy}")
    assert [read["joules"] for read in seen.reads[-1]] == pytest.approx([1000, 2000])
    assert seen.reads[5][1]["joules"] == pytest.approx(1000)


def test_a_lost_gauge_comes_back_without_the_gap(nvidia: Watcher) -> None:
    """Nobody knows what it drew meanwhile: 3 s are neither billed nor covered."""
    faults = [*NO_COUNTER, Fault(call="*", code=LOST, between=(T0 + 3.45, T0 + 6.45))]
    last = nvidia.watch(Board(power=steady(100), faults=faults), times=every(0.1, 10)).last
    assert last["seconds"] == pytest.approx(7, abs=0.25)
    assert last["joules"] == pytest.approx(100 * last["seconds"])


@pytest.mark.parametrize("call", [str(ENERGY), FIELDS_CALL])
def test_an_energy_that_is_refused_for_a_while(nvidia: Watcher, call: str) -> None:
    """NO_PERMISSION of one entry, or of the call, for 2 s: an error each second, then the whole energy."""
    board = Board(faults=[Fault(call=call, code=NO_PERMISSION, between=(T0 + 4.5, T0 + 6.5))])
    seen = nvidia.watch(board, times=every(1.0, 10))
    assert ["error" in reads[0] for reads in seen.reads].count(True) == 2
    assert seen.last["joules"] == pytest.approx(3000)


def test_power_that_is_refused_for_a_while_does_not_judge_the_counter(nvidia: Watcher) -> None:
    """Ten minutes without power among eleven: the check takes the counter's joules for them."""
    faults = [Fault(call=str(field), code=UNKNOWN, between=(T0 + 30, T0 + 630)) for field in (AVERAGE, INSTANT)]
    seen = nvidia.watch(Board(faults=faults), times=every(1.0, 660))
    assert seen.devices[0]["valid"]
    assert (seen.last["joules"], seen.last["check"]) == pytest.approx((198_000, 198_000))


def test_a_forked_child_goes_on_reading(nvidia: Watcher) -> None:
    """NVML is not started in it and all handles are stale; two boards are found again and no joule is lost."""
    seen = nvidia.watch(*many(2), times=every(1.0, 10), fork_after=5)
    assert [read["joules"] for read in seen.reads[-1]] == pytest.approx([1000, 1010])
    assert [device["failures"] for device in seen.devices] == [0, 0]


# -- drivers that fail


@pytest.mark.parametrize(
    ("code", "reason", "remedy"),
    [
        (9, "Driver Not Loaded", "sudo modprobe nvidia"),
        (18, "version mismatch", "sudo reboot"),
        (4, "Insufficient Permissions", "sudo chmod a+rw /dev/nvidia*"),
        (27, "no words for", "nvidia-smi"),
    ],
)
def test_a_driver_that_does_not_start(nvidia: Watcher, code: int, reason: str, remedy: str) -> None:
    """Each trouble in NVIDIA's words, with its remedy."""
    seen = nvidia.watch(Board(), init=code, times=())
    assert not seen.devices
    assert reason in seen.missing[0]["reason"]
    assert seen.missing[0]["remedy"] == remedy


def test_a_library_that_cannot_be_loaded(tmp_path: Path) -> None:
    """A file of that name that is no library is as good as none."""
    (tmp_path / "libnvidia-ml.so.1").write_text("not a library")
    with Watcher(Driver(folder=tmp_path)) as nvidia:
        seen = nvidia.watch(times=())
    assert not seen.devices
    assert "libnvidia-ml.so.1" in seen.missing[0]["reason"]


def test_one_board_that_does_not_answer_at_the_start(nvidia: Watcher) -> None:
    """It is told of, and the others are measured."""
    seen = nvidia.watch(Board(faults=[Fault(call="*", code=LOST)]), Board(uuid="GPU-fine"))
    assert seen.uids == ["GPU-fine"]
    assert "GPU 0 does not answer (GPU is lost)" in seen.missing[0]["reason"]
    assert seen.missing[0]["remedy"] == "sudo reboot"


# -- which boards


@pytest.mark.parametrize(
    ("value", "indices"),
    [
        (None, list(range(12))),
        ("11,10", [11, 10]),
        ("1", [1]),
        ("1,99,2", [1]),
        ("GPU-0700-aa", [7]),
        ("GPU-11,GPU-03", [11, 3]),
    ],
)
def test_the_boards_that_cuda_shows(nvidia: Watcher, value: str | None, indices: list[int]) -> None:
    """By index (also of two digits), by UUID and by the beginning of one; each with its own power."""
    context: dict[str, Any] = {"env": {} if value is None else {"CUDA_VISIBLE_DEVICES": value}}
    seen = nvidia.watch(*many(12), times=[T0, T0 + 1], context=context)
    assert seen.uids == [f"GPU-{index:02d}00-aa" for index in indices]
    assert [read["joules"] for read in seen.reads[-1]] == pytest.approx([100 + index for index in indices])
    assert [device["details"]["index"] for device in seen.devices] == indices
    assert seen.devices[0]["details"]["pci_bus_id"] == f"00000000:{indices[0] + 1:02X}:00.0"
    assert not seen.missing


@pytest.mark.parametrize("value", ["", "-1", "12", "GPU-1", "GPU-zz"])
def test_no_board_that_cuda_shows(nvidia: Watcher, value: str) -> None:
    """Empty, -1, out of range, ambiguous and unknown entries hide all of them, and that is told."""
    seen = nvidia.watch(*many(12), times=(), context={"env": {"CUDA_VISIBLE_DEVICES": value}})
    assert not seen.devices
    assert seen.missing[0]["remedy"] == "unset CUDA_VISIBLE_DEVICES"


@pytest.mark.parametrize(("entries", "part"), [("MIG-1", "3 of 7"), ("MIG-1,MIG-2", "4 of 7")])
def test_a_slice_is_read_by_its_parent(nvidia: Watcher, entries: str, part: str) -> None:
    """The whole GPU is read, once; the run's share is that of its slices, and the note says so."""
    split = Board(uuid="GPU-split", slices=[("MIG-1", 3), ("MIG-2", 1)])
    seen = nvidia.watch(
        Board(), split, times=every(1.0, 2), context={"env": {"CUDA_VISIBLE_DEVICES": entries}}, pids=[10]
    )
    assert seen.uids == ["GPU-split"]
    assert seen.devices[0]["details"]["mig"] is True
    assert f"{part} slices" in seen.devices[0]["note"]
    assert seen.last["joules"] == pytest.approx(600)
    assert seen.shares[-1] == [int(part[0]) / 7]


def test_the_share_in_a_split_gpu_without_slices_is_not_known(nvidia: Watcher) -> None:
    """Asked for as a whole, it is the run's and its neighbours', and nobody tells how much of it is whose."""
    split = Board(uuid="GPU-split", slices=[("MIG-1", 3)])
    seen = nvidia.watch(split, times=every(1.0, 2), context={"env": {}}, pids=[10])
    assert "is split (MIG)" in seen.devices[0]["note"]
    assert seen.shares[-1] == [None]


# -- how busy, and whose energy


@pytest.mark.parametrize(
    ("board", "busy"),
    [
        (Board(busy=37), 0.37),
        (Board(busy=0), 0.0),
        (Board(), None),
        (Board(busy=37, slices=[("MIG-1", 3)]), None),
        (Board(busy=37, faults=without("nvmlDeviceGetUtilizationRates", code=UNKNOWN)), None),
    ],
)
def test_how_busy_a_board_says_it_is(nvidia: Watcher, board: Board, busy: float | None) -> None:
    """Known from the second read on; a board that does not tell is unknown, and its energy is counted."""
    seen = nvidia.watch(board, times=every(1.0, 2), context={"env": {}})
    assert [read["busy"] for (read,) in seen.reads] == [None, busy, busy]
    assert seen.last["joules"] == pytest.approx(600)


@pytest.mark.parametrize(
    ("processes", "share"),
    [
        ([], 1.0),
        ([(10, 60)], 1.0),
        ([(10, 60), (99, 20)], 0.75),
        ([(10, 0), (99, 0)], None),
        ([(99, 50)], None),
    ],
)
def test_the_share_beside_others(nvidia: Watcher, processes: Sequence[tuple[int, int]], share: float | None) -> None:
    """Our part of the multiprocessors' time; all of it where nobody else computes."""
    assert nvidia.watch(Board(processes=processes), pids=[10, 11]).shares == [[share]]


@pytest.mark.parametrize("call", ["nvmlDeviceGetComputeRunningProcesses_v3", "nvmlDeviceGetProcessUtilization"])
@pytest.mark.parametrize("code", [NOT_SUPPORTED, 13])
def test_a_driver_that_cannot_tell_whose(nvidia: Watcher, call: str, code: int) -> None:
    """Not supported, or a driver too old to have the function: the share is unknown and the energy is not."""
    board = Board(processes=[(10, 60), (99, 20)], faults=without(call, code=code))
    seen = nvidia.watch(board, times=every(1.0, 2), pids=[10])
    assert seen.shares[-1] == [None]
    assert seen.last["joules"] == pytest.approx(600)
