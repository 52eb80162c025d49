"""The ledger's verbs of challenges in words."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

VERBS = {
    "draft_challenge": _("起草题目"),
    "revise_challenge": _("修改题目"),
    "publish_challenge": _("发布题目"),
    "extend_deadline": _("延长答题期限"),
    "invite_organisation": _("邀请机构"),
    "withdraw_challenge": _("撤回题目"),
    "close_challenge": _("关闭题目"),
    "sign_promise": _("签署保密承诺"),
    "ask_question": _("提问"),
    "reply_question": _("答复提问"),
    "add_attachment": _("上传附件"),
    "remove_attachment": _("删除附件"),
    "follow": _("关注题目"),
    "unfollow": _("取消关注"),
    "subscribe": _("订阅"),
    "unsubscribe": _("取消订阅"),
    "draft_answer": _("起草答题"),
    "revise_answer": _("修改答题"),
    "change_team": _("调整答题团队"),
    "start_answering": _("收到首份答题"),
    "submit_answer": _("提交答题"),
    "withdraw_answer": _("撤回答题"),
    "select_answer": _("选定答题"),
    "cancel_selection": _("取消选定"),
    "sign_contract": _("登记签约"),
    "state_contract_amount": _("登记合同金额"),
    "accept_result": _("登记验收"),
}
