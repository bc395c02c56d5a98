"""What a reader of a summary must know, in words."""

from greentrack.costing import caveats as of
from greentrack.costing.caveats import Caveat
from greentrack.formatting.units import duration, energy, mass

MAX_SPANS = 3
"""Maximum number of short spans that are named."""


def text(caveat: Caveat) -> str:  # noqa: PLR0911, PLR0912  # one sentence for each kind
    """Return *caveat* as a sentence."""
    match caveat:
        case of.Stated(text):
            return text
        case of.Interrupted():
            return "the run was interrupted; its figures end at its last reading"
        case of.Imported(version, mode):
            tool = f"codecarbon {version or 'of an unknown version'} (tracking_mode {mode})"
            file = "whose file says neither what was measured nor how the run ended"
            return f"imported from {tool}, {file}; nothing counts as measured"
        case of.ImportedCarbon(g):
            own = f"codecarbon's own figure, {mass(g)}, is not used"
            return f"{own}: the carbon is worked out as for any other run"
        case of.NothingMeasured():
            return "nothing was measured, so energy and carbon are not known; greentrack doctor says why"
        case of.Restarted(times):
            return f"the recorder was started anew (times: {times}); the time between was not seen"
        case of.FailedReads(reads):
            return f"reads of a sensor that failed: {reads:,}; a counter makes up for it at its next read"
        case of.NotSeen(device, seconds, run_seconds):
            return f"{device}: {duration(seconds)} of {duration(run_seconds)} were not seen and are not filled in"
        case of.DeviceNote(device, note):
            return f"{device}: {note}"
        case of.CounterDisagreed(device, has_power):
            instead = "its integrated power is used" if has_power else "nothing else can be used"
            return f"{device}: its counter disagreed with its own power; {instead}"
        case of.ShareUnknown(device):
            return f"{device}: the run's own share is not known; the whole device is counted"
        case of.OtherDevicesCalibrated(calibrated, seen, has_earlier):
            made = f"the calibration at the wall was made with {', '.join(calibrated)}"
            used = "an earlier one is used" if has_earlier else "so it is not used here"
            return f"{made}, and this run saw {', '.join(seen) or 'nothing'}; {used}"
        case of.ShortSpans(spans):
            some = ", ".join(f"{one.name} ({duration(one.seconds)}: ±{one.off:.0%})" for one in spans[:MAX_SPANS])
            more = f" and {len(spans) - MAX_SPANS} more" if len(spans) > MAX_SPANS else ""
            short = "spans that are short beside the updates of their sensors"
            return f"{short}, and how unsure the shortest is: {some}{more}"
        case of.GridNote(zone, note):
            return f"grid intensity of {zone}: {note}"
        case of.CloudTariff(zone):
            return (
                f"{zone} is a cloud's: its customers pay rent, not the household price that the money here is "
                "worked out from; give it: rent = '2.95 USD'"
            )
        case of.RentWithoutGpu():
            return "the rent is for hours of GPUs, and this run saw none; its money is not known"
        case of.RentUnknown(tier, gpu, known):
            return f"no price of a {tier} is known for {gpu} (known: {', '.join(known)}); give one: rent = '2.95 USD'"
        case of.EmbodiedUnknown():
            return f"embodied carbon: {embodied_unknown(caveat)}"
        case of.PartsNotMeasured(parts, whole):
            blind = f"{parts} of the {whole} parts of this work"
            return f"nothing was measured in {blind}, so the whole is more than is shown"
        case of.CountedOnce(joules):
            twice = f"{energy(joules)} that several saw counts once"
            return f"parts of this work ran on one machine at the same time; {twice}"


def embodied_unknown(caveat: of.EmbodiedUnknown) -> str:
    """Return why the carbon of making the hardware is not known, or not all of it."""
    made = {"desktop": "a desktop", "laptop": "a laptop", "vm": "a part of a host"}.get(
        caveat.chassis, "an unknown machine"
    )
    return f"no figure is known for making {made}" + ("; only its GPUs are counted" if caveat.has_gpus else "")
