"""API of the ledger: entries the caller may read, the head of the chain."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from django.http import Http404, HttpRequest
from ninja import Router, Schema
from ninja.pagination import paginate

from langqiao.apps.ledger.models import Entry
from langqiao.apps.ledger.queries import head, readable, readable_entry
from langqiao.kit.api import Paged

router = Router(tags=["ledger"])


class EntryOut(Schema):
    """One act with the hashes that tie it into the chain."""

    sequence: int
    at: datetime
    organisation: str
    city: str
    case: str
    app: str
    verb: str
    object: str
    visibility: str
    data: dict[str, Any]
    previous: str
    hash: str

    @staticmethod
    def resolve_data(entry: Entry) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(entry.data)
        return found


class HeadOut(Schema):
    """Where the chain ends: note it outside to prove later that the tail was not rewritten."""

    sequence: int
    hash: str


@router.get("/head", response=HeadOut, summary="End of the chain (链尾)")
def chain_head(request: HttpRequest) -> dict[str, Any]:  # noqa: ARG001
    """Sequence and SM3 hash of the last entry."""
    sequence, digest = head()
    return {"sequence": sequence, "hash": digest}


@router.get("/entries", response=list[EntryOut], summary="Entries (台账记录)")
@paginate(Paged)
def entries(
    request: HttpRequest, *, case: str = "", app: str = "", verb: str = "", city: str = "", after: int = 0
) -> Any:
    """Entries the caller may read by sequence; ``after`` gives those with a higher sequence."""
    rows = readable(request.user, case).order_by("sequence")
    for field, value in (("app", app), ("verb", verb), ("city", city)):
        if value:
            rows = rows.filter(**{field: value})
    return rows.filter(sequence__gt=min(max(after, 0), 2**63 - 1))


@router.get("/entries/{sequence}", response=EntryOut, summary="One entry (一条记录)")
def entry(request: HttpRequest, sequence: int) -> Entry:
    """404 also when the caller may not read it."""
    found = readable_entry(request.user, sequence)
    if found is None:
        raise Http404
    return found
