"""REST API of the joint conference (联席会议): the same verbs and rules as the pages.

No ``from __future__ import annotations`` here: ninja must meet the schemas themselves, not their names.
"""

from typing import Annotated, Any

from django.db.models import QuerySet
from django.http import Http404, HttpRequest
from django.shortcuts import get_object_or_404
from ninja import Query, Router, Schema, Status
from ninja.pagination import paginate
from pydantic import Field as Bound

from langqiao.apps.conference import domain, queries
from langqiao.apps.conference import schemas as s
from langqiao.apps.conference.models import (
    Ballot,
    Matter,
    Notice,
    Priority,
    Project,
    Resolution,
    Session,
    Task,
)
from langqiao.apps.conference.rules import votes_of
from langqiao.apps.registry.domain.lookups import Lookups
from langqiao.kit.api import Paged
from langqiao.kit.permissions import allowed

router = Router(tags=["conference"])

WORDS_AT_MOST = 8


class Search(Schema):
    """Words that stand in a title."""

    q: Annotated[str, Bound(max_length=300)] = ""


class Narrow(Search):
    """Words, and a city."""

    city: Annotated[str, Bound(max_length=40)] = ""


class Years(Narrow):
    """The yearly list, of one year."""

    year: Annotated[int, Bound(ge=2016, le=2100)] | None = None


def _actor(request: HttpRequest) -> Any:
    """Who acts, for a verb; the rule refuses a stranger."""
    return request.user


def _found(rows: QuerySet[Any], search: Search) -> QuerySet[Any]:
    for word in search.q.replace("\0", "").split()[:WORDS_AT_MOST]:
        rows = rows.filter(title__icontains=word)
    return rows


def _narrowed(rows: QuerySet[Any], narrow: Narrow) -> QuerySet[Any]:
    rows = _found(rows, narrow)
    return rows.filter(city=narrow.city.replace("\0", "")) if narrow.city else rows


@router.get("/conference/sessions", response=list[s.SessionOut], operation_id="list_sessions")
@paginate(Paged)
def list_sessions(request: HttpRequest, search: Query[Search]) -> QuerySet[Session]:
    """Public sessions, and those at which the caller sits."""
    return _found(queries.visible_sessions(request.user), search).order_by("-starts_at", "-pk")


@router.get("/conference/sessions/{int:pk}", response=s.SessionDetailOut, operation_id="get_session")
def get_session(request: HttpRequest, pk: int) -> Any:
    """One session; the agenda only for those at the table."""
    session: Any = queries.with_seats(get_object_or_404(queries.visible_sessions(request.user), pk=pk))
    session.shown_agenda = (
        queries.agenda(session) if allowed(request.user, "conference.attend", session) else None
    )
    session.shown_papers = queries.visible_papers(session, request.user)
    return session


@router.get("/conference/matters", response=list[s.MatterOut], operation_id="list_matters")
@paginate(Paged)
def list_matters(request: HttpRequest, narrow: Query[Narrow]) -> QuerySet[Matter]:
    """Matters that the caller may read."""
    return _narrowed(queries.visible_matters(request.user), narrow).order_by("-pk")


@router.post("/conference/matters", response={201: s.MatterOut}, operation_id="propose_matter")
def propose_matter(request: HttpRequest, values: s.MatterIn) -> Any:
    """Propose a matter; a liaison for the own city."""
    lookups = Lookups()
    matter = domain.propose_matter(
        _actor(request),
        title=values.title,
        summary=values.summary,
        city=lookups.city(values.city),
        organisation=lookups.organisation(values.organisation),
    )
    return Status(201, matter)


@router.get("/conference/matters/{int:pk}", response=s.MatterOut, operation_id="get_matter")
def get_matter(request: HttpRequest, pk: int) -> Any:
    """One matter."""
    return get_object_or_404(queries.visible_matters(request.user), pk=pk)


def _ballot(request: HttpRequest, pk: int) -> Ballot:
    """A ballot of a table at which the caller sits; nobody else need know that it exists."""
    ballot = get_object_or_404(Ballot.objects.select_related("item__session", "item__matter"), pk=pk)
    if not allowed(request.user, "conference.attend", ballot):
        raise Http404
    return ballot


def _shown(request: HttpRequest, ballot: Ballot) -> dict[str, Any]:
    """The ballot as the caller may see it (see ``BallotOut``)."""
    view = queries.ballot_view(ballot, request.user, mine=votes_of(request.user, ballot.item), names={})
    counts = ("entitled", "present", "in_favour", "against", "abstaining")
    readable = allowed(request.user, "conference.read_votes", ballot)
    return {
        "id": ballot.pk,
        "method": ballot.method,
        "is_secret": ballot.is_secret,
        "state": ballot.state,
        "cast": view.cast,
        **({} if view.is_open else {name: getattr(ballot, name) for name in counts}),
        "votes": [
            {"voter": vote.voter, "choice": vote.choice, "reason": vote.reason} for vote in ballot.votes.all()
        ]
        if readable
        else None,
        "own": view.own,
    }


@router.get("/conference/ballots/{int:pk}", response=s.BallotOut, operation_id="get_ballot")
def get_ballot(request: HttpRequest, pk: int) -> Any:
    """One ballot: counts and votes only once it is closed."""
    return _shown(request, _ballot(request, pk))


