"""The ledger's verbs of valuation (估值) in words."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

VERBS: dict[str, object] = {
    "draft_valuation": _("新建估值"),
    "revise_valuation": _("修改估值"),
    "compute_valuation": _("重新计算估值"),
    "finalise_valuation": _("估值定稿"),
    "withdraw_valuation": _("作废估值"),
}
