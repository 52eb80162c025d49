"""Verbs of sharing in words."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

VERBS: dict[str, object] = {
    "draft_request": _("起草算力申请"),
    "revise_request": _("修改算力申请"),
    "submit_request": _("提交算力申请"),
    "withdraw_request": _("撤回算力申请"),
    "approve_request": _("批准算力申请"),
    "return_request": _("退回算力申请"),
    "reject_request": _("不予批准算力申请"),
    "end_grant": _("结束算力授予"),
    "revoke_grant": _("收回算力授予"),
    "set_city_quota": _("设定城市配额"),
    "set_tenant_quota": _("调整租户配额"),
    "suspend_tenant": _("暂停租户"),
    "resume_tenant": _("恢复租户"),
}
