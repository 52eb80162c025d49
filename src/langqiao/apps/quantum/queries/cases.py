"""Who may read the ledger entries of a case that the quantum network wrote (see ``ledger.queries``)."""

from __future__ import annotations

from typing import Any

from django.db.models import Model, Q

from langqiao.apps.ledger.models import Entry, Visibility
from langqiao.apps.ledger.queries import readable
from langqiao.apps.quantum.models import Delivery, Demand
from langqiao.kit.permissions import allowed

NOTHING = Q(pk__in=[])
# Kinds of records whose acts are written into a case, with the permission that opens them.
_KINDS: tuple[tuple[type[Model], str], ...] = (
    (Demand, "quantum.read_demand"),
    (Delivery, "quantum.read_delivery"),
)


def read_case(viewer: Any, case: str) -> Q:
    """Entries of a case beyond the public ones that the viewer may read."""
    objects = [
        f"{model._meta.label_lower}:{row.pk}"
        for model, permission in _KINDS
        for row in model._default_manager.filter(case=case)  # noqa: SLF001  documented for generic code
        if allowed(viewer, permission, row)
    ]
    return Q(visibility=Visibility.PARTIES, object__in=objects) if objects else NOTHING


def thread(thing: Any, viewer: Any) -> list[Entry]:
    """Ledger entries about a record that the viewer may read, in order."""
    case = str(getattr(thing, "case", ""))
    name = f"{thing._meta.label_lower}:{thing.pk}"
    return list(readable(viewer, case).filter(object=name).order_by("sequence"))
