"""Verbs of jobs in words."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

VERBS: dict[str, object] = {
    "submit_job": _("提交作业"),
    "start_job": _("开始运行作业"),
    "preempt_job": _("抢占作业"),
    "notice_job": _("通知作业让出"),
    "keep_job": _("撤回让出通知"),
    "begin_job": _("集群开始运行作业"),
    "interrupt_job": _("中断作业"),
    "stop_job": _("停止作业"),
    "finish_job": _("作业完成"),
    "fail_job": _("作业失败"),
    "cancel_job": _("取消作业"),
    "set_price": _("登记价目"),
    "make_bill": _("出账单"),
    "settle_bill": _("结清账单"),
    "publish_usage": _("公布算力用量"),
}
