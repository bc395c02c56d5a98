"""The methods of reading RAPL counters, with their ranges of error."""

from greentrack.method import Method

METHODS = (
    Method(
        name="rapl",
        text="Intel RAPL counter",
        measured=True,
        below=0.05,
        above=0.05,
        source="Khan et al. 2018, Raffin and Trystram 2025; judgement",
        year=2025,
        update_seconds=0.001,
    ),
    Method(
        name="rapl-amd",
        text="AMD RAPL counter (the processor's own estimate)",
        measured=True,
        below=0.10,
        above=0.10,
        source="Schoene et al. 2021; judgement",
        year=2021,
        update_seconds=0.001,
    ),
)
