"""What the REST API takes and gives for the joint conference.

No ``from __future__ import annotations`` here: ninja must meet the annotations themselves.
"""

from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any

from ninja import Schema
from pydantic import Field as Bound

from langqiao.apps.conference.models import (
    CityStatus,
    Matter,
    Notice,
    Priority,
    Project,
    Resolution,
    Session,
    Task,
    Vote,
)
from langqiao.apps.registry.domain.acts import TITLE_AT_MOST

Short = Annotated[str, Bound(max_length=200)]
Slug = Annotated[str, Bound(max_length=40)]


class SessionOut(Schema):
    """A session of which the caller may know."""

    id: int
    kind: Session.Kind
    number: int
    title: str
    state: Session.State
    starts_at: datetime | None = None
    place: str
    chair: str
    is_public: bool
    illustrative: bool


class AgendaOut(Schema):
    """One item of an agenda."""

    id: int
    position: int
    matter: int = Bound(alias="matter_id")
    title: str
    outcome: str
    ballots: list[int]

    @staticmethod
    def resolve_title(item: Any) -> str:
        """The matter's title."""
        return str(item.matter.title)

    @staticmethod
    def resolve_ballots(item: Any) -> list[int]:
        """Ids of its ballots."""
        return [ballot.pk for ballot in item.ballots.all()]


class PaperOut(Schema):
    """A paper; fetched from its page under the same rule."""

    id: int
    title: str
    name: str
    media_type: str
    size: int
    digest: str
    released_at: datetime | None = None


class SessionDetailOut(SessionOut):
    """A session with what the caller may see: ``agenda`` is null to those who are not at the table."""

    agenda: list[AgendaOut] | None = Bound(None, alias="shown_agenda")
    papers: list[PaperOut] = Bound(alias="shown_papers")


class MatterIn(Schema):
    """A matter to be put before the conference; references by code, slug or name."""

    title: Annotated[str, Bound(min_length=1, max_length=TITLE_AT_MOST)]
    summary: Annotated[str, Bound(max_length=10_000)] = ""
    city: Slug = ""
    organisation: Short = ""


class MatterOut(Schema):
    """A matter."""

    id: int
    case: str
    title: str
    summary: str
    city: str | None = Bound(None, alias="city_id")
    organisation: int | None = Bound(None, alias="organisation_id")
    state: Matter.State
    postponed: int
    decided_at: datetime | None = None


class VoteIn(Schema):
    """A vote; ``voter`` may be left out where the caller votes for one only."""

    choice: Vote.Choice
    voter: Annotated[str, Bound(max_length=60)] = ""
    reason: Annotated[str, Bound(max_length=1000)] = ""


class VoteOut(Schema):
    """A vote as it may be shown."""

    voter: str
    choice: str
    reason: str


class BallotOut(Schema):
    """A ballot; counts are null while it is open, ``votes`` null where they are not shown."""

    id: int
    method: str
    is_secret: bool
    state: str
    cast: int
    entitled: int | None = None
    present: int | None = None
    in_favour: int | None = None
    against: int | None = None
    abstaining: int | None = None
    votes: list[VoteOut] | None = None
    own: dict[str, str]


class ResolutionOut(Schema):
    """A resolution."""

    id: int
    number: str
    title: str
    text: str
    outcome: Resolution.Outcome
    adopted_on: date
    is_public: bool


class TaskOut(Schema):
    """A task; ``overdue`` is worked out from the deadline."""

    id: int
    case: str
    title: str
    body: str
    organisation: int = Bound(alias="organisation_id")
    city: str | None = Bound(None, alias="city_id")
    responsible: str
    deadline: date
    percent: int
    state: Task.State
    overdue: bool
    illustrative: bool

    @staticmethod
    def resolve_overdue(task: Task) -> bool:
        """Whether the deadline is over and the task still open."""
        return task.is_overdue()


class ProgressIn(Schema):
    """A report on a task."""

    percent: Annotated[int, Bound(ge=0, le=100)]
    text: Annotated[str, Bound(min_length=1, max_length=5_000)]
    address: Annotated[str, Bound(max_length=500)] = ""


class ProgressOut(Schema):
    """A report as it stands."""

    id: int
    percent: int
    text: str
    address: str
    at: datetime


class NoticeOut(Schema):
    """A notice; the public knows the number of objections alone."""

    id: int
    case: str
    title: str
    state: Notice.State
    starts_on: date | None = None
    last_day: date | None = None
    city: str | None = Bound(None, alias="city_id")
    objections: int = Bound(alias="objection_count")
    illustrative: bool


class NoticeDetailOut(NoticeOut):
    """A notice with its text and table."""

    body: str
    rows: list[dict[str, str]]


class ObjectionIn(Schema):
    """An objection under one's own name."""

    name: Annotated[str, Bound(min_length=1, max_length=80)]
    organisation: Annotated[str, Bound(min_length=1, max_length=200)]
    reason: Annotated[str, Bound(min_length=1, max_length=5_000)]


class ObjectionOut(Schema):
    """An objection, for the office and the objector."""

    id: int
    name: str = Bound(alias="author_name")
    organisation: str = Bound(alias="organisation_name")
    reason: str
    state: str
    answer: str
    at: datetime


class StatusOut(Schema):
    """How far a city is."""

    city: str = Bound(alias="city_id")
    status: CityStatus.Status
    note: str
    updated_at: datetime


class PriorityOut(Schema):
    """A task of a year's list with the status of its cities."""

    id: int
    code: str | None
    year: int
    number: int
    title: str
    measure: str
    lead: int | None = Bound(None, alias="lead_id")
    starts_on: date | None = None
    due_on: date | None = None
    state: Priority.State
    cities: list[StatusOut]
    illustrative: bool

    @staticmethod
    def resolve_cities(priority: Priority) -> list[CityStatus]:
        """Status by city."""
        return list(priority.cities.all())


class PhaseOut(Schema):
    """A phase of a project."""

    kind: str
    planned_on: date | None = None
    actual_on: date | None = None
    note: str
    source_name: str
    source_url: str
    source_date: date | None = None


class ProjectOut(Schema):
    """A major project; money in 万元, area in square metres."""

    id: int
    code: str | None
    kind: Project.Kind
    title: str
    summary: str
    city: str | None = Bound(None, alias="city_id")
    organisation: int | None = Bound(None, alias="organisation_id")
    investment: Decimal | None = None
    area: Decimal | None = None
    phases: list[PhaseOut]
    illustrative: bool
    source_name: str
    source_url: str
    source_date: date | None = None

    @staticmethod
    def resolve_phases(project: Project) -> list[Any]:
        """Its phases."""
        return list(project.phases.all())
