"""Who may read the ledger entries of a case that computing wrote (see ``ledger.queries``)."""

from __future__ import annotations

from typing import Any

from django.db.models import Model, Q

from langqiao.apps.computing.models import Bill, Grant, Job, Request
from langqiao.apps.ledger.models import Visibility
from langqiao.kit.permissions import allowed

NOTHING = Q(pk__in=[])
# Kinds of records whose acts are written into a case, with the permission that opens them.
_KINDS: tuple[tuple[type[Model], str, str], ...] = (
    (Request, "case", "computing.read_request"),
    (Grant, "request__case", "computing.read_tenant"),
    (Job, "case", "computing.read_job"),
    (Bill, "usage__job__case", "computing.read_tenant"),
)


def read_case(viewer: Any, case: str) -> Q:
    """Entries of a case beyond the public ones that the viewer may read."""
    objects = [
        f"{model._meta.label_lower}:{row.pk}"
        for model, path, permission in _KINDS
        for row in model._default_manager.filter(**{path: case}).distinct()  # noqa: SLF001  documented
        if allowed(viewer, permission, row)
    ]
    return Q(visibility=Visibility.PARTIES, object__in=objects) if objects else NOTHING
