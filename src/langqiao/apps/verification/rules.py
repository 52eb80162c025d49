"""Who may do what with calls, applications, reviews, choices, examinations and valuations.

Least privilege: a draft is known to its organisation alone; the office (联席办) runs a call and chairs its
rounds, but a member of the office who also works for an applicant is recused (回避) from the whole call;
a reviewer reads the applications assigned and, of other reviews, nothing before the own one is handed in.
Superusers have no shortcut. The console (actor ``None``) may act, but reads as a stranger.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from rules.predicates import predicate

from langqiao.apps.accounts.models import Role
from langqiao.apps.accounts.queries import current_memberships, holds_role
from langqiao.apps.accounts.rules import is_office, is_signed_in, is_system
from langqiao.apps.registry.models import Organisation
from langqiao.apps.verification.models import (
    HANDED_IN,
    LIVE_REVIEWS,
    PUBLIC_CALL_STATES,
    Application,
    Call,
    CallState,
    ChoiceRun,
    Examination,
    Review,
    Reviewer,
    ReviewState,
    Round,
    RoundState,
    Valuation,
)
from langqiao.kit.permissions import permit

# Roles that act inside an organisation; secretariats, operators, evaluators and visitors do not.
INSIDERS = (Role.ENTERPRISE, Role.RESEARCHER)
CENTRE_ROLE = "概念验证中心"  # how the registry names the part an organisation plays (registry.give_role)


@dataclass(frozen=True, slots=True)
class Talk:
    """The discussion of one application in one round, as a permission's target."""

    round: Round
    application: Application


def insider_ids(user: Any) -> set[int]:
    """Organisations for which the user applies, asks for services and values achievements."""
    return {m.organisation_id for m in current_memberships(user) if m.role in INSIDERS or m.is_manager}


def call_of(target: Any) -> Call | None:
    """The call that a target is or belongs to."""
    if isinstance(target, Call):
        return target
    for path in ("call", "round", "application", "reviewer"):
        held = getattr(target, path, None)
        if held is not None:
            return call_of(held)
    return None


def is_recused(user: Any, call: Call) -> bool:
    """Whether the user works for an organisation that applied (回避)."""
    mine = insider_ids(user)
    return bool(mine) and call.applications.filter(organisation__in=mine).exists()


def is_centre(organisation: Organisation) -> bool:
    """Whether an organisation is a concept-verification centre (概念验证中心) today."""
    if organisation.kind == Organisation.Kind.VERIFICATION_CENTRE:
        return True
    today = timezone.localdate()
    return any(
        role.role == CENTRE_ROLE
        and (role.valid_from is None or role.valid_from <= today)
        and (role.valid_to is None or role.valid_to >= today)
        for role in organisation.roles.all()
    )


# -- calls and applications ---------------------------------------------------------------------


@predicate
def may_read_call(user: Any, target: Any = None) -> bool:
    """Everybody once published; a draft only the office."""
    call = call_of(target)
    return call is not None and (call.state in PUBLIC_CALL_STATES or bool(is_office.test(user)))


@predicate
def runs_call(user: Any, target: Any = None) -> bool:
    """The office, unless recused from the call; without a target, the office."""
    if not is_office.test(user):
        return False
    call = call_of(target)
    return call is None or not is_recused(user, call)


@predicate
def may_apply(user: Any, target: Any = None) -> bool:
    """An insider: of any organisation, or of the one named as target."""
    mine = insider_ids(user)
    return target.pk in mine if isinstance(target, Organisation) else bool(mine)


@predicate
def is_of_applicant(user: Any, target: Any = None) -> bool:
    """The actor works in the organisation that applies."""
    application = target if isinstance(target, Application) else getattr(target, "application", None)
    return application is not None and application.organisation_id in insider_ids(user)


@predicate
def is_office_reading(user: Any, target: Any = None) -> bool:
    """The office, not recused, reads what was handed in and not taken back."""
    application = target if isinstance(target, Application) else getattr(target, "application", None)
    return (
        application is not None
        and application.state in HANDED_IN
        and application.version is not None
        and runs_call.test(user, application.call)
    )


