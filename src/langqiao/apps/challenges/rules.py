"""Who may do what with challenges (企业出题), answers (高校答题) and sealed details.

Least privilege: a draft is known only to the posing firm and to the office or liaison who drafted it
for the firm, while it is a draft. Sealed details open to the posing firm and to those who signed the
promise of confidentiality; office, liaisons, secretariats and superusers have no other way in. The
console (actor ``None``) may act, but reading is decided as for a stranger.
"""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _
from rules.predicates import predicate

from langqiao.apps.accounts.models import Role
from langqiao.apps.accounts.queries import current_memberships, holds_role, organisation_ids
from langqiao.apps.accounts.rules import is_office, is_signed_in, is_system
from langqiao.apps.challenges.models import (
    PUBLIC_STATES,
    Answer,
    Challenge,
    Invitation,
    Promise,
    State,
)
from langqiao.apps.registry.models import Organisation
from langqiao.kit.permissions import permit

# Roles that act inside a firm or a research organisation; a secretariat or an operator that a firm
# hosts is not an insider of its challenges.
INSIDERS = (Role.ENTERPRISE, Role.RESEARCHER)
# Kinds of organisations that answer.
ANSWERING_KINDS = frozenset({
    Organisation.Kind.ENTERPRISE, Organisation.Kind.UNIVERSITY, Organisation.Kind.INSTITUTE,
    Organisation.Kind.LABORATORY, Organisation.Kind.HOSPITAL,
})  # fmt: skip
SEALED_LEVELS = (Challenge.Confidentiality.PROMISE, Challenge.Confidentiality.INVITED)
# States in which the posing firm reads an answer.
HANDED_IN = (Answer.State.SUBMITTED, Answer.State.SELECTED, Answer.State.DECLINED)


def insider_ids(user: Any) -> set[int]:
    """Organisations whose challenges and answers the user works on."""
    return organisation_ids(user, *INSIDERS)


def answering_ids(user: Any) -> set[int]:
    """Organisations for which the user may answer challenges."""
    return {
        m.organisation_id
        for m in current_memberships(user)
        if m.role in INSIDERS and m.organisation.kind in ANSWERING_KINDS
    }


def is_sealed(challenge: Challenge) -> bool:
    """Say whether the details need a promise."""
    return challenge.confidentiality != Challenge.Confidentiality.OPEN


def _challenge(target: Any) -> Challenge | None:
    """The challenge that a target is or belongs to."""
    return target if isinstance(target, Challenge) else getattr(target, "challenge", None)


# -- the posing side ----------------------------------------------------------------------------


@predicate
def is_of_firm(user: Any, target: Any = None) -> bool:
    """The actor works on challenges in the posing firm."""
    challenge = _challenge(target)
    return bool(challenge and challenge.organisation_id and challenge.organisation_id in insider_ids(user))


@predicate
def acts_for_firm(user: Any, target: Any = None) -> bool:
    """The actor is an enterprise member of the posing firm."""
    challenge = _challenge(target)
    if challenge is None or challenge.organisation_id is None:
        return False
    return holds_role(user, Role.ENTERPRISE, organisation=challenge.organisation_id)


@predicate
def may_pose_for(user: Any, target: Any = None) -> bool:
    """The actor may pose challenges for the organisation: its own, its city's liaison, or the office."""
    if target is None:
        return holds_role(user, Role.ENTERPRISE, Role.LIAISON, Role.OFFICE)
    return (
        holds_role(user, Role.ENTERPRISE, organisation=target)
        or holds_role(user, Role.OFFICE)
        or bool(target.city_id and holds_role(user, Role.LIAISON, city=target.city_id))
    )


@predicate
def is_drafter(user: Any, target: Any = None) -> bool:
    """The office or liaison drafted it on behalf of the firm and it is still a draft."""
    challenge = _challenge(target)
    if challenge is None or challenge.state != State.DRAFT or not is_signed_in.test(user):
        return False
    if challenge.created_by_id != user.pk:
        return False
    return challenge.organisation is None or may_pose_for.test(user, challenge.organisation)


@predicate
def keeps_collected(user: Any, target: Any = None) -> bool:
    """The office keeps collected requirements (征集需求) that no firm has claimed."""
    challenge = _challenge(target)
    return challenge is not None and challenge.organisation_id is None and is_office.test(user)


# -- reading ------------------------------------------------------------------------------------