@router.post("/conference/ballots/{int:pk}/votes", response=s.BallotOut, operation_id="cast_vote")
def cast_vote(request: HttpRequest, pk: int, values: s.VoteIn) -> Any:
    """Cast or change a vote while the ballot is open."""
    ballot = _ballot(request, pk)
    domain.cast_vote(_actor(request), ballot, **values.dict())
    return _shown(request, _ballot(request, pk))


@router.get("/conference/resolutions", response=list[s.ResolutionOut], operation_id="list_resolutions")
@paginate(Paged)
def list_resolutions(request: HttpRequest, search: Query[Search]) -> QuerySet[Resolution]:
    """Public resolutions, and those of the caller's tables and matters."""
    return _found(queries.visible_resolutions(request.user), search).order_by("-adopted_on", "-pk")


@router.get("/conference/resolutions/{int:pk}", response=s.ResolutionOut, operation_id="get_resolution")
def get_resolution(request: HttpRequest, pk: int) -> Any:
    """One resolution."""
    return get_object_or_404(queries.visible_resolutions(request.user), pk=pk)


@router.get("/conference/tasks", response=list[s.TaskOut], operation_id="list_tasks")
@paginate(Paged)
def list_tasks(request: HttpRequest, narrow: Query[Narrow]) -> QuerySet[Task]:
    """Tasks of the caller's organisations and cities."""
    return _narrowed(queries.visible_tasks(request.user), narrow).order_by("deadline", "pk")


@router.get("/conference/tasks/{int:pk}", response=s.TaskOut, operation_id="get_task")
def get_task(request: HttpRequest, pk: int) -> Any:
    """One task."""
    return get_object_or_404(queries.visible_tasks(request.user), pk=pk)


@router.get("/conference/tasks/{int:pk}/progress", response=list[s.ProgressOut], operation_id="list_progress")
def list_progress(request: HttpRequest, pk: int) -> Any:
    """Reports on a task, the newest first."""
    return list(get_object_or_404(queries.visible_tasks(request.user), pk=pk).progress.all())


@router.post(
    "/conference/tasks/{int:pk}/progress", response={201: s.ProgressOut}, operation_id="report_progress"
)
def report_progress(request: HttpRequest, pk: int, values: s.ProgressIn) -> Any:
    """Report progress."""
    task = get_object_or_404(queries.visible_tasks(request.user), pk=pk)
    return Status(201, domain.report_progress(_actor(request), task, **values.dict()))


@router.get("/conference/notices", response=list[s.NoticeOut], operation_id="list_notices")
@paginate(Paged)
def list_notices(request: HttpRequest, narrow: Query[Narrow]) -> QuerySet[Notice]:
    """Public notices."""
    return _narrowed(queries.visible_notices(request.user), narrow).order_by("-starts_on", "-pk")


@router.get("/conference/notices/{int:pk}", response=s.NoticeDetailOut, operation_id="get_notice")
def get_notice(request: HttpRequest, pk: int) -> Any:
    """One notice with its table."""
    return get_object_or_404(queries.visible_notices(request.user), pk=pk)


@router.get(
    "/conference/notices/{int:pk}/objections", response=list[s.ObjectionOut], operation_id="list_objections"
)
def list_objections(request: HttpRequest, pk: int) -> Any:
    """Objections that the caller may read: the own ones, for the office all."""
    notice = get_object_or_404(queries.visible_notices(request.user), pk=pk)
    return list(queries.visible_objections(notice, request.user))


@router.post(
    "/conference/notices/{int:pk}/objections",
    response={201: s.ObjectionOut},
    operation_id="object_to_notice",
)
def object_to_notice(request: HttpRequest, pk: int, values: s.ObjectionIn) -> Any:
    """Object to a notice within its period."""
    notice = get_object_or_404(queries.visible_notices(request.user), pk=pk)
    objection = domain.object_to_notice(
        _actor(request),
        notice,
        name=values.name,
        organisation_name=values.organisation,
        reason=values.reason,
    )
    return Status(201, objection)


@router.get("/conference/priorities", response=list[s.PriorityOut], operation_id="list_priorities")
@paginate(Paged)
def list_priorities(request: HttpRequest, narrow: Query[Years]) -> QuerySet[Priority]:
    """The yearly list; ``city`` keeps the tasks in which it takes part."""
    rows = _found(queries.visible_priorities(request.user), narrow)
    if narrow.city:
        rows = rows.filter(cities__city=narrow.city.replace("\0", ""))
    if narrow.year is not None:
        rows = rows.filter(year=narrow.year)
    return rows.order_by("-year", "number")


@router.get("/conference/priorities/{int:pk}", response=s.PriorityOut, operation_id="get_priority")
def get_priority(request: HttpRequest, pk: int) -> Any:
    """One task of a year's list."""
    return get_object_or_404(queries.visible_priorities(request.user), pk=pk)


@router.get("/conference/projects", response=list[s.ProjectOut], operation_id="list_projects")
@paginate(Paged)
def list_projects(
    request: HttpRequest,  # noqa: ARG001  projects are public
    narrow: Query[Narrow],
) -> QuerySet[Project]:
    """Major projects with their phases."""
    return _narrowed(queries.projects(), narrow).order_by("pk")


@router.get("/conference/projects/{int:pk}", response=s.ProjectOut, operation_id="get_project")
def get_project(request: HttpRequest, pk: int) -> Any:  # noqa: ARG001  projects are public
    """One major project."""
    return get_object_or_404(queries.projects(), pk=pk)
