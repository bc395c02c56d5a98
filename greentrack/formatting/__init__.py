"""How figures and texts are written: units, escaping, layout, tables."""
