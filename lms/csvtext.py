"""Tables as CSV that a spreadsheet opens as it is meant: the right separator, real letters, no formulas.

In Indonesian the decimal sign is a comma, and Excel then parts columns by semicolons.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from decimal import Decimal

from lms import formats

Cell = str | int | float | Decimal | None

_BOM = "\ufeff"  # without it Excel takes UTF-8 for Windows-1252
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def csv_bytes(rows: Iterable[Sequence[Cell]], language: str = "id") -> bytes:
    """The rows as UTF-8 with a byte order mark; numbers as the language writes them, None as an empty cell."""
    out = io.StringIO()
    writer = csv.writer(out, delimiter="," if language == "en" else ";", lineterminator="\r\n")
    for row in rows:
        writer.writerow([_written(cell, language) for cell in row])
    return (_BOM + out.getvalue()).encode()


def _written(cell: Cell, language: str) -> str:
    if cell is None:
        return ""
    if isinstance(cell, str):
        # what begins like this is run as a formula when the file is opened; the quote makes it text
        return f"'{cell}" if cell.lstrip(" ").startswith(_FORMULA) else cell
    text = formats.decimal(cell if isinstance(cell, Decimal | int) else Decimal(repr(cell)), language)
    return text.replace(
        "," if language == "en" else ".", ""
    )  # no grouping: some programs read it as a decimal sign
