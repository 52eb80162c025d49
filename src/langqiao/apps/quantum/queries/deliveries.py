"""Reads of endpoints and deliveries, limited to what the viewer may see."""

from __future__ import annotations

from typing import Any

from django.db.models import Q, QuerySet

from langqiao.apps.accounts.queries import organisation_ids
from langqiao.apps.accounts.rules import is_office
from langqiao.apps.quantum.models import Delivery, Endpoint
from langqiao.apps.quantum.rules import INSIDERS
from langqiao.kit.permissions import allowed


def visible_deliveries(viewer: Any) -> QuerySet[Delivery]:
    """The rule ``quantum.read_delivery`` as a query."""
    rows = Delivery.objects.select_related(
        "sender__organisation", "sender__site__city", "recipient__organisation", "recipient__site__city"
    )
    if is_office.test(viewer):
        return rows
    mine = organisation_ids(viewer, *INSIDERS)
    return rows.filter(Q(sender__organisation__in=mine) | Q(recipient__organisation__in=mine))


def visible_endpoints(viewer: Any) -> QuerySet[Endpoint]:
    """The directory of endpoints, for those who may send, run sites, or oversee."""
    rows = Endpoint.objects.select_related("site__city", "site__operator", "organisation")
    return rows if allowed(viewer, "quantum.read_endpoints") else rows.none()


def own_endpoints(viewer: Any) -> QuerySet[Endpoint]:
    """Endpoints in use of the viewer's organisations."""
    rows = Endpoint.objects.select_related("site", "organisation").filter(is_active=True)
    return rows.filter(organisation__in=organisation_ids(viewer, *INSIDERS))
