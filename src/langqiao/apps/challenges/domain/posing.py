"""Verbs of the posing side (企业出题): draft, revise, publish, extend, invite, withdraw, close."""

from __future__ import annotations

from datetime import date
from typing import Unpack

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from langqiao.apps.accounts.domain import tell
from langqiao.apps.accounts.models import User
from langqiao.apps.challenges.domain.acts import (
    digest,
    enter,
    firm,
    followers,
    insiders,
    lock,
    move,
    must_be_in,
    team,
)
from langqiao.apps.challenges.domain.values import (
    SEALABLE,
    Source,
    Values,
    assign,
    check_deadline,
    check_draft,
    check_publishable,
)
from langqiao.apps.challenges.models import (
    OPEN_STATES,
    PUBLIC_STATES,
    Answer,
    Challenge,
    Invitation,
    State,
)
from langqiao.apps.challenges.rules import ANSWERING_KINDS
from langqiao.apps.ledger.models import Visibility
from langqiao.apps.registry.domain.cases import next_case
from langqiao.apps.registry.models import Organisation
from langqiao.kit.permissions import require
from langqiao.kit.refusals import Invalid

REASON_AT_MOST = 500


class Drafted(Values, Source, total=False):
    """All that a draft may be given."""


def _digests(challenge: Challenge) -> dict[str, str]:
    return {"details_sm3": digest(challenge.details)} if challenge.details else {}


@transaction.atomic
def draft_challenge(
    actor: User | None, *, organisation: Organisation | None, **values: Unpack[Drafted]
) -> Challenge:
    """Draft a challenge (起草题目) for an organisation and give it its case number.

    Args:
        organisation: the posing firm; None only for a requirement collected elsewhere, which the
            office or the console keeps.

    Raises:
        NotAllowed: the actor is neither of the firm, nor its city's liaison, nor the office.
        Invalid: no title, a text too long, budgets out of order.
    """
    require(actor, "challenges.create", organisation)
    if organisation is None and not (values.get("code") or "").strip():
        raise Invalid(_("请写明出题企业。"), mend=_("无企业的征集需求须有来源编号。"), field="organisation")
    challenge = Challenge(organisation=organisation, created_by=actor)
    assign(challenge, dict(values))
    challenge.code = challenge.code or None
    if challenge.city_id is None and organisation is not None:
        challenge.city = organisation.city
    check_draft(challenge)
    challenge.case = next_case()
    challenge.save()
    enter(
        actor,
        "draft_challenge",
        challenge,
        data={"title_sm3": digest(challenge.title), **_digests(challenge)},
    )
    return challenge


@transaction.atomic
def revise_challenge(
    actor: User | None,
    challenge: Challenge,
    *,
    organisation: Organisation | None = None,
    **values: Unpack[Drafted],
) -> Challenge:
    """Revise a challenge (修改题目) while it is a draft or open; followers of an open one are told.

    Args:
        organisation: names the posing firm of a draft or of a collected requirement (认领).

    Raises:
        NotAllowed: the actor may not edit it.
        Refused: it is neither a draft nor open, or already has another firm.
        Invalid: a value is wrong, or an open challenge would lose a required one.
    """
    require(actor, "challenges.edit", challenge)
    lock(challenge)
    must_be_in(challenge, State.DRAFT, *OPEN_STATES)
    before = challenge.deadline
    changed = _name_firm(actor, challenge, organisation)
    changed += assign(challenge, dict(values))
    if not changed:
        return challenge
    if challenge.state == State.DRAFT:
        check_draft(challenge)
    elif challenge.deadline == before and before is not None and before < timezone.localdate():
        # Wording may be mended after the deadline; the deadline itself is judged when it changes.
        check_draft(challenge)
    else:
        check_publishable(challenge)
    challenge.save()
    data: dict[str, object] = {"changed": changed}
    if SEALABLE in changed:
        data |= _digests(challenge)
    entry = enter(actor, "revise_challenge", challenge, data=data)
    if challenge.state in PUBLIC_STATES:
        tell(
            followers(challenge),
            _("您关注的题目《%(title)s》有修改。"),
            {"title": challenge.title},
            url=challenge.get_absolute_url(),
            event=f"ledger:{entry.sequence}",
            but=actor,
        )
    return challenge


def _name_firm(actor: User | None, challenge: Challenge, organisation: Organisation | None) -> list[str]:
    if organisation is None or organisation.pk == challenge.organisation_id:
        return []
    if challenge.state != State.DRAFT and challenge.organisation_id is not None:
        raise Invalid(
            _("发布后不能更换出题企业。"), mend=_("请撤回后由新的企业重新出题。"), field="organisation"
        )
    require(actor, "challenges.create", organisation)
    challenge.organisation = organisation
    return ["organisation"]


@transaction.atomic
def publish_challenge(actor: User | None, challenge: Challenge) -> Challenge:
    """Publish a draft (发布题目): it becomes searchable and open for answers.

    Raises:
        NotAllowed: the actor may not publish for this organisation.
        Invalid: a required field is missing, the deadline is over, budgets are out of order.
        Refused: it is no draft.
    """
    require(actor, "challenges.publish", challenge)
    lock(challenge)
    move(challenge, State.PUBLISHED)
    check_publishable(challenge)
    challenge.published_at = timezone.now()
    challenge.save()
    entry = enter(
        actor,
        "publish_challenge",
        challenge,
        data={
            "title": challenge.title,
            "field": challenge.field_id,
            "deadline": challenge.deadline,
            "confidentiality": challenge.confidentiality,
            "illustrative": challenge.illustrative,
            **_digests(challenge),
        },
    )
    _tell_invited(actor, challenge, list(challenge.invitations.values_list("organisation_id", flat=True)))
    tell(
        firm(challenge),
        _("题目《%(title)s》已发布。"),
        {"title": challenge.title},
        url=challenge.get_absolute_url(),
        event=f"ledger:{entry.sequence}",
        but=actor,
    )
    return challenge


