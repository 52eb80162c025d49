"""What the REST API takes and gives for alliances (联盟).

No ``from __future__ import annotations`` here: ninja must meet the schemas themselves, not their names.
"""

from datetime import date, datetime
from decimal import Decimal
from typing import Annotated

from ninja import Schema
from pydantic import Field as Bound

from langqiao.apps.alliances.domain.alliances import exchanges, gatherings, members
from langqiao.apps.alliances.models import Alliance, Exchange, Gathering, Member, Rating, Reply
from langqiao.apps.registry.domain.acts import REASON_AT_MOST, TITLE_AT_MOST

Key = Annotated[int, Bound(ge=1, lt=2**63)]
Year = Annotated[int, Bound(ge=2000, le=2100)]
Name = Annotated[str, Bound(min_length=1, max_length=200)]
Text = Annotated[str, Bound(max_length=exchanges.TEXT_AT_MOST)]


class AllianceOut(Schema):
    """A node of the tree; what is not published is empty."""

    id: int
    slug: str
    tier: Alliance.Tier
    is_group: bool
    parent: str | None
    name: str
    name_en: str
    field: str | None = Bound(alias="field_id")
    city: str | None = Bound(alias="city_id")
    lead: str
    named: list[str]
    founded_on: str
    stated_units: int | None
    secretariat: int | None = Bound(alias="secretariat_id")
    note: str
    note_en: str
    source_name: str
    source_url: str
    read_on: date | None
    vintage: str
    illustrative: bool

    @staticmethod
    def resolve_parent(alliance: Alliance) -> str | None:
        """Code name of the node above."""
        return alliance.parent.slug if alliance.parent else None

    @staticmethod
    def resolve_lead(alliance: Alliance) -> str:
        """The lead firm's name."""
        return alliance.lead.name if alliance.lead else alliance.lead_name


class AllianceMemberOut(Schema):
    """A membership or an application."""

    id: int
    alliance: int = Bound(alias="alliance_id")
    organisation: int = Bound(alias="organisation_id")
    organisation_name: str
    state: Member.State
    applied_on: date
    joined_on: date | None
    ended_on: date | None
    illustrative: bool

    @staticmethod
    def resolve_organisation_name(member: Member) -> str:
        """The organisation's name."""
        return member.organisation.name


class MemberIn(Schema):
    """An application; the organisation by code or full name."""

    organisation: Name
    statement: Annotated[str, Bound(max_length=members.STATEMENT_AT_MOST)] = ""


class AllianceReasonIn(Schema):
    """Why."""

    why: Annotated[str, Bound(max_length=REASON_AT_MOST)]


class GatheringIn(Schema):
    """An activity to be announced; times with their zone, else those of the site."""

    title: Annotated[str, Bound(min_length=1, max_length=TITLE_AT_MOST)]
    audience: Gathering.Audience = Gathering.Audience.MEMBERS
    starts_at: datetime
    ends_at: datetime
    city: Annotated[str, Bound(max_length=60)] = ""
    place: Annotated[str, Bound(max_length=200)] = ""
    seats: Annotated[int, Bound(ge=1, le=gatherings.SEATS_AT_MOST)] | None = None
    summary: Annotated[str, Bound(max_length=gatherings.SUMMARY_AT_MOST)] = ""


class GatheringOut(Schema):
    """An activity with how many come."""

    id: int
    alliance: int = Bound(alias="alliance_id")
    title: str
    audience: Gathering.Audience
    state: Gathering.State
    starts_at: datetime
    ends_at: datetime
    city: str | None = Bound(alias="city_id")
    place: str
    seats: int | None
    summary: str
    minutes: str
    organisations: int = 0
    people: int = 0
    illustrative: bool

    @staticmethod
    def resolve_people(gathering: Gathering) -> int:
        """People who registered or came."""
        return getattr(gathering, "people", 0) or 0


class AttendanceIn(Schema):
    """A registration; the organisation by code or full name."""

    organisation: Name
    people: Annotated[int, Bound(ge=1, le=gatherings.PEOPLE_AT_MOST)] = 1


class AttendanceOut(Schema):
    """A registration."""

    id: int
    gathering: int = Bound(alias="gathering_id")
    organisation: int = Bound(alias="organisation_id")
    people: int
    state: str


class ExchangeIn(Schema):
    """A need or an offer; the organisation by code or full name."""

    organisation: Name
    kind: Exchange.Kind
    title: Annotated[str, Bound(min_length=1, max_length=TITLE_AT_MOST)]
    valid_to: date
    text: Text = ""


class ExchangeOut(Schema):
    """A need or an offer."""

    id: int
    alliance: int = Bound(alias="alliance_id")
    organisation: int = Bound(alias="organisation_id")
    kind: Exchange.Kind
    title: str
    text: str
    valid_to: date
    state: Exchange.State
    outcome: str
    illustrative: bool


class ExchangeCloseIn(Schema):
    """How it ended."""

    outcome: Exchange.Outcome
    why: Annotated[str, Bound(max_length=REASON_AT_MOST)] = ""


class ExchangeReplyIn(Schema):
    """A reply; the organisation by code or full name."""

    organisation: Name
    text: Annotated[str, Bound(min_length=1, max_length=exchanges.TEXT_AT_MOST)]


class ExchangeReplyOut(Schema):
    """A reply."""

    id: int
    exchange: int = Bound(alias="exchange_id")
    organisation: int = Bound(alias="organisation_id")
    text: str
    state: Reply.State
    why: str


class AllianceContactOut(Schema):
    """A person who agreed to stand in the list."""

    id: int
    alliance: int = Bound(alias="alliance_id")
    organisation: int = Bound(alias="organisation_id")
    name: str
    duty: str
    phone: str
    email: str
    given_at: datetime


class MarkIn(Schema):
    """A mark of 0 to 100 with one decimal at most."""

    criterion: Key
    value: Annotated[Decimal, Bound(ge=0, le=100, max_digits=6)]
    note: Annotated[str, Bound(max_length=500)] = ""


class RatingOut(Schema):
    """A rating."""

    id: int
    year: int
    alliance: int = Bound(alias="alliance_id")
    state: Rating.State
    total: Decimal | None
    grade: str
    published_at: datetime | None

    @staticmethod
    def resolve_year(rating: Rating) -> int:
        """The year rated."""
        return rating.scheme.year
