"""Intel and AMD processors and their memory, through Linux powercap (RAPL)."""
