"""A stand-in for the pynvml module: GPUs whose true power is known, behind sensors like those of real boards."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

from greentrack.meters.fake import Wave
from tests.rig.traces import Power

LAZY_S = 0.015
"""What a GeForce counter loses at each read: 13 % of the joules at 10 Hz, 1.5 % at 1 Hz (Dauner et al., 2026)."""

ENERGY, AVERAGE, INSTANT = 83, 185, 186
TURING, AMPERE, ADA, HOPPER, BLACKWELL = 6, 7, 8, 9, 10


def steady(watts: float) -> Wave:
    """Power that never changes."""
    return Wave(low=watts, high=watts, period=1.0)


@dataclass
class Clock:
    """Time that passes when a test says so."""

    now: float = 1000.0

    def __call__(self) -> float:
        return self.now


class NVMLError(Exception):
    """What every failed call raises, with NVML's number for it."""

    def __init__(self, value: int) -> None:
        super().__init__(f"NVML error {value}")
        self.value = value


@dataclass
class FakeGpu:
    """One board. Its instant power is the mean of *window* seconds before each *update*; *gain* is its counter's error.

    *fields* are those that NVML's batched call knows, *module_fields* those it knows for the whole module. A *lazy*
    counter loses joules at each read: *lazy* are the seconds between the reads of another program (0: there is none).
    """

    uuid: str = "GPU-aaaa0000-1111"
    name: str = "NVIDIA L40S"
    power: Power = field(default_factory=lambda: steady(300.0))
    architecture: int | None = ADA
    fields: set[int] = field(default_factory=lambda: {ENERGY, AVERAGE, INSTANT})
    module_fields: set[int] = field(default_factory=set)
    module_watts: float = 0.0
    energy_call: bool = True
    power_call: bool = True
    update: float = 0.1
    window: float = 0.1
    gain: float = 1.0
    counted: float = 5_000.0  # joules on the counter beside those of *power*
    lazy: float | None = None
    latency: float = 0.0  # seconds that every call for energy or power takes
    mig: bool = False
    error: int = 0  # what every call to this board fails with
    garbage: float | None = None  # joules that the counter shows instead of its own
    busy: float | None = 100.0  # percent; None: it does not tell
    processes: list[int] = field(default_factory=list)
    utilisation: list[tuple[int, int, int]] = field(default_factory=list)  # pid, time in us, percent
    calls: list[str] = field(default_factory=list)
    asked: tuple[float, float] | None = None  # when a lazy counter was last read, and what it showed


