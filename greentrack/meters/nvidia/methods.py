"""The methods of reading NVIDIA GPUs, with their ranges of error."""

from greentrack.method import Method

_YANG = "Yang, Adamek, Armour: Accurate and Convenient Energy Measurements for GPUs (SC24)"
METHODS = (
    Method(
        name="nvml-counter",
        text="NVML energy counter, compared with its own power",
        measured=True,
        below=0.05,
        above=0.07,  # most recent boards read 2 to 6 % low: one that shows 94 J has used 100
        source=_YANG + "; per-board gain errors",
        year=2024,
        update_seconds=0.1,
        if_invalid="nvml-distrusted",
    ),
    Method(
        name="nvml-average",
        text="NVML 1 s average power, integrated",
        measured=True,
        below=0.07,
        above=0.07,
        source=_YANG + "; window = period",
        year=2024,
        update_seconds=1.0,  # each value is the mean of the second before
    ),
    Method(
        name="nvml-instant",
        text="NVML instant power polled at 10 Hz, integrated",
        measured=True,
        below=0.07,
        above=0.07,
        source=_YANG + "; window = period",
        year=2024,
        update_seconds=0.1,
    ),
    Method(
        name="nvml-sparse",
        text="NVML instant power of a sensor that sees a quarter of the time (A100, H100), integrated",
        measured=True,
        below=0.08,
        above=0.08,
        source=_YANG + "; 25 ms of every 100 ms",
        year=2024,
        update_seconds=1.0,  # +-40 % where it lasts 5 s: judgement
    ),
    Method(
        name="nvml-distrusted",
        text="NVML power integrated, because the energy counter disagreed with it",
        measured=True,
        below=0.10,
        above=0.10,
        source="Dauner et al., HotCarbon 2026 paper 46 (GeForce counters); judgement",
        year=2026,
        update_seconds=1.0,  # most of these boards show the mean of a second
    ),
)
