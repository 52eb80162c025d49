"""Servers as a table (导入服务器): headings in Chinese or English, as an export heads them."""

from __future__ import annotations

from typing import Any, BinaryIO

from django.conf import settings
from django.utils.translation import gettext_lazy as _

from langqiao.apps.computing.domain.servers import NEEDED, ROWS_AT_MOST
from langqiao.kit.refusals import Invalid
from langqiao.kit.tables import Limits, open_table
from langqiao.kit.words import listed

# What may stand above a column, the first as the page names it.
HEADINGS: dict[str, tuple[str, ...]] = {
    "name": ("服务器", "名称", "Server", "Name"),
    "building": ("楼号", "Building number", "Building"),
    "hall": ("机房", "Hall"),
    "row": ("列", "Row"),
    "rack": ("机架", "Rack"),
    "rack_kw": ("机架功率（kW）", "Rack power (kW)"),
    "cpu_milli": ("处理器（千分之一核）", "CPU (milli-cores)"),
    "memory_mib": ("内存（MiB）", "Memory (MiB)"),
    "gpus": ("GPU 数", "GPUs"),
    "gpu_model": ("GPU 型号", "GPU model"),
    "is_domestic": ("国产芯片", "Domestic chips"),
    "switch": ("接入交换机", "Switch"),
    "illustrative": ("示例", "Example"),
}
# Columns of an export that a verb of its own changes.
IGNORED = frozenset({"状态", "状态说明", "Status", "State", "Note on the state"})
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
        )
    return names


def read_servers(file: BinaryIO) -> list[dict[str, Any]]:
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
