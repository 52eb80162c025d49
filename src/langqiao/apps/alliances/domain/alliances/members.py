"""Verbs of membership (联盟成员): apply, withdraw, approve, refuse, leave, remove."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from langqiao.apps.accounts.models import User
from langqiao.apps.alliances.domain.alliances.common import (
    enter_alliance,
    insiders_of,
    keepers_of,
    must_take_members,
    notify,
    referred,
)
from langqiao.apps.alliances.models import MEMBER_TRANSITIONS, Alliance, Member
from langqiao.apps.ledger.models import Entry
from langqiao.apps.registry.domain.acts import clean, clean_reason, digest, lock, move
from langqiao.apps.registry.models import Organisation
from langqiao.kit.permissions import require
from langqiao.kit.refusals import Refused

STATEMENT_AT_MOST = 5_000
State = Member.State


@transaction.atomic
def apply_membership(
    actor: User | None,
    alliance: Alliance,
    *,
    organisation: Organisation,
    statement: str = "",
    illustrative: bool = False,
) -> Member:
    """Apply for membership (申请加入联盟) on behalf of an organisation; the secretariat is told.

    Raises:
        NotAllowed: the actor does not act for the organisation.
        Refused: the node has no members, or an application or membership holds already.
        Invalid: a value is wrong; ``field`` names it.
    """
    referred(organisation, Organisation, "organisation")
    require(actor, "alliances.apply", organisation)
    lock(alliance)
    must_take_members(alliance)
    held = Member.objects.filter(alliance=alliance, organisation=organisation, state__in=Member.OPEN).first()
    if held is not None:
        raise Refused(
            _("“%(name)s”已申请加入或已是成员。") % {"name": organisation.name},
            mend=_("请在联盟页面查看进展。"),
        )
    member = Member.objects.create(
        alliance=alliance,
        organisation=organisation,
        statement=clean(statement, "statement", most=STATEMENT_AT_MOST, required=False),
        applied_on=timezone.localdate(),
        created_by=actor,
        illustrative=bool(illustrative),
    )
    entry = _enter(actor, "apply_membership", member, text_sm3=digest(member.statement))
    notify(keepers_of(alliance), member, alliance, _("有单位申请加入“%(alliance)s”。"), entry, but=actor)
    return member


@transaction.atomic
def withdraw_membership(actor: User | None, member: Member) -> Member:
    """Withdraw an application (撤回申请) that is not decided.

    Raises:
        NotAllowed: the actor does not act for the organisation.
        Refused: it is decided or withdrawn.
    """
    require(actor, "alliances.apply", member)
    _step(member, State.WITHDRAWN)
    member.ended_on = timezone.localdate()
    member.save(update_fields=["state", "ended_on", "updated_at"])
    entry = _enter(actor, "withdraw_membership", member)
    notify(
        keepers_of(member.alliance), member, member.alliance,
        _("有单位撤回了加入“%(alliance)s”的申请。"), entry, but=actor,
    )  # fmt: skip
    return member


@transaction.atomic
def approve_member(actor: User | None, member: Member) -> Member:
    """Approve an application (通过申请): the organisation is a member from today on, which is public.

    Raises:
        NotAllowed: the actor is not of the alliance's secretariat.
        Refused: it is decided or withdrawn.
    """
    require(actor, "alliances.decide", member)
    _step(member, State.ACTIVE)
    member.joined_on, member.decided_by = timezone.localdate(), actor
    member.save(update_fields=["state", "joined_on", "decided_by", "updated_at"])
    entry = _enter(actor, "approve_member", member, public=True)
    _tell_applicant(member, _("贵单位已加入“%(alliance)s”。"), entry, actor)
    return member


@transaction.atomic
def refuse_member(actor: User | None, member: Member, *, why: str) -> Member:
    """Refuse an application (不予通过), with a reason for the applicant.

    Raises:
        NotAllowed: the actor is not of the alliance's secretariat.
        Refused: it is decided or withdrawn.
        Invalid: no reason.
    """
    require(actor, "alliances.decide", member)
    _step(member, State.REFUSED)
    member.why, member.decided_by, member.ended_on = clean_reason(why), actor, timezone.localdate()
    member.save(update_fields=["state", "why", "decided_by", "ended_on", "updated_at"])
    entry = _enter(actor, "refuse_member", member, why_sm3=digest(member.why))
    _tell_applicant(member, _("加入“%(alliance)s”的申请未获通过。"), entry, actor)
    return member


@transaction.atomic
def leave_alliance(actor: User | None, member: Member, *, why: str = "") -> Member:
    """Leave an alliance (退出联盟); its contacts no longer show, its needs and offers are closed.

    Raises:
        NotAllowed: the actor does not act for the organisation.
        Refused: it is no member.
    """
    require(actor, "alliances.apply", member)
    _step(member, State.LEFT)
    _end(member, clean(why, "why", most=500, lines=False, required=False))
    entry = _enter(actor, "leave_alliance", member, public=True)
    notify(
        keepers_of(member.alliance), member, member.alliance, _("有成员退出了“%(alliance)s”。"), entry,
        but=actor,
    )  # fmt: skip
    return member


@transaction.atomic
def remove_member(actor: User | None, member: Member, *, why: str) -> Member:
    """Remove a member (移出联盟), with a reason.

    Raises:
        NotAllowed: the actor is not of the alliance's secretariat.
        Refused: it is no member.
        Invalid: no reason.
    """
    require(actor, "alliances.decide", member)
    _step(member, State.REMOVED)
    member.decided_by = actor
    _end(member, clean_reason(why))
    entry = _enter(actor, "remove_member", member, public=True, why_sm3=digest(member.why))
    _tell_applicant(member, _("贵单位已被移出“%(alliance)s”。"), entry, actor)
    return member


def _step(member: Member, to: Any) -> None:
    lock(member)
    move(member, to, MEMBER_TRANSITIONS)


def _end(member: Member, why: str) -> None:
    """End a membership today: what the organisation posted inside the alliance closes with it."""
    from langqiao.apps.alliances.domain.alliances.exchanges import close_all_of

    member.why, member.ended_on = why, timezone.localdate()
    member.save(update_fields=["state", "why", "ended_on", "decided_by", "updated_at"])
    close_all_of(member)


def _tell_applicant(member: Member, text: object, entry: Entry, actor: User | None) -> None:
    notify(insiders_of(member.organisation_id), member, member.alliance, text, entry, but=actor)


def _enter(actor: User | None, verb: str, member: Member, *, public: bool = False, **data: Any) -> Entry:
    return enter_alliance(
        actor, verb, member, member.alliance, organisation=member.organisation, data=data, public=public
    )