def has_promise(user: Any, challenge: Challenge) -> bool:
    """Say whether the user signed the promise and is still a member of (invited) signatory."""
    mine = insider_ids(user)
    if not mine:
        return False
    signed = set(
        Promise.objects.filter(challenge=challenge, user=user, organisation__in=mine).values_list(
            "organisation_id", flat=True
        )
    )
    if signed and challenge.confidentiality == Challenge.Confidentiality.INVITED:
        return Invitation.objects.filter(challenge=challenge, organisation__in=signed).exists()
    return bool(signed)


@predicate
def may_read(user: Any, target: Any = None) -> bool:
    """Everybody once published; before, the firm and its drafter; after withdrawal, firm and teams."""
    challenge = _challenge(target)
    if challenge is None:
        return False
    if (
        challenge.state in PUBLIC_STATES
        or is_of_firm.test(user, challenge)
        or is_drafter.test(user, challenge)
    ):
        return True
    if challenge.state == State.WITHDRAWN:
        return challenge.answers.filter(team__organisation__in=insider_ids(user)).exists()
    return bool(keeps_collected.test(user, challenge))


@predicate
def may_read_details(user: Any, target: Any = None) -> bool:
    """Details and attachments: open ones with the challenge, sealed ones by promise only."""
    challenge = _challenge(target)
    if challenge is None:
        return False
    if is_of_firm.test(user, challenge) or is_drafter.test(user, challenge):
        return True
    if not is_sealed(challenge):
        return bool(may_read.test(user, challenge))
    return challenge.state in PUBLIC_STATES and has_promise(user, challenge)


@predicate
def may_sign_promise(user: Any, target: Any = None) -> bool:
    """A member of an answering (and, where so, invited) organisation other than the firm."""
    return target is not None and bool(signing_ids(user, target))


def signing_ids(user: Any, challenge: Challenge) -> set[int]:
    """Organisations for which the user may sign the promise of this challenge."""
    if not is_sealed(challenge) or challenge.state not in PUBLIC_STATES or is_of_firm.test(user, challenge):
        return set()
    mine = answering_ids(user)
    if mine and challenge.confidentiality == Challenge.Confidentiality.INVITED:
        invited = Invitation.objects.filter(challenge=challenge, organisation__in=mine)
        return set(invited.values_list("organisation_id", flat=True))
    return mine


# -- the answering side -------------------------------------------------------------------------


def _team_ids(answer: Answer, *, lead_only: bool = False) -> set[int]:
    return {m.organisation_id for m in answer.team.all() if m.is_lead or not lead_only}


def _cleared(user: Any, challenge: Challenge) -> bool:
    """An answer to a sealed challenge repeats sealed matter: its readers need the promise too."""
    return not is_sealed(challenge) or has_promise(user, challenge)


@predicate
def is_of_team(user: Any, target: Any = None) -> bool:
    """The actor works in an organisation of the answer's team and may see the details."""
    if not isinstance(target, Answer):
        return False
    return bool(insider_ids(user) & _team_ids(target)) and _cleared(user, target.challenge)


@predicate
def leads_team(user: Any, target: Any = None) -> bool:
    """The actor works in the organisation that leads the answer's team."""
    if not isinstance(target, Answer):
        return False
    return bool(answering_ids(user) & _team_ids(target, lead_only=True)) and _cleared(user, target.challenge)


@predicate
def may_answer(user: Any, target: Any = None) -> bool:
    """A member of an answering organisation, not of the posing firm, who may read the details."""
    challenge = _challenge(target)
    if challenge is None or is_of_firm.test(user, challenge):
        return False
    return bool(answering_ids(user)) and may_read_details.test(user, challenge)


@predicate
def is_firm_reading(user: Any, target: Any = None) -> bool:
    """The posing firm reads what was handed in."""
    return (
        isinstance(target, Answer) and target.state in HANDED_IN and is_of_firm.test(user, target.challenge)
    )


@predicate
def sees_outline(user: Any, target: Any = None) -> bool:
    """The office and the firm see title, team and state of what was once handed in."""
    if not isinstance(target, Answer) or target.submitted_at is None:
        return False
    return is_office.test(user) or is_of_firm.test(user, target.challenge)


# -- around it ----------------------------------------------------------------------------------


