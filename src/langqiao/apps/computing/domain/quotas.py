"""Verbs of grants, tenants and quotas (授予、租户与配额).

Each holds the campus's row first, as the verbs of jobs do, so that no round of the scheduler reads a quota
that is being changed.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from langqiao.apps.accounts.domain import tell
from langqiao.apps.accounts.models import User
from langqiao.apps.computing.domain.common import insiders_of, whole
from langqiao.apps.computing.models import GRANT_TRANSITIONS, Campus, CityQuota, Grant, Tenant
from langqiao.apps.ledger.models import Entry
from langqiao.apps.registry.domain.acts import assign, clean_reason, digest, enter, lock, move
from langqiao.apps.registry.models import City
from langqiao.kit.permissions import require
from langqiao.kit.refusals import Refused

MILLI = 1000
MILLI_AT_MOST = 1_000_000_000  # a million GPUs
WEIGHT_AT_MOST = 1000


@transaction.atomic
def end_grant(actor: User | None, grant: Grant) -> Grant:
    """End a grant (结束授予) that is used up or over; the tenant's quota falls by its GPUs.

    Queued jobs stay, and the queue says that their grant has ended.

    Raises:
        NotAllowed: the actor does not operate the campus.
        Refused: it is no longer active.
    """
    return _stop(actor, grant, Grant.State.ENDED, verb="end_grant", text=_("算力授予“%(title)s”已结束。"))


@transaction.atomic
def revoke_grant(actor: User | None, grant: Grant, *, why: str) -> Grant:
    """Revoke a grant (收回授予), with a reason; the tenant's quota falls by its GPUs.

    Raises:
        NotAllowed: the actor does not operate the campus.
        Refused: it is no longer active.
        Invalid: no reason.
    """
    reason = clean_reason(why)
    return _stop(
        actor,
        grant,
        Grant.State.REVOKED,
        verb="revoke_grant",
        why=reason,
        text=_("算力授予“%(title)s”已收回。"),
    )


def end_due_grants(actor: User | None, *, today: date | None = None) -> int:
    """End every active grant whose last day is over (到期结束); run daily. Returns how many ended.

    Raises:
        NotAllowed: the actor does not operate the campus of one of them.
    """
    day = today or timezone.localdate()
    due: QuerySet[Grant] = Grant.objects.filter(state=Grant.State.ACTIVE, ends_on__lt=day).order_by("pk")
    for grant in due:
        end_grant(actor, grant)
    return len(due)


def _stop(
    actor: User | None, grant: Grant, to: Grant.State, *, verb: str, why: str = "", text: object
) -> Grant:
    require(actor, "computing.run_quota", grant)
    lock(grant.tenant.campus)
    lock(grant)
    move(grant, to, GRANT_TRANSITIONS)
    grant.why = why
    grant.save(update_fields=["state", "why", "updated_at"])
    tenant = lock(grant.tenant)
    # The quota may have been lowered by hand since.
    tenant.gpu_milli = max(0, tenant.gpu_milli - grant.gpus * MILLI)
    tenant.save(update_fields=["gpu_milli", "updated_at"])
    entry = enter(
        actor,
        verb,
        grant,
        case=grant.request.case,
        city=tenant.campus.city_id,
        organisation=tenant.organisation,
        data={"used_seconds": grant.used_seconds, "quota_milli": tenant.gpu_milli}
        | ({"why_sm3": digest(why)} if why else {}),
    )
    _tell(actor, tenant, text, {"title": grant.request.title}, entry)
    return grant


@transaction.atomic
def set_city_quota(
    actor: User | None, campus: Campus, *, city: City, gpu_milli: int, borrow_milli: int = 0
) -> CityQuota:
    """Set what a city's tenants may use together (城市配额), and borrow beyond it when others leave it idle.

    Args:
        gpu_milli: GPUs in thousandths.
        borrow_milli: what may be borrowed on top, in thousandths.

    Raises:
        NotAllowed: the actor does not operate the campus.
        Invalid: a number is out of bounds.
    """
    require(actor, "computing.run_quota", campus)
    lock(campus)
    quota = CityQuota.objects.filter(campus=campus, city=city).first() or CityQuota(campus=campus, city=city)
    changed = assign(
        quota,
        {
            "gpu_milli": whole(gpu_milli, "gpu_milli", low=0, high=MILLI_AT_MOST),
            "borrow_milli": whole(borrow_milli, "borrow_milli", low=0, high=MILLI_AT_MOST),
        },
    )
    if quota.pk is None or changed:
        quota.save()
        enter(
            actor,
            "set_city_quota",
            quota,
            case="",
            city=city.pk,
            organisation=campus.operator,
            data={"campus": campus.pk, "gpu_milli": quota.gpu_milli, "borrow_milli": quota.borrow_milli},
        )
    return quota


@transaction.atomic
def set_tenant_quota(
    actor: User | None,
    tenant: Tenant,
    *,
    gpu_milli: int | None = None,
    borrow_milli: int | None = None,
    weight: int | None = None,
) -> Tenant:
    """Set a tenant's quota (租户配额), what it may borrow, and its weight in fair share; None keeps a value.

    Raises:
        NotAllowed: the actor does not operate the campus.
        Invalid: a number is out of bounds.
    """
    require(actor, "computing.run_quota", tenant)
    lock(tenant.campus)
    lock(tenant)
    given: dict[str, int] = {}
    for name, value in (("gpu_milli", gpu_milli), ("borrow_milli", borrow_milli)):
        if value is not None:
            given[name] = whole(value, name, low=0, high=MILLI_AT_MOST)
    if weight is not None:
        given["weight"] = whole(weight, "weight", low=1, high=WEIGHT_AT_MOST)
    changed = assign(tenant, given)
    if changed:
        tenant.save()
        data = {name: getattr(tenant, name) for name in ("gpu_milli", "borrow_milli", "weight")}
        entry = _enter(actor, "set_tenant_quota", tenant, data)
        _tell(
            actor, tenant, _("贵单位在“%(campus)s”的算力配额有调整。"), {"campus": tenant.campus.name}, entry
        )
    return tenant


@transaction.atomic
def suspend_tenant(actor: User | None, tenant: Tenant, *, why: str) -> Tenant:
    """Suspend a tenant (暂停租户), with a reason: none of its queued jobs starts until it is resumed.

    Raises:
        NotAllowed: the actor does not operate the campus.
        Refused: it is suspended already.
        Invalid: no reason.
    """
    require(actor, "computing.run_quota", tenant)
    lock(tenant.campus)
    lock(tenant)
    if tenant.is_suspended:
        raise Refused(_("该租户已暂停。"), mend=_("如需恢复，请点“恢复租户”。"))
    tenant.is_suspended, tenant.why = True, clean_reason(why)
    tenant.save(update_fields=["is_suspended", "why", "updated_at"])
    entry = _enter(actor, "suspend_tenant", tenant, {"why_sm3": digest(tenant.why)})
    _tell(actor, tenant, _("贵单位在“%(campus)s”的算力已暂停。"), {"campus": tenant.campus.name}, entry)
    return tenant


@transaction.atomic
def resume_tenant(actor: User | None, tenant: Tenant) -> Tenant:
    """Resume a suspended tenant (恢复租户).

    Raises:
        NotAllowed: the actor does not operate the campus.
        Refused: it is not suspended.
    """
    require(actor, "computing.run_quota", tenant)
    lock(tenant.campus)
    lock(tenant)
    if not tenant.is_suspended:
        raise Refused(_("该租户没有被暂停。"), mend=_("无需恢复。"))
    tenant.is_suspended, tenant.why = False, ""
    tenant.save(update_fields=["is_suspended", "why", "updated_at"])
    entry = _enter(actor, "resume_tenant", tenant)
    _tell(actor, tenant, _("贵单位在“%(campus)s”的算力已恢复。"), {"campus": tenant.campus.name}, entry)
    return tenant


def _enter(actor: User | None, verb: str, tenant: Tenant, data: Mapping[str, Any] | None = None) -> Entry:
    return enter(
        actor,
        verb,
        tenant,
        case="",
        city=tenant.campus.city_id,
        organisation=tenant.organisation,
        data={"campus": tenant.campus_id, **(data or {})},
    )


def _tell(
    actor: User | None, tenant: Tenant, text: object, words: Mapping[str, object], entry: Entry
) -> None:
    tell(
        insiders_of(tenant.organisation_id),
        text,
        words,
        url=tenant.get_absolute_url(),
        event=f"ledger:{entry.sequence}",
        but=actor,
    )
