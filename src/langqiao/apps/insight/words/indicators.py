"""Ledger verbs of indicators in words."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _

VERBS: dict[str, Any] = {
    "define_indicator": _("定义指标"),
    "enter_values": _("录入指标值"),
    "withdraw_value": _("撤回指标值"),
}
