"""How long a program waits for GreenTrack: import, the start of a run, its end, a whole process."""

import statistics
from collections.abc import Iterator
from pathlib import Path

from tests.benchmarks.measure import CODECARBON, Row, answer, at_most, figure, wall_ms

IMPORT = "from greentrack import track"
THEIR_IMPORT = "from codecarbon import OfflineEmissionsTracker"
THEIRS = CODECARBON.format(more="")

OURS_TIMED = """
import json, time
from greentrack import track
tracker = track()
began = time.perf_counter()
tracker.__enter__()
entered = time.perf_counter()
time.sleep({seconds})
left = time.perf_counter()
tracker.__exit__(None, None, None)
print(json.dumps([(entered - began) * 1000, (time.perf_counter() - left) * 1000]))
"""

THEIRS_TIMED = """
import json, time
from codecarbon import OfflineEmissionsTracker
began = time.perf_counter()
tracker = {tracker}
tracker.start()
entered = time.perf_counter()
time.sleep({seconds})
left = time.perf_counter()
tracker.stop()
print(json.dumps([(entered - began) * 1000, (time.perf_counter() - left) * 1000]))
"""


def rows(place: Path) -> Iterator[Row]:
    """Import, whole process, enter and exit, with the sensors that this machine has."""
    whole = wall_ms(
        place,
        {
            "bare": ["-c", "pass"],
            "import": ["-c", "import greentrack"],
            "import track": ["-c", IMPORT],
            "their import": ["-c", THEIR_IMPORT],
            "with": ["-c", f"{IMPORT}\nwith track(): pass"],
            "their with": ["-c", f"{THEIR_IMPORT}\nt = {THEIRS}\nt.start()\nt.stop()"],
        },
        rounds=7,
    )
    bare = whole.pop("bare")
    beyond = {name: value - bare for name, value in whole.items()}
    yield Row(what="bare Python, whole process (yardstick)", measured=f"{figure(bare)} ms")
    yield at_most("`import greentrack` beyond bare Python", beyond["import"], 30, "ms", beyond["their import"])
    yield at_most("`from greentrack import track`, likewise", beyond["import track"], 30, "ms", beyond["their import"])
    yield at_most(
        "`with track(): pass`, whole process beyond bare Python", beyond["with"], 200, "ms", beyond["their with"]
    )
    for what, seconds, rounds in (("an empty run", 0.0, 7), ("a run of 1.5 s", 1.5, 3)):
        ours = [answer(place, OURS_TIMED.format(seconds=seconds)) for _ in range(rounds)]
        theirs = [answer(place, THEIRS_TIMED.format(seconds=seconds, tracker=THEIRS)) for _ in range(3)]
        for index, (edge, limit) in enumerate((("enter", 100), ("exit", 30))):
            mine = statistics.median(pair[index] for pair in ours)
            yield at_most(f"{edge}, {what}", mine, limit, "ms", statistics.median(pair[index] for pair in theirs))
