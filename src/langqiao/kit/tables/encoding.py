"""Which encoding a text file is in: UTF-8, UTF-16 or GB18030, and where it breaks.

The whole file is decoded once, in pieces, before any row is read: a fault is named by byte and line
and nothing has been taken over by then.
"""

from __future__ import annotations

import codecs
from collections.abc import Iterator
from functools import lru_cache
from typing import BinaryIO

from django.utils.translation import gettext as _

from langqiao.kit.refusals import Invalid

CHUNK = 1 << 20
_NUL_SAMPLE = 1 << 16


def detect_encoding(file: BinaryIO) -> str:
    """Python's name of the file's encoding.

    Raises:
        Invalid: the text is none of the known encodings, or is broken at a named byte and line.
    """
    file.seek(0)
    head = file.read(_NUL_SAMPLE)
    if head.startswith(codecs.BOM_UTF8):
        return checked(file, "utf-8-sig")
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return checked(file, "utf-16")
    if b"\0" in head and (wide := _utf16_without_mark(head)):
        return checked(file, wide)
    first = _first_fault(file, "utf-8")
    if first is None:
        return checked(file, "utf-8")
    sample = _sample(file, first)
    # Damaged UTF-8 breaks here and there; GB18030 read as UTF-8 breaks nearly everywhere.
    if _broken_share(sample, "utf-8") < 0.4:
        raise _fault_at(file, "UTF-8", first)
    fault = _first_fault(file, "gb18030")
    if fault is not None:
        sample = _sample(file, fault)
        if _broken_share(sample, "gb18030") < 0.2 and _reads_like_chinese(sample):
            raise _fault_at(file, "GB18030", fault)
    elif _reads_like_chinese(sample):
        return checked(file, "gb18030")
    line = _line_of(file, first)
    raise Invalid(
        _("认不出文字编码：不是 UTF-8（第 %(line)d 行第 %(byte)d 字节不符），也不是 GB18030 或 UTF-16。")
        % {"line": line, "byte": first + 1},
        mend=_("请用表格软件另存为“CSV UTF-8”，或在导入时指明编码。"),
        row=line,
    )


def checked(file: BinaryIO, encoding: str) -> str:
    """Return ``encoding`` when the whole file can be read in it and holds no NUL.

    Raises:
        Invalid: a byte that does not belong to the encoding or a NUL, named with its line; or an
            encoding that Python does not know.
    """
    try:
        codecs.lookup(encoding)
    except LookupError:
        raise Invalid(
            _("不认识的编码名称“%(name)s”。") % {"name": encoding},
            mend=_("常用的有 utf-8、gb18030、utf-16、big5。"),
        ) from None
    if (fault := _first_fault(file, encoding)) is not None:
        raise _fault_at(file, encoding, fault)
    if (place := _first_nul(file, encoding)) is not None:
        raise Invalid(
            _("文件第 %(line)d 行（第 %(byte)d 字节）含有空字符（NUL）。")
            % {"line": _line_of(file, place), "byte": place + 1},
            mend=_("文件可能已损坏或不是文本文件；请重新导出后再导入。"),
            row=_line_of(file, place),
        )
    return encoding


def _pieces(file: BinaryIO) -> Iterator[bytes]:
    file.seek(0)
    while piece := file.read(CHUNK):
        yield piece


def _first_fault(file: BinaryIO, encoding: str) -> int | None:
    """0-based offset of the first byte that cannot be decoded."""
    decoder = codecs.getincrementaldecoder(encoding)()
    fed = 0
    piece = b""
    try:
        for piece in _pieces(file):
            pending = len(decoder.getstate()[0])
            decoder.decode(piece)
            fed += len(piece)
        pending, piece = len(decoder.getstate()[0]), b""
        decoder.decode(b"", final=True)
    except UnicodeDecodeError as error:
        return fed - pending + error.start
    except UnicodeError:  # a UTF-16 stream without a byte order mark
        return 0
    return None


def _first_nul(file: BinaryIO, encoding: str) -> int | None:
    wide = encoding.lower().replace("_", "-").startswith(("utf-16", "utf-32"))
    if wide:
        decoder = codecs.getincrementaldecoder(encoding)()
        fed = 0
        for piece in _pieces(file):
            if "\0" in decoder.decode(piece):
                return fed
            fed += len(piece)
        return None
    fed = 0
    for piece in _pieces(file):
        if (place := piece.find(b"\0")) >= 0:
            return fed + place
        fed += len(piece)
    return None


def _utf16_without_mark(head: bytes) -> str:
    """UTF-16 text has line ends and separators, so NULs stand at all odd or all even places."""
    odd, even = head[1::2].count(0), head[0::2].count(0)
    if odd and not even:
        return "utf-16-le"
    if even and not odd:
        return "utf-16-be"
    return ""


def _sample(file: BinaryIO, fault: int) -> bytes:
    """Up to a piece of whole lines around the first fault."""
    start = max(0, fault - CHUNK // 2)
    file.seek(start)
    sample = file.read(CHUNK)
    if start:
        sample = sample[sample.find(b"\n") + 1 :]
    return sample


def _broken_share(sample: bytes, encoding: str) -> float:
    """Share of undecodable places among the characters that are not ASCII."""
    text = sample.decode(encoding, "replace")
    foreign = sum(not char.isascii() for char in text)
    return text.count("\ufffd") / foreign if foreign else 0.0


@lru_cache(maxsize=1)
def _frequent() -> frozenset[str]:
    """GB/T 2312 level 1 (一级汉字) and its punctuation: nearly all of running Chinese text."""
    rows = [*range(0xA1, 0xAA), *range(0xB0, 0xD8)]
    pairs = (bytes([row, cell]) for row in rows for cell in range(0xA1, 0xFF))
    return frozenset(text for pair in pairs if (text := pair.decode("gb2312", "ignore")))


def _reads_like_chinese(sample: bytes) -> bool:
    """Say whether, decoded as GB18030, most characters are frequent ones (those of Big5 text are not)."""
    foreign = [char for char in sample.decode("gb18030", "replace") if not char.isascii()]
    frequent = _frequent()
    return bool(foreign) and sum(char in frequent for char in foreign) >= 0.7 * len(foreign)


def _line_of(file: BinaryIO, offset: int) -> int:
    lines, fed = 1, 0
    for piece in _pieces(file):
        if fed + len(piece) >= offset:
            return lines + piece[: offset - fed].count(b"\n")
        lines += piece.count(b"\n")
        fed += len(piece)
    return lines


def _fault_at(file: BinaryIO, encoding: str, offset: int) -> Invalid:
    line = _line_of(file, offset)
    return Invalid(
        _("文件第 %(line)d 行（第 %(byte)d 字节）不是有效的 %(encoding)s 文字。")
        % {"line": line, "byte": offset + 1, "encoding": encoding},
        mend=_("请检查该行，或用表格软件另存为“CSV UTF-8”后再导入。"),
        row=line,
    )
