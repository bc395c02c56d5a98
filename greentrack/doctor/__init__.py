"""What can be measured on this machine, and how well: the facts behind ``greentrack doctor``."""
