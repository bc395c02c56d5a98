"""Which GPUs are measured: CUDA_VISIBLE_DEVICES read as CUDA reads it, ``gpus=``, slices."""

from typing import Any

import pytest

from greentrack.meters.base import Context
from greentrack.meters.nvidia.meter import discover
from greentrack.meters.nvidia.selection import cuda_visible, is_order_unsure
from tests.rig.boards import meters, uids
from tests.rig.nvml import Clock, FakeGpu, FakeNvml

FOUR = ["GPU-aa11", "GPU-aa22", "GPU-bb33", "GPU-cc44"]
MANY = [f"GPU-{number:02d}" for number in range(16)]


@pytest.mark.parametrize(
    ("value", "indices"),
    [
        (None, [0, 1, 2, 3]),
        ("0", [0]),
        ("2,0", [2, 0]),
        (" 1 , 3 ", [1, 3]),
        ("", []),
        ("-1", []),
        ("none", []),
        ("0,-1,1", [0]),
        ("0,7,1", [0]),
        ("0,,1", [0]),
        ("1,1", []),
        ("1,01", []),
        ("0,1,0", []),
        ("1gpu,2ampere", [1, 2]),
        ("+1", [1]),
        ("GPU-bb33", [2]),
        ("GPU-bb33,GPU-aa11", [2, 0]),
        ("GPU-b", [2]),
        ("GPU-aa", []),
        ("GPU-cc44,GPU-zz,GPU-bb33", [3]),
        ("GPU-cc44,0", [3]),
        ("0,GPU-cc44", [0]),
        ("GPU-cc44,GPU-cc", []),
        ("gpu-cc44", []),
    ],
)
def test_as_cuda_reads_it(value: str | None, indices: list[int]) -> None:
    """The list ends at the first wrong entry, and a device named twice hides all."""
    assert cuda_visible(value, FOUR) == [FOUR[index] for index in indices]


def test_an_index_of_two_digits() -> None:
    """Index 12 is the thirteenth GPU and not the second."""
    assert cuda_visible("12,10", MANY) == ["GPU-12", "GPU-10"]


def test_mig_entries_are_kept_as_written() -> None:
    """Their GPU is for the driver to tell."""
    assert cuda_visible("MIG-1,MIG-2,0", FOUR) == ["MIG-1", "MIG-2"]


def test_no_gpu_at_all() -> None:
    """A machine without GPUs shows none, whatever is asked."""
    assert cuda_visible("0", []) == []
    assert cuda_visible(None, []) == []


@pytest.mark.parametrize(
    ("env", "names", "unsure"),
    [
        ({"CUDA_VISIBLE_DEVICES": "0"}, ["A", "B"], True),
        ({"CUDA_VISIBLE_DEVICES": "0"}, ["A", "A"], False),
        ({"CUDA_VISIBLE_DEVICES": "0", "CUDA_DEVICE_ORDER": "PCI_BUS_ID"}, ["A", "B"], False),
        ({"CUDA_VISIBLE_DEVICES": "0", "CUDA_DEVICE_ORDER": "FASTEST_FIRST"}, ["A", "B"], True),
        ({"CUDA_VISIBLE_DEVICES": "GPU-a"}, ["A", "B"], False),
        ({}, ["A", "B"], False),
    ],
)
def test_indices_are_unsure_among_unlike_gpus(env: dict[str, str], names: list[str], unsure: bool) -> None:
    """CUDA counts the fastest first, NVML counts by bus: the same only where all are alike, or the user says so."""
    assert is_order_unsure(env, names) is unsure


UNLIKE = ("NVIDIA H100", "NVIDIA T4")