@predicate
def sees_outline(user: Any, target: Any = None) -> bool:
    """The office, not recused, and the city's liaison see who handed in what, and its state."""
    if not isinstance(target, Application) or target.submitted_at is None:
        return False
    return bool(runs_call.test(user, target.call)) or bool(
        target.city_id and holds_role(user, Role.LIAISON, city=target.city_id)
    )


# -- reviewers and reviews ----------------------------------------------------------------------


def own_reviewer(user: Any, call: Call) -> Reviewer | None:
    """The user's own place in a call's pool, if any."""
    if not is_signed_in.test(user):
        return None
    return call.reviewers.filter(person__user=user).first()


def is_acting_evaluator(user: Any, reviewer: Reviewer) -> bool:
    """The reviewer is the user, accepted the invitation and is an evaluator (评审专家) today."""
    return (
        bool(is_signed_in.test(user))
        and reviewer.person.user_id == user.pk
        and reviewer.state == Reviewer.State.ACCEPTED
        and holds_role(user, Role.EVALUATOR)
    )


@predicate
def is_invited(user: Any, target: Any = None) -> bool:
    """The place in the pool is the actor's own, who was invited."""
    return (
        isinstance(target, Reviewer)
        and bool(is_signed_in.test(user))
        and target.person.user_id == user.pk
        and target.state in (Reviewer.State.INVITED, Reviewer.State.ACCEPTED, Reviewer.State.DECLINED)
    )


@predicate
def is_reviewer_anywhere(user: Any, target: Any = None) -> bool:
    """The actor was invited to some call."""
    if not is_signed_in.test(user):
        return False
    states = (Reviewer.State.INVITED, Reviewer.State.ACCEPTED, Reviewer.State.DECLINED)
    return Reviewer.objects.filter(person__user=user, state__in=states).exists()


@predicate
def may_bid(user: Any, target: Any = None) -> bool:
    """An evaluator who accepted bids in the own place."""
    return isinstance(target, Reviewer) and is_acting_evaluator(user, target)


@predicate
def is_own_review(user: Any, target: Any = None) -> bool:
    """A live review of the actor's own, in a round that has begun."""
    return (
        isinstance(target, Review)
        and target.state in LIVE_REVIEWS
        and target.round.state != RoundState.PREPARING
        and is_acting_evaluator(user, target.reviewer)
    )


@predicate
def reviews_application(user: Any, target: Any = None) -> bool:
    """The actor has a live review of the application in a round that has begun."""
    if not isinstance(target, Application) or not is_signed_in.test(user):
        return False
    if not holds_role(user, Role.EVALUATOR):
        return False
    return (
        target.reviews.filter(
            state__in=LIVE_REVIEWS,
            reviewer__person__user=user,
            reviewer__state=Reviewer.State.ACCEPTED,
        )
        .exclude(round__state=RoundState.PREPARING)
        .exists()
    )


@predicate
def is_chair_reading(user: Any, target: Any = None) -> bool:
    """The office, not recused, reads a submitted review; of an unfinished one only its state."""
    return (
        isinstance(target, Review)
        and target.state == ReviewState.SUBMITTED
        and bool(runs_call.test(user, target.round.call))
    )


def has_submitted(user: Any, round: Round, application: Application) -> bool:
    """Whether the user handed in the own review of the application in the round."""
    if not is_signed_in.test(user) or not holds_role(user, Role.EVALUATOR):
        return False
    return round.reviews.filter(
        application=application,
        state=ReviewState.SUBMITTED,
        reviewer__person__user=user,
        reviewer__state=Reviewer.State.ACCEPTED,
    ).exists()


@predicate
def is_peer_reading(user: Any, target: Any = None) -> bool:
    """A reviewer of the same application who handed in, once the chair has opened the discussion."""
    return (
        isinstance(target, Review)
        and target.state == ReviewState.SUBMITTED
        and target.round.state == RoundState.DISCUSSING
        and has_submitted(user, target.round, target.application)
    )


