"""Verbs of demands for key (密钥需求): propose, withdraw, admit, refuse, end."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from langqiao.apps.accounts.models import User
from langqiao.apps.ledger.models import Entry
from langqiao.apps.quantum.domain.common import (
    day,
    insiders_of,
    notify,
    number,
    operators_of,
    referred,
    save,
    whole,
)
from langqiao.apps.quantum.models import DEMAND_TRANSITIONS, Demand, Scenario, Site
from langqiao.apps.quantum.queries.plans import verdict_on
from langqiao.apps.registry.domain.acts import (
    REASON_AT_MOST,
    TITLE_AT_MOST,
    clean,
    clean_reason,
    digest,
    enter,
    lock,
    move,
)
from langqiao.apps.registry.domain.cases import next_case
from langqiao.apps.registry.models import Organisation
from langqiao.kit.permissions import require
from langqiao.kit.refusals import Invalid, Refused
from langqiao.kit.words import listed

BPS_AT_MOST = 1e9
DAYS_AT_MOST = 1_096  # three years
PURPOSE_AT_MOST = 10_000
KEY_BITS = (64, 65_536)
State = Demand.State


@transaction.atomic
def propose_demand(
    actor: User | None,
    *,
    organisation: Organisation,
    title: str,
    source: Site,
    target: Site,
    bps: Any,
    starts_on: date,
    ends_on: date,
    scenario: Scenario | None = None,
    key_bits: int = 256,
    priority: int = 3,
    two_paths: bool = False,
    purpose: str = "",
    code: str | None = None,
    illustrative: bool = False,
) -> Demand:
    """Propose a demand (提出密钥需求) for key between two sites; their operators are told.

    Args:
        bps: key in bits a second.
        key_bits: length of one key.
        priority: 1 is met first, 9 last.
        two_paths: every key travels as two shares over disjoint routes.

    Raises:
        NotAllowed: the actor is no enterprise or research member of the organisation.
        Invalid: a value is missing or wrong; ``field`` names it.
    """
    require(actor, "quantum.ask", organisation)
    referred(source, Site, "source")
    referred(target, Site, "target")
    if source.pk == target.pk:
        raise Invalid(_("起点与终点应是不同的站点。"), mend=_("请另选终点。"), field="target")
    if scenario is not None:
        referred(scenario, Scenario, "scenario")
    first, last = day(starts_on, "starts_on"), day(ends_on, "ends_on")
    _check_term(first, last)
    demand = Demand(
        case=next_case(),
        code=clean(code, "code", most=80, lines=False, required=False) or None,
        illustrative=bool(illustrative),
        title=clean(title, "title", most=TITLE_AT_MOST, lines=False),
        organisation=organisation,
        scenario=scenario,
        source=source,
        target=target,
        bps=number(bps, "bps", low=0.001, high=BPS_AT_MOST),
        key_bits=whole(key_bits, "key_bits", low=KEY_BITS[0], high=KEY_BITS[1]),
        priority=whole(priority, "priority", low=1, high=9),
        two_paths=bool(two_paths),
        starts_on=first,
        ends_on=last,
        purpose=clean(purpose, "purpose", most=PURPOSE_AT_MOST, required=False),
        created_by=actor,
    )
    save(demand)
    values = {"bps": demand.bps, "priority": demand.priority, "two_paths": demand.two_paths}
    entry = _enter(actor, "propose_demand", demand, {**values, "text_sm3": digest(demand.purpose)})
    notify(operators_of(source, target), demand, _("有新的密钥需求待审核：“%(title)s”。"), entry, but=actor)
    return demand


@transaction.atomic
def withdraw_demand(actor: User | None, demand: Demand) -> Demand:
    """Withdraw a demand (撤回密钥需求) that is not decided.

    Raises:
        NotAllowed: the actor is not of the organisation.
        Refused: it is decided or withdrawn.
    """
    require(actor, "quantum.ask", demand)
    lock(demand)
    move(demand, State.WITHDRAWN, DEMAND_TRANSITIONS)
    demand.save(update_fields=["state", "updated_at"])
    entry = _enter(actor, "withdraw_demand", demand)
    sites = (demand.source, demand.target)
    notify(operators_of(*sites), demand, _("密钥需求“%(title)s”已撤回。"), entry, but=actor)
    return demand


@transaction.atomic
def admit_demand(actor: User | None, demand: Demand, *, why: str = "") -> Demand:
    """Admit a demand (接纳密钥需求): the network carries it in full beside all that is admitted.

    Admissions queue on the sites' rows, so that two that fit one by one are not admitted together.

    Raises:
        NotAllowed: the actor operates neither site.
        Refused: it is decided, or the network does not carry it; the message says why.
        Invalid: its term is over.
    """
    require(actor, "quantum.decide_demand", demand)
    list(Site.objects.select_for_update().order_by("pk").values_list("pk", flat=True))
    lock(demand)
    move(demand, State.ADMITTED, DEMAND_TRANSITIONS)
    if demand.ends_on < timezone.localdate():
        raise Invalid(_("结束日期已过。"), mend=_("请不予接纳，由需求单位重新提出。"), field="ends_on")
    verdict = verdict_on(demand)
    if not verdict.row.met:
        raise Refused(
            _("网络目前不能满足这项需求：%(why)s。") % {"why": verdict.words},
            mend=_("请在密钥规划中查看扩容建议，或与需求单位商量降低速率。"),
        )
    if verdict.worse:
        raise Refused(
            _("接纳后，已接纳的需求会得不到满足：%(titles)s。")
            % {"titles": listed(one.title for one in verdict.worse)},
            mend=_("请先扩容或结束其他需求，或与需求单位商量降低优先级或速率。"),
        )
    demand.why = clean(why, "why", most=REASON_AT_MOST, lines=False, required=False)
    _decide(actor, demand)
    entry = _enter(actor, "admit_demand", demand, {"bps": demand.bps})
    notify(insiders_of(demand.organisation_id), demand, _("密钥需求“%(title)s”已接纳。"), entry, but=actor)
    return demand


@transaction.atomic
def refuse_demand(actor: User | None, demand: Demand, *, why: str) -> Demand:
    """Refuse a demand (不予接纳), with a reason.

    Raises:
        NotAllowed: the actor operates neither site.
        Refused: it is decided or withdrawn.
        Invalid: no reason.
    """
    require(actor, "quantum.decide_demand", demand)
    lock(demand)
    move(demand, State.REFUSED, DEMAND_TRANSITIONS)
    demand.why = clean_reason(why)
    _decide(actor, demand)
    entry = _enter(actor, "refuse_demand", demand, {"why_sm3": digest(demand.why)})
    notify(insiders_of(demand.organisation_id), demand, _("密钥需求“%(title)s”未获接纳。"), entry, but=actor)
    return demand


@transaction.atomic
def end_demand(actor: User | None, demand: Demand, *, why: str) -> Demand:
    """End an admitted demand (结束密钥需求) before its term: its share of the links is free again.

    Raises:
        NotAllowed: the actor operates neither site.
        Refused: it is not admitted.
        Invalid: no reason.
    """
    require(actor, "quantum.decide_demand", demand)
    lock(demand)
    move(demand, State.ENDED, DEMAND_TRANSITIONS)
    demand.why = clean_reason(why)
    demand.save(update_fields=["state", "why", "updated_at"])
    entry = _enter(actor, "end_demand", demand, {"why_sm3": digest(demand.why)})
    notify(insiders_of(demand.organisation_id), demand, _("密钥需求“%(title)s”已结束。"), entry, but=actor)
    return demand


def _check_term(first: date, last: date) -> None:
    if last < first:
        raise Invalid(_("结束日期早于开始日期。"), mend=_("请改正日期。"), field="ends_on")
    if (last - first).days + 1 > DAYS_AT_MOST:
        raise Invalid(
            _("期限最长 %(days)d 天。") % {"days": DAYS_AT_MOST},
            mend=_("请缩短期限，到期后可再次提出。"),
            field="ends_on",
        )
    if last < timezone.localdate():
        raise Invalid(_("结束日期已过。"), mend=_("请改为今天或以后的日期。"), field="ends_on")


def _decide(actor: User | None, demand: Demand) -> None:
    demand.decided_by, demand.decided_at = actor, timezone.now()
    demand.save(update_fields=["state", "why", "decided_by", "decided_at", "updated_at"])


def _enter(actor: User | None, verb: str, demand: Demand, data: Mapping[str, Any] | None = None) -> Entry:
    return enter(
        actor,
        verb,
        demand,
        case=demand.case,
        city=demand.source.city_id,
        organisation=demand.organisation,
        data={"ends": [demand.source.slug, demand.target.slug], **(data or {})},
    )
