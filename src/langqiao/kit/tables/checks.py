"""Checks that every reader applies: headers, characters, sizes."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from typing import Any

from django.utils.translation import gettext as _

from langqiao.kit.refusals import Invalid
from langqiao.kit.tables.types import Limits


def column_letter(index: int) -> str:
    """Spreadsheet letters of a 1-based column: 1 → A, 27 → AA."""
    letters = ""
    while index:
        index, rest = divmod(index - 1, 26)
        letters = chr(65 + rest) + letters
    return letters


def checked_header(cells: Sequence[Any], *, row: int, limits: Limits) -> list[str]:
    """Column names of a header row; an empty name stands for a column that must stay empty.

    Raises:
        Invalid: no name at all, too many columns, a name twice, or an empty name before a named one.
    """
    names = [unicodedata.normalize("NFC", str(cell)).strip() if cell is not None else "" for cell in cells]
    while names and not names[-1]:
        names.pop()
    if not names:
        raise Invalid(_("第 %(row)d 行应是列名，但这一行是空的。") % {"row": row}, row=row)
    if len(names) > limits.columns:
        raise Invalid(
            _("表格有 %(count)d 列，超过上限 %(limit)d 列。")
            % {"count": len(names), "limit": limits.columns},
            mend=_("请删去不需要的列后再导入。"),
            row=row,
        )
    seen: dict[str, int] = {}
    for position, name in enumerate(names, 1):
        if not name:
            raise Invalid(
                _("第 %(row)d 行（列名行）的第 %(column)s 列没有列名。")
                % {"row": row, "column": column_letter(position)},
                mend=_("请为该列填写列名，或删去该列。"),
                row=row,
                field=column_letter(position),
            )
        if name in seen:
            raise Invalid(
                _("列名“%(name)s”重复：第 %(first)s 列和第 %(second)s 列。")
                % {"name": name, "first": column_letter(seen[name]), "second": column_letter(position)},
                mend=_("请改名或删去其中一列。"),
                row=row,
                field=name,
            )
        seen[name] = position
    return names


def too_long(*, row: int, field: str, limit: int) -> Invalid:
    """The refusal of a cell or record that is too long."""
    where = _("第 %(row)d 行“%(field)s”列") if field else _("第 %(row)d 行")
    return Invalid(
        _("%(where)s的内容超过 %(limit)d 个字符。")
        % {"where": where % {"row": row, "field": field}, "limit": limit},
        mend=_("请检查该处引号是否闭合，或把长文另作附件。"),
        row=row,
        field=field,
    )


def check_text(text: str, *, row: int, field: str, limits: Limits) -> None:
    """Refuse text that is too long or holds characters that no database keeps.

    Raises:
        Invalid: longer than ``limits.cell_chars``, a NUL, or half of a surrogate pair.
    """
    if len(text) > limits.cell_chars:
        raise too_long(row=row, field=field, limit=limits.cell_chars)
    if text.isascii():
        if "\0" not in text:
            return
    else:
        try:
            if b"\0" not in text.encode("utf-8"):
                return
        except UnicodeEncodeError:
            pass
    raise Invalid(
        _("第 %(row)d 行“%(field)s”列含有无法保存的字符（空字符 NUL 或不完整的字符）。")
        % {"row": row, "field": field},
        mend=_("请删去该处的不可见字符后再导入。"),
        row=row,
        field=field,
    )


def too_many_rows(limits: Limits, *, row: int) -> Invalid:
    """The refusal of a file with too many records."""
    return Invalid(
        _("文件超过 %(limit)d 行。") % {"limit": limits.rows}, mend=_("请拆成几个文件分别导入。"), row=row
    )
