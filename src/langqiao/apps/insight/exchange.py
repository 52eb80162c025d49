"""Figures as a table (导入指标值): headings in Chinese or English, as an export heads them."""

from __future__ import annotations

from typing import Any, BinaryIO

from django.conf import settings
from django.utils.translation import gettext as _

from langqiao.apps.insight.domain.indicators import ROWS_AT_MOST
from langqiao.kit.refusals import Invalid
from langqiao.kit.tables import Limits, open_table
from langqiao.kit.words import listed

# What may stand above a column, the first as the page names it.
HEADINGS: dict[str, tuple[str, ...]] = {
    "indicator": ("指标", "Indicator", "指标代号", "指标名称"),
    "scope": ("范围", "Scope", "地区", "城市", "Region", "City"),
    "scope_kind": ("范围类别", "Kind of scope"),
    "period": ("时期", "Period", "年份", "年度", "Year"),
    "vintage": ("版本", "Vintage", "Version"),
    "value": ("数值", "Value", "值"),
    "unit": ("单位", "Unit"),
    "source_name": ("来源", "Source"),
    "source_url": ("来源地址", "Source address"),
    "source_date": ("查阅日期", "Date read"),
    "illustrative": ("示例", "Illustrative", "Example"),
}
REQUIRED = ("indicator", "scope", "period", "value", "unit", "source_name")
# Columns of an export that the store fills in itself.
_OWN = frozenset({"指标英文名", "录入时间", "撤回原因", "Entered", "Withdrawn because"})


def read_rows(file: BinaryIO) -> list[tuple[int, dict[str, Any]]]:
    """Rows of a CSV or XLSX file with their numbers, by column; empty rows are passed over.

    Raises:
        Invalid: the file is broken or too large, or a column is missing, doubled or not known.
    """
    limits = Limits(file_bytes=settings.UPLOAD_MAX_BYTES, rows=ROWS_AT_MOST, columns=40, zip_bytes=256 << 20)
    try:
        table = open_table(file, limits=limits)
        names = _names(table.columns)
        rows = [
            (row.number, {name: row.values.get(head) for head, name in names.items() if name})
            for row in table.rows()
        ]
    except Invalid as problem:
        problem.field = problem.field or "file"
        raise
    return [(number, row) for number, row in rows if any(cell not in (None, "") for cell in row.values())]


def _names(heads: list[str]) -> dict[str, str]:
    known = {head.casefold(): name for name, all_ in HEADINGS.items() for head in (name, *all_)}
    names = {head: known.get(head.strip().casefold(), "") for head in heads}
    strange = [
        head.strip()[:40] for head, name in names.items() if not name and head.strip() and head not in _OWN
    ]
    if strange:
        raise Invalid(
            _("不认识的列：%(columns)s。") % {"columns": listed(strange[:5])},
            mend=_("可用的列：%(known)s。") % {"known": listed(own[0] for own in HEADINGS.values())},
        )
    used = [name for name in names.values() if name]
    doubled = sorted({HEADINGS[name][0] for name in used if used.count(name) > 1})
    if doubled:
        raise Invalid(_("列“%(column)s”出现了两次。") % {"column": doubled[0]})
    missing = [HEADINGS[name][0] for name in REQUIRED if name not in used]
    if missing:
        raise Invalid(
            _("缺少列：%(columns)s。") % {"columns": listed(missing)},
            mend=_("请照模板填写，第一行是表头。"),
        )
    return names
