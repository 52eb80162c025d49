"""REST API: the dossier of a case, the latest acts."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from django.http import Http404, HttpRequest
from ninja import Field, Router, Schema

from langqiao.apps.eye.queries import live as live_queries
from langqiao.apps.eye.queries.dossier import as_file, dossier
from langqiao.apps.ledger.words import ActInWords

router = Router(tags=["eye"])


class DossierHeadOut(Schema):
    """Where the chain ended when the dossier was put together."""

    sequence: int
    hash: str


class DossierEntryOut(Schema):
    """An entry as it was hashed; of ``text`` the fields named in ``withheld`` are left out."""

    sequence: int
    hash: str
    text: str
    withheld: list[str] | None = None


class DossierOut(Schema):
    """A dossier's file (卷宗核对文件) for ``langqiao ledger prove``."""

    format: str
    case: str
    made_at: str
    hash: str
    head: DossierHeadOut
    unread: int | None
    entries: list[DossierEntryOut]


class ActOut(Schema):
    """A public act in words (动态), as a guest reads it."""

    sequence: int
    at: datetime
    verb: str
    object: str
    kind: str
    organisation: str
    city: str
    case: str

    @classmethod
    def of(cls, act: ActInWords) -> ActOut:
        """From an entry in words."""
        return cls(
            sequence=act.entry.sequence,
            at=act.entry.at,
            verb=act.verb,
            object=act.object.label,
            kind=act.kind,
            organisation=act.organisation.label,
            city=act.city,
            case=act.entry.case,
        )


class TickerOut(Schema):
    """The newest public acts, newest first, and the sequence to ask from next time."""

    head: int
    acts: list[ActOut]


@router.get(
    "/eye/cases/{case}/dossier",
    response=DossierOut,
    summary="Dossier of a case (卷宗)",
)
def case_dossier(request: HttpRequest, case: str) -> dict[str, Any]:
    """Every entry of the case that the caller may read, as it was hashed; 404 where there is none."""
    found = dossier(case.replace("\0", ""), request.user)
    if found is None:
        raise Http404
    return as_file(found)


@router.get("/eye/ticker", response=TickerOut, summary="Latest acts (动态)")
def ticker(
    request: HttpRequest,  # noqa: ARG001  the same for everybody
    after: Annotated[int, Field(ge=0, le=2**63 - 1, description="sequence from which to go on")] = 0,
    limit: Annotated[int, Field(ge=1, le=100)] = 20,
) -> TickerOut:
    """Public acts with a higher sequence than ``after``, newest first, at most ``limit``."""
    head, acts = live_queries.acts_after(after, limit)
    return TickerOut(head=head, acts=[ActOut.of(act) for act in acts])
