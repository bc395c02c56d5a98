"""The words that facts use: what a device can be, how a run can stand."""

KINDS = ("gpu", "cpu", "dram", "ram", "rest")
"""What a device can be. ``dram`` is measured memory, ``ram`` modelled; ``rest`` is board, fans, disks, power supply."""

STATUSES = ("running", "finished", "failed", "stopped", "interrupted")
"""How a run stands: ``failed`` raised or returned non-zero, ``stopped`` ended early by a decision of the training
(a budget), ``interrupted`` was killed or ended by Ctrl-C."""

DISABLED = "disabled"
"""The id and the status of a run that is not recorded (GREENTRACK_DISABLED=1)."""
