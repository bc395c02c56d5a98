"""Meters: one file a vendor, one folder where a vendor needs several."""
