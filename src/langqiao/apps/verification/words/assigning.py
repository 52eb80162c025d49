"""The ledger's verbs of the pool of experts and of assignments (专家库与分配) in words."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

VERBS: dict[str, object] = {
    "add_reviewer": _("加入专家库"),
    "set_reviewer_load": _("调整评审上限"),
    "find_conflicts": _("核查回避"),
    "invite_reviewer": _("邀请评审专家"),
    "accept_invitation": _("接受评审邀请"),
    "decline_invitation": _("谢绝评审邀请"),
    "remove_reviewer": _("移出专家库"),
    "bid": _("表达评审意愿"),
    "declare_conflict": _("登记回避"),
    "grant_kept_out": _("认定回避申请"),
    "propose_assignment": _("计算分配方案"),
    "adopt_assignment": _("采用分配方案"),
    "discard_assignment": _("放弃分配方案"),
    "assign_by_hand": _("指定评审专家"),
    "decline_review": _("谢绝一份评审"),
    "replace_review": _("更换评审专家"),
}
