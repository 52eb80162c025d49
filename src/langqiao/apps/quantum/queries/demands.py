"""Reads of demands for key, limited to what the viewer may see."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db.models import Q, QuerySet
from django.utils import timezone

from langqiao.apps.accounts.queries import organisation_ids
from langqiao.apps.accounts.rules import is_office
from langqiao.apps.quantum.models import Demand
from langqiao.apps.quantum.rules import INSIDERS, operated_ids
from langqiao.apps.registry.models import Organisation


def visible_demands(viewer: Any) -> QuerySet[Demand]:
    """The rule ``quantum.read_demand`` as a query."""
    rows = Demand.objects.select_related("organisation", "source__city", "target__city", "scenario")
    if is_office.test(viewer):
        return rows
    run = operated_ids(viewer)
    return rows.filter(
        Q(organisation__in=organisation_ids(viewer, *INSIDERS))
        | Q(source__operator__in=run)
        | Q(target__operator__in=run)
    )


def demands_at(operators: Iterable[int]) -> QuerySet[Demand]:
    """Demands that begin or end at sites of some operators: theirs to decide."""
    mine = list(operators)
    return Demand.objects.select_related("organisation").filter(
        Q(source__operator__in=mine) | Q(target__operator__in=mine)
    )


def own_organisations(viewer: Any) -> QuerySet[Organisation]:
    """Organisations for which the viewer may ask, send and receive."""
    return Organisation.objects.filter(pk__in=organisation_ids(viewer, *INSIDERS)).order_by("name")


def current_demands() -> QuerySet[Demand]:
    """Admitted demands that are not over."""
    return Demand.objects.filter(
        state=Demand.State.ADMITTED, ends_on__gte=timezone.localdate()
    ).select_related("source__city", "target__city", "organisation")
