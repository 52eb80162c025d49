"""Ledger verbs of industry chains (产业链) in words."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _

VERBS: dict[str, Any] = {
    "load_chain": _("导入产业链数据"),
    "load_chain_table": _("导入企业自有表格"),
    "confirm_link": _("确认产品归类"),
    "reject_link": _("否定产品归类"),
}
