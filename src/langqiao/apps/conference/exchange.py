"""The yearly list as a table (导入重点工作): headings in Chinese or English, as an export heads them."""

from __future__ import annotations

from typing import Any, BinaryIO

from django.conf import settings
from django.utils.translation import gettext_lazy as _

from langqiao.apps.conference.domain.priorities import COLUMNS, ROWS_AT_MOST
from langqiao.kit.refusals import Invalid
from langqiao.kit.tables import Limits, open_table
from langqiao.kit.words import listed

# What may stand above a column, the first as the page names it.
HEADINGS: dict[str, tuple[str, ...]] = {
    "code": ("编号", "Code", "id"),
    "year": ("年度", "年份", "Year"),
    "number": ("序号", "No.", "Number"),
    "title": ("重点工作", "工作", "名称", "Priority task", "Priority tasks", "Title"),
    "measure": ("工作举措", "举措", "Measure", "Measures"),
    "lead": ("牵头单位", "牵头", "Lead organisation", "Lead"),
    "cities": ("参与城市", "城市", "Cities", "Cities taking part"),
    "starts_on": ("开始日期", "Start date", "Start"),
    "due_on": ("完成日期", "完成时限", "End date", "Due"),
    "illustrative": ("示例", "Example", "Illustrative"),
    "source_name": ("来源", "Source"),
    "source_url": ("来源地址", "Source address"),
    "source_date": ("来源日期", "Source date"),
}
# Columns of an export that say what the system worked out itself.
IGNORED = frozenset({"完成的城市", "状态", "项目编号", "Cities finished", "Status", "Case number"})
COLUMNS_SHOWN = [(name, HEADINGS[name][0], name in ("code", "year", "title")) for name in COLUMNS]


def _known() -> dict[str, str]:
    return {heading.casefold(): name for name, headings in HEADINGS.items() for heading in (name, *headings)}


def _names(heads: list[str]) -> dict[str, str]:
    """Heading → column; empty for what an export adds.

    Raises:
        Invalid: a heading means no column.
    """
    known = _known()
    names = {head: known.get(head.strip().casefold(), "") for head in heads}
    plain = {head: head.strip() for head, name in names.items() if not name}
    strange = [text[:40] for text in plain.values() if text and text not in IGNORED]
    if strange:
        raise Invalid(
            _("不认识的列：%(columns)s。") % {"columns": listed(strange[:5])},
            mend=_("可用的列：%(known)s。") % {"known": listed(own[0] for own in HEADINGS.values())},
        )
    return names


def read_rows(file: BinaryIO) -> list[dict[str, Any]]:
    """Rows of a CSV or XLSX file by column name; empty rows are passed over.

    Raises:
        Invalid: the file is broken, too large, or has a column that is not known.
    """
    limits = Limits(file_bytes=settings.UPLOAD_MAX_BYTES, rows=ROWS_AT_MOST, columns=40, zip_bytes=64 << 20)
    try:
        table = open_table(file, limits=limits)
        names = _names(table.columns)
        found = [{name: row.values.get(head) for head, name in names.items() if name} for row in table.rows()]
    except Invalid as problem:
        problem.field = problem.field or "file"
        raise
    return [row for row in found if any(value not in (None, "") for value in row.values())]
