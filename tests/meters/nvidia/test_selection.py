"""CUDA_VISIBLE_DEVICES, read as CUDA reads it."""

import pytest

from greentrack.meters.nvidia.selection import cuda_visible, is_order_unsure

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
