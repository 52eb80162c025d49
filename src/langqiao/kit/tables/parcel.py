"""The zip parcel around an XLSX file, checked before any part of it is parsed.

Sizes are believed only when counted: every part is inflated once in pieces and thrown away, so that a
bomb costs time up to the limit and no memory (see D. Fifield, "A better zip bomb", WOOT 2019).
"""

from __future__ import annotations

import re
import zipfile
import zlib
from typing import BinaryIO

from django.utils.translation import gettext as _

from langqiao.kit.refusals import Invalid
from langqiao.kit.tables.checks import too_long
from langqiao.kit.tables.types import Limits

OLE = bytes.fromhex("D0CF11E0A1B11AE1")
ZIP = b"PK\x03\x04"
_CHUNK = 1 << 18
_SHARED = "xl/sharedStrings.xml"
_CELL = re.compile(rb'<(?:\w+:)?c\b[^>]*?\br="([A-Z]{1,3})(\d{1,7})"')
_STRING_CELL = re.compile(rb'<(?:\w+:)?c\b[^>]*?\br="([A-Z]{1,3})(\d{1,7})"[^>]*>\s*<(?:\w+:)?v>(\d+)<')


def check_parcel(file: BinaryIO, *, limits: Limits) -> None:
    """Let a plain XLSX workbook pass.

    Raises:
        Invalid: an old or encrypted workbook, macros, links to other files, a zip bomb, an XML entity
            bomb or a cell over the limit.
    """
    file.seek(0)
    if file.read(8) == OLE:
        raise Invalid(
            _("这是旧版 Excel（.xls）或加密的工作簿，无法读取。"),
            mend=_("请取消密码保护，并另存为“Excel 工作簿（.xlsx）”。"),
        )
    file.seek(0)
    try:
        with zipfile.ZipFile(file) as parcel:
            _check_listing(parcel, limits)
            _check_kind(parcel)
            _check_parts(parcel, limits)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, OSError) as error:
        raise Invalid(
            _("XLSX 文件已损坏，无法解开。"), mend=_("请用表格软件打开并另存为新的 XLSX 后再导入。")
        ) from error


def _bomb(what: str) -> Invalid:
    return Invalid(
        _("XLSX 文件解开后异常大（%(what)s），已拒绝。") % {"what": what},
        mend=_("请删去空白的行列和图片后另存，或另存为“CSV UTF-8”。"),
    )


def _check_listing(parcel: zipfile.ZipFile, limits: Limits) -> None:
    parts = parcel.infolist()
    if len(parts) > limits.zip_entries:
        raise _bomb(_("%(count)d 个部件") % {"count": len(parts)})
    if len({part.filename for part in parts}) < len(parts):
        raise Invalid(
            _("XLSX 文件里有同名的部件，已拒绝。"), mend=_("请用表格软件另存为新的 XLSX 后再导入。")
        )
    if any(part.flag_bits & 1 for part in parts):
        raise Invalid(_("XLSX 文件已加密。"), mend=_("请取消密码保护后另存再导入。"))
    if sum(part.file_size for part in parts) > limits.zip_bytes:
        raise _bomb(_("超过 %(size)d MB") % {"size": limits.zip_bytes >> 20})
    for part in parts:
        _check_ratio(part, part.file_size, limits)


def _check_ratio(part: zipfile.ZipInfo, inflated: int, limits: Limits) -> None:
    if inflated > limits.zip_ratio_floor and inflated > limits.zip_ratio * max(part.compress_size, 1):
        raise _bomb(_("部件 %(name)s 的压缩比过高") % {"name": part.filename})


