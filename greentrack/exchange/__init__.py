"""Runs that come from other tools or go to them."""
