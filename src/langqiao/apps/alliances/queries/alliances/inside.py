"""Reads inside alliances, limited to what the viewer may see: rules of ``rules.alliances`` as queries."""

from __future__ import annotations

from typing import Any

from django.db.models import Count, F, Q, QuerySet, Sum

from langqiao.apps.accounts.rules import is_office
from langqiao.apps.alliances.models import (
    Alliance,
    Attendance,
    Contact,
    Exchange,
    Gathering,
    Member,
    Rating,
    Reply,
)
from langqiao.apps.alliances.rules.alliances import own_ids, secretariat_ids
from langqiao.apps.registry.models import Organisation


def run_by(viewer: Any) -> QuerySet[Alliance]:
    """Alliances whose secretariat the viewer is (or stands in for, as the office)."""
    found = Q(secretariat__in=secretariat_ids(viewer))
    if is_office.test(viewer):
        found |= Q(secretariat=None, is_group=False)
    return Alliance.objects.filter(found)


def inside_of(viewer: Any) -> QuerySet[Alliance]:
    """Alliances in which an organisation of the viewer's is a member."""
    held = Member.objects.filter(state=Member.State.ACTIVE, organisation__in=own_ids(viewer))
    return Alliance.objects.filter(pk__in=held.values("alliance"))


def visible_members(viewer: Any) -> QuerySet[Member]:
    """The rule ``alliances.read_member`` as a query."""
    rows = Member.objects.select_related("alliance", "organisation__city")
    if is_office.test(viewer):
        return rows
    return rows.filter(
        Q(state=Member.State.ACTIVE)
        | Q(organisation__in=own_ids(viewer))
        | Q(alliance__secretariat__in=secretariat_ids(viewer))
    )


def visible_gatherings(viewer: Any) -> QuerySet[Gathering]:
    """The rule ``alliances.read_gathering`` as a query."""
    coming = Q(attendances__state__in=(Attendance.State.REGISTERED, Attendance.State.ATTENDED))
    rows = Gathering.objects.select_related("alliance", "city").annotate(
        organisations=Count("attendances", filter=coming), people=Sum("attendances__people", filter=coming)
    )
    if is_office.test(viewer):
        return rows
    return rows.filter(
        Q(audience=Gathering.Audience.PUBLIC)
        | Q(alliance__in=inside_of(viewer))
        | Q(alliance__secretariat__in=secretariat_ids(viewer))
    )


def visible_exchanges(viewer: Any) -> QuerySet[Exchange]:
    """The rule ``alliances.read_exchange`` as a query."""
    rows = Exchange.objects.select_related("alliance", "organisation__city")
    return rows.filter(
        Q(alliance__in=inside_of(viewer)) | Q(alliance__secretariat__in=secretariat_ids(viewer))
    )


def visible_replies(viewer: Any, exchange: Exchange) -> QuerySet[Reply]:
    """The rule ``alliances.read_reply`` as a query."""
    mine = own_ids(viewer)
    rows = Reply.objects.filter(exchange=exchange).select_related("organisation", "exchange__alliance")
    return rows if exchange.organisation_id in mine else rows.filter(organisation__in=mine)


def visible_contacts(viewer: Any) -> QuerySet[Contact]:
    """People who agreed and whose organisation is still a member or the secretariat.

    Only members and the secretariat of the same alliance see them (``alliances.list_contacts``).
    """
    rows = Contact.objects.filter(state=Contact.State.GIVEN).select_related("alliance", "organisation__city")
    rows = rows.filter(
        Q(alliance__in=inside_of(viewer)) | Q(alliance__secretariat__in=secretariat_ids(viewer))
    )
    return rows.filter(
        Q(organisation=F("alliance__secretariat"))
        | Q(
            organisation__alliance_members__alliance=F("alliance"),
            organisation__alliance_members__state=Member.State.ACTIVE,
        )
    ).distinct()


def own_contact(viewer: Any, alliance: Alliance) -> Contact | None:
    """The viewer's own entry in the list, which they may withdraw whatever became of their organisation."""
    if not getattr(viewer, "is_authenticated", False):
        return None
    rows = Contact.objects.filter(alliance=alliance, user=viewer, state=Contact.State.GIVEN)
    return rows.select_related("alliance", "organisation").first()


def visible_ratings(viewer: Any) -> QuerySet[Rating]:
    """The rule ``alliances.read_rating`` as a query."""
    rows = Rating.objects.select_related("alliance", "scheme")
    if is_office.test(viewer):
        return rows
    return rows.filter(Q(state=Rating.State.PUBLISHED) | Q(alliance__secretariat__in=secretariat_ids(viewer)))


def own_organisations(viewer: Any) -> QuerySet[Organisation]:
    """Organisations for which the viewer acts inside alliances."""
    return Organisation.objects.filter(pk__in=own_ids(viewer)).order_by("name")


def own_members(viewer: Any, alliance: Alliance) -> QuerySet[Organisation]:
    """Those of them that are members of the alliance."""
    return own_organisations(viewer).filter(
        alliance_members__alliance=alliance, alliance_members__state=Member.State.ACTIVE
    )
