"""Ledger verbs of reports in words."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _

VERBS: dict[str, Any] = {
    "draft_report": _("起草研究报告"),
    "revise_report": _("修改研究报告"),
    "discard_report": _("作废研究报告草稿"),
    "publish_report": _("发布研究报告"),
    "supersede_report": _("以新版取代研究报告"),
}