def _check_kind(parcel: zipfile.ZipFile) -> None:
    names = {name.lstrip("/") for name in parcel.namelist()}
    if not any(name.startswith("xl/") for name in names) or "[Content_Types].xml" not in names:
        raise Invalid(
            _("这个压缩包不是 XLSX 工作簿。"), mend=_("请解压后导入里面的 CSV、XLSX 或 JSONL 文件。")
        )
    if any(name.startswith("xl/vbaProject") for name in names):
        raise Invalid(_("工作簿带有宏，已拒绝。"), mend=_("请另存为不带宏的“Excel 工作簿（.xlsx）”。"))
    if any(name.startswith("xl/externalLinks/") for name in names):
        raise Invalid(
            _("工作簿带有指向其他文件的链接，已拒绝。"),
            mend=_("请在表格软件中“编辑链接 → 断开链接”，另存后再导入。"),
        )


def _check_parts(parcel: zipfile.ZipFile, limits: Limits) -> None:
    total = 0
    for part in parcel.infolist():
        scan = _Scan(part.filename, limits)
        with parcel.open(part) as stream:
            inflated = 0
            while piece := stream.read(_CHUNK):
                inflated += len(piece)
                total += len(piece)
                if total > limits.zip_bytes:
                    raise _bomb(_("超过 %(size)d MB") % {"size": limits.zip_bytes >> 20})
                _check_ratio(part, inflated, limits)
                if scan.too_long(piece):
                    raise _long_cell(parcel, scan, limits)


class _Scan:
    """Looks through the XML of one part for a text run that no cell may hold, and for entities."""

    def __init__(self, name: str, limits: Limits) -> None:
        self.name = name
        self.is_xml = name.endswith((".xml", ".rels"))
        # A character is at most four bytes of UTF-8; longer runs without a tag cannot be a cell.
        self.most = 4 * limits.cell_chars
        self.run = 0
        self.strings = 0
        self.cell = ("", 0)
        self.tail = b""

    def too_long(self, piece: bytes) -> bool:
        if not self.is_xml:
            return False
        if b"<!DOCTYPE" in self.tail + piece or b"<!ENTITY" in self.tail + piece:
            raise Invalid(
                _("XLSX 文件里的 XML 带有实体定义，已拒绝。"),
                mend=_("请用表格软件另存为新的 XLSX 后再导入。"),
            )
        first, last = piece.find(b"<"), piece.rfind(b"<")
        window = self.tail + piece
        before = self.run
        self.run = self.run + len(piece) if first < 0 else len(piece) - last
        over = before + (first if first >= 0 else len(piece)) > self.most or (
            first >= 0 and _longest_gap(piece) > self.most
        )
        if not over:
            self._note(window)
        self.tail = window[-400:]
        return over

    def _note(self, window: bytes) -> None:
        """Keep where we are: the number of shared strings begun, the last cell named."""
        fresh = window[max(0, len(self.tail) - 3) :]
        if self.name == _SHARED:
            self.strings += fresh.count(b"<si>") + fresh.count(b"<si ")
        elif self.name.startswith("xl/worksheets/"):
            for match in _CELL.finditer(window):
                self.cell = (match[1].decode(), int(match[2]))


def _longest_gap(piece: bytes) -> int:
    return max((len(gap) for gap in piece.split(b"<")), default=0)


def _long_cell(parcel: zipfile.ZipFile, scan: _Scan, limits: Limits) -> Invalid:
    column, row = scan.cell
    if scan.name == _SHARED:
        column, row = _user_of_string(parcel, max(scan.strings - 1, 0))
    return too_long(row=row or 1, field=column, limit=limits.cell_chars)


def _user_of_string(parcel: zipfile.ZipFile, index: int) -> tuple[str, int]:
    """The first cell that shows the shared string ``index``: its column letter and row."""
    for name in parcel.namelist():
        if not name.startswith("xl/worksheets/") or not name.endswith(".xml"):
            continue
        tail = b""
        with parcel.open(name) as stream:
            while piece := stream.read(_CHUNK):
                window = tail + piece
                for match in _STRING_CELL.finditer(window):
                    if int(match[3]) == index:
                        return match[1].decode(), int(match[2])
                tail = window[-400:]
    return "", 0
