"""Verbs of challenges (企业出题 高校答题): the only writers, each with its ledger entry."""

from __future__ import annotations

from langqiao.apps.challenges.domain.answers import (
    change_team,
    draft_answer,
    revise_answer,
    submit_answer,
    withdraw_answer,
)
from langqiao.apps.challenges.domain.attachments import add_attachment, remove_attachment
from langqiao.apps.challenges.domain.following import follow, subscribe, unfollow, unsubscribe
from langqiao.apps.challenges.domain.imports import upsert_challenge, upsert_challenges
from langqiao.apps.challenges.domain.outcome import (
    accept_result,
    cancel_selection,
    select_answer,
    sign_contract,
)
from langqiao.apps.challenges.domain.posing import (
    close_challenge,
    draft_challenge,
    extend_deadline,
    invite_organisation,
    publish_challenge,
    revise_challenge,
    withdraw_challenge,
)
from langqiao.apps.challenges.domain.promises import promise_text, sign_promise
from langqiao.apps.challenges.domain.questions import ask_question, reply_question

__all__ = [
    "accept_result",
    "add_attachment",
    "ask_question",
    "cancel_selection",
    "change_team",
    "close_challenge",
    "draft_answer",
    "draft_challenge",
    "extend_deadline",
    "follow",
    "invite_organisation",
    "promise_text",
    "publish_challenge",
    "remove_attachment",
    "reply_question",
    "revise_answer",
    "revise_challenge",
    "select_answer",
    "sign_contract",
    "sign_promise",
    "submit_answer",
    "subscribe",
    "unfollow",
    "unsubscribe",
    "upsert_challenge",
    "upsert_challenges",
    "withdraw_answer",
    "withdraw_challenge",
]
