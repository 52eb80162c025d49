"""The pool of experts (专家库): who is asked, who stands aside, who accepted, and what they wish to review.

Conflicts of interest (回避) are looked for before anybody is invited, again when an assignment is made,
and whenever somebody declares one. Entries about who reviews are the office's alone.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db import transaction
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from langqiao.apps.accounts.domain import tell
from langqiao.apps.accounts.models import Role, User
from langqiao.apps.accounts.queries import holds_role
from langqiao.apps.ledger.models import Entry, Visibility
from langqiao.apps.registry.models import Person
from langqiao.apps.verification.domain.acts import digest, enter, lock, move, must_be_in, office
from langqiao.apps.verification.models import (
    HANDED_IN,
    LIVE_REVIEWS,
    REVIEWER_TRANSITIONS,
    Application,
    Bid,
    Call,
    CallState,
    Conflict,
    Reviewer,
    ReviewState,
)
from langqiao.kit.permissions import require
from langqiao.kit.refusals import Invalid, Refused

REVIEWER = _("评审专家")
CALL = _("征集")
WHY_AT_MOST = 300
POOL_AT_MOST = 2_000
# What an expert promises when accepting (评审承诺); the ledger keeps its digest.
PROMISE = _(
    "我承诺：独立、客观、公正地评审；与申报单位有利害关系的主动申请回避；对申报材料、评审意见和讨论保密，"
    "不复制、不外传、不用于其他目的；不与申报单位私下接触；评审结束后销毁所持材料。"
)


def enter_reviewer(actor: User | None, verb: str, reviewer: Reviewer, **data: Any) -> Entry:
    """Write an entry about a place in the pool, for the office alone."""
    return enter(
        actor,
        verb,
        reviewer,
        case=reviewer.call.case,
        data={"call": reviewer.call_id, **data},
        visibility=Visibility.OFFICE,
    )


def _reason(why: str, *, required: bool = True) -> str:
    text = " ".join(why.split())
    if required and not text:
        raise Invalid(_("请写明原因。"), field="why")
    if len(text) > WHY_AT_MOST:
        raise Invalid(_("原因最多 %(most)d 字。") % {"most": WHY_AT_MOST}, field="why")
    return text


@transaction.atomic
def add_reviewers(actor: User | None, call: Call, people: Iterable[Person]) -> list[Reviewer]:
    """Put people into the call's pool as candidates (加入专家库); who is there already stays as they are.

    Raises:
        NotAllowed: the actor does not run the call.
        Refused: the call is a draft or over.
        Invalid: too many.
    """
    require(actor, "verification.keep_reviewers", call)
    lock(call)
    must_be_in(call, CallState.OPEN, CallState.RUNNING, what=CALL)
    known = {reviewer.person_id: reviewer for reviewer in call.reviewers.all()}
    added = []
    for person in people:
        reviewer = known.get(person.pk)
        if reviewer is None:
            reviewer = Reviewer.objects.create(call=call, person=person)
        elif reviewer.state == Reviewer.State.REMOVED:
            move(reviewer, Reviewer.State.CANDIDATE, REVIEWER_TRANSITIONS, what=REVIEWER)
            reviewer.why = ""
            reviewer.save(update_fields=["state", "why", "updated_at"])
        else:
            continue
        known[person.pk] = reviewer
        added.append(reviewer)
        enter_reviewer(actor, "add_reviewer", reviewer)
    if len(known) > POOL_AT_MOST:
        raise Invalid(_("专家库最多 %(most)d 人。") % {"most": POOL_AT_MOST}, field="people")
    return added


@transaction.atomic
def set_load(actor: User | None, reviewer: Reviewer, *, max_load: int | None) -> Reviewer:
    """Set how many reviews an expert takes at most (最多评审数); None goes by the call.

    Raises:
        NotAllowed: the actor does not run the call.
        Invalid: not a number from 0 to 1000.
    """
    require(actor, "verification.keep_reviewers", reviewer)
    lock(reviewer)
    if max_load is not None and not 0 <= max_load <= 1_000:
        raise Invalid(_("最多评审数须为 0 至 1000。"), field="max_load")
    reviewer.max_load = max_load
    reviewer.save(update_fields=["max_load", "updated_at"])
    enter_reviewer(actor, "set_reviewer_load", reviewer, max_load=max_load)
    return reviewer


@transaction.atomic
def invite(actor: User | None, reviewer: Reviewer) -> Reviewer:
    """Invite an expert (邀请), or once more after a refusal.

    Raises:
        NotAllowed: the actor does not run the call.
        Refused: conflicts were not looked for since the last submission, the expert has no account or
            is no evaluator, everything handed in is a conflict, or the state does not allow it.
    """
    require(actor, "verification.keep_reviewers", reviewer)
    lock(reviewer)
    must_be_in(reviewer.call, CallState.OPEN, CallState.RUNNING, what=CALL)
    user = reviewer.person.user
    if user is None or not user.is_active:
        raise Refused(
            _("%(name)s还没有可登录的账号。") % {"name": reviewer.person.name},
            mend=_("请先在专家页面关联账号。"),
        )
    if not holds_role(user, Role.EVALUATOR):
        raise Refused(
            _("%(name)s不是评审专家。") % {"name": reviewer.person.name},
            mend=_("请先授予“评审专家”角色。"),
        )
    applications = reviewer.call.applications.filter(state__in=HANDED_IN)
    newest = applications.order_by("-submitted_at").values_list("submitted_at", flat=True).first()
    if reviewer.checked_at is None or (newest is not None and newest > reviewer.checked_at):
        raise Refused(_("邀请之前须先核查回避。"), mend=_("请先运行“核查回避”。"))
    clear = applications.exclude(conflicts__reviewer=reviewer, conflicts__counts=True)
    if applications.exists() and not clear.exists():
        raise Refused(
            _("%(name)s与全部申报都须回避。") % {"name": reviewer.person.name}, mend=_("请另请专家。")
        )
    move(reviewer, Reviewer.State.INVITED, REVIEWER_TRANSITIONS, what=REVIEWER)
    reviewer.invited_at, reviewer.answered_at, reviewer.why = timezone.now(), None, ""
    reviewer.save(update_fields=["state", "invited_at", "answered_at", "why", "updated_at"])
    entry = enter_reviewer(actor, "invite_reviewer", reviewer)
    tell(
        [user],
        _("邀请您评审《%(title)s》。"),
        {"title": reviewer.call.title},
        url=reverse("invitation_detail", args=[reviewer.pk]),
        event=f"ledger:{entry.sequence}",
    )
    return reviewer


@transaction.atomic
def answer_invitation(
    actor: User | None, reviewer: Reviewer, *, accept: bool, why: str = "", promise: bool = False
) -> Reviewer:
    """Accept or decline an invitation (答复邀请); who accepts makes the reviewer's promise (评审承诺).

    Declining later gives up what was not handed in yet.

    Raises:
        NotAllowed: the invitation is somebody else's.
        Refused: the state does not allow it.
        Invalid: accepted without the promise, or declined without a reason.
    """
    require(actor, "verification.answer_invitation", reviewer)
    lock(reviewer)
    if accept and not promise:
        raise Invalid(_("接受邀请须同时作出评审承诺。"), mend=_("请勾选承诺。"), field="promise")
    reason = _reason(why, required=not accept)
    to = Reviewer.State.ACCEPTED if accept else Reviewer.State.DECLINED
    move(reviewer, to, REVIEWER_TRANSITIONS, what=REVIEWER)
    reviewer.answered_at, reviewer.why = timezone.now(), reason
    reviewer.promise_digest = digest(str(PROMISE)) if accept else ""
    reviewer.save(update_fields=["state", "answered_at", "why", "promise_digest", "updated_at"])
    given_up = 0 if accept else _give_up(reviewer, reason)
    data = {"promise_sm3": reviewer.promise_digest} if accept else {"given_up": given_up}
    entry = enter_reviewer(actor, "accept_invitation" if accept else "decline_invitation", reviewer, **data)
    if not accept:
        tell_office(actor, reviewer, _("有专家谢绝了《%(title)s》的评审。"), entry)
    return reviewer


@transaction.atomic
def remove_reviewer(actor: User | None, reviewer: Reviewer, *, why: str) -> Reviewer:
    """Take an expert out of the pool (移出); reviews handed in stay, open ones need a replacement.

    Raises:
        NotAllowed: the actor does not run the call.
        Refused: the state does not allow it.
        Invalid: no reason.
    """
    require(actor, "verification.keep_reviewers", reviewer)
    lock(reviewer)
    reason = _reason(why)
    move(reviewer, Reviewer.State.REMOVED, REVIEWER_TRANSITIONS, what=REVIEWER)
    reviewer.why = reason
    reviewer.save(update_fields=["state", "why", "updated_at"])
    enter_reviewer(actor, "remove_reviewer", reviewer, given_up=_give_up(reviewer, reason))
    return reviewer


def _give_up(reviewer: Reviewer, why: str) -> int:
    """Decline every review that was not handed in."""
    return reviewer.reviews.filter(state__in=(ReviewState.ASSIGNED, ReviewState.DRAFT)).update(
        state=ReviewState.DECLINED, why=why, updated_at=timezone.now()
    )


def tell_office(actor: User | None, reviewer: Reviewer, text: object, entry: Entry) -> None:
    """Tell the office what needs its hand; the text names nobody."""
    tell(
        office(),
        text,
        {"title": reviewer.call.title},
        url=reverse("call_pool", args=[reviewer.call_id]),
        event=f"ledger:{entry.sequence}",
        but=actor,
    )


# -- wishes and conflicts --------------------------------------------------------------------------


def _must_be_of_call(reviewer: Reviewer, application: Application) -> None:
    if application.call_id != reviewer.call_id or application.state not in HANDED_IN:
        raise Invalid(_("没有这份申报。"), field="application")


@transaction.atomic
def set_bid(actor: User | None, reviewer: Reviewer, application: Application, value: int) -> Bid:
    """Say how much one wishes to review an application (评审意愿).

    Raises:
        NotAllowed: the actor is not this reviewer, or did not accept.
        Refused: the reviewer must stand aside from it.
        Invalid: no such application or value.
    """
    require(actor, "verification.bid", reviewer)
    _must_be_of_call(reviewer, application)
    if value not in Bid.Value.values:
        raise Invalid(_("没有这种意愿。"), field="value")
    if reviewer.conflicts.filter(application=application, counts=True).exists():
        raise Refused(_("这份申报您须回避。"))
    bid, _made = Bid.objects.update_or_create(
        reviewer=reviewer, application=application, defaults={"value": value}
    )
    enter_reviewer(actor, "bid", reviewer, application=application.pk)
    return bid


@transaction.atomic
def declare_conflict(
    actor: User | None, reviewer: Reviewer, application: Application, *, why: str
) -> Conflict:
    """Declare a conflict (自报回避、认定回避): the reviewer's own word, or the office's finding.

    A review of it that was not handed in is given up and needs a replacement.

    Raises:
        NotAllowed: the actor is neither this reviewer nor runs the call.
        Refused: the review was handed in already.
        Invalid: no reason, or no such application.
    """
    own = actor is not None and reviewer.person.user_id == actor.pk
    require(actor, "verification.bid" if own else "verification.keep_reviewers", reviewer)
    _must_be_of_call(reviewer, application)
    reason = _reason(why)
    held = reviewer.reviews.filter(application=application, state__in=LIVE_REVIEWS)
    if held.filter(state=ReviewState.SUBMITTED).exists():
        raise Refused(_("这份申报的意见已经提交。"), mend=_("请联系联席办处理。"))
    kind = Conflict.Kind.DECLARED_BY_REVIEWER if own else Conflict.Kind.DECLARED_BY_OFFICE
    conflict, _made = Conflict.objects.update_or_create(
        reviewer=reviewer,
        application=application,
        kind=kind,
        defaults={"evidence": reason, "found": False, "counts": True},
    )
    reviewer.bids.filter(application=application).delete()
    given_up = held.update(state=ReviewState.DECLINED, why=reason, updated_at=timezone.now())
    entry = enter_reviewer(
        actor, "declare_conflict", reviewer, application=application.pk, kind=kind, given_up=given_up
    )
    if own and given_up:
        tell_office(actor, reviewer, _("《%(title)s》有专家申请回避，请更换专家。"), entry)
    return conflict


@transaction.atomic
def grant_kept_out(actor: User | None, conflict: Conflict, *, granted: bool) -> Conflict:
    """Grant or refuse an applicant's wish to keep an expert out (回避申请的认定).

    Raises:
        NotAllowed: the actor does not run the call.
        Refused: it is no applicant's wish, or the review was handed in.
    """
    require(actor, "verification.keep_reviewers", conflict.reviewer)
    lock(conflict)
    if conflict.kind != Conflict.Kind.DECLARED_BY_APPLICANT:
        raise Refused(_("这不是申报单位的回避申请。"))
    held = conflict.reviewer.reviews.filter(application=conflict.application, state__in=LIVE_REVIEWS)
    if granted and held.filter(state=ReviewState.SUBMITTED).exists():
        raise Refused(_("该专家的意见已经提交。"))
    conflict.counts = granted
    conflict.save(update_fields=["counts"])
    if granted:
        held.update(state=ReviewState.DECLINED, why=str(_("申报单位申请回避")), updated_at=timezone.now())
    enter_reviewer(
        actor, "grant_kept_out", conflict.reviewer, application=conflict.application_id, granted=granted
    )
    return conflict
