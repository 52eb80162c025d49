"""Reads of the joint conference, limited to what the viewer may see."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from django.db.models import Count, Prefetch, Q, QuerySet, prefetch_related_objects
from django.utils import timezone

from langqiao.apps.accounts.queries import organisation_ids
from langqiao.apps.accounts.rules import is_office, is_signed_in
from langqiao.apps.conference.models import (
    OPEN_TASKS,
    SHOWN_NOTICES,
    SHOWN_SESSIONS,
    AgendaItem,
    Ballot,
    CityStatus,
    Matter,
    Notice,
    Objection,
    Paper,
    Phase,
    Priority,
    Project,
    Resolution,
    Seat,
    Session,
    Task,
)
from langqiao.apps.conference.models.projects import PHASES
from langqiao.apps.conference.rules import attends, delegate_ids, knows_matter, liaison_cities
from langqiao.apps.ledger.models import Entry, Visibility
from langqiao.apps.registry.models import City
from langqiao.kit.permissions import allowed

NOTHING = Q(pk__in=[])


def _office(viewer: Any) -> bool:
    return bool(is_office.test(viewer))


# -- sessions -----------------------------------------------------------------------------------


def _seats_of(viewer: Any) -> QuerySet[Seat]:
    """Seats that the viewer takes (see ``rules.acts_for_seat``)."""
    if not is_signed_in.test(viewer):
        return Seat.objects.none()
    return Seat.objects.filter(
        Q(user=viewer)
        | Q(user=None, organisation__in=delegate_ids(viewer))
        | Q(user=None, organisation=None, city__in=liaison_cities(viewer))
    )


def attended_sessions(viewer: Any) -> QuerySet[Session]:
    """Sessions whose agenda and papers the viewer reads: the rule ``conference.attend`` as a query."""
    if _office(viewer):
        return Session.objects.all()
    return Session.objects.filter(state__in=SHOWN_SESSIONS, pk__in=_seats_of(viewer).values("session"))


def visible_sessions(viewer: Any) -> QuerySet[Session]:
    """Sessions of which the viewer may know: the rule ``conference.read_session`` as a query."""
    if _office(viewer):
        return Session.objects.all()
    seen = Q(is_public=True) | Q(pk__in=_seats_of(viewer).values("session"))
    return Session.objects.filter(seen, state__in=SHOWN_SESSIONS)


def with_seats(session: Session) -> Session:
    """Read the seats once, with what rules and page ask of them."""
    rows = Seat.objects.select_related("city", "organisation", "user")
    prefetch_related_objects([session], Prefetch("seats", rows))
    return session


def agenda(session: Session) -> list[AgendaItem]:
    """The agenda in order, with matters, ballots, votes and recusals."""
    items = session.agenda.select_related("matter__city", "matter__organisation", "matter__resolution")
    rows = list(
        items.prefetch_related(
            "recusals", "ballots__votes", Prefetch("matter__papers", Paper.objects.filter(session=session))
        )
    )
    for item in rows:
        item.session = session  # seats, once prefetched, are read from here
    return rows


def visible_papers(session: Session, viewer: Any) -> list[Paper]:
    """Papers of a session: all for those at the table, released ones for everybody."""
    rows = session.papers.select_related("matter")
    if not attends.test(viewer, session):
        rows = rows.exclude(released_at=None)
    return list(rows)


def visible_resolutions(viewer: Any) -> QuerySet[Resolution]:
    """The rule ``conference.read_resolution`` as a query."""
    rows = Resolution.objects.select_related("matter__city", "session")
    if _office(viewer):
        return rows
    seen = Q(is_public=True)
    if is_signed_in.test(viewer):
        seen |= Q(session__in=attended_sessions(viewer).values("pk"))
        seen |= Q(matter__in=visible_matters(viewer).values("pk"))
    return rows.filter(seen)


def visible_matters(viewer: Any) -> QuerySet[Matter]:
    """The rule ``conference.read_matter`` as a query."""
    rows = Matter.objects.select_related("city", "organisation", "resolution")
    if _office(viewer):
        return rows
    if not is_signed_in.test(viewer):
        return rows.none()
    tables = AgendaItem.objects.filter(session__in=attended_sessions(viewer).values("pk"))
    return rows.filter(
        Q(proposed_by=viewer) | Q(city__in=liaison_cities(viewer)) | Q(pk__in=tables.values("matter"))
    )


def waiting_matters() -> QuerySet[Matter]:
    """Matters that wait for a session, the oldest first."""
    return Matter.objects.filter(state=Matter.State.WAITING).order_by("created_at", "pk")


def voter_names(session: Session) -> dict[str, Any]:
    """City or seat for every voter's key, to be named in the reader's language."""
    names: dict[str, Any] = {}
    for seat in session.seats.all():
        names[f"seat:{seat.pk}"] = seat.organisation or seat.city
        if seat.city is not None:
            names[f"city:{seat.city_id}"] = seat.city
    return names


@dataclass(frozen=True, slots=True)
class BallotView:
    """A ballot as a viewer may see it.

    Attributes:
        cast: how many have voted.
        votes: (voter, choice in words, reason) once it is closed and was not secret.
        own: the viewer's present choice by voter, while it is open.
    """

    ballot: Ballot
    is_open: bool
    cast: int
    votes: list[tuple[Any, str, str]] = field(default_factory=list)
    own: dict[str, str] = field(default_factory=dict)


def ballot_view(ballot: Ballot, viewer: Any, *, mine: Iterable[str], names: dict[str, Any]) -> BallotView:
    """What of a ballot the viewer may see; ``mine`` are the voters the viewer votes for."""
    rows = list(ballot.votes.all())
    is_open = ballot.state == Ballot.State.OPEN
    votes: list[tuple[Any, str, str]] = []
    if not is_open and allowed(viewer, "conference.read_votes", ballot):
        votes = [(names.get(v.voter, v.voter), v.get_choice_display(), v.reason) for v in rows]
    own = {v.voter: v.choice for v in rows if is_open and v.voter in set(mine)}
    return BallotView(ballot, is_open, len(rows), votes, own)


# -- tasks --------------------------------------------------------------------------------------


def visible_tasks(viewer: Any) -> QuerySet[Task]:
    """The rule ``conference.read_task`` as a query."""
    rows = Task.objects.select_related("organisation", "city", "resolution")
    if _office(viewer):
        return rows
    return rows.filter(Q(organisation__in=organisation_ids(viewer)) | Q(city__in=liaison_cities(viewer)))


def overdue(rows: QuerySet[Task], today: date | None = None) -> QuerySet[Task]:
    """Open tasks whose deadline is over."""
    return rows.filter(state__in=OPEN_TASKS, deadline__lt=today or timezone.localdate())


# -- notices ------------------------------------------------------------------------------------


def visible_notices(viewer: Any) -> QuerySet[Notice]:
    """The rule ``conference.read_notice`` as a query, with the number of objections."""
    rows = Notice.objects.select_related("city").annotate(objection_count=Count("objections"))
    if _office(viewer):
        return rows
    return rows.filter(state__in=SHOWN_NOTICES).exclude(starts_on=None)


def visible_objections(notice: Notice, viewer: Any) -> QuerySet[Objection]:
    """Objections that the viewer may read: all for the office, the own ones for an objector."""
    rows = notice.objections.select_related("author", "organisation")
    if _office(viewer):
        return rows
    return rows.filter(author=viewer) if is_signed_in.test(viewer) else rows.none()


# -- priorities ---------------------------------------------------------------------------------


def visible_priorities(viewer: Any) -> QuerySet[Priority]:
    """The rule ``conference.read_priority`` as a query."""
    rows = Priority.objects.select_related("lead").prefetch_related("cities__city")
    return rows if _office(viewer) else rows.filter(state=Priority.State.PUBLISHED)


@dataclass(frozen=True, slots=True)
class Matrix:
    """City × task (分市进展): cities as columns, for each task its cells (None: takes no part)."""

    year: int
    years: list[int]
    cities: list[City]
    rows: list[tuple[Priority, list[CityStatus | None]]]
    counts: list[tuple[str, str, int]]


def matrix(viewer: Any, year: int | None = None) -> Matrix | None:
    """The matrix of a year, by default of the latest; None while no list is there to be read."""
    visible = visible_priorities(viewer).exclude(state=Priority.State.DROPPED)
    years = sorted(set(visible.order_by().values_list("year", flat=True)), reverse=True)
    if not years:
        return None
    chosen = year if year in years else years[0]
    rows = list(visible.filter(year=chosen).order_by("number"))
    cities = list(City.objects.all())
    table = []
    number = dict.fromkeys(CityStatus.Status.values, 0)
    for priority in rows:
        by_city = {row.city_id: row for row in priority.cities.all()}
        table.append((priority, [by_city.get(city.pk) for city in cities]))
        for row in by_city.values():
            number[row.status] += 1
    counts = [(value, str(label), number[value]) for value, label in CityStatus.Status.choices]
    return Matrix(chosen, years, cities, table, counts)


# -- projects -----------------------------------------------------------------------------------


def projects() -> QuerySet[Project]:
    """Projects, which are public, with what their list shows."""
    return Project.objects.select_related("city", "organisation").prefetch_related("phases")


def reached(project: Project) -> Phase | None:
    """The latest phase of the order that has an actual day."""
    order = {kind.value: place for place, kind in enumerate(PHASES)}
    done = [phase for phase in project.phases.all() if phase.actual_on is not None]
    return max(done, key=lambda phase: order[phase.kind], default=None)


def slippage(project: Project, today: date | None = None) -> int | None:
    """Days behind the plan, as the latest phase that can be compared tells; None where none can."""
    order = {kind.value: place for place, kind in enumerate(PHASES)}
    day = today or timezone.localdate()
    known = [
        (order[phase.kind], late)
        for phase in project.phases.all()
        if (late := phase.slippage(day)) is not None
    ]
    return max(known)[1] if known else None


ROW_HEIGHT = 35  # units of the drawing
YEARS_AT_MOST = 6  # labels that fit side by side on a phone


@dataclass(frozen=True, slots=True)
class Bar:
    """One phase on the timeline; places in percent of the width, ``row`` from the top."""

    row: int
    phase: Phase | None
    kind: Any
    planned_at: float | None
    actual_at: float | None
    late: int | None

    @property
    def top(self) -> int:
        """Where its row begins, in units of the drawing."""
        return self.row * ROW_HEIGHT

    @property
    def baseline(self) -> int:
        """Where its name is written."""
        return self.top + ROW_HEIGHT // 2 + 6


@dataclass(frozen=True, slots=True)
class Timeline:
    """A project's phases on a line of days, from the first to the last day that is known."""

    bars: list[Bar]
    first: date | None
    last: date | None
    today_at: float | None
    years: list[tuple[int, float]]


