"""The door: which format a file has, and its rows."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import BinaryIO, TextIO

from django.utils.translation import gettext as _

from langqiao.kit.refusals import Invalid
from langqiao.kit.tables.delimited import read_delimited, sniff_delimiter
from langqiao.kit.tables.encoding import checked, detect_encoding
from langqiao.kit.tables.jsonrows import read_array, read_lines
from langqiao.kit.tables.parcel import OLE, ZIP
from langqiao.kit.tables.quoted import looks_quoted, quoted_columns, read_quoted
from langqiao.kit.tables.types import Limits, Row
from langqiao.kit.tables.xlsx import Workbook

FORMATS = ("csv", "tsv", "quoted", "xlsx", "jsonl", "json")
_SUFFIXES = {
    ".csv": "csv", ".txt": "csv", ".tsv": "tsv", ".tab": "tsv", ".xlsx": "xlsx", ".xlsm": "xlsx",
    ".xls": "xlsx", ".jsonl": "jsonl", ".ndjson": "jsonl", ".json": "json",
}  # fmt: skip
_SAMPLE_CHARS = 1 << 16
_JSON_COLUMNS_FROM = 200


@dataclass
class Table:
    """An opened table, readable more than once.

    Attributes:
        format: one of ``csv``, ``tsv``, ``quoted``, ``xlsx``, ``jsonl``, ``json``.
        encoding: Python's name; empty for XLSX.
        columns: the header; for JSON the keys of the first 200 records.
        warnings: what was passed over, such as hidden sheets.
    """

    source: Path | BinaryIO
    format: str
    limits: Limits
    encoding: str = ""
    delimiter: str = ""
    columns: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    sheet: str = ""
    is_checked: bool = False  # the parcel of a workbook is looked through once

    def rows(self, *, tolerant: bool = False) -> Iterator[Row]:
        """The records in the file's order.

        Args:
            tolerant: records that cannot be read alone are given with their ``problem`` instead of
                ending the reading; a fault that makes all later rows doubtful always ends it.

        Raises:
            Invalid: the file is broken; row and column are named.
        """
        for part in self.parts(tolerant=tolerant):
            if isinstance(part, Row):
                yield part

    def parts(self, *, tolerant: bool) -> Iterator[Row | list[str]]:
        """The header, where the format has one, then the records."""
        if self.format == "xlsx":
            with _binary(self.source) as file:
                book = Workbook(file, limits=self.limits, sheet=self.sheet, checked=self.is_checked)
                self.sheet, self.warnings, self.is_checked = book.sheet, book.warnings, True
                yield from book.rows(tolerant=tolerant)
            return
        with _text(self.source, self.encoding) as text:
            if self.format == "quoted":
                yield from read_quoted(text, self.columns, limits=self.limits, tolerant=tolerant)
            elif self.format == "jsonl":
                yield from read_lines(text, limits=self.limits, tolerant=tolerant)
            elif self.format == "json":
                yield from read_array(text, limits=self.limits, tolerant=tolerant)
            else:
                yield from read_delimited(
                    text, delimiter=self.delimiter, limits=self.limits, tolerant=tolerant
                )


def open_table(
    path_or_file: str | Path | BinaryIO,
    *,
    format: str | None = None,
    encoding: str | None = None,
    sheet: str = "",
    limits: Limits | None = None,
) -> Table:
    """Find out format, encoding and columns of a table.

    Args:
        path_or_file: a path, or a seekable binary file that the caller closes.
        format: one of :data:`FORMATS`; found from name and content when None.
        encoding: Python's name of the encoding; found from the content when None.
        sheet: name of the sheet of a workbook; the first visible one when empty.

    Raises:
        Invalid: the file is missing, empty, too large, of no known format, or broken in its first rows.
    """
    limits = limits or Limits()
    source = Path(path_or_file) if isinstance(path_or_file, str | Path) else path_or_file
    with _binary(source) as file:
        size = file.seek(0, io.SEEK_END)
        file.seek(0)
        head = file.read(4096)
        if size > limits.file_bytes:
            raise Invalid(
                _("文件有 %(size)d MB，超过上限 %(limit)d MB。")
                % {"size": size >> 20, "limit": limits.file_bytes >> 20},
                mend=_("请拆成几个文件分别导入。"),
            )
        if not head.strip():
            raise Invalid(_("文件是空的。"), mend=_("请选择有内容的 CSV、XLSX 或 JSONL 文件。"))
        kind = format or _guess_format(_name(source), head)
        if kind not in FORMATS:
            raise Invalid(
                _("不支持的格式“%(name)s”。") % {"name": kind},
                mend=_("请使用 CSV、TSV、XLSX、JSONL 或 JSON。"),
            )
        table = Table(source, kind, limits, sheet=sheet)
        if kind != "xlsx":
            table.encoding = checked(file, encoding) if encoding else detect_encoding(file)
    _look_inside(table, named=format is not None)
    return table


def read_table(
    path_or_file: str | Path | BinaryIO,
    *,
    format: str | None = None,
    encoding: str | None = None,
    limits: Limits | None = None,
    tolerant: bool = False,
) -> Iterator[Row]:
    """The rows of a table; see :func:`open_table` and :meth:`Table.rows`.

    Raises:
        Invalid: as those two; the first when called, not when the first row is asked for.
    """
    return open_table(path_or_file, format=format, encoding=encoding, limits=limits).rows(tolerant=tolerant)


def _guess_format(name: str, head: bytes) -> str:
    suffix = Path(name).suffix.lower()
    if head.startswith((ZIP, OLE)):
        return "xlsx"
    kind = _SUFFIXES.get(suffix, "")
    if kind == "xlsx":
        raise Invalid(
            _("文件名是 %(suffix)s，但内容不是 Excel 工作簿。") % {"suffix": suffix},
            mend=_("请按真实格式改名（例如 .csv），或重新导出。"),
        )
    first = head.removeprefix(b"\xef\xbb\xbf").lstrip()[:1]
    if kind in ("json", "jsonl") or (not kind and first in (b"{", b"[")):
        return {b"[": "json", b"{": "jsonl"}.get(first, kind)
    return kind or "csv"


def _look_inside(table: Table, *, named: bool) -> None:
    """Fill in delimiter and columns from the first rows."""
    if table.format in ("csv", "tsv", "quoted"):
        _look_at_text(table, named=named)
    if table.format in ("json", "jsonl"):
        keys: dict[str, None] = {}
        for row in islice(table.rows(tolerant=True), _JSON_COLUMNS_FROM):
            keys.update(dict.fromkeys(row.values))
        table.columns = list(keys)
    elif table.format != "quoted":
        table.columns = next((part for part in table.parts(tolerant=True) if isinstance(part, list)), [])
        if not table.columns:
            raise Invalid(_("表格里没有列名行。"), mend=_("第一行应是列名，例如“名称、类型、城市”。"))


def _look_at_text(table: Table, *, named: bool) -> None:
    with _text(table.source, table.encoding) as text:
        sample = text.read(_SAMPLE_CHARS)
    # A last line that the sample cuts in two says nothing about the layout.
    whole = sample if len(sample) < _SAMPLE_CHARS else sample[: sample.rfind("\n") + 1] or sample
    if table.format == "quoted" or (not named and looks_quoted(whole)):
        table.format, table.columns = "quoted", quoted_columns(whole)
        return
    table.delimiter = "\t" if table.format == "tsv" else sniff_delimiter(whole)
    if table.delimiter == "\t":
        table.format = "tsv"


def _name(source: Path | BinaryIO) -> str:
    return source.name if isinstance(source, Path) else str(getattr(source, "name", ""))


@contextmanager
def _binary(source: Path | BinaryIO) -> Iterator[BinaryIO]:
    if not isinstance(source, Path):
        source.seek(0)
        yield source
        return
    try:
        file = source.open("rb")
    except OSError as error:
        raise Invalid(
            _("打不开文件 %(name)s。") % {"name": source.name}, mend=_("请检查路径和读取权限。")
        ) from error
    with file:
        yield file


@contextmanager
def _text(source: Path | BinaryIO, encoding: str) -> Iterator[TextIO]:
    with _binary(source) as file:
        wrapper = io.TextIOWrapper(file, encoding=encoding, newline="")
        try:
            yield wrapper
        finally:
            wrapper.detach()
