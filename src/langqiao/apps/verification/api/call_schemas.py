"""What the REST API takes and gives for calls and applications.

No ``from __future__ import annotations`` here: ninja's PatchDict copies annotations as they stand.
"""

from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any

from ninja import Schema
from pydantic import AwareDatetime
from pydantic import Field as Bound

from langqiao.apps.verification.domain.calls import GUIDE_AT_MOST, REASON_AT_MOST, SUMMARY_AT_MOST
from langqiao.apps.verification.models import Application, Call, Screening

Short = Annotated[str, Bound(max_length=200)]
Slug = Annotated[str, Bound(max_length=40)]
Title = Annotated[str, Bound(min_length=1, max_length=200)]
Amount = Annotated[Decimal, Bound(ge=0, max_digits=14, decimal_places=2)]
Pk = Annotated[int, Bound(ge=1, lt=2**63)]
Small = Annotated[int, Bound(ge=0, le=1_000)]
Rows = Annotated[list[dict[str, Any]], Bound(max_length=40)]


class CallPatch(Schema):
    """What of a call may change: all of a draft, of a published one how its reviewing is organised.

    The shapes of the JSON parts stand in docs/verification.md.
    """

    title: Title
    summary: Annotated[str, Bound(max_length=SUMMARY_AT_MOST)]
    guide: Annotated[str, Bound(max_length=GUIDE_AT_MOST)]
    fields: Annotated[list[Slug], Bound(max_length=40)]
    opens_at: AwareDatetime | None = None
    closes_at: AwareDatetime | None = None
    places: Small | None = None
    budget: Amount | None = None
    form: Rows
    wanted_files: Rows
    promises: Rows
    screening: Rows
    criteria: Rows
    chain: Rows
    grades: Rows
    panel: dict[str, Any]
    choice: dict[str, Any]
    blindness: Call.Blindness
    reviews_per: Small
    max_load: Small
    min_load: Small
    conflict_years: Small
    coauthor_years: Small


class CallIn(Schema):
    """A new call: from a preset (recognise, verify, evaluate, grade), or bare."""

    kind: Call.Kind
    title: Title
    preset: Slug = ""
    closes_at: AwareDatetime | None = None


class CallOut(Schema):
    """A call in a list."""

    id: int
    case: str
    kind: str
    title: str
    summary: str
    state: str
    step: int | None = None
    opens_at: datetime | None = None
    closes_at: datetime | None = None
    published_at: datetime | None = None
    places: int | None = None
    budget: Decimal | None = None
    organiser: str | None = None
    number_issued: str
    illustrative: bool

    @staticmethod
    def resolve_organiser(call: Call) -> str | None:
        """The organiser's name."""
        return call.organiser.name if call.organiser else None


class CallDetailOut(CallOut):
    """A call with all that configures it."""

    guide: str
    form: list[dict[str, Any]]
    wanted_files: list[dict[str, Any]]
    promises: list[dict[str, Any]]
    screening: list[dict[str, Any]]
    criteria: list[dict[str, Any]]
    chain: list[dict[str, Any]]
    grades: list[dict[str, Any]]
    blindness: str
    notice_url: str
    resolution: str
    resolution_url: str


class ExtendIn(Schema):
    """A later deadline and its public reason."""

    closes_at: AwareDatetime
    why: Annotated[str, Bound(min_length=1, max_length=REASON_AT_MOST)]


class ApplicationWhyIn(Schema):
    """A reason."""

    why: Annotated[str, Bound(max_length=REASON_AT_MOST)] = ""


class OutcomeIn(Schema):
    """What the office notes of the step it leaves."""

    outcome: Annotated[str, Bound(max_length=300)] = ""


class NumberIn(Schema):
    """The number of the document that issues the result (文号)."""

    number: Annotated[str, Bound(min_length=1, max_length=80)]


class KeptOutIn(Schema):
    """An expert whom the applicant asks to keep out, and why."""

    person: Pk
    why: Annotated[str, Bound(min_length=1, max_length=300)]


class ApplicationIn(Schema):
    """A new application: the organisation by code or name, values by field key, amount in 万元."""

    organisation: Short
    title: Title
    field: Slug = ""
    achievement: Pk | None = None
    amount: Amount | None = None
    case: Slug = ""
    values: dict[str, Any] = {}


class ApplicationPatch(Schema):
    """What of the working copy may change; ``values`` adds, null empties a field."""

    title: Title
    field: Slug
    achievement: Pk | None = None
    amount: Amount | None = None
    values: dict[str, Any]
    kept_out: Annotated[list[KeptOutIn], Bound(max_length=10)]


class FileOut(Schema):
    """A file of an application."""

    id: int
    key: str
    name: str
    media_type: str
    size: int
    sm3: str


class PromiseOut(Schema):
    """A promise that was signed."""

    key: str
    title: str
    sm3: str


class ApplicationContentOut(Schema):
    """What the caller may read of an application's content."""

    version: int | None
    sm3: str
    amount: Decimal | None
    values: dict[str, Any]
    files: list[FileOut]
    promises: list[PromiseOut]


class MissingOut(Schema):
    """What is still missing before it can be submitted."""

    part: str
    key: str
    why: str


class ApplicationOut(Schema):
    """An application's outline; ``content`` and ``missing`` are null where the caller may not read them."""

    id: int
    call: int
    number: int | None
    case: str
    title: str
    organisation_id: int
    organisation: str
    city: str | None
    field: str | None
    state: str
    submitted_at: datetime | None
    version: int | None
    correct_by: datetime | None
    grade: str
    illustrative: bool
    content: ApplicationContentOut | None = None
    missing: list[MissingOut] | None = None


class ApplicationOutlineOut(Schema):
    """An application in a list, without its content."""

    id: int
    call: int = Bound(alias="call_id")
    number: int | None = None
    case: str
    title: str = Bound(alias="shown_title")
    organisation_id: int
    organisation: str
    city: str | None = Bound(None, alias="city_id")
    field: str | None = Bound(None, alias="field_id")
    state: str
    submitted_at: datetime | None = None
    version: int | None = None
    correct_by: datetime | None = None
    grade: str
    illustrative: bool

    @staticmethod
    def resolve_organisation(application: Application) -> str:
        """The applicant's name."""
        return application.organisation.name


class ApplicationFindingIn(Schema):
    """One point of the document check."""

    passed: bool
    note: Annotated[str, Bound(max_length=500)] = ""


class ScreeningIn(Schema):
    """A document check: every point, the verdict, a note, and until when to correct."""

    verdict: Screening.Verdict
    points: dict[str, ApplicationFindingIn] = {}
    note: Annotated[str, Bound(max_length=2_000)] = ""
    correct_by: AwareDatetime | None = None


class ReceiptOut(Schema):
    """The receipt of a version: its digest and the ledger's entry that holds it."""

    call: int
    case: str
    number: int
    version: int
    sm3: str
    at: datetime
    sequence: int
    hash: str
    content_holds: bool
    ledger_holds: bool


class HeldOut(Schema):
    """Whether the ledger holds the digest that was shown, and in which entry."""

    held: bool
    sequence: int | None = None
    hash: str | None = None
    at: datetime | None = None
