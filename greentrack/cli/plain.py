"""Text that a terminal and a spreadsheet can be trusted with, whatever a run is called."""

from greentrack.formatting.escape import printable, printable_lines, spreadsheet
from greentrack.formatting.layout import cells, cut

__all__ = ["cells", "cut", "printable", "printable_lines", "spreadsheet"]