@pytest.mark.parametrize(
    ("context", "chosen"),
    [
        ({}, ["GPU-aa", "GPU-ab", "GPU-cc"]),
        ({"env": {"CUDA_VISIBLE_DEVICES": "2,0"}}, ["GPU-cc", "GPU-aa"]),
        ({"env": {"CUDA_VISIBLE_DEVICES": "GPU-c"}}, ["GPU-cc"]),
        ({"env": {"CUDA_VISIBLE_DEVICES": "2"}, "torch_uuids": ["ab"]}, ["GPU-ab"]),
        ({"env": {"CUDA_VISIBLE_DEVICES": "2"}, "torch_uuids": ["GPU-ab"]}, ["GPU-ab"]),
        ({"env": {"CUDA_VISIBLE_DEVICES": "2"}, "gpus": "all"}, ["GPU-aa", "GPU-ab", "GPU-cc"]),
        ({"env": {"CUDA_VISIBLE_DEVICES": "2"}, "gpus": [1]}, ["GPU-ab"]),
        ({"gpus": ["GPU-cc", "0", 0]}, ["GPU-cc", "GPU-aa"]),
        ({"gpus": "0,2"}, ["GPU-aa", "GPU-cc"]),
        ({"gpus": []}, []),
    ],
)
def test_which_gpus(clock: Clock, context: dict[str, Any], chosen: list[str]) -> None:
    """Those that CUDA shows, all, or those asked for."""
    nvml = FakeNvml(clock, *(FakeGpu(uuid=uuid) for uuid in ("GPU-aa", "GPU-ab", "GPU-cc")))
    found = discover(Context(**context), nvml)
    assert (uids(found), list(found.missing)) == (chosen, [])


@pytest.mark.parametrize("value", ["", "-1", "9", "MIG-unknown"])
def test_no_visible_gpu_is_said(clock: Clock, value: str) -> None:
    """A process that sees no GPU is not charged for one, and doctor can tell why."""
    found = discover(Context(env={"CUDA_VISIBLE_DEVICES": value}), FakeNvml(clock, FakeGpu()))
    assert not found.meters
    assert found.missing[0].remedy == "unset CUDA_VISIBLE_DEVICES"


@pytest.mark.parametrize("wanted", [5, "GPU-zz", "GPU-a", "gpu", "MIG-zz"])
def test_a_gpu_that_is_not_there_is_missing(clock: Clock, wanted: int | str) -> None:
    """What was asked for by name and does not exist, or could be two, is told; the others are measured."""
    nvml = FakeNvml(clock, FakeGpu(uuid="GPU-aa"), FakeGpu(uuid="GPU-ab"))
    found = discover(Context(gpus=[wanted, 1]), nvml)
    assert uids(found) == ["GPU-ab"]
    assert str(wanted) in found.missing[0].reason


@pytest.mark.parametrize(("order", "noted"), [("PCI_BUS_ID", False), ("FASTEST_FIRST", True), (None, True)])
def test_indices_among_unlike_gpus_carry_a_note(clock: Clock, order: str | None, noted: bool) -> None:
    """CUDA may number them otherwise than NVML."""
    nvml = FakeNvml(clock, FakeGpu(uuid="GPU-a", name=UNLIKE[0]), FakeGpu(uuid="GPU-b", name=UNLIKE[1]))
    env = {"CUDA_VISIBLE_DEVICES": "1"} | ({"CUDA_DEVICE_ORDER": order} if order else {})
    (meter,) = meters(nvml, env=env)
    assert meter.device.uid == "GPU-b"
    assert ("CUDA_DEVICE_ORDER=PCI_BUS_ID" in meter.note) is noted


@pytest.mark.parametrize(
    "context",
    [
        {"env": {"CUDA_VISIBLE_DEVICES": "MIG-1"}},
        {"gpus": ["MIG-1"]},
        {"torch_uuids": ["1"]},
        {"torch_uuids": ["GPU-1"]},
    ],
)
def test_a_slice_is_read_by_its_whole_gpu(clock: Clock, context: dict[str, Any]) -> None:
    """NVML has no power of a slice: the parent is read, once, the slice's size is said, and is taken for its share."""
    nvml = FakeNvml(clock, FakeGpu(uuid="GPU-a"), FakeGpu(uuid="GPU-b", mig=True), slices={"MIG-1": (1, 2)})
    (meter,) = meters(nvml, **context)
    assert meter.device.uid == "GPU-b"
    assert "2 of 7 slices" in meter.note
    assert meter.device.details["mig"] is True
    assert meter.share([1]) == 2 / 7
