"""Ledger verbs of parks in words."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _

VERBS: dict[str, Any] = {
    "register_park": _("登记园区"),
    "revise_park": _("修改园区"),
    "record_activities": _("登记园区的产业活动"),
    "drop_activity": _("删去园区的产业活动"),
}
