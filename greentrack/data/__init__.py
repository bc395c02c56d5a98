"""Tables that ship with the package; each names its source, licence and year in its head."""
