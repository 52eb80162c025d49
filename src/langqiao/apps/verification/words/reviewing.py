"""The ledger's verbs of review in words."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

VERBS: dict[str, object] = {
    "open_round": _("设立评审轮次"),
    "start_reviewing": _("开始评审"),
    "extend_round": _("调整评审截止"),
    "open_discussion": _("开启讨论"),
    "close_round": _("结束本轮评审"),
    "eliminate_application": _("申报未进入下一环节"),
    "schedule_defence": _("安排答辩"),
    "submit_review": _("提交评审意见"),
    "change_review": _("修改评审意见"),
    "say_in_discussion": _("在讨论中发言"),
}
