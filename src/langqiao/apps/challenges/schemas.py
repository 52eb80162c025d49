"""What the REST API takes and gives for challenges, answers and matches.

No ``from __future__ import annotations`` here: ninja's PatchDict copies annotations as they stand.
"""

from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any

from ninja import Schema
from pydantic import Field as Bound

from langqiao.apps.challenges.domain.answers import MONTHS_AT_MOST
from langqiao.apps.challenges.domain.answers import TEXT_AT_MOST as ANSWER_AT_MOST
from langqiao.apps.challenges.domain.questions import TEXT_AT_MOST as QUESTION_AT_MOST
from langqiao.apps.challenges.domain.values import (
    DETAILS_AT_MOST,
    KEYWORDS_AT_MOST,
    SUMMARY_AT_MOST,
    TITLE_AT_MOST,
)
from langqiao.apps.challenges.models import Challenge
from langqiao.apps.registry.models import Stage

Short = Annotated[str, Bound(max_length=200)]
Slug = Annotated[str, Bound(max_length=40)]
Amount = Annotated[Decimal, Bound(ge=0, max_digits=14, decimal_places=2)]
Text = Annotated[str, Bound(min_length=1, max_length=QUESTION_AT_MOST)]


class ChallengeIn(Schema):
    """A new challenge: references by code, slug or name; amounts in 万元."""

    organisation: Short
    title: Annotated[str, Bound(min_length=1, max_length=TITLE_AT_MOST)]
    summary: Annotated[str, Bound(max_length=SUMMARY_AT_MOST)] = ""
    details: Annotated[str, Bound(max_length=DETAILS_AT_MOST)] = ""
    city: Slug = ""
    field: Slug = ""
    keywords: Annotated[list[str], Bound(max_length=KEYWORDS_AT_MOST)] = []
    stage: Stage | None = None
    budget_min: Amount | None = None
    budget_max: Amount | None = None
    deadline: date | None = None
    confidentiality: Challenge.Confidentiality = Challenge.Confidentiality.OPEN


class ChallengePatch(Schema):
    """Fields of a challenge that may change."""

    title: Annotated[str, Bound(min_length=1, max_length=TITLE_AT_MOST)]
    summary: Annotated[str, Bound(max_length=SUMMARY_AT_MOST)]
    details: Annotated[str, Bound(max_length=DETAILS_AT_MOST)]
    city: Slug
    field: Slug
    keywords: Annotated[list[str], Bound(max_length=KEYWORDS_AT_MOST)]
    stage: Stage | None = None
    budget_min: Amount | None = None
    budget_max: Amount | None = None
    deadline: date | None = None
    confidentiality: Challenge.Confidentiality


class ChallengeOut(Schema):
    """A challenge as everybody who may read it sees it."""

    id: int
    case: str
    code: str | None
    title: str
    summary: str
    organisation: str | None = None
    organisation_id: int | None = None
    city: str | None = Bound(None, alias="city_id")
    field: str | None = Bound(None, alias="field_id")
    keywords: list[Any]
    stage: str
    budget_min: Decimal | None = None
    budget_max: Decimal | None = None
    deadline: date | None = None
    confidentiality: str
    state: str
    published_at: datetime | None = None
    illustrative: bool

    @staticmethod
    def resolve_organisation(challenge: Challenge) -> str | None:
        """The posing firm's name."""
        return challenge.organisation.name if challenge.organisation else None


class AttachmentOut(Schema):
    """A file: fetched from its page under the same rule."""

    id: int
    name: str
    media_type: str
    size: int
    digest: str


class ChallengeDetailOut(ChallengeOut):
    """A challenge with its details where the reader may see them; null says they are sealed.

    Read from attributes that the view sets when the rule allows, never from the record's own.
    """

    details: str | None = Bound(None, alias="shown_details")
    attachments: list[AttachmentOut] | None = Bound(None, alias="shown_attachments")


class ReasonIn(Schema):
    """Why, in words that the ledger makes public."""

    reason: Annotated[str, Bound(min_length=1, max_length=500)]


class QuestionIn(Schema):
    """A question to the firm."""

    text: Text
    sealed: bool = False


class QuestionOut(Schema):
    """A question with its reply."""

    id: int
    text: str
    at: datetime
    reply: str
    replied_at: datetime | None = None
    sealed: bool


class FollowOut(Schema):
    """Whether the caller follows the challenge."""

    following: bool


class PartnerIn(Schema):
    """A partner beside the leading organisation."""

    organisation: Short
    part: Annotated[str, Bound(max_length=300)] = ""


class AnswerIn(Schema):
    """A new answer's draft; price in 万元."""

    organisation: Short
    title: Annotated[str, Bound(min_length=1, max_length=300)]
    approach: Annotated[str, Bound(min_length=1, max_length=ANSWER_AT_MOST)]
    plan: Annotated[str, Bound(max_length=ANSWER_AT_MOST)] = ""
    price: Amount | None = None
    months: Annotated[int, Bound(ge=1, le=MONTHS_AT_MOST)] | None = None
    partners: Annotated[list[PartnerIn], Bound(max_length=19)] = []


class VersionOut(Schema):
    """What an answer says."""

    number: int
    title: str
    approach: str
    plan: str
    price: Decimal | None = None
    months: int | None = None
    digest: str


class MemberOut(Schema):
    """An organisation of a team."""

    organisation_id: int
    organisation: str
    is_lead: bool


class AnswerOut(Schema):
    """An answer: outline for all who may know of it, content for team and firm (else null)."""

    id: int
    challenge: int
    state: str
    title: str | None = None
    submitted_at: datetime | None = None
    team: list[MemberOut]
    version: VersionOut | None = None


class MatchIn(Schema):
    """A problem in plain words, with the filters of the panels."""

    text: Annotated[str, Bound(min_length=1, max_length=20_000)]
    title: Annotated[str, Bound(max_length=TITLE_AT_MOST)] = ""
    city: Slug = ""
    stage: Stage | None = None
    field: Slug = ""
    cities: Annotated[list[Slug], Bound(max_length=40)] = []
    fields: Annotated[list[Slug], Bound(max_length=40)] = []
    kinds: Annotated[list[Slug], Bound(max_length=40)] = []
    licences: Annotated[list[Slug], Bound(max_length=10)] = []
    trl_min: Annotated[int, Bound(ge=1, le=9)] | None = None
    trl_max: Annotated[int, Bound(ge=1, le=9)] | None = None
    year_min: Annotated[int, Bound(ge=1900, le=2200)] | None = None
    year_max: Annotated[int, Bound(ge=1900, le=2200)] | None = None
    limit: Annotated[int, Bound(ge=1, le=20)] = 5


class PartOut(Schema):
    """One part of a score."""

    name: str
    percent: float


class EvidenceOut(Schema):
    """What a row rests on."""

    title: str
    url: str


class RowOut(Schema):
    """One partner found."""

    key: str
    kind: str
    kind_label: str
    title: str
    url: str
    organisation: str
    city: str | None = None
    distance_km: float | None = None
    score: float
    bar: list[PartOut]
    why: str
    terms: list[str]
    evidence: list[EvidenceOut]
    illustrative: bool

    @staticmethod
    def resolve_city(row: Any) -> str | None:
        """The city's slug."""
        return row.city.slug if row.city is not None else None


class PanelOut(Schema):
    """One of the four panels."""

    slug: str
    title: str
    rows: list[RowOut]
    related: list[RowOut]
    total: int


class MatchesOut(Schema):
    """The four panels; ``ready`` is false while no index is built."""

    panels: list[PanelOut]
    milliseconds: float
    ready: bool
