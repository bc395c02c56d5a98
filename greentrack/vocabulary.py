"""The words that facts use: what a device can be, how a run can stand."""

KINDS = ("gpu", "cpu", "dram", "ram", "rest")
"""What a device can be. ``dram`` is measured memory, ``ram`` modelled; ``rest`` is board, fans, disks, power supply."""

ENDINGS = ("finished", "failed", "stopped", "interrupted")
"""How a run can end: ``failed`` raised or returned non-zero, ``stopped`` ended early by a decision of the training
(a budget), ``interrupted`` was killed or ended by Ctrl-C."""

IMPORTED = "imported"
"""The status of a run that another tool recorded: how it ended, nobody said."""

STATUSES = ("running", *ENDINGS, IMPORTED)
"""How a run stands."""

DISABLED = "disabled"
"""The id and the status of a run that is not recorded (GREENTRACK_DISABLED=1)."""
