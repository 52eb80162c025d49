"""Verbs of accounts: memberships, API tokens, notifications."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.db.models import Q
from django.utils import timezone, translation
from django.utils.translation import gettext_lazy as _

from langqiao.apps.accounts.models import ApiToken, Membership, Notification, Role, User
from langqiao.apps.accounts.queries import forget_memberships
from langqiao.apps.ledger.domain import record
from langqiao.apps.ledger.models import Visibility
from langqiao.engines.sm.sm3 import sm3_hex
from langqiao.kit.permissions import require
from langqiao.kit.refusals import Invalid, NotAllowed

if TYPE_CHECKING:
    from langqiao.apps.registry.models import Organisation

TOKEN_PREFIX = "lq_"  # noqa: S105  marks our tokens for secret scanners, is none itself
TOKEN_DAYS_AT_MOST = 366
# Roles that act for the whole corridor: only the office (or the console) grants them.
CORRIDOR_ROLES = frozenset({Role.OFFICE, Role.LIAISON, Role.EVALUATOR})


@transaction.atomic
def grant_membership(
    actor: User | None,
    user: User,
    organisation: Organisation,
    role: Role,
    *,
    is_manager: bool = False,
    valid_from: date | None = None,
    valid_to: date | None = None,
) -> Membership:
    """Let ``user`` act for ``organisation`` in ``role`` (授予机构角色); granting again renews the dates.

    Raises:
        NotAllowed: the actor is neither the office nor a manager of the organisation, or a
            manager tries to grant a role that acts for the whole corridor.
        Invalid: the end lies before the start.
    """
    require(actor, "accounts.grant_membership", organisation)
    if role in CORRIDOR_ROLES:
        _require_corridor_granter(actor)
    start = valid_from or timezone.localdate()
    if valid_to is not None and valid_to < start:
        raise Invalid(_("截止日期早于起始日期。"), mend=_("请改正日期。"), field="valid_to")
    membership, _made = Membership.objects.update_or_create(
        user=user,
        organisation=organisation,
        role=role,
        defaults={"is_manager": is_manager, "valid_from": start, "valid_to": valid_to},
    )
    forget_memberships(user)
    record(
        actor,
        "grant_membership",
        membership,
        data={"user": user.pk, "role": role, "manager": is_manager, "from": start, "to": valid_to},
        organisation=organisation,
        city=organisation.city_id or "",
        visibility=Visibility.OFFICE,
    )
    return membership


def _require_corridor_granter(actor: User | None) -> None:
    from langqiao.apps.accounts.rules import is_office, is_system

    if not (is_office | is_system).test(actor):
        raise NotAllowed(_("该角色代表整个走廊，只有联席办可以授予。"), mend=_("请联系联席办。"))


@transaction.atomic
def end_membership(actor: User | None, membership: Membership, *, on: date | None = None) -> Membership:
    """End a membership (终止机构角色), by default yesterday, so that it no longer holds today.

    Raises:
        NotAllowed: the actor is neither the office nor a manager of the organisation.
    """
    require(actor, "accounts.grant_membership", membership)
    if membership.role in CORRIDOR_ROLES:
        _require_corridor_granter(actor)
    end = on or timezone.localdate() - timedelta(days=1)
    membership.valid_from = min(membership.valid_from, end)
    membership.valid_to = end
    membership.save(update_fields=["valid_from", "valid_to", "updated_at"])
    forget_memberships(membership.user)
    record(
        actor,
        "end_membership",
        membership,
        data={"user": membership.user_id, "role": membership.role, "to": end},
        organisation=membership.organisation,
        city=membership.organisation.city_id or "",
        visibility=Visibility.OFFICE,
    )
    return membership


@transaction.atomic
def issue_token(actor: User, *, name: str, may_write: bool = False, days: int = 90) -> tuple[ApiToken, str]:
    """Issue an API token (签发接口令牌); the secret is returned once and never stored.

    Raises:
        NotAllowed: nobody is signed in.
        Invalid: no name, or a life of less than 1 or more than 366 days.
    """
    require(actor, "accounts.issue_token")
    if not name.strip():
        raise Invalid(_("请写明令牌的用途。"), field="name")
    if not 1 <= days <= TOKEN_DAYS_AT_MOST:
        raise Invalid(_("有效期须为 1 至 366 天。"), field="days")
    secret = TOKEN_PREFIX + secrets.token_urlsafe(32)
    token = ApiToken.objects.create(
        user=actor,
        name=name.strip(),
        digest=sm3_hex(secret.encode()),
        may_write=may_write,
        expires_at=timezone.now() + timedelta(days=days),
    )
    record(
        actor, "issue_token", token, data={"may_write": may_write, "days": days}, visibility=Visibility.OFFICE
    )
    return token, secret


@transaction.atomic
def revoke_token(actor: User, token: ApiToken) -> ApiToken:
    """Revoke an API token (吊销接口令牌); it stops working at once.

    Raises:
        NotAllowed: the token is somebody else's.
    """
    require(actor, "accounts.revoke_token", token)
    if token.revoked_at is None:
        token.revoked_at = timezone.now()
        token.save(update_fields=["revoked_at", "updated_at"])
        record(actor, "revoke_token", token, visibility=Visibility.OFFICE)
    return token


def token_holder(secret: str) -> tuple[User, ApiToken] | None:
    """The active user behind a token's secret, or None when it is unknown, expired or revoked."""
    now = timezone.now()
    token = (
        ApiToken.objects.select_related("user")
        .filter(digest=sm3_hex(secret.encode()), revoked_at=None, expires_at__gt=now, user__is_active=True)
        .first()
    )
    if token is None:
        return None
    # One write a minute is enough to know whether a token is in use.
    if token.last_used_at is None or now - token.last_used_at > timedelta(minutes=1):
        ApiToken.objects.filter(pk=token.pk).filter(
            Q(last_used_at=None) | Q(last_used_at__lt=now - timedelta(minutes=1))
        ).update(last_used_at=now)
    return token.user, token


def notify(users: Iterable[Any], *, text: str, url: str, event: str) -> int:
    """Tell each user once of ``event`` (通知); returns how many were new to it."""
    rows = [Notification(user=user, text=text[:300], url=url, event=event[:120]) for user in users]
    known = set(
        Notification.objects.filter(event=event[:120], user__in=[r.user for r in rows]).values_list(
            "user_id", flat=True
        )
    )
    fresh = [row for row in rows if row.user_id not in known]
    Notification.objects.bulk_create(fresh, ignore_conflicts=True)
    return len(fresh)


def tell(
    users: Iterable[User],
    text: object,
    words: Mapping[str, object] | None = None,
    *,
    url: str,
    event: str,
    but: User | None = None,
) -> None:
    """Notify each user once in their own language; never with sealed content in text or words.

    Args:
        text: a lazy translation; ``words`` fill its places.
        but: the actor, who knows.
    """
    by_language: dict[str, list[User]] = {}
    for user in users:
        if but is None or user.pk != but.pk:
            by_language.setdefault(user.language or "zh-hans", []).append(user)
    for language, group in by_language.items():
        with translation.override(language):
            notify(group, text=str(text) % (words or {}), url=url, event=event)


def mark_read(actor: User, *, notifications: Iterable[int] | None = None) -> int:
    """Mark the actor's notifications read (标为已读), all of them when none are named."""
    rows = Notification.objects.filter(user=actor, read_at=None)
    if notifications is not None:
        rows = rows.filter(pk__in=list(notifications))
    return rows.update(read_at=timezone.now())
