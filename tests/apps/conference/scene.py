"""One session with everybody around it, for the matrix and the leak test."""

from __future__ import annotations

from dataclasses import dataclass, field
from io import BytesIO
from typing import Any

from django.contrib.auth.models import AnonymousUser

from langqiao.apps.accounts.models import Role, User
from langqiao.apps.conference import domain
from langqiao.apps.conference.models import (
    AgendaItem,
    Ballot,
    Matter,
    Notice,
    Objection,
    Paper,
    Priority,
    Resolution,
    Session,
    Task,
)
from langqiao.apps.registry.models import City, Organisation
from tests.factories import conference as make
from tests.factories.accounts import make_liaison, make_member, make_office, make_user
from tests.factories.registry import make_city, make_organisation

VOTING = ("songjiang", "jiaxing", "hangzhou")


@dataclass
class Scene:
    """An open session of three cities: one matter decided, one being voted on; a task, a notice, a list."""

    session: Session
    matter: Matter
    item: AgendaItem
    ballot: Ballot
    closed: Ballot
    resolution: Resolution
    paper: Paper
    task: Task
    notice: Notice
    objection: Objection
    priority: Priority
    city: City
    owner: Organisation
    actors: dict[str, Any] = field(default_factory=dict)


def make_scene() -> Scene:
    """The session is not public, no resolution and no paper either; the marker stands in all that is kept."""
    make.make_cities()
    owner = make_organisation(name="示例责任单位", city=make_city("hefei"))
    applicant = make_organisation(name="示例申请单位", city=make_city("songjiang"))
    guest = make_organisation(name="示例列席单位", city=make_city("suzhou"))
    office = make_office()
    actors: dict[str, Any] = {
        "console": None,
        "stranger": AnonymousUser(),
        "visitor": make_user(),
        "superuser": User.objects.create_superuser("root", password="langqiao"),
        "office": office,
        "liaison": make_liaison(make_city("songjiang")),
        "liaison 2": make_liaison(make_city("jiaxing")),
        "liaison 3": make_liaison(make_city("hangzhou")),
        "far liaison": make_liaison(make_city("hefei")),
        "applicant": make_member(applicant, Role.ENTERPRISE),
        "applicant liaison": make_member(applicant, Role.LIAISON),
        "guest manager": make_member(guest, Role.ENTERPRISE, is_manager=True),
        "guest clerk": make_member(guest, Role.ENTERPRISE),
        "owner": make_member(owner, Role.ENTERPRISE),
        "objector": make_member(make_organisation(name="示例异议单位"), Role.RESEARCHER),
        "evaluator": make_member(make_organisation(), Role.EVALUATOR),
    }
    session = make.make_session(office, seat_cities=False, title=f"示例会议 {make.MARKER}")
    for slug in VOTING:
        domain.add_seat(office, session, city=make_city(slug))
    domain.add_seat(office, session, organisation=guest, may_vote=False)
    item = make.make_item(
        session,
        office,
        title=f"议题 {make.MARKER}",
        summary=f"说明 {make.MARKER}",
        city=make_city("songjiang"),
        organisation=applicant,
    )
    decided = make.make_item(session, office, title=f"已决议题 {make.MARKER}")
    paper = make.make_paper(
        session, office, title=f"材料 {make.MARKER}", content=make.MARKER.encode(), name="材料.txt"
    )
    domain.call_session(office, session)
    domain.open_session(office, session)
    closed = domain.open_ballot(office, decided)
    users = dict(zip(VOTING, ("liaison", "liaison 2", "liaison 3"), strict=True))
    for slug, who in users.items():
        domain.cast_vote(
            actors[who], closed, choice="for", reason=f"理由 {make.MARKER}", voter=f"city:{slug}"
        )
    domain.close_ballot(office, closed, text=f"决议正文 {make.MARKER}")
    ballot = domain.open_ballot(office, item)
    domain.cast_vote(actors["liaison 2"], ballot, choice="against", reason=f"反对 {make.MARKER}")
    domain.write_minutes(office, session, text=f"纪要 {make.MARKER}")
    task = make.make_task(
        office,
        organisation=owner,
        title=f"任务 {make.MARKER}",
        body=f"要求 {make.MARKER}",
        responsible="示例",
    )
    domain.report_progress(
        actors["owner"],
        task,
        percent=30,
        text=f"进展 {make.MARKER}",
        file=BytesIO(make.MARKER.encode()),
        name="佐证.txt",
    )
    notice = make.make_notice(office)
    objection = domain.object_to_notice(
        actors["objector"],
        notice,
        name=f"某人 {make.MARKER}",
        organisation_name="示例异议单位",
        reason=f"理由 {make.MARKER}",
        file=BytesIO(make.MARKER.encode()),
        file_name="证据.txt",
    )
    make.make_notice(office, publish=False, title=f"草稿 {make.MARKER}")
    priority = make.make_priority(office)
    domain.publish_priorities(office, year=2026)
    priority.refresh_from_db()
    make.make_priority(office, title=f"未发布 {make.MARKER}")
    make.make_project(office)
    for record in (session, item, ballot, closed, task):
        record.refresh_from_db()
    return Scene(
        session=session,
        matter=item.matter,
        item=item,
        ballot=ballot,
        closed=closed,
        resolution=Resolution.objects.get(),
        paper=paper,
        task=task,
        notice=notice,
        objection=objection,
        priority=priority,
        city=make_city("songjiang"),
        owner=owner,
        actors=actors,
    )