@predicate
def may_discuss(user: Any, target: Any = None) -> bool:
    """The chair, and reviewers who handed in, while the round is in discussion."""
    if not isinstance(target, Talk) or target.round.state != RoundState.DISCUSSING:
        return False
    return bool(runs_call.test(user, target.round.call)) or has_submitted(
        user, target.round, target.application
    )


@predicate
def may_read_talk(user: Any, target: Any = None) -> bool:
    """As to discuss; the chair reads it after the round too."""
    if not isinstance(target, Talk):
        return False
    if runs_call.test(user, target.round.call):
        return target.round.state in (RoundState.DISCUSSING, RoundState.CLOSED)
    return bool(may_discuss.test(user, target))


@predicate
def may_read_feedback(user: Any, target: Any = None) -> bool:
    """The applicant reads what reviewers wrote for it once the result is issued (发文)."""
    return (
        isinstance(target, Application)
        and target.call.state == CallState.FINISHED
        and bool(is_of_applicant.test(user, target))
    )


@predicate
def may_read_choice(user: Any, target: Any = None) -> bool:
    """The office, not recused; without a target, the office."""
    if target is not None and not isinstance(target, Call | ChoiceRun):
        return False
    return bool(runs_call.test(user, target))


# -- services and valuations --------------------------------------------------------------------


@predicate
def is_of_centre(user: Any, target: Any = None) -> bool:
    """The actor works in the centre."""
    return getattr(target, "centre_id", None) is not None and target.centre_id in insider_ids(user)


@predicate
def is_of_client(user: Any, target: Any = None) -> bool:
    """The actor works in the organisation that asked for the examination."""
    return isinstance(target, Examination) and target.client_id in insider_ids(user)


@predicate
def is_named_expert(user: Any, target: Any = None) -> bool:
    """The centre named the actor as an expert of the examination."""
    return (
        isinstance(target, Examination)
        and bool(is_signed_in.test(user))
        and holds_role(user, Role.EVALUATOR)
        and target.experts.filter(user=user).exists()
    )


@predicate
def sees_examination_outline(user: Any, target: Any = None) -> bool:
    """The office sees who examines what for whom, and the conclusion; not the content."""
    return isinstance(target, Examination) and bool(is_office.test(user))


@predicate
def is_of_valuation(user: Any, target: Any = None) -> bool:
    """The actor works in the owner of the valuation or in the centre that appraises."""
    if not isinstance(target, Valuation):
        return False
    return bool({target.organisation_id, target.centre_id} & insider_ids(user))


OFFICE_ONLY = _("只有联席办可以这样做；任职于申报单位的人员须回避。")
for _name, _label in (
    ("keep_call", _("起草与修改征集")),
    ("run_call", _("发布、推进、发文与取消征集")),
    ("screen", _("资料审查")),
    ("keep_reviewers", _("组建专家库、认定回避")),
    ("assign", _("分配评审")),
    ("chair", _("主持评审与讨论")),
    ("choose", _("遴选")),
):
    permit(f"verification.{_name}", runs_call | is_system, label=_label, why=OFFICE_ONLY)
permit("verification.read_call", may_read_call, label=_("查看征集"), why=_("该征集尚未发布。"))
permit(
    "verification.apply",
    may_apply | is_system,
    label=_("申报"),
    why=_("只有企业、高校和院所等机构的成员可以为本机构申报。"),
)
for _name, _label in (
    ("edit_application", _("填写申报")),
    ("submit_application", _("提交与撤回申报")),
):
    permit(
        f"verification.{_name}",
        is_of_applicant | is_system,
        label=_label,
        why=_("只有申报单位的成员可以这样做。"),
    )
