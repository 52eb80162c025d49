"""Reads of accounts: which roles a user holds today, for which organisations and cities."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db.models import Q, QuerySet
from django.utils import timezone

from langqiao.apps.accounts.models import Membership, Notification, Role, User


def current_memberships(user: Any) -> list[Membership]:
    """Memberships of ``user`` that hold today, with their organisations; read once per user object."""
    if user is None or not getattr(user, "is_authenticated", False) or not user.is_active:
        return []
    known: list[Membership] | None = user.__dict__.get("memberships_today")
    if known is None:
        today = timezone.localdate()
        known = list(
            Membership.objects.filter(user=user, valid_from__lte=today)
            .filter(Q(valid_to=None) | Q(valid_to__gte=today))
            .select_related("organisation__city")
        )
        user.__dict__["memberships_today"] = known
    return known


def forget_memberships(user: Any) -> None:
    """Drop what :func:`current_memberships` remembers, after a change."""
    user.__dict__.pop("memberships_today", None)


def holds_role(user: Any, *roles: Role, organisation: Any = None, city: str | None = None) -> bool:
    """Say whether ``user`` holds one of ``roles`` (any role when none is named) today.

    Args:
        organisation: limit to this organisation (instance or id).
        city: limit to organisations of this city (slug).
    """
    wanted = getattr(organisation, "pk", organisation)
    return any(
        (not roles or m.role in roles)
        and (wanted is None or m.organisation_id == wanted)
        and (city is None or m.organisation.city_id == city)
        for m in current_memberships(user)
    )


def organisation_ids(user: Any, *roles: Role) -> set[int]:
    """Ids of the organisations for which ``user`` holds one of ``roles`` (any when none is named)."""
    return {m.organisation_id for m in current_memberships(user) if not roles or m.role in roles}


def members_of(organisation_ids: Iterable[int], *roles: Role) -> set[User]:
    """Active users who hold one of ``roles`` (any when none is named) in the organisations today."""
    today = timezone.localdate()
    holding = Membership.objects.filter(
        Q(valid_to=None) | Q(valid_to__gte=today),
        organisation__in=list(organisation_ids),
        valid_from__lte=today,
    )
    if roles:
        holding = holding.filter(role__in=roles)
    return set(User.objects.filter(is_active=True, pk__in=holding.values("user_id")))


def unread(user: Any) -> QuerySet[Notification]:
    """Notifications the user has not read."""
    return Notification.objects.filter(user=user, read_at=None)