def timeline(project: Project, today: date | None = None) -> Timeline:
    """Where each phase stands between the first and the last known day; phases without days have none."""
    day = today or timezone.localdate()
    phases = {phase.kind: phase for phase in project.phases.all()}
    days = [d for phase in phases.values() for d in (phase.planned_on, phase.actual_on) if d is not None]
    if not days:
        bars = [Bar(row, phases.get(kind), kind, None, None, None) for row, kind in enumerate(PHASES)]
        return Timeline(bars, None, None, None, [])
    first, last = min(days), max(days)
    # A little air at both ends, so that a mark is never cut off.
    air = timedelta(days=max(30, (last - first).days // 20))
    start, end = first - air, last + air
    width = (end - start).days

    def at(when: date | None) -> float | None:
        return None if when is None else round((when - start).days / width * 100, 2)

    bars = []
    for row, kind in enumerate(PHASES):
        phase = phases.get(kind)
        if phase is None:
            bars.append(Bar(row, None, kind, None, None, None))
        else:
            known = (at(phase.planned_on), at(phase.actual_on), phase.slippage(day))
            bars.append(Bar(row, phase, kind, *known))
    step = max(1, -(-(end.year - start.year) // YEARS_AT_MOST))
    years = [
        (year, round((date(year, 1, 1) - start).days / width * 100, 2))
        for year in range(start.year + 1, end.year + 1, step)
    ]
    return Timeline(bars, first, last, at(day) if start <= day <= end else None, years)


# -- the ledger ---------------------------------------------------------------------------------


def read_case(viewer: Any, case: str) -> Q:
    """Entries of a case beyond the public ones that the viewer may read, for the ledger's own pages."""
    if not is_signed_in.test(viewer):
        return NOTHING
    sessions = Session.objects.filter(case=case).prefetch_related("seats")
    objects = [f"conference.session:{row.pk}" for row in sessions if attends.test(viewer, row)]
    for matter in Matter.objects.filter(case=case).select_related("resolution"):
        if knows_matter.test(viewer, matter):
            objects.append(f"conference.matter:{matter.pk}")
            if hasattr(matter, "resolution"):
                objects.append(f"conference.resolution:{matter.resolution.pk}")
    tasks = visible_tasks(viewer).filter(case=case).values_list("pk", flat=True)
    objects += [f"conference.task:{pk}" for pk in tasks]
    objects += [
        f"conference.objection:{pk}"
        for pk in Objection.objects.filter(notice__case=case, author=viewer).values_list("pk", flat=True)
    ]
    return Q(visibility=Visibility.PARTIES, object__in=objects) if objects else NOTHING


def thread(thing: Any, viewer: Any) -> list[Entry]:
    """The ledger's entries about a record that the viewer may read, in order."""
    case = thing.case if hasattr(thing, "case") else thing.matter.case
    rows = Entry.objects.filter(case=case, object=f"{thing._meta.label_lower}:{thing.pk}")
    if _office(viewer):
        return list(rows.order_by("sequence"))
    return list(rows.filter(Q(visibility=Visibility.PUBLIC) | read_case(viewer, case)).order_by("sequence"))