permit(
    "verification.read_application",
    is_of_applicant | is_office_reading,
    label=_("查看申报内容"),
    why=_("申报内容仅申报单位可见，提交后联席办可见。"),
)
permit(
    "verification.read_outline",
    is_of_applicant | is_office_reading | sees_outline,
    label=_("查看申报概况"),
    why=_("申报概况仅申报单位、联席办与所在城市联络员可见。"),
)
permit(
    "verification.read_feedback",
    may_read_feedback,
    label=_("查看评审反馈"),
    why=_("发文之后，申报单位可以查看评审专家的反馈意见。"),
)
permit(
    "verification.read_pool",
    runs_call,
    label=_("查看专家库与分配"),
    why=_("评审专家名单仅联席办可见。"),
)
permit(
    "verification.review_any",
    is_reviewer_anywhere,
    label=_("进入我的评审"),
    why=_("您还没有受邀评审。"),
)
permit(
    "verification.answer_invitation",
    is_invited,
    label=_("答复评审邀请"),
    why=_("只有受邀专家本人可以答复。"),
)
permit(
    "verification.bid",
    may_bid,
    label=_("表达评审意愿、自报回避"),
    why=_("只有接受邀请的评审专家可以这样做。"),
)
permit(
    "verification.review",
    is_own_review,
    label=_("填写与提交评审意见"),
    why=_("只有分配到该申报的评审专家可以评审。"),
)
permit(
    "verification.read_assigned",
    reviews_application,
    label=_("查看分配的申报"),
    why=_("只有分配到该申报的评审专家可以查看。"),
)
permit(
    "verification.read_review",
    is_own_review | is_chair_reading | is_peer_reading,
    label=_("查看评审意见"),
    why=_("提交自己的意见并由主持人开启讨论之后，才能看到他人的意见。"),
)
permit(
    "verification.discuss",
    may_discuss,
    label=_("参与讨论"),
    why=_("讨论开启后，主持人和已提交意见的评审专家可以发言。"),
)
permit("verification.read_talk", may_read_talk, label=_("查看讨论"), why=_("讨论仅参与者可见。"))
permit("verification.read_choice", may_read_choice, label=_("查看遴选方案"), why=_("遴选方案仅联席办可见。"))
permit(
    "verification.request_examination",
    may_apply | is_system,
    label=_("委托验证与评价"),
    why=_("只有企业、高校和院所等机构的成员可以为本机构委托。"),
)
permit(
    "verification.withdraw_examination",
    is_of_client | is_system,
    label=_("撤回委托"),
    why=_("只有委托单位的成员可以撤回。"),
)
permit(
    "verification.handle_examination",
    is_of_centre | is_system,
    label=_("受理、编制方案、下结论"),
    why=_("只有该概念验证中心的成员可以这样做。"),
)
permit(
    "verification.assess",
    is_of_centre | is_named_expert | is_system,
    label=_("填写评价内容与证据"),
    why=_("只有该概念验证中心的成员和其指定的专家可以填写。"),
)
permit(
    "verification.read_examination",
    is_of_client | is_of_centre | is_named_expert,
    label=_("查看验证与评价"),
    why=_("内容仅委托单位、概念验证中心和指定专家可见。"),
)
permit(
    "verification.read_examination_outline",
    is_of_client | is_of_centre | is_named_expert | sees_examination_outline,
    label=_("查看验证与评价概况"),
    why=_("概况仅委托单位、概念验证中心、指定专家与联席办可见。"),
)
permit(
    "verification.value",
    may_apply | is_system,
    label=_("新建估值"),
    why=_("只有企业、高校和院所等机构的成员可以估值。"),
)
permit("verification.value_any", may_apply, label=_("进入估值"), why=_("只有机构成员可以估值。"))
permit(
    "verification.keep_valuation",
    is_of_valuation | is_system,
    label=_("修改、定稿与作废估值"),
    why=_("只有权属单位与估值机构的成员可以这样做。"),
)
permit(
    "verification.read_valuation",
    is_of_valuation,
    label=_("查看估值"),
    why=_("估值仅权属单位与估值机构可见。"),
)
