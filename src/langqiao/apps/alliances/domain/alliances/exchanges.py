"""Verbs of needs and offers inside an alliance (供需): post, close, reply, accept, decline, withdraw."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from langqiao.apps.accounts.models import User
from langqiao.apps.alliances.domain.alliances.common import (
    chosen,
    day,
    enter_alliance,
    insiders_of,
    must_take_members,
    notify,
    referred,
)
from langqiao.apps.alliances.models import (
    EXCHANGE_TRANSITIONS,
    REPLY_TRANSITIONS,
    Alliance,
    Exchange,
    Member,
    Reply,
)
from langqiao.apps.alliances.rules.alliances import member_ids, own_ids
from langqiao.apps.ledger.models import Entry
from langqiao.apps.registry.domain.acts import (
    TITLE_AT_MOST,
    clean,
    clean_reason,
    digest,
    lock,
    move,
    must_be_in,
)
from langqiao.apps.registry.models import Organisation
from langqiao.kit.permissions import require
from langqiao.kit.refusals import Invalid, NotAllowed, Refused

TEXT_AT_MOST = 10_000
DAYS_AT_MOST = 366
State = Exchange.State
Outcome = Exchange.Outcome
Answer = Reply.State


@transaction.atomic
def post_exchange(
    actor: User | None,
    alliance: Alliance,
    *,
    organisation: Organisation,
    kind: str,
    title: str,
    valid_to: date,
    text: str = "",
    illustrative: bool = False,
) -> Exchange:
    """Post a need or an offer (发布供需) that only the alliance's members see.

    Raises:
        NotAllowed: the actor does not act for a member, or not for this organisation.
        Refused: the organisation is no member.
        Invalid: a value is missing or wrong; ``field`` names it.
    """
    referred(organisation, Organisation, "organisation")
    require(actor, "alliances.post", alliance)
    must_take_members(alliance)
    _must_act_for(actor, organisation)
    _must_be_member(alliance, organisation)
    last = day(valid_to, "valid_to")
    today = timezone.localdate()
    if last is None or last < today or (last - today).days > DAYS_AT_MOST:
        raise Invalid(
            _("有效期应从今天起，最长一年。"), mend=_("请改正日期，到期后可再次发布。"), field="valid_to"
        )
    exchange = Exchange.objects.create(
        alliance=alliance,
        organisation=organisation,
        kind=chosen(kind, Exchange.Kind, "kind"),
        title=clean(title, "title", most=TITLE_AT_MOST, lines=False),
        text=clean(text, "text", most=TEXT_AT_MOST, required=False),
        valid_to=last,
        created_by=actor,
        illustrative=bool(illustrative),
    )
    _enter(
        actor,
        "post_exchange",
        exchange,
        organisation,
        kind=exchange.kind,
        text_sm3=digest(f"{exchange.title}\n{exchange.text}"),
    )
    return exchange


@transaction.atomic
def close_exchange(actor: User | None, exchange: Exchange, *, outcome: str, why: str = "") -> Exchange:
    """Close a need or an offer (结束供需): it takes no more replies.

    Raises:
        NotAllowed: the actor acts neither for its organisation nor for the secretariat.
        Refused: it is closed.
        Invalid: no such outcome.
    """
    require(actor, "alliances.close_exchange", exchange)
    lock(exchange)
    _close(
        actor,
        exchange,
        chosen(outcome, Outcome, "outcome"),
        clean(why, "why", most=500, lines=False, required=False),
    )
    return exchange


def _close(actor: User | None, exchange: Exchange, outcome: str, why: str) -> None:
    move(exchange, State.CLOSED, EXCHANGE_TRANSITIONS)
    exchange.outcome, exchange.why = outcome, why
    exchange.save(update_fields=["state", "outcome", "why", "updated_at"])
    entry = _enter(actor, "close_exchange", exchange, exchange.organisation, outcome=outcome)
    waiting = exchange.replies.filter(state=Answer.SENT).values_list("organisation_id", flat=True)
    users = insiders_of(exchange.organisation_id, *waiting)
    notify(
        users, exchange, exchange.alliance, _("您在“%(alliance)s”中关注的一项供需已结束。"), entry, but=actor
    )


def close_all_of(member: Member) -> None:
    """Close what a member that leaves has open in the alliance; part of the act that ends its membership."""
    rows = Exchange.objects.select_for_update().filter(
        alliance=member.alliance, organisation=member.organisation, state=State.OPEN
    )
    for exchange in rows.select_related("alliance", "organisation"):
        _close(None, exchange, Outcome.WITHDRAWN, "")


@transaction.atomic
def send_reply(actor: User | None, exchange: Exchange, *, organisation: Organisation, text: str) -> Reply:
    """Reply to a need or an offer (回应); only both organisations read it.

    A reply that was declined or withdrawn may be sent again.

    Raises:
        NotAllowed: the actor does not act for another member.
        Refused: it is closed or no longer valid, or the organisation is no member or has replied.
        Invalid: no text.
    """
    referred(organisation, Organisation, "organisation")
    require(actor, "alliances.reply", exchange)
    _must_act_for(actor, organisation)
    lock(exchange)
    must_be_in(exchange, State.OPEN)
    if exchange.valid_to < timezone.localdate():
        raise Refused(_("这项供需已过有效期。"), mend=_("请联系发布单位重新发布。"))
    if organisation.pk == exchange.organisation_id:
        raise Refused(_("不能回应自己单位的供需。"), mend=_("请由其他成员单位回应。"))
    _must_be_member(exchange.alliance, organisation)
    words = clean(text, "text", most=TEXT_AT_MOST)
    reply = Reply.objects.filter(exchange=exchange, organisation=organisation).first()
    if reply is None:
        reply = Reply(exchange=exchange, organisation=organisation)
    else:
        move(reply, Answer.SENT, REPLY_TRANSITIONS)
    reply.text, reply.why, reply.created_by = words, "", actor
    reply.save()
    entry = _enter(actor, "send_reply", reply, organisation, text_sm3=digest(words))
    notify(
        insiders_of(exchange.organisation_id), exchange, exchange.alliance,
        _("贵单位在“%(alliance)s”中的供需有新的回应。"), entry, but=actor,
    )  # fmt: skip
    return reply


@transaction.atomic
def accept_reply(actor: User | None, reply: Reply) -> Reply:
    """Accept a reply (接受回应): both sides go on from here.

    Raises:
        NotAllowed: the actor does not act for the organisation that posted.
        Refused: it is decided or withdrawn.
    """
    require(actor, "alliances.decide_reply", reply)
    return _decide(
        actor, reply, Answer.ACCEPTED, verb="accept_reply", text=_("您在“%(alliance)s”中的回应已被接受。")
    )


@transaction.atomic
def decline_reply(actor: User | None, reply: Reply, *, why: str) -> Reply:
    """Decline a reply (谢绝回应), with a reason.

    Raises:
        NotAllowed: the actor does not act for the organisation that posted.
        Refused: it is decided or withdrawn.
        Invalid: no reason.
    """
    require(actor, "alliances.decide_reply", reply)
    reason = clean_reason(why)
    return _decide(
        actor,
        reply,
        Answer.DECLINED,
        verb="decline_reply",
        text=_("您在“%(alliance)s”中的回应未被接受。"),
        why=reason,
    )


def _decide(actor: User | None, reply: Reply, to: Any, *, verb: str, text: object, why: str = "") -> Reply:
    lock(reply)
    move(reply, to, REPLY_TRANSITIONS)
    reply.why = why
    reply.save(update_fields=["state", "why", "updated_at"])
    exchange = reply.exchange
    entry = _enter(actor, verb, reply, exchange.organisation)
    notify(insiders_of(reply.organisation_id), exchange, exchange.alliance, text, entry, but=actor)
    return reply


@transaction.atomic
def withdraw_reply(actor: User | None, reply: Reply) -> Reply:
    """Withdraw a reply (撤回回应) that is not decided.

    Raises:
        NotAllowed: the actor does not act for the organisation that replied.
        Refused: it is decided or withdrawn.
    """
    require(actor, "alliances.apply", reply)
    lock(reply)
    move(reply, Answer.WITHDRAWN, REPLY_TRANSITIONS)
    reply.save(update_fields=["state", "updated_at"])
    _enter(actor, "withdraw_reply", reply, reply.organisation)
    return reply


def _must_act_for(actor: User | None, organisation: Organisation) -> None:
    if actor is not None and organisation.pk not in own_ids(actor):
        raise NotAllowed(_("只能代表自己的单位。"), mend=_("请选择您所在的单位。"))


def _must_be_member(alliance: Alliance, organisation: Organisation) -> None:
    if organisation.pk not in member_ids(alliance):
        raise Refused(_("该单位不是联盟成员。"), mend=_("请先申请加入联盟。"))


def _enter(
    actor: User | None, verb: str, thing: Exchange | Reply, organisation: Organisation, **data: Any
) -> Entry:
    alliance = thing.alliance if isinstance(thing, Exchange) else thing.exchange.alliance
    return enter_alliance(actor, verb, thing, alliance, organisation=organisation, data=data)
