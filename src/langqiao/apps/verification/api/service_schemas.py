"""What the REST API takes and gives for examinations.

No ``from __future__ import annotations`` here: ninja must meet the types themselves, not their names.
"""

from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any

from ninja import Schema
from pydantic import Field as Bound

from langqiao.apps.verification.domain.services.planning import EXPERTS_AT_MOST, STEPS_AT_MOST
from langqiao.apps.verification.domain.services.shared import (
    HIGHEST_TRL,
    TEXT_AT_MOST,
    TITLE_AT_MOST,
    WHY_AT_MOST,
)
from langqiao.apps.verification.models import Evidence, Examination, ExaminationState, Milestone

Short = Annotated[str, Bound(min_length=1, max_length=200)]
Title = Annotated[str, Bound(min_length=1, max_length=TITLE_AT_MOST)]
Text = Annotated[str, Bound(min_length=1, max_length=TEXT_AT_MOST)]
Sum = Annotated[Decimal, Bound(ge=0, max_digits=14, decimal_places=2)]
Trl = Annotated[int, Bound(ge=1, le=HIGHEST_TRL)]
Key = Annotated[int, Bound(ge=1, lt=2**63)]


class ExaminationNarrowIn(Schema):
    """Filters of the list."""

    service: Examination.Service | None = None
    state: ExaminationState | None = None
    kind: Examination.Kind | None = None
    centre: Key | None = None
    case: Annotated[str, Bound(max_length=40)] = ""


class RequestIn(Schema):
    """A request: organisations by code or name, the achievement by its number."""

    client: Short
    centre: Short
    service: Examination.Service
    title: Title
    question: Text
    kind: Examination.Kind | None = None
    achievement: Key | None = None
    case: Annotated[str, Bound(max_length=40)] = ""


class ExaminationWhyIn(Schema):
    """A reason."""

    why: Annotated[str, Bound(min_length=1, max_length=WHY_AT_MOST)]


class StepIn(Schema):
    """A milestone as planned; ``id`` names one that exists and is not decided yet. Money in 万元."""

    name: Title
    criterion: Text
    due: date
    budget: Sum | None = None
    id: Key | None = None


class PlanIn(Schema):
    """The plan: experts by code or name, milestones that are not decided yet in their order."""

    kind: Examination.Kind | None = None
    trl_before: Trl | None = None
    trl_target: Trl | None = None
    budget: Sum | None = None
    experts: Annotated[list[Short], Bound(max_length=EXPERTS_AT_MOST)] = []
    milestones: Annotated[list[StepIn], Bound(max_length=STEPS_AT_MOST)]


class ExaminationFindingIn(Schema):
    """What was found at a milestone."""

    finding: Text
    reached_on: date
    spent: Sum | None = None


class DecisionIn(Schema):
    """The decision at a milestone."""

    decision: Milestone.Decision
    why: Text


class ConclusionIn(Schema):
    """The conclusion."""

    conclusion: Examination.Conclusion
    reasons: Text
    conditions: Annotated[str, Bound(max_length=TEXT_AT_MOST)] = ""
    trl_after: Trl | None = None


class EvidenceIn(Schema):
    """What a file shows."""

    what: Title
    kind: Evidence.Kind = Evidence.Kind.OTHER
    milestone: Key | None = None


class ExaminationOutlineOut(Schema):
    """An examination as the office sees it."""

    id: int
    case: str
    title: str
    service: str
    kind: str
    state: str
    centre_id: int
    centre: str
    client_id: int
    client: str
    achievement_id: int | None = None
    conclusion: str
    concluded_at: datetime | None = None
    created_at: datetime
    updated_at: datetime
    illustrative: bool

    @staticmethod
    def resolve_centre(one: Examination) -> str:
        """The centre's name."""
        return one.centre.name

    @staticmethod
    def resolve_client(one: Examination) -> str:
        """The client's name."""
        return one.client.name


class MilestoneOut(Schema):
    """A milestone: planned, found, decided."""

    id: int
    order: int
    name: str
    criterion: str
    due: date
    budget: Decimal | None = None
    spent: Decimal | None = None
    reached_on: date | None = None
    finding: str
    decision: str
    decided_why: str
    decided_at: datetime | None = None
    earlier: list[dict[str, Any]]


class ExaminationEvidenceOut(Schema):
    """A file that shows something."""

    id: int
    what: str
    kind: str
    name: str
    size: int
    digest: str
    milestone_id: int | None = None
    at: datetime


class ExaminationContentOut(Schema):
    """What only the parties read."""

    question: str
    why: str
    values: dict[str, Any]
    trl_before: int | None = None
    trl_target: int | None = None
    trl_after: int | None = None
    trl_warning: str
    budget: Decimal | None = None
    spent: Decimal
    experts: list[str]
    reasons: str
    conditions: str
    milestones: list[MilestoneOut]
    evidence: list[ExaminationEvidenceOut]
    report_sm3: str


class ExaminationOut(ExaminationOutlineOut):
    """An examination; ``content`` is null to those who see the outline only."""

    content: ExaminationContentOut | None = None


class ExaminationFieldOut(Schema):
    """A field of a form."""

    key: str
    label: str
    kind: str
    required: bool
    help: str
    unit: str
    options: list[tuple[str, str]]


class SectionOut(Schema):
    """A headed part of a form."""

    key: str
    title: str
    fields: list[ExaminationFieldOut]


class FormOut(Schema):
    """The form of a service."""

    key: str
    title: str
    basis: list[str]
    sections: list[SectionOut]
