"""The ledger's verbs of the three services of a centre (概念验证服务) in words."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

VERBS: dict[str, object] = {
    "request_examination": _("提出验证委托"),
    "accept_examination": _("受理委托"),
    "decline_examination": _("不受理委托"),
    "withdraw_examination": _("撤回委托"),
    "plan_examination": _("编制验证方案"),
    "begin_examination": _("启动验证工作"),
    "record_finding": _("登记验证结果"),
    "decide_milestone": _("登记节点决策"),
    "assess_examination": _("填写评价"),
    "add_evidence": _("上传证据"),
    "remove_evidence": _("删除证据"),
    "conclude_examination": _("下验证结论"),
}
