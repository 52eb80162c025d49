"""Ledger verbs of alliances in words."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _

VERBS: dict[str, Any] = {
    "register_alliance": _("登记联盟"),
    "revise_alliance": _("修改联盟"),
    "appoint_secretariat": _("指定联盟秘书处"),
    "state_figure": _("登记联盟公布数"),
    "apply_membership": _("申请加入联盟"),
    "withdraw_membership": _("撤回加入联盟的申请"),
    "approve_member": _("通过联盟成员"),
    "refuse_member": _("不通过联盟成员"),
    "leave_alliance": _("退出联盟"),
    "remove_member": _("移出联盟成员"),
    "announce_gathering": _("预告联盟活动"),
    "revise_gathering": _("修改联盟活动"),
    "cancel_gathering": _("取消联盟活动"),
    "close_gathering": _("登记联盟活动已举办"),
    "publish_minutes": _("发布联盟活动纪要"),
    "register_attendance": _("报名联盟活动"),
    "cancel_attendance": _("取消活动报名"),
    "post_exchange": _("在联盟内发布供需"),
    "close_exchange": _("结束联盟供需"),
    "send_reply": _("回应联盟供需"),
    "accept_reply": _("接受供需回应"),
    "decline_reply": _("谢绝供需回应"),
    "withdraw_reply": _("撤回供需回应"),
    "give_consent": _("同意列入联盟通讯录"),
    "withdraw_consent": _("撤回通讯录同意"),
    "set_rating_scheme": _("制定联盟考核办法"),
    "mark_alliance": _("填报联盟考核得分"),
    "publish_rating": _("公布联盟考核结果"),
    "reopen_rating": _("撤回联盟考核结果"),
}
