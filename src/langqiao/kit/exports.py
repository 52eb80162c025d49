"""Tables to take away (导出): CSV that Excel opens rightly, and XLSX, without holding all rows in memory.

A cell of text that a spreadsheet would take for a formula is defused: in CSV by a leading apostrophe
(OWASP, CSV injection), in XLSX by storing it as text.
"""

from __future__ import annotations

import csv
import tempfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.http import FileResponse, StreamingHttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
from openpyxl.styles import Font
from openpyxl.utils import get_column_letter

from langqiao.kit.refusals import Refused

XLSX_ROWS = 1_048_575  # rows of a sheet less its heading (ECMA-376)
XLSX_CELL = 32_767  # characters of a cell (ECMA-376)
BOM = "\ufeff"
DANGEROUS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
XLSX_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@dataclass(frozen=True)
class Table:
    """A table to export: file name, sheet title, headings, rows (made anew on each call) and their count."""

    name: str
    title: str
    heads: list[str]
    rows: Callable[[], Iterable[list[Any]]]
    count: Callable[[], int]


def defused(text: str) -> str:
    """Text that no spreadsheet takes for a formula.

    >>> defused("=1+1"), defused("普通"), defused(" @x")
    ("'=1+1", '普通', "' @x")
    """
    return f"'{text}" if text.startswith(DANGEROUS) or text.lstrip().startswith(DANGEROUS) else text


def plain(value: Any) -> Any:
    """A value as a cell keeps it: a number, a date, a naive local time, or text."""
    if value is None or value == "":
        return ""
    if isinstance(value, bool):
        return _("是") if value else _("否")
    if isinstance(value, int | float | Decimal):
        return value
    if isinstance(value, datetime):
        return timezone.localtime(value).replace(tzinfo=None) if timezone.is_aware(value) else value
    if isinstance(value, date):
        return value
    if isinstance(value, tuple) and hasattr(value, "text"):  # a badge
        return str(value)
    if isinstance(value, list | tuple | set | frozenset):
        return "、".join(str(plain(part)) for part in value if part not in (None, ""))
    return str(value)


def file_name(table: Table, ending: str) -> str:
    """Such as ``achievements-20261123.csv``."""
    return f"{table.name}-{timezone.localdate():%Y%m%d}.{ending}"


class _Line:
    """A file that hands every written line back, so that csv can stream."""

    def write(self, line: str) -> str:
        return line


def csv_lines(table: Table) -> Iterator[str]:
    """The lines of the CSV (RFC 4180) with a byte order mark first."""
    writer = csv.writer(_Line())
    yield BOM + str(writer.writerow([defused(head) for head in table.heads]))
    for row in table.rows():
        cells = [plain(cell) for cell in row]
        yield str(writer.writerow([defused(cell) if isinstance(cell, str) else cell for cell in cells]))


def as_csv(table: Table) -> StreamingHttpResponse:
    """Stream the table as CSV."""
    response = StreamingHttpResponse(csv_lines(table), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{file_name(table, "csv")}"'
    response["Cache-Control"] = "private, no-store"
    return response


def _text_cell(sheet: Any, text: str, *, bold: bool = False) -> WriteOnlyCell:
    text = ILLEGAL_CHARACTERS_RE.sub(" ", text)
    if len(text) > XLSX_CELL:
        text = text[: XLSX_CELL - 1] + "…"
    cell = WriteOnlyCell(sheet, value=text)
    cell.data_type = "s"  # openpyxl takes a leading "=" for a formula otherwise
    if bold:
        cell.font = Font(bold=True)
    return cell


def as_xlsx(table: Table) -> FileResponse:
    """Write the table as XLSX row by row to a temporary file and send it.

    Raises:
        Refused: more rows than a sheet holds.
    """
    if table.count() > XLSX_ROWS:
        raise Refused(_("表格超过 XLSX 的行数上限（1,048,575 行）。"), mend=_("请缩小筛选范围，或导出 CSV。"))
    book = Workbook(write_only=True)
    sheet = book.create_sheet(ILLEGAL_CHARACTERS_RE.sub("", table.title).translate(_NO_SHEET)[:31] or "Sheet")
    sheet.freeze_panes = "A2"
    for number, head in enumerate(table.heads, start=1):
        # A Chinese character is about two digits wide.
        sheet.column_dimensions[get_column_letter(number)].width = max(12, len(head) * 2 + 4)
    sheet.append([_text_cell(sheet, head, bold=True) for head in table.heads])
    for row in table.rows():
        cells = (plain(cell) for cell in row)
        sheet.append([_text_cell(sheet, cell) if isinstance(cell, str) else cell for cell in cells])
    file = tempfile.TemporaryFile()  # noqa: SIM115  FileResponse closes it
    book.save(file)
    file.seek(0)
    response = FileResponse(
        file, as_attachment=True, filename=file_name(table, "xlsx"), content_type=XLSX_TYPE
    )
    response["Cache-Control"] = "private, no-store"
    return response


# Characters that a sheet's name may not hold.
_NO_SHEET = str.maketrans("", "", "[]:*?/\\'")
