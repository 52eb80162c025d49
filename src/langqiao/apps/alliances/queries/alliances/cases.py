"""Who may read the ledger entries of an alliance's case beyond the public ones (see ``ledger.queries``)."""

from __future__ import annotations

from typing import Any

from django.db.models import Model, Q, QuerySet

from langqiao.apps.alliances.models import Alliance, Contact, Reply
from langqiao.apps.alliances.queries.alliances.inside import (
    visible_exchanges,
    visible_gatherings,
    visible_members,
    visible_ratings,
)
from langqiao.apps.alliances.rules.alliances import own_ids
from langqiao.apps.ledger.domain import identifier
from langqiao.apps.ledger.models import Entry, Visibility
from langqiao.apps.ledger.queries import readable

NOTHING = Q(pk__in=[])


def _names(rows: QuerySet[Any]) -> list[str]:
    label = rows.model._meta.label_lower
    return [f"{label}:{key}" for key in rows.values_list("pk", flat=True)]


def read_case(viewer: Any, case: str) -> Q:
    """Entries of an alliance's case beyond the public ones that the viewer may read."""
    alliance = Alliance.objects.filter(case=case).first() if case else None
    if alliance is None or not getattr(viewer, "is_authenticated", False):
        return NOTHING
    mine = own_ids(viewer)
    replies = Reply.objects.filter(exchange__alliance=alliance).filter(
        Q(organisation__in=mine) | Q(exchange__organisation__in=mine)
    )
    objects = [
        *_names(visible_members(viewer).filter(alliance=alliance)),
        *_names(visible_gatherings(viewer).filter(alliance=alliance)),
        *_names(visible_exchanges(viewer).filter(alliance=alliance)),
        *_names(replies),
        *_names(visible_ratings(viewer).filter(alliance=alliance)),
        *_names(Contact.objects.filter(alliance=alliance, user=viewer)),
    ]
    return Q(visibility=Visibility.PARTIES, object__in=objects) if objects else NOTHING


def thread(thing: Model, alliance: Alliance, viewer: Any) -> list[Entry]:
    """Ledger entries about one record of an alliance that the viewer may read, in order."""
    return list(readable(viewer, alliance.case).filter(object=identifier(thing)).order_by("sequence"))
