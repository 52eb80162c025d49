"""The ledger's verbs of calls and applications (征集与申报) in words."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

VERBS: dict[str, object] = {
    "draft_call": _("起草征集"),
    "revise_call": _("修改征集"),
    "publish_call": _("发布征集"),
    "extend_call": _("延长申报期限"),
    "cancel_call": _("取消征集"),
    "draft_application": _("起草申报"),
    "revise_application": _("修改申报"),
    "add_application_file": _("上传申报附件"),
    "remove_application_file": _("删除申报附件"),
    "sign_application_promise": _("签署承诺书"),
    "submit_application": _("提交申报"),
    "withdraw_application": _("撤回申报"),
    "screen_application": _("资料审查"),
    "accept_application": _("受理申报"),
    "reject_application": _("不予受理"),
    "drop_unsubmitted": _("放弃未提交的修改"),
    "start_chain": _("开始评选"),
    "advance": _("进入下一步"),
    "put_again": _("重新提交会议或公示"),
    "take_decision": _("收到会议决议"),
    "take_notice": _("公示结束"),
    "issue_result": _("发文"),
    "settle_application": _("确定结果"),
}
