"""The words in a run's facts: kinds of devices, statuses of runs."""

KINDS = ("gpu", "cpu", "dram", "ram", "rest")
"""Kinds of devices. ``dram`` is measured memory, ``ram`` modelled; ``rest`` is board, fans, disks, power supply."""

ENDINGS = ("finished", "failed", "stopped", "interrupted")
"""How a run can end. ``failed``: it raised or returned non-zero. ``stopped``: the training ended it early (a budget).
``interrupted``: it was killed or ended by Ctrl-C."""

IMPORTED = "imported"
"""The status of a run that another tool recorded, without saying how it ended."""

STATUSES = ("running", *ENDINGS, IMPORTED)
"""Every status of a run."""

DISABLED = "disabled"
"""The id and the status of a run that is not recorded (GREENTRACK_DISABLED=1)."""