class FakeNvml:
    """The module. Each call on a board for what moves is noted in its *calls*."""

    NVMLError = NVMLError
    NVML_SUCCESS = 0
    NVML_ERROR_UNINITIALIZED = 1
    NVML_ERROR_INVALID_ARGUMENT = 2
    NVML_ERROR_NOT_SUPPORTED = 3
    NVML_ERROR_NO_PERMISSION = 4
    NVML_ERROR_NOT_FOUND = 6
    NVML_ERROR_DRIVER_NOT_LOADED = 9
    NVML_ERROR_LIBRARY_NOT_FOUND = 12
    NVML_ERROR_GPU_IS_LOST = 15
    NVML_ERROR_RESET_REQUIRED = 16
    NVML_ERROR_LIB_RM_VERSION_MISMATCH = 18
    NVML_DEVICE_ARCH_TURING = TURING
    NVML_DEVICE_ARCH_AMPERE = AMPERE
    NVML_DEVICE_ARCH_ADA = ADA
    NVML_DEVICE_ARCH_UNKNOWN = 0xFFFFFFFF

    def __init__(self, clock: Clock, *gpus: FakeGpu, slices: dict[str, tuple[int, int]] | None = None) -> None:
        self.clock, self.gpus = clock, gpus
        self.slices = slices or {}  # MIG UUID -> index of its GPU, number of slices
        self.init_error = 0
        self.inits = 0  # as many as shutdowns when all is closed
        self._era = 0  # of the last start; handles of an era before are stale

    def fork(self) -> None:
        """What a forked child finds: a library that was never started."""
        self.inits = 0
        self._era += 1

    def nvmlInit(self) -> None:  # noqa: N802
        if self.init_error:
            raise NVMLError(self.init_error)
        self.inits += 1

    def nvmlShutdown(self) -> None:  # noqa: N802
        self.inits -= 1

    def nvmlSystemGetDriverVersion(self) -> str:  # noqa: N802
        return "570.86.15"

    def nvmlDeviceGetCount(self) -> int:  # noqa: N802
        return len(self.gpus)

    def nvmlDeviceGetHandleByIndex(self, index: int) -> Any:  # noqa: N802
        return self._handle(self.gpus[index])

    def nvmlDeviceGetHandleByUUID(self, uuid: str) -> Any:  # noqa: N802
        if uuid in self.slices:
            index, count = self.slices[uuid]
            return SimpleNamespace(parent=self.gpus[index], count=count)
        for gpu in self.gpus:
            if gpu.uuid == uuid:
                return self._handle(gpu)
        raise NVMLError(self.NVML_ERROR_NOT_FOUND)

    def nvmlDeviceGetDeviceHandleFromMigDeviceHandle(self, handle: Any) -> Any:  # noqa: N802
        return self._handle(handle.parent)

    def nvmlDeviceGetAttributes(self, handle: Any) -> Any:  # noqa: N802
        return SimpleNamespace(gpuInstanceSliceCount=handle.count)

    def nvmlDeviceGetMaxMigDeviceCount(self, handle: Any) -> int:  # noqa: N802
        return 7

    def nvmlDeviceGetUUID(self, handle: Any) -> str:  # noqa: N802
        return self._board(handle).uuid

    def nvmlDeviceGetName(self, handle: Any) -> str:  # noqa: N802
        return self._board(handle).name

    def nvmlDeviceGetArchitecture(self, handle: Any) -> int:  # noqa: N802
        return int(self._told(self._board(handle).architecture))

    def nvmlDeviceGetEnforcedPowerLimit(self, handle: Any) -> int:  # noqa: N802
        self._board(handle)
        return 700_000

    def nvmlDeviceGetMigMode(self, handle: Any) -> list[int]:  # noqa: N802
        mig = int(self._board(handle).mig)
        return [mig, mig]

    def nvmlDeviceGetPciInfo(self, handle: Any) -> Any:  # noqa: N802
        self._board(handle)
        return SimpleNamespace(busId="00000000:3B:00.0")

    def nvmlDeviceGetFieldValues(self, handle: Any, fields: Sequence[int | tuple[int, int]]) -> list[Any]:  # noqa: N802
        gpu = self._board(handle, "fields")
        if not gpu.fields and not gpu.module_fields:
            raise NVMLError(self.NVML_ERROR_NOT_SUPPORTED)
        entries = []
        for asked in fields:
            number, scope = asked if isinstance(asked, tuple) else (asked, 0)
            known = number in (gpu.module_fields if scope else gpu.fields)
            value = self._joules(gpu) if number == ENERGY else self._watts(gpu, number, scope)
            entries.append(
                SimpleNamespace(
                    fieldId=number,
                    nvmlReturn=0 if known else self.NVML_ERROR_NOT_SUPPORTED,
                    valueType=3 if number == ENERGY else 1,
                    value=SimpleNamespace(**{"ullVal" if number == ENERGY else "uiVal": round(value * 1000)}),
                )
            )
        return entries

    def nvmlDeviceGetTotalEnergyConsumption(self, handle: Any) -> int:  # noqa: N802
        gpu = self._board(handle, "energy")
        return round(1000 * float(self._told(self._joules(gpu) if gpu.energy_call else None)))

    def nvmlDeviceGetPowerUsage(self, handle: Any) -> int:  # noqa: N802
        gpu = self._board(handle, "power")
        average = (gpu.architecture or 0) >= AMPERE and "A100" not in gpu.name
        watts = self._watts(gpu, AVERAGE if average else INSTANT, 0) if gpu.power_call else None
        return round(1000 * float(self._told(watts)))

    def nvmlDeviceGetUtilizationRates(self, handle: Any) -> Any:  # noqa: N802
        gpu = self._board(handle)
        gpu.calls.append("busy")
        return SimpleNamespace(gpu=int(self._told(None if gpu.mig else gpu.busy)), memory=0)

    def nvmlDeviceGetComputeRunningProcesses_v3(self, handle: Any) -> list[Any]:  # noqa: N802
        return [SimpleNamespace(pid=pid) for pid in self._board(handle, "processes").processes]

    def nvmlDeviceGetProcessUtilization(self, handle: Any, since: int) -> list[Any]:  # noqa: N802
        gpu = self._board(handle)
        new = [SimpleNamespace(pid=pid, timeStamp=at, smUtil=use) for pid, at, use in gpu.utilisation if at > since]
        if not new:
            raise NVMLError(self.NVML_ERROR_NOT_FOUND)
        return new

    def _handle(self, gpu: FakeGpu) -> Any:
        self._started()
        if gpu.error:
            raise NVMLError(gpu.error)
        return SimpleNamespace(gpu=gpu, era=self._era)

    def _board(self, handle: Any, call: str = "") -> FakeGpu:
        self._started()
        gpu: FakeGpu = handle.gpu
        if call:
            gpu.calls.append(call)
            self.clock.now += gpu.latency
        if handle.era != self._era:
            raise NVMLError(self.NVML_ERROR_INVALID_ARGUMENT)
        if gpu.error:
            raise NVMLError(gpu.error)
        return gpu

    def _started(self) -> None:
        if self.inits <= 0:
            raise NVMLError(self.NVML_ERROR_UNINITIALIZED)

    def _told(self, value: Any) -> Any:
        if value is None:
            raise NVMLError(self.NVML_ERROR_NOT_SUPPORTED)
        return value

    def _updated_at(self, gpu: FakeGpu) -> float:
        return (self.clock() + 1e-9) // gpu.update * gpu.update  # 60 // 0.1 is 599

    def _joules(self, gpu: FakeGpu) -> float:
        if gpu.garbage is not None:
            return gpu.garbage
        at = self._updated_at(gpu)
        counted = gpu.counted + gpu.gain * gpu.power.joules(at)
        if gpu.lazy is None:
            return counted
        before, shown = gpu.asked or (at, counted)
        every = min(gpu.lazy or at - before, at - before)
        if every > 0:
            shown += gpu.gain * (gpu.power.joules(at) - gpu.power.joules(before)) * every / (every + LAZY_S)
        gpu.asked = (at, shown)
        return shown

    def _watts(self, gpu: FakeGpu, number: int, scope: int) -> float:
        at, over = self._updated_at(gpu), 1.0 if number == AVERAGE else gpu.window
        return (gpu.power.joules(at) - gpu.power.joules(at - over)) / over + (gpu.module_watts if scope else 0.0)
