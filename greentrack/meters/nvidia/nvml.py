"""NVIDIA's management library (NVML): the calls for one GPU, with its errors translated."""

import contextlib
import re
from typing import Any, NamedTuple

from greentrack.errors import MeterError
from greentrack.model import Missing

_ENERGY, _AVERAGE, _INSTANT = 83, 185, 186  # fields of nvml.h: mJ since the driver was loaded, mW over 1 s, mW now
_MODULE = 1  # the power scope of GPU and CPU together, on Grace parts
_VALUES = ("dVal", "uiVal", "ulVal", "ullVal", "sllVal", "siVal", "usVal")  # the value's field, by NVML's valueType
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
    """Return the command that helps with NVML's *error*: nvidia-smi, which explains most, where there is none."""
    value = getattr(error, "value", None)
    return next((text for name, text in _REMEDIES.items() if getattr(nvml, name) == value), "nvidia-smi")


def unusable(reason: str, remedy: str) -> Missing:
    """Return the Missing of an NVIDIA GPU or driver."""
    return Missing(source="nvidia", reason=reason, remedy=remedy)


class Sample(NamedTuple):
    """The values of one moment: joules since its driver was loaded, watts now, watts over the last second."""

    joules: float | None = None
    instant: float | None = None
    average: float | None = None

    @property
    def has_power(self) -> bool:
        """True if it has a power of either kind."""
        return self.instant is not None or self.average is not None


class Gpu:
    """One GPU, identified by its UUID: its handle is fetched again after a fork, a reset or a fall from the bus.

    *sees_all_time* is True if its instant power covers all of the time, False if only a part of every 100 ms.
    *is_module* turns True where its power is that of the GPU and the CPU together.
    """

    def __init__(self, nvml: Any, uuid: str, name: str) -> None:
        self.nvml, self.uuid, self.name = nvml, uuid, name
        self.is_module = False
        self._handle: Any = None
        self._fields: tuple[int, ...] = (_ENERGY, _INSTANT, _AVERAGE)
        self._energy_call = self._power_call = False
        try:
            nvml.nvmlInit()  # NVML counts these; close() undoes it
        except nvml.NVMLError as error:
            raise MeterError(f"NVML cannot be started ({error}); try: {remedy(nvml, error)}") from error
        architecture = self.try_ask("nvmlDeviceGetArchitecture")
        known = architecture not in (None, nvml.NVML_DEVICE_ARCH_UNKNOWN)
        ga100 = _GA100.search(name) is not None
        newer = known and architecture >= nvml.NVML_DEVICE_ARCH_AMPERE and not ga100
        self._usage_is_average = newer  # nvml.h says so of nvmlDeviceGetPowerUsage
        self._has_average = newer or not (known or ga100)
        # by the update periods and windows that Yang et al. measured (SC24); unknown for parts newer than Ada
        self.sees_all_time = architecture in (nvml.NVML_DEVICE_ARCH_TURING, nvml.NVML_DEVICE_ARCH_ADA) or (
            architecture == nvml.NVML_DEVICE_ARCH_AMPERE and not ga100
        )
        self._find_calls()

    def _find_calls(self) -> None:
        fields = self._readable_fields()
        energy, powers = _ENERGY in fields, {_INSTANT, _AVERAGE} & fields.keys()
        if not energy:
            self._energy_call = self.try_ask("nvmlDeviceGetTotalEnergyConsumption") is not None
        # module power cannot be compared with the GPU's own counter, so it is only used where there is none
        if not powers and not energy and not self._energy_call and _GRACE.search(self.name):
            self.is_module = True
            fields = self._readable_fields()
            powers = {_INSTANT, _AVERAGE} & fields.keys()
            self.is_module = bool(powers)
        if not powers:
            self._power_call = self.try_ask("nvmlDeviceGetPowerUsage") is not None
        self._fields = tuple(field for field in self._fields if field in fields)

    def ask(self, function: str, *args: Any) -> Any:
        """Call NVML's *function* on this GPU. Raises MeterError; the next call then fetches a new handle."""
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

    def try_ask(self, function: str, *args: Any) -> Any:
        """Return the answer of NVML's *function* for this GPU, or None where it fails."""
        try:
            return self.ask(function, *args)
        except MeterError:
            return None

    def sample(self) -> Sample:
        """Return the present values, read in one call where that works. Raises MeterError."""
        milli = self._field_values() if self._fields else {}
        if self._energy_call:
            milli[_ENERGY] = self.ask("nvmlDeviceGetTotalEnergyConsumption")
        if self._power_call:
            milli[_AVERAGE if self._usage_is_average else _INSTANT] = self.ask("nvmlDeviceGetPowerUsage")
        if not milli:
            self._handle = None  # a GPU that came back has a new one
        unit = {field: value / 1000 for field, value in milli.items()}
        return Sample(joules=unit.get(_ENERGY), instant=unit.get(_INSTANT), average=unit.get(_AVERAGE))

    def _field_values(self) -> dict[int, float]:
        values = {}
        fields = [(field, _MODULE) for field in self._fields] if self.is_module else list(self._fields)
        for entry in self.ask("nvmlDeviceGetFieldValues", fields):
            if entry.nvmlReturn != self.nvml.NVML_SUCCESS or not 0 <= entry.valueType < len(_VALUES):
                continue
            value = getattr(entry.value, _VALUES[entry.valueType])
            if entry.fieldId == _ENERGY or value > 0:  # drivers report 0 W for an unknown power
                values[entry.fieldId] = value
        if not self._has_average:
            values.pop(_AVERAGE, None)
        if self.is_module:
            values.pop(_ENERGY, None)  # it has no scope
        return values

    def _readable_fields(self) -> dict[int, float]:
        try:
            return self._field_values()
        except MeterError:
            return {}

    def close(self) -> None:
        """Undo the constructor's nvmlInit."""
        with contextlib.suppress(self.nvml.NVMLError):  # a driver that is gone cannot be closed
            self.nvml.nvmlShutdown()
