"""Text that a terminal and a spreadsheet can be trusted with, whatever a run is called."""

from greentrack.reports.escape import printable, printable_lines, spreadsheet
from greentrack.reports.layout import cells, cut

__all__ = ["cells", "cut", "printable", "printable_lines", "spreadsheet"]
