r"""The layout of requirement lists: ``'id' , 'title' , 'content'`` on each line.

Single quotes around each cell, separators with spaces, no header, ``\n`` written for line breaks and
quotes inside cells left as they are. Recognised by its shape, so that nobody has to name it.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from typing import TextIO

from django.utils.translation import gettext as _

from langqiao.kit.refusals import Invalid
from langqiao.kit.tables.checks import check_text, too_long, too_many_rows
from langqiao.kit.tables.types import Limits, Row

_SEPARATOR = re.compile(r"' ?, ?'")
_NAMES = ("id", "title", "content")


def looks_quoted(sample: str) -> bool:
    """Say whether the first whole lines of ``sample`` all have this shape."""
    lines = [line.strip() for line in sample.splitlines()[:20] if line.strip()]
    return bool(lines) and all(
        line.startswith("'") and line.endswith("'") and _SEPARATOR.search(line) for line in lines
    )


def quoted_columns(sample: str) -> list[str]:
    """Names of the columns: ``id``, ``title``, ``content`` for three, numbered names otherwise."""
    widths = Counter(
        len(_SEPARATOR.split(line.strip())) for line in sample.splitlines()[:200] if line.strip()
    )
    if not widths:
        raise Invalid(_("文件是空的。"), mend=_("请选择有内容的文件。"))
    width = widths.most_common(1)[0][0]
    return list(_NAMES) if width == len(_NAMES) else [f"column_{place}" for place in range(1, width + 1)]


def read_quoted(text: TextIO, header: list[str], *, limits: Limits, tolerant: bool = False) -> Iterator[Row]:
    """The rows; the last column takes everything that follows, separators inside it included.

    Raises:
        Invalid: a line without the opening or closing quote, or with too few cells.
    """
    number = data_rows = 0
    while line := text.readline(limits.row_chars + 1):
        number += 1
        if len(line) > limits.row_chars:
            raise too_long(row=number, field=header[-1], limit=limits.row_chars)
        line = line.strip("\r\n").rstrip(" ")
        if not line.strip():
            continue
        data_rows += 1
        if data_rows > limits.rows:
            raise too_many_rows(limits, row=number)
        try:
            yield Row(number, _cells(line, number, header, limits))
        except Invalid as problem:
            if not tolerant:
                raise
            yield Row(number, {header[0]: line[:200]}, problem)


def _cells(line: str, number: int, header: list[str], limits: Limits) -> dict[str, str]:
    if not (len(line) > 1 and line.startswith("'") and line.endswith("'")):
        raise Invalid(
            _("第 %(row)d 行没有以英文单引号开头和结尾。") % {"row": number},
            mend=_("这个文件每行应是 'id' , 'title' , 'content' 的形式。"),
            row=number,
            field=header[-1],
        )
    cells = _SEPARATOR.split(line[1:-1], maxsplit=len(header) - 1)
    if len(cells) < len(header):
        raise Invalid(
            _("第 %(row)d 行只有 %(cells)d 个单元格，应有 %(columns)d 个。")
            % {"row": number, "cells": len(cells), "columns": len(header)},
            mend=_("请检查该行的引号和逗号。"),
            row=number,
            field=header[len(cells)],
        )
    values = {name: cell.replace("\\n", "\n") for name, cell in zip(header, cells, strict=True)}
    for name, value in values.items():
        check_text(value, row=number, field=name, limits=limits)
    return values