@predicate
def may_ask(user: Any, target: Any = None) -> bool:
    """Any signed-in reader outside the posing firm."""
    challenge = _challenge(target)
    if challenge is None or not is_signed_in.test(user) or is_of_firm.test(user, challenge):
        return False
    return bool(challenge.state in PUBLIC_STATES)


@predicate
def may_read_question(user: Any, target: Any = None) -> bool:
    """Open questions with the challenge, sealed ones with the details."""
    reader = may_read_details if getattr(target, "sealed", False) else may_read
    return bool(reader.test(user, target))


@predicate
def may_read_attachment(user: Any, target: Any = None) -> bool:
    """A file follows its owner: the details, or the answer."""
    if target is None:
        return False
    if target.answer_id is not None:
        return bool((is_of_team | is_firm_reading).test(user, target.answer))
    return bool(may_read_details.test(user, target))


@predicate
def is_own_subscription(user: Any, target: Any = None) -> bool:
    """A new subscription, or one of the actor's own."""
    return is_signed_in.test(user) and (target is None or target.user_id == user.pk)


FIRM_ONLY = _("只有出题企业的成员可以这样做。")
permit(
    "challenges.create",
    may_pose_for | is_system,
    label=_("起草题目"),
    why=_("只有出题企业的成员、所在城市的联络员或联席办可以为该企业起草题目。"),
)
for _name, _label in (("edit", _("修改题目")), ("publish", _("发布题目")), ("invite", _("邀请机构"))):
    permit(
        f"challenges.{_name}",
        acts_for_firm | is_drafter | keeps_collected | is_system,
        label=_label,
        why=_("只有出题企业的成员可以这样做；代为起草的联席办或联络员只能在发布之前这样做。"),
    )
permit(
    "challenges.withdraw",
    acts_for_firm | is_drafter | keeps_collected | is_system,
    label=_("撤回题目"),
    why=_("只有出题企业的成员可以撤回题目。"),
)
permit(
    "challenges.close",
    acts_for_firm | is_office | is_system,
    label=_("关闭题目"),
    why=_("只有出题企业的成员或联席办可以关闭题目。"),
)
for _name, _label in (
    ("reply", _("答复提问")),
    ("select", _("选定答题")),
    ("contract", _("登记签约")),
    ("accept", _("登记验收")),
):
    permit(f"challenges.{_name}", acts_for_firm | is_system, label=_label, why=FIRM_ONLY)
permit("challenges.read", may_read, label=_("查看题目"), why=_("该题目未公开。"))
permit(
    "challenges.read_details",
    may_read_details,
    label=_("查看保密内容"),
    why=_("详细内容仅出题企业与签署保密承诺者可见。"),
)
permit(
    "challenges.sign_promise",
    may_sign_promise,
    label=_("签署保密承诺"),
    why=_("只有可答题机构（定向题目须受邀）的成员可以签署保密承诺。"),
)
permit("challenges.ask", may_ask, label=_("提问"), why=_("登录后可对他人公开的题目提问。"))
permit("challenges.read_question", may_read_question, label=_("查看提问"), why=_("该提问涉及保密内容。"))
permit("challenges.read_attachment", may_read_attachment, label=_("下载附件"), why=_("您不能查看该附件。"))
permit(
    "challenges.answer",
    may_answer | is_system,
    label=_("答题"),
    why=_("高校、院所、实验室、医院和企业的成员可以答题，出题企业自身除外；保密题目须先签署承诺。"),
)
permit(
    "challenges.edit_answer",
    is_of_team | is_system,
    label=_("修改答题"),
    why=_("只有答题团队的成员可以修改答题；保密题目须先签署承诺。"),
)
permit(
    "challenges.lead_answer",
    leads_team | is_system,
    label=_("提交与管理答题"),
    why=_("只有牵头机构的成员可以提交、撤回答题或调整团队。"),
)
permit(
    "challenges.read_answer",
    is_of_team | is_firm_reading,
    label=_("查看答题内容"),
    why=_("答题内容仅答题团队与出题企业可见。"),
)
permit(
    "challenges.read_outline",
    is_of_team | is_firm_reading | sees_outline,
    label=_("查看答题概况"),
    why=_("答题概况仅答题团队、出题企业与联席办可见。"),
)
permit("challenges.follow", is_signed_in & may_read, label=_("关注题目"), why=_("登录后才能关注题目。"))
permit(
    "challenges.subscribe",
    is_own_subscription,
    label=_("订阅"),
    why=_("登录后才能订阅，且只能管理自己的订阅。"),
)
