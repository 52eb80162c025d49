"""Activities as a table (导入产业活动): headings in Chinese or English, as an export heads them."""

from __future__ import annotations

from typing import Any, BinaryIO

from django.conf import settings
from django.utils.translation import gettext_lazy as _

from langqiao.apps.alliances.domain.parks.keeping import ROWS_AT_MOST
from langqiao.kit.refusals import Invalid
from langqiao.kit.tables import Limits, open_table
from langqiao.kit.words import listed

# What may stand above a column, the first as the page names it.
HEADINGS: dict[str, tuple[str, ...]] = {
    "place": ("园区", "园区或地区", "Park", "Place"),
    "place_kind": ("类别", "Kind"),
    "city": ("城市", "City"),
    "activity": ("产业活动", "Activity"),
    "activity_en": ("英文名", "Activity in English"),
    "field": ("产业领域", "Industry"),
    "measure": ("指标", "Measure"),
    "quantity": ("数量", "Quantity"),
    "unit": ("单位", "Unit"),
    "period": ("时期", "Period"),
    "vintage": ("版本", "Vintage"),
    "source_name": ("来源", "Source"),
    "source_url": ("来源地址", "Source address"),
    "read_on": ("查阅日期", "Read on"),
    "illustrative": ("示例", "Example"),
}
NEEDED = frozenset({"place", "activity"})
# Columns of an export that say nothing of their own.
IGNORED = frozenset({"编号", "Code", "序号", "No."})
COLUMNS_SHOWN = [(name, headings[0], name in NEEDED) for name, headings in HEADINGS.items()]


def _names(heads: list[str]) -> dict[str, str]:
    """Heading → column; empty for what an export adds.

    Raises:
        Invalid: a heading means no column.
    """
    known = {head.casefold(): name for name, own in HEADINGS.items() for head in (name, *own)}
    names = {head: known.get(head.strip().casefold(), "") for head in heads}
    plain = [head.strip()[:40] for head, name in names.items() if not name]
    strange = [head for head in plain if head and head not in IGNORED]
    if strange:
        raise Invalid(
            _("不认识的列：%(columns)s。") % {"columns": listed(strange[:5])},
            mend=_("可用的列：%(known)s。") % {"known": listed(own[0] for own in HEADINGS.values())},
            field="file",
        )
    return names


def read_activities(file: BinaryIO) -> tuple[list[dict[str, Any]], list[int]]:
    """Rows of a CSV or XLSX file by column name with their numbers; empty rows are passed over.

    Raises:
        Invalid: the file is broken, too large, or has a column that is not known.
    """
    limits = Limits(file_bytes=settings.UPLOAD_MAX_BYTES, rows=ROWS_AT_MOST, columns=40, zip_bytes=64 << 20)
    rows: list[dict[str, Any]] = []
    numbers: list[int] = []
    try:
        table = open_table(file, limits=limits)
        names = _names(table.columns)
        for row in table.rows():
            values = {name: row.values.get(head) for head, name in names.items() if name}
            if any(value not in (None, "") for value in values.values()):
                rows.append(values)
                numbers.append(row.number)
    except Invalid as problem:
        problem.field = problem.field or "file"
        raise
    return rows, numbers
