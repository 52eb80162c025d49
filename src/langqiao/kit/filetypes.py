"""What an uploaded file really is (附件检查): judged by its content, the name only has to agree.

Nothing here trusts the browser's media type. Office files are ZIP containers: their table of
contents is read, never their contents unpacked, so that a bomb is refused by its own figures.
"""

from __future__ import annotations

import codecs
import re
import unicodedata
import zipfile
from dataclasses import dataclass
from pathlib import PurePosixPath, PureWindowsPath
from typing import BinaryIO

from django.utils.translation import gettext_lazy as _

from langqiao.engines.sm.sm3 import Sm3
from langqiao.kit.refusals import Invalid

_OFFICE = "application/vnd.openxmlformats-officedocument"
MEDIA_TYPES = {
    "pdf": "application/pdf",
    "docx": f"{_OFFICE}.wordprocessingml.document",
    "xlsx": f"{_OFFICE}.spreadsheetml.sheet",
    "pptx": f"{_OFFICE}.presentationml.presentation",
    "png": "image/png",
    "jpg": "image/jpeg",
    "txt": "text/plain",
    "csv": "text/csv",
}
_SAME = {"jpeg": "jpg"}
_OFFICE_PARTS = {"word/document.xml": "docx", "xl/workbook.xml": "xlsx", "ppt/presentation.xml": "pptx"}
UNPACKED_AT_MOST = 300 * 1024 * 1024
PARTS_AT_MOST = 10_000
RATIO_AT_MOST = 200  # real office files pack 3 to 30 times
RATIO_FROM = 1024 * 1024
NAME_AT_MOST = 120
_CHUNK = 1 << 20
_ALLOWED = "PDF、DOCX、XLSX、PPTX、PNG、JPG、TXT、CSV"
_UNSAFE = re.compile(r'[\x00-\x1f\x7f<>:"/\\|?*;\u200b-\u200f\u202a-\u202e\u2066-\u2069]')


@dataclass(frozen=True, slots=True)
class Checked:
    """A file that may be kept: clean name, media type, size in bytes, SM3 digest."""

    name: str
    media_type: str
    size: int
    digest: str


def check(file: BinaryIO, name: str, *, most: int) -> Checked:
    """Judge an uploaded file and compute its digest in one streamed reading.

    Args:
        file: seekable; left at its beginning.
        most: largest size in bytes.

    Raises:
        Invalid: too large, empty, of a kind that is not taken, or not what its name says.
    """
    clean = clean_name(name)
    size, digest = _measure(file, most)
    if not size:
        raise Invalid(_("文件是空的。"), field="file")
    extension = clean.rpartition(".")[2].lower()
    extension = _SAME.get(extension, extension)
    if extension not in MEDIA_TYPES:
        raise Invalid(
            _("不接受这种文件。"), mend=_("可上传：%(kinds)s。") % {"kinds": _ALLOWED}, field="file"
        )
    found = sniff(file)
    # Text has no mark of its own: a table is text with another name.
    if found == "txt" and extension == "csv":
        found = "csv"
    if found != extension:
        raise Invalid(
            _("文件内容与扩展名“.%(extension)s”不符。") % {"extension": extension},
            mend=_("请用原软件另存后重试；可上传：%(kinds)s。") % {"kinds": _ALLOWED},
            field="file",
        )
    file.seek(0)
    return Checked(clean, MEDIA_TYPES[found], size, digest)


def clean_name(name: str) -> str:
    """The last part of a file's name without what a system, a page or a header could misread."""
    last = PurePosixPath(PureWindowsPath(unicodedata.normalize("NFC", name)).as_posix()).name
    stem, dot, extension = _UNSAFE.sub("_", last).strip().rstrip(" .").rpartition(".")
    if not dot:
        stem, extension = extension, ""
    stem = stem.strip(" .") or "file"
    return f"{stem[:NAME_AT_MOST]}{dot}{extension[:10]}"


def _measure(file: BinaryIO, most: int) -> tuple[int, str]:
    file.seek(0)
    running, size = Sm3(), 0
    while piece := file.read(_CHUNK):
        size += len(piece)
        if size > most:
            raise Invalid(
                _("文件过大，最多 %(most)s MB。") % {"most": most // (1024 * 1024)},
                mend=_("请压缩图片或拆分后上传。"),
                field="file",
            )
        running.update(piece)
    return size, running.hexdigest()


def sniff(file: BinaryIO) -> str:
    """The kind of a file by its content, empty when it is none of those taken.

    Raises:
        Invalid: an office file with macros, or one that would unpack to a multiple of its size.
    """
    file.seek(0)
    head = file.read(1024)
    if head.startswith(b"%PDF-"):
        return "pdf"
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return "png"
    if head.startswith(b"\xff\xd8\xff"):
        return "jpg"
    if head.startswith(b"PK"):
        return _office_kind(file)
    return "txt" if _is_text(file) else ""


def _office_kind(file: BinaryIO) -> str:
    file.seek(0)
    try:
        with zipfile.ZipFile(file) as container:
            parts = container.infolist()
    except (zipfile.BadZipFile, ValueError, NotImplementedError):
        return ""
    names = {part.filename for part in parts}
    kind = next((kind for main, kind in _OFFICE_PARTS.items() if main in names), "")
    if not kind or "[Content_Types].xml" not in names:
        return ""
    packed = sum(part.compress_size for part in parts)
    unpacked = sum(part.file_size for part in parts)
    swollen = any(p.file_size > RATIO_FROM and p.file_size > RATIO_AT_MOST * p.compress_size for p in parts)
    if (
        len(parts) > PARTS_AT_MOST
        or unpacked > UNPACKED_AT_MOST
        or swollen
        or packed > unpacked * 2 + RATIO_FROM
    ):
        raise Invalid(_("文件解压后过大，疑为压缩炸弹。"), mend=_("请用原软件另存后重试。"), field="file")
    if any(name.lower().endswith(("vbaproject.bin", ".exe", ".dll", ".js", ".vbs")) for name in names):
        raise Invalid(_("文件含有宏或程序。"), mend=_("请另存为不含宏的格式。"), field="file")
    return kind


def _is_text(file: BinaryIO) -> bool:
    """Say whether the file is text in UTF-8 or GB18030 without control characters."""
    for encoding in ("utf-8-sig", "gb18030"):
        file.seek(0)
        decoder = codecs.getincrementaldecoder(encoding)()
        try:
            while piece := file.read(_CHUNK):
                if any(sign < " " and sign not in "\t\r\n\f" for sign in decoder.decode(piece)):
                    return False
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            continue
        return True
    return False
