"""XLSX: the parcel is checked before it is opened, then read row by row.

A cell in per cent arrives as it is shown, "3%": its number alone, 0.03, would be taken for something else.
What Excel computes is not ours to trust: formulas are refused by name of the cell (docs/data-formats.md
says how to paste values), as are macros, links to other files and encrypted or old binary workbooks.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator, Sequence
from datetime import date, datetime, time
from decimal import Decimal
from functools import lru_cache
from typing import Any, BinaryIO

from django.utils.translation import gettext as _
from openpyxl.reader.excel import ExcelReader
from openpyxl.styles.stylesheet import apply_stylesheet
from openpyxl.worksheet._read_only import ReadOnlyWorksheet

from langqiao.kit.refusals import Invalid
from langqiao.kit.tables.checks import check_text, checked_header, column_letter, too_many_rows
from langqiao.kit.tables.parcel import check_parcel
from langqiao.kit.tables.types import Limits, Row
from langqiao.kit.words import listed

BESIDE = 5
_TEXT_IN_FORMAT = re.compile(r'"[^"]*"|\\.')


class _Sheet(ReadOnlyWorksheet):  # type: ignore[misc]  # openpyxl is untyped
    """A sheet whose size is not asked for: workbooks written in one go do not say it, and openpyxl
    would read the whole sheet to find out.
    """

    def _get_size(self) -> None:
        self._max_row = self._max_column = None


class Workbook:
    """One workbook: which sheet is read, what was passed over, its rows (once).

    Raises:
        Invalid: not an XLSX file, or one that is refused; see :func:`check_parcel`.
    """

    def __init__(self, file: BinaryIO, *, limits: Limits, sheet: str = "", checked: bool = False) -> None:
        self.file, self.limits = file, limits
        if not checked:
            check_parcel(file, limits=limits)
        self._pages = self._open()
        visible = [page.title for page in self._pages if page.sheet_state == "visible"]
        hidden = [page.title for page in self._pages if page.sheet_state != "visible"]
        if sheet and sheet not in visible + hidden:
            raise Invalid(
                _("没有名为“%(name)s”的工作表。") % {"name": sheet},
                mend=_("可选的工作表：%(names)s。") % {"names": listed(visible)},
            )
        if not sheet and not visible:
            raise Invalid(_("工作簿里没有可见的工作表。"), mend=_("请取消隐藏要导入的工作表。"))
        self.sheet = sheet or visible[0]
        self.warnings: list[str] = []
        if hidden:
            self.warnings.append(_("未读取隐藏的工作表：%(names)s。") % {"names": listed(hidden)})
        if others := [name for name in visible if name != self.sheet]:
            self.warnings.append(
                _("只读取了工作表“%(sheet)s”，未读取：%(names)s。")
                % {"sheet": self.sheet, "names": listed(others)}
            )

    def _open(self) -> list[_Sheet]:
        """The sheets with cells (charts are passed over); the steps of ``openpyxl.load_workbook``."""
        self.file.seek(0)
        try:
            with warnings.catch_warnings():
                # Lost styles and validations do not matter to who reads values.
                warnings.simplefilter("ignore")
                reader = ExcelReader(self.file, read_only=True, keep_links=False)
                reader.read_manifest()
                reader.read_strings()
                reader.read_workbook()
                apply_stylesheet(reader.archive, reader.wb)  # which numbers are dates
                pages = []
                for sheet, relation in reader.parser.find_sheets():
                    if relation.target not in reader.valid_files or "chartsheet" in relation.Type:
                        continue
                    page = _Sheet(reader.wb, sheet.name, relation.target, reader.shared_strings)
                    page.sheet_state = sheet.state
                    pages.append(page)
                return pages
        except Exception as error:  # openpyxl raises whatever a strange part makes it raise
            raise _unreadable() from error

    def rows(self, *, tolerant: bool = False) -> Iterator[Row | list[str]]:
        """The header, then the rows; row numbers are the sheet's own.

        Raises:
            Invalid: a formula, an error value or over-long text, named by row and column.
        """
        page = next(page for page in self._pages if page.title == self.sheet)
        yield from self._read(page, tolerant=tolerant)

    def _read(self, page: Any, *, tolerant: bool) -> Iterator[Row | list[str]]:
        first, header = self._header(page)
        if not header:
            return
        yield header
        data_rows = 0
        # Rows are padded to the columns asked for, so only few more than the header's are: cells
        # that stand beside the table are noticed, a lone cell in the last column costs nothing.
        for number, cells in enumerate(self._cells(page, first + 1, len(header) + BESIDE), first + 1):
            if not _is_filled(cells):
                continue
            data_rows += 1
            if data_rows > self.limits.rows:
                raise too_many_rows(self.limits, row=number)
            try:
                yield Row(number, self._values(cells, number, header))
            except Invalid as problem:
                if not tolerant:
                    raise
                raw = {name: str(cell.value or "") for name, cell in zip(header, cells, strict=False)}
                yield Row(number, raw, problem)

    def _header(self, page: Any) -> tuple[int, list[str]]:
        """Row number and names of the first row that is not empty."""
        for number, cells in enumerate(self._cells(page, 1, self.limits.columns + 1), 1):
            if _is_filled(cells):
                names = [
                    self._value(cell, number, column_letter(place)) for place, cell in enumerate(cells, 1)
                ]
                return number, checked_header(names, row=number, limits=self.limits)
        return 0, []

    def _cells(self, page: Any, first: int, columns: int) -> Iterator[Sequence[Any]]:
        rows = iter(page.iter_rows(min_row=first, max_col=columns))
        while True:
            try:
                with warnings.catch_warnings():
                    warnings.simplefilter("ignore")
                    cells = next(rows)
            except StopIteration:
                return
            except Invalid:
                raise
            except Exception as error:  # broken XML half-way
                raise _unreadable() from error
            yield cells

    def _values(self, cells: Sequence[Any], number: int, header: list[str]) -> dict[str, Any]:
        values: dict[str, Any] = dict.fromkeys(header)
        for place, cell in enumerate(cells):
            if cell.value is None:
                continue
            name = header[place] if place < len(header) else ""
            value = self._value(cell, number, name or column_letter(place + 1))
            if not name:
                if str(value).strip():
                    raise Invalid(
                        _("第 %(row)d 行的 %(column)s 列有内容，但该列没有列名。")
                        % {"row": number, "column": column_letter(place + 1)},
                        mend=_("请在列名行补上列名，或清空该单元格。"),
                        row=number,
                        field=column_letter(place + 1),
                    )
                continue
            values[name] = value
        return values

    def _value(self, cell: Any, row: int, field: str) -> Any:
        value, kind = cell.value, getattr(cell, "data_type", "n")
        if kind == "f":
            raise Invalid(
                _("第 %(row)d 行“%(field)s”列（单元格 %(cell)s）是公式。")
                % {"row": row, "field": field, "cell": cell.coordinate},
                mend=_("请复制该列并“选择性粘贴”为数值，再导入。"),
                row=row,
                field=field,
            )
        if kind == "e":
            raise Invalid(
                _("第 %(row)d 行“%(field)s”列（单元格 %(cell)s）是错误值 %(value)s。")
                % {"row": row, "field": field, "cell": cell.coordinate, "value": value},
                mend=_("请改为正确的内容或清空该单元格。"),
                row=row,
                field=field,
            )
        if (
            isinstance(value, int | float)
            and not isinstance(value, bool)
            and _shows_percent(cell.number_format)
        ):
            return f"{(Decimal(repr(value)) * 100).normalize():f}%"
        return _plain(value, row=row, field=field, limits=self.limits)


@lru_cache(maxsize=1024)
def _shows_percent(number_format: str) -> bool:
    """Whether a cell of this format shows a hundred times its number with a percent sign; a sign that is
    quoted or escaped is text.
    """
    return "%" in _TEXT_IN_FORMAT.sub("", number_format)


def _is_filled(cells: Sequence[Any]) -> bool:
    return any(cell.value is not None and str(cell.value).strip() for cell in cells)


def _plain(value: Any, *, row: int, field: str, limits: Limits) -> Any:
    """Dates become ISO text, whole floats integers; the rest stays."""
    if isinstance(value, str):
        check_text(value, row=row, field=field, limits=limits)
        return value
    if isinstance(value, datetime):
        return value.date().isoformat() if value.time() == time() else value.isoformat()
    if isinstance(value, date | time):
        return value.isoformat()
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return int(value)
    if isinstance(value, int | float | bool) or value is None:
        return value
    return str(value)


def _unreadable() -> Invalid:
    return Invalid(
        _("XLSX 文件已损坏，无法读取。"), mend=_("请用表格软件打开并另存为新的 XLSX，或另存为“CSV UTF-8”。")
    )