@transaction.atomic
def extend_deadline(actor: User | None, challenge: Challenge, *, deadline: date) -> Challenge:
    """Extend the deadline for answers (延长期限); a deadline never moves closer.

    Raises:
        NotAllowed: the actor may not edit it.
        Refused: it is not open.
        Invalid: the new day is over or not later than the present one.
    """
    require(actor, "challenges.edit", challenge)
    lock(challenge)
    must_be_in(challenge, *OPEN_STATES)
    check_deadline(deadline)
    before = challenge.deadline
    if before is not None and deadline <= before:
        raise Invalid(_("新的截止日期须晚于 %(day)s。") % {"day": before.isoformat()}, field="deadline")
    challenge.deadline = deadline
    challenge.save(update_fields=["deadline", "updated_at"])
    entry = enter(actor, "extend_deadline", challenge, data={"from": before, "to": deadline})
    tell(
        followers(challenge) | _teams(challenge),
        _("题目《%(title)s》的答题期限延长至 %(day)s。"),
        {"title": challenge.title, "day": deadline},
        url=challenge.get_absolute_url(),
        event=f"ledger:{entry.sequence}",
        but=actor,
    )
    return challenge


@transaction.atomic
def invite_organisation(actor: User | None, challenge: Challenge, organisation: Organisation) -> Invitation:
    """Invite an organisation to answer (定向邀请); inviting it again changes nothing.

    Raises:
        NotAllowed: the actor does not pose this challenge.
        Refused: it is neither a draft nor open.
        Invalid: the organisation is the firm itself or of a kind that does not answer.
    """
    require(actor, "challenges.invite", challenge)
    lock(challenge)
    must_be_in(challenge, State.DRAFT, *OPEN_STATES)
    if organisation.pk == challenge.organisation_id:
        raise Invalid(_("出题企业不能邀请自己。"), field="organisation")
    if organisation.kind not in ANSWERING_KINDS:
        raise Invalid(
            _("“%(name)s”不是可答题的机构。") % {"name": organisation.name},
            mend=_("请邀请高校、院所、实验室、医院或企业。"),
            field="organisation",
        )
    invitation, made = Invitation.objects.get_or_create(challenge=challenge, organisation=organisation)
    if made:
        enter(
            actor,
            "invite_organisation",
            challenge,
            data={"invited": organisation.pk},
            visibility=Visibility.PARTIES,
        )
        if challenge.state in PUBLIC_STATES:
            _tell_invited(actor, challenge, [organisation.pk])
    return invitation


def _tell_invited(actor: User | None, challenge: Challenge, organisation_ids: list[int]) -> None:
    if organisation_ids:
        tell(
            insiders(organisation_ids),
            _("贵单位受邀为题目《%(title)s》答题。"),
            {"title": challenge.title},
            url=challenge.get_absolute_url(),
            event=f"challenges.invite:{challenge.pk}",
            but=actor,
        )


def _teams(challenge: Challenge, *states: str) -> set[User]:
    """Users of every team whose answer is alive."""
    alive = states or (Answer.State.DRAFT, Answer.State.SUBMITTED, Answer.State.SELECTED)
    users: set[User] = set()
    for answer in challenge.answers.filter(state__in=alive):
        users |= team(answer)
    return users


def _reason(reason: str) -> str:
    text = reason.strip()
    if not text:
        raise Invalid(_("请写明原因。"), mend=_("原因将随台账公开。"), field="reason")
    return text[:REASON_AT_MOST]


@transaction.atomic
def withdraw_challenge(actor: User | None, challenge: Challenge, *, reason: str) -> Challenge:
    """Withdraw a challenge (撤回题目) before a contract; it leaves the board, teams keep their answers.

    Raises:
        NotAllowed: the actor does not pose it.
        Refused: it is contracted, accepted, closed or withdrawn already.
        Invalid: no reason is given.
    """
    require(actor, "challenges.withdraw", challenge)
    lock(challenge)
    was_draft = challenge.state == State.DRAFT
    why = _reason(reason)
    told = followers(challenge) | _teams(challenge)
    move(challenge, State.WITHDRAWN)
    challenge.save(update_fields=["state", "updated_at"])
    entry = enter(
        actor,
        "withdraw_challenge",
        challenge,
        data={"reason": why},
        visibility=Visibility.PARTIES if was_draft else Visibility.PUBLIC,
    )
    if not was_draft:
        tell(
            told,
            _("题目《%(title)s》已撤回。"),
            {"title": challenge.title},
            url=challenge.get_absolute_url(),
            event=f"ledger:{entry.sequence}",
            but=actor,
        )
    return challenge


@transaction.atomic
def close_challenge(actor: User | None, challenge: Challenge, *, reason: str) -> Challenge:
    """Close a challenge (关闭题目): after acceptance, or earlier without a result; it stays readable.

    Raises:
        NotAllowed: the actor is neither of the firm nor the office.
        Refused: it is a draft, closed or withdrawn.
        Invalid: no reason is given.
    """
    require(actor, "challenges.close", challenge)
    lock(challenge)
    why = _reason(reason)
    before = challenge.state
    move(challenge, State.CLOSED)
    challenge.save(update_fields=["state", "updated_at"])
    entry = enter(actor, "close_challenge", challenge, data={"reason": why, "from": before})
    tell(
        followers(challenge) | firm(challenge) | _teams(challenge),
        _("题目《%(title)s》已关闭。"),
        {"title": challenge.title},
        url=challenge.get_absolute_url(),
        event=f"ledger:{entry.sequence}",
        but=actor,
    )
    return challenge
