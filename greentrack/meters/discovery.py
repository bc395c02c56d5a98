"""Asks every vendor what it has; nobody's failure keeps the others from answering."""

from collections.abc import Mapping, Sequence

from greentrack import log
from greentrack.errors import GreenTrackError
from greentrack.meters.base import Context, Discovery, Meter
from greentrack.model import Missing
from greentrack.registry import METERS, Vendor, attribute, check

AUTO = tuple(name for name in METERS if name != "fake")
"""The vendors that are asked where the settings name none."""


def discover(context: Context, names: Sequence[str] = AUTO, table: Mapping[str, Vendor] = METERS) -> Discovery:
    """Return every meter of the vendors in *names* (``name`` or ``name:spec``), and what is missing and why.

    Raises ConfigError for a vendor that is not registered or a spec that it cannot read.
    """
    meters: list[Meter] = []
    missing: list[Missing] = []
    for entry in names:
        name, _, spec = entry.partition(":")
        check(table, name, "meter")
        ask = attribute(table[name].discover)
        try:
            found: Discovery = ask(context._replace(spec=spec, found=tuple(meters)))
        except GreenTrackError:
            raise
        except Exception as error:  # noqa: BLE001  # a broken vendor library must not take the other sensors along
            log.warning("%s could not be asked: %r", name, error)
            found = Discovery(missing=[Missing(source=name, reason=f"it failed: {error!r}")])
        meters += found.meters
        missing += found.missing
    return Discovery(meters=meters, missing=missing)
