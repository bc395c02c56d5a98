"""Rows as CSV, for spreadsheets and data frames."""

import csv
from collections.abc import Iterable
from typing import BinaryIO

from greentrack.formatting.escape import FORMULAS
from greentrack.store.statements import Row, Statement


class _Line:
    """A file for a CSV writer that returns the written line."""

    def write(self, line: str) -> str:
        return line


def write(file: BinaryIO, table: Statement, rows: Iterable[Row]) -> int:
    """Write *rows* of *table*, below a line with the names of its columns; return how many rows there were."""
    # a cell is quoted for a line end in it only where that is among the writer's own
    line_of = csv.writer(_Line(), lineterminator="\r\n").writerow
    file.write(f"{','.join(column.name for column in table.columns)}\n".encode())
    count = 0
    for row in rows:
        count += 1
        # the text as recorded, not made printable: whoever reads it back needs the original
        cells = [f"'{cell}" if isinstance(cell, str) and cell.lstrip().startswith(FORMULAS) else cell for cell in row]
        file.write(f"{line_of(cells)[:-2]}\n".encode())
    return count
