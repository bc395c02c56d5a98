"""The clock of a training and its recorder: seconds since boot."""

import time

if hasattr(time, "CLOCK_BOOTTIME"):

    def clock() -> float:
        """Seconds since boot, suspended time included, the same for every process of this boot."""
        return time.clock_gettime(time.CLOCK_BOOTTIME)
else:
    clock = time.monotonic
