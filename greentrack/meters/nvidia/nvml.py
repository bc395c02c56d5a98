"""NVIDIA's management library (NVML), asked about one GPU: ways that work are found once, its errors become ours."""

import contextlib
import re
from typing import Any, NamedTuple

from greentrack.errors import MeterError

_ENERGY, _AVERAGE, _INSTANT = 83, 185, 186  # fields of nvml.h: mJ since the driver was loaded, mW over 1 s, mW now
_MODULE = 1  # the power scope of GPU and CPU together, on Grace parts
_VALUES = ("dVal", "uiVal", "ulVal", "ullVal", "sllVal", "siVal", "usVal")  # the value's place, by NVML's valueType
_GA100 = re.compile(r"\b(A100|A800|A30)X?\b")
_GRACE = re.compile(r"\bG[HB]\d{3}\b")
_REMEDIES = {
    "NVML_ERROR_DRIVER_NOT_LOADED": "sudo modprobe nvidia",
    "NVML_ERROR_LIBRARY_NOT_FOUND": "install the NVIDIA driver",
    "NVML_ERROR_LIB_RM_VERSION_MISMATCH": "sudo reboot",
    "NVML_ERROR_NO_PERMISSION": "sudo chmod a+rw /dev/nvidia*",
    "NVML_ERROR_GPU_IS_LOST": "sudo reboot",
    "NVML_ERROR_RESET_REQUIRED": "sudo nvidia-smi --gpu-reset",
}


def remedy(nvml: Any, error: Exception) -> str:
    """Return the command that mends NVML's *error*; nvidia-smi, which explains most, for those that have none."""
    value = getattr(error, "value", None)
    return next((text for name, text in _REMEDIES.items() if getattr(nvml, name) == value), "nvidia-smi")


class Sample(NamedTuple):
    """What a GPU tells at one moment: joules since its driver was loaded, watts now, watts over the last second."""

    joules: float | None = None
    instant: float | None = None
    average: float | None = None


class Gpu:
    """One GPU, known by its UUID: its handle is fetched anew after a fork, a reset or a fall from the bus.

    *sees_all* says whether its instant power covers all of the time, and not only a part of every 100 ms.
    *module* turns True where its power is that of the GPU and the CPU together.
    """

    def __init__(self, nvml: Any, uuid: str, name: str) -> None:
        self.nvml, self.uuid, self.name = nvml, uuid, name
        self.module = False
        self._handle: Any = None
        self._fields: tuple[int, ...] = (_ENERGY, _INSTANT, _AVERAGE)
        self._energy_call = self._power_call = False
        try:
            nvml.nvmlInit()  # NVML counts these; close() takes it back
        except nvml.NVMLError as error:
            raise MeterError(f"NVML cannot be started ({error}); try: {remedy(nvml, error)}") from error
        architecture = self.told("nvmlDeviceGetArchitecture")
        known = architecture not in (None, nvml.NVML_DEVICE_ARCH_UNKNOWN)
        ga100 = _GA100.search(name) is not None
        newer = known and architecture >= nvml.NVML_DEVICE_ARCH_AMPERE and not ga100
        self._usage_is_average = newer  # nvml.h says so of nvmlDeviceGetPowerUsage
        self._has_average = newer or not (known or ga100)
        # by the update periods and windows that Yang et al. measured (SC24); newer parts than Ada are not known to
        self.sees_all = architecture in (nvml.NVML_DEVICE_ARCH_TURING, nvml.NVML_DEVICE_ARCH_ADA) or (
            architecture == nvml.NVML_DEVICE_ARCH_AMPERE and not ga100
        )
        self._find_ways()

    def _find_ways(self) -> None:
        told = self._told_fields()
        energy, powers = _ENERGY in told, {_INSTANT, _AVERAGE} & told.keys()
        if not energy:
            self._energy_call = self.told("nvmlDeviceGetTotalEnergyConsumption") is not None
        # module power must not be held against the GPU's own counter, so it is only used where there is none
        if not powers and not energy and not self._energy_call and _GRACE.search(self.name):
            self.module = True
            told = self._told_fields()
            powers = {_INSTANT, _AVERAGE} & told.keys()
            self.module = bool(powers)
        if not powers:
            self._power_call = self.told("nvmlDeviceGetPowerUsage") is not None
        self._fields = tuple(field for field in self._fields if field in told)

    def ask(self, function: str, *args: Any) -> Any:
        """Call NVML's *function* on this GPU. Raises MeterError; the next call then looks for the GPU anew."""
        nvml = self.nvml
        try:
            try:
                return self._call(function, args)
            except nvml.NVMLError as error:
                if error.value == nvml.NVML_ERROR_UNINITIALIZED:  # in a forked child
                    nvml.nvmlInit()
                elif error.value != nvml.NVML_ERROR_INVALID_ARGUMENT:  # a handle from before another GPU's nvmlInit
                    raise
                self._handle = None
                return self._call(function, args)
        except nvml.NVMLError as error:
            self._handle = None
            raise MeterError(
                f"{self.name} {self.uuid}: {function} failed ({error}); try: {remedy(nvml, error)}"
            ) from error

    def _call(self, function: str, args: tuple[Any, ...]) -> Any:
        if self._handle is None:
            self._handle = self.nvml.nvmlDeviceGetHandleByUUID(self.uuid)
        return getattr(self.nvml, function)(self._handle, *args)

    def told(self, function: str, *args: Any) -> Any:
        """Return what NVML's *function* tells of this GPU, or None where it cannot."""
        try:
            return self.ask(function, *args)
        except MeterError:
            return None

    def sample(self) -> Sample:
        """Return what the GPU tells now, in one call where it can. Raises MeterError."""
        milli = self._field_values() if self._fields else {}
        if self._energy_call:
            milli[_ENERGY] = self.ask("nvmlDeviceGetTotalEnergyConsumption")
        if self._power_call:
            milli[_AVERAGE if self._usage_is_average else _INSTANT] = self.ask("nvmlDeviceGetPowerUsage")
        if not milli:
            self._handle = None  # a GPU that came back has another one
        unit = {field: value / 1000 for field, value in milli.items()}
        return Sample(joules=unit.get(_ENERGY), instant=unit.get(_INSTANT), average=unit.get(_AVERAGE))

    def _field_values(self) -> dict[int, float]:
        told = {}
        fields = [(field, _MODULE) for field in self._fields] if self.module else list(self._fields)
        for entry in self.ask("nvmlDeviceGetFieldValues", fields):
            if entry.nvmlReturn != self.nvml.NVML_SUCCESS or not 0 <= entry.valueType < len(_VALUES):
                continue
            value = getattr(entry.value, _VALUES[entry.valueType])
            if entry.fieldId == _ENERGY or value > 0:  # 0 W is what drivers say for a power that they do not know
                told[entry.fieldId] = value
        if not self._has_average:
            told.pop(_AVERAGE, None)
        if self.module:
            told.pop(_ENERGY, None)  # it has no scope
        return told

    def _told_fields(self) -> dict[int, float]:
        try:
            return self._field_values()
        except MeterError:
            return {}

    def close(self) -> None:
        """Take back the constructor's nvmlInit."""
        with contextlib.suppress(self.nvml.NVMLError):  # a driver that is gone cannot be closed
            self.nvml.nvmlShutdown()
