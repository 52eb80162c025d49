"""The ledger's verbs in words."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from langqiao.apps.alliances.words import VERBS as ALLIANCE_VERBS
from langqiao.apps.challenges.words import VERBS as CHALLENGE_VERBS
from langqiao.apps.computing.words import VERBS as COMPUTING_VERBS
from langqiao.apps.conference.words import VERBS as CONFERENCE_VERBS
from langqiao.apps.insight.words import VERBS as INSIGHT_VERBS
from langqiao.apps.quantum.words import VERBS as QUANTUM_VERBS
from langqiao.apps.verification.words import VERBS as VERIFICATION_VERBS

VERBS = {
    **CHALLENGE_VERBS,
    **VERIFICATION_VERBS,
    **CONFERENCE_VERBS,
    **COMPUTING_VERBS,
    **QUANTUM_VERBS,
    **ALLIANCE_VERBS,
    **INSIGHT_VERBS,
    "grant_membership": _("授予机构角色"),
    "end_membership": _("终止机构角色"),
    "issue_token": _("签发接口令牌"),
    "revoke_token": _("吊销接口令牌"),
    "load_corridor": _("载入走廊配置"),
    "give_role": _("登记机构在走廊的角色"),
    "end_role": _("终止机构在走廊的角色"),
    "link_person": _("关联专家与账号"),
}
# Verbs made of a word and a kind: add_person, revise_facility.
STEMS = {"add": _("登记"), "register": _("登记"), "revise": _("更新"), "retire": _("注销")}


def verb_in_words(verb: str) -> str:
    """A verb as a reader meets it; an unknown one as it is written."""
    known = VERBS.get(verb) or STEMS.get(verb.partition("_")[0])
    return str(known or verb.replace("_", " "))
