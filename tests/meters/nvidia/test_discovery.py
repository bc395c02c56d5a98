"""Drivers and boards that do not answer, or are not there."""

import ctypes
import sys
from pathlib import Path

import pytest

from greentrack.meters.base import Context, Discovery
from greentrack.meters.nvidia import discovery
from greentrack.meters.nvidia.meter import discover
from tests.rig.boards import uids
from tests.rig.nvml import Clock, FakeGpu, FakeNvml


@pytest.mark.parametrize(
    ("error", "remedy"), [(9, "sudo modprobe nvidia"), (18, "sudo reboot"), (4, "sudo chmod a+rw")]
)
def test_a_driver_that_does_not_answer(clock: Clock, error: int, remedy: str) -> None:
    """Each trouble has its own remedy."""
    nvml = FakeNvml(clock, FakeGpu())
    nvml.init_error = error
    found = discover(Context(), nvml)
    assert not found.meters
    assert found.missing[0].remedy.startswith(remedy)


def test_one_gpu_that_does_not_answer_at_the_start(clock: Clock) -> None:
    """The others are measured, and it is told."""
    found = discover(Context(), FakeNvml(clock, FakeGpu(uuid="GPU-a", error=15), FakeGpu(uuid="GPU-b")))
    assert uids(found) == ["GPU-b"]
    assert "GPU 0 does not answer" in found.missing[0].reason


def test_a_machine_without_gpus(clock: Clock) -> None:
    """A driver without boards is nothing to tell of."""
    assert discover(Context(), FakeNvml(clock)) == Discovery(meters=[], missing=[])


@pytest.mark.skipif(sys.platform == "win32", reason="the library is looked for by pynvml itself")
@pytest.mark.parametrize(("driver", "remedy"), [(False, "install its driver"), (True, "NVIDIA_DRIVER_CAPABILITIES")])
def test_without_the_library_pynvml_is_not_imported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, driver: bool, remedy: str
) -> None:
    """Importing it would cost 30 ms for nothing; a container that lacks only the library is told so."""

    def no_library(name: str) -> None:
        raise OSError(name)

    monkeypatch.setattr(ctypes, "CDLL", no_library)
    monkeypatch.delitem(sys.modules, "pynvml", raising=False)
    if driver:
        (tmp_path / "driver/nvidia").mkdir(parents=True)
    found = discovery.discover(Context(proc=tmp_path))
    assert not found.meters
    assert remedy in found.missing[0].remedy
    assert "pynvml" not in sys.modules


def test_the_stand_in_has_what_pynvml_has() -> None:
    """Names and numbers of the fake are those of the real module."""
    pynvml = pytest.importorskip("pynvml")
    for name in dir(FakeNvml):
        if name.startswith("NVML_"):
            assert getattr(pynvml, name) == getattr(FakeNvml, name), name
        elif name.startswith("nvml"):
            assert callable(getattr(pynvml, name)), name
    assert pynvml.NVMLError(15).value == 15
    assert [pynvml.NVML_VALUE_TYPE_UNSIGNED_INT, pynvml.NVML_VALUE_TYPE_UNSIGNED_LONG_LONG] == [1, 3]
