"""Readings as a table (导入密钥池读数): headings in Chinese or English, as the list exports them."""

from __future__ import annotations

from typing import Any, BinaryIO

from django.conf import settings
from django.utils.translation import gettext_lazy as _

from langqiao.apps.quantum.domain.readings import ROWS_AT_MOST
from langqiao.kit.refusals import Invalid
from langqiao.kit.tables import Limits, open_table
from langqiao.kit.words import listed

# What may stand above a column, the first as the page names it.
HEADINGS: dict[str, tuple[str, ...]] = {
    "at": ("时间", "Time"),
    "link": ("链路", "Link"),
    "site": ("应答站点", "站点", "Answering site", "Site"),
    "reachable": ("KME",),
    "stored_bits": ("存量（bit）", "Stored (bit)"),
    "capacity_bits": ("容量（bit）", "Capacity (bit)"),
    "generated_bps": ("生成（bit/s）", "Made (bit/s)"),
    "consumed_bps": ("消耗（bit/s）", "Consumed (bit/s)"),
    "qber_percent": ("量子误码率（%）", "QBER (%)"),
    "illustrative": ("示例", "Example"),
}
NEEDED = frozenset({"at", "link", "site"})
# Columns of an export that follow from the others.
IGNORED = frozenset({"存量比例（%）", "Fill (%)", "序号", "No."})
COLUMNS_SHOWN = [(name, headings[0], name in NEEDED) for name, headings in HEADINGS.items()]


def _names(heads: list[str]) -> dict[str, str]:
    """Heading → column; empty for what an export adds.

    Raises:
        Invalid: a heading means no column, or a needed column is missing.
    """
    known = {head.casefold(): name for name, own in HEADINGS.items() for head in (name, *own)}
    names = {head: known.get(head.strip().casefold(), "") for head in heads}
    plain = [head.strip()[:40] for head, name in names.items() if not name]
    if strange := [head for head in plain if head and head not in IGNORED]:
        raise Invalid(
            _("不认识的列：%(columns)s。") % {"columns": listed(strange[:5])},
            mend=_("可用的列：%(known)s。") % {"known": listed(own[0] for own in HEADINGS.values())},
            field="file",
        )
    if missing := [HEADINGS[name][0] for name in HEADINGS if name in NEEDED - set(names.values())]:
        raise Invalid(
            _("缺少列：%(columns)s。") % {"columns": listed(missing)},
            mend=_("请从模板开始填写。"),
            field="file",
        )
    return names


def read_readings(file: BinaryIO) -> tuple[list[dict[str, Any]], list[int]]:
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
