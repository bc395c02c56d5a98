"""The caveats of a summary in words."""

from collections.abc import Callable, Mapping

from greentrack.carbon.base import NotHourly
from greentrack.costing.caveats import Caveat, Fact, ShortSpan
from greentrack.formatting.units import duration, energy, mass

MAX_SPANS = 3
"""Maximum number of short spans that are named."""


def text(caveat: Caveat) -> str:
    """Return *caveat* as a sentence."""
    words = WORDS[caveat.fact]
    return words.format(*caveat.details) if isinstance(words, str) else words(*caveat.details)


def _imported(version: object, mode: object) -> str:
    tool = f"codecarbon {version or 'of an unknown version'} (tracking_mode {mode})"
    file = "whose file says neither what was measured nor how the run ended"
    return f"imported from {tool}, {file}; nothing counts as measured"


def _disagreed(device: str, has_power: bool) -> str:
    instead = "its integrated power is used" if has_power else "nothing else can be used"
    return f"{device}: its counter disagreed with its own power; {instead}"


def _calibrated(calibrated: tuple[str, ...], seen: tuple[str, ...], has_earlier: bool) -> str:
    made = f"the calibration at the wall was made with {', '.join(calibrated)}"
    used = "an earlier one is used" if has_earlier else "so it is not used here"
    return f"{made}, and this run saw {', '.join(seen) or 'nothing'}; {used}"


def _short(*spans: ShortSpan) -> str:
    some = ", ".join(f"{one.name} ({duration(one.seconds)}: ±{one.off:.0%})" for one in spans[:MAX_SPANS])
    more = f" and {len(spans) - MAX_SPANS} more" if len(spans) > MAX_SPANS else ""
    short = "spans that are short beside the updates of their sensors"
    return f"{short}, and how unsure the shortest is: {some}{more}"


def _embodied(chassis: str, has_gpus: bool) -> str:
    machines = {"desktop": "a desktop", "laptop": "a laptop", "vm": "a part of a host"}
    text = f"no figure is known for making {machines.get(chassis, 'an unknown machine')}"
    return f"embodied carbon: {text}{'; only its GPUs are counted' if has_gpus else ''}"


def _grid(zone: str, note: str, why: NotHourly | None) -> str:
    yearly = () if why is None else (_not_hourly(why), "the yearly average is used")
    return f"grid intensity of {zone}: {'; '.join(filter(None, (*yearly, note)))}"


def _not_hourly(why: NotHourly) -> str:
    reasons = {
        "not stored": "carbon by the hour is worked out for stored runs only",
        "no readings": "no readings tell when the energy was used",
        "no figure": f"{why.source} has no figure for the hours of this run",
        "source failed": "",
    }
    return "; ".join(filter(None, (reasons[why.reason], why.note)))


def _other_gpus(gpu: str, taken: str, *others: tuple[str, float]) -> str:
    named = ", ".join(f"{name} ({watts:g} W)" for name, watts in others)
    return f"{gpu} is taken to be {taken}; it could be {named}"


WORDS: Mapping[Fact, str | Callable[..., str]] = {
    "interrupted": "the run was interrupted; its figures end at its last reading",
    "imported": _imported,
    "carbon of import": lambda g: (
        f"codecarbon's own figure, {mass(g)}, is not used: the carbon is worked out as for any other run"
    ),
    "nothing measured": "nothing was measured, so energy and carbon are not known; greentrack doctor says why",
    "recorder restarts": "the recorder was started anew (times: {}); the time between was not seen",
    "failed reads": "reads of a sensor that failed: {:,}; a counter makes up for it at its next read",
    "not seen": lambda device, seconds, run_seconds: (
        f"{device}: {duration(seconds)} of {duration(run_seconds)} were not seen and are not filled in"
    ),
    "device note": "{}: {}",
    "counter disagreed": _disagreed,
    "share unknown": "{}: the run's own share is not known; the whole device is counted",
    "other devices calibrated": _calibrated,
    "short spans": _short,
    "grid note": _grid,
    "old grid figure": "the grid intensity of {} is of {}, {} months before this report",
    "cloud tariff": "{} is a cloud's: its customers pay rent, not the household price that the money here is worked "
    "out from; give it: rent = '2.95 USD'",
    "rent without gpu": "the rent is for hours of GPUs, and this run saw none; its money is not known",
    "rent unknown": lambda tier, gpu, known: (
        f"no price of a {tier} is known for {gpu} (known: {', '.join(known)}); give one: rent = '2.95 USD'"
    ),
    "embodied unknown": _embodied,
    "parts not measured": "nothing was measured in {} of the {} parts of this work, so the whole is more than is shown",
    "counted once": lambda joules: (
        f"parts of this work ran on one machine at the same time; {energy(joules)} that several saw counts once"
    ),
    "hours of estimate unknown": (
        "when it will run is not known, so carbon by the hour is left out and a yearly average is taken"
    ),
    "short run scaled": lambda seconds: (
        f"the run took {duration(seconds)}; most of that may be its start, so the range reaches far down"
    ),
    "running run scaled": "the run is going on; it is taken as it is by now",
    "one part scaled": "the run is one of {} parts of a multi-part run; its own energy and work are scaled",
    "unseen not scaled": "what was not seen of the run is not in the estimate either; the range goes up by as much",
    "other gpus possible": _other_gpus,
}
