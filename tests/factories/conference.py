"""Sessions, matters, tasks, notices, priorities and projects, made through the verbs."""

from __future__ import annotations

from datetime import timedelta
from io import BytesIO
from itertools import count
from typing import Any

from django.utils import timezone

from langqiao.apps.conference import domain
from langqiao.apps.conference.models import (
    AgendaItem,
    Matter,
    Notice,
    Paper,
    Priority,
    Project,
    Resolution,
    Seat,
    Session,
    Task,
)
from tests.factories.registry import make_city, make_organisation

_numbers = count(1)
CITIES = ("songjiang", "jiaxing", "hangzhou", "suzhou", "hefei")
MARKER = "密议青瓦三八一六"  # stands in what is not public; must never reach who may not read it


def make_cities() -> list[Any]:
    """Five cities of the corridor."""
    return [make_city(slug) for slug in CITIES]


def make_session(actor: Any = None, **values: Any) -> Session:
    """A planned conference of five cities, tomorrow in Songjiang."""
    make_cities()
    return domain.plan_session(
        actor,
        **{
            "kind": "conference",
            "title": f"示例联席会议{next(_numbers)}",
            "starts_at": timezone.now() + timedelta(days=1),
            "place": "松江",
            "quorum": "half",
            **values,
        },
    )


def make_open(actor: Any = None, **values: Any) -> Session:
    """An open session."""
    return domain.open_session(actor, domain.call_session(actor, make_session(actor, **values)))


def seat_of(session: Session, slug: str) -> Seat:
    return session.seats.get(city=slug, organisation=None)


def attend(session: Session, *slugs: str, actor: Any = None) -> None:
    """Record these cities as present."""
    seats = session.seats.filter(city__in=slugs or CITIES)
    domain.mark_attendance(
        actor, session, attendance=dict.fromkeys(seats.values_list("pk", flat=True), "present")
    )


def make_matter(actor: Any = None, **values: Any) -> Matter:
    return domain.propose_matter(actor, **{"title": f"示例议题{next(_numbers)}", "summary": "说明", **values})


def make_item(session: Session, actor: Any = None, **values: Any) -> AgendaItem:
    """A new matter on the session's agenda."""
    return domain.put_on_agenda(actor, session, make_matter(actor, **values))


def vote_all(ballot: Any, users: dict[str, Any], choices: dict[str, str]) -> None:
    """Cast the votes of cities by their liaisons."""
    for slug, choice in choices.items():
        domain.cast_vote(users[slug], ballot, choice=choice, voter=f"city:{slug}")


def make_resolution(
    session: Session, users: dict[str, Any], *, actor: Any = None, **values: Any
) -> Resolution:
    """A resolution carried by all cities."""
    item = make_item(session, actor, **values)
    ballot = domain.open_ballot(actor, item)
    vote_all(ballot, users, dict.fromkeys(users, "for"))
    domain.close_ballot(actor, ballot, text="同意。")
    return Resolution.objects.get(matter=item.matter)


def make_paper(session: Session, actor: Any = None, **values: Any) -> Paper:
    content = values.pop("content", "会议材料。".encode())
    return domain.add_paper(
        actor, session, file=BytesIO(content), name=values.pop("name", "材料.txt"), **values
    )


def make_task(actor: Any = None, **values: Any) -> Task:
    """A task of a new firm, due in thirty days."""
    if "organisation" not in values:
        values["organisation"] = make_organisation()
    return domain.give_task(
        actor,
        **{
            "title": f"示例任务{next(_numbers)}",
            "deadline": timezone.localdate() + timedelta(days=30),
            **values,
        },
    )


def make_notice(actor: Any = None, *, publish: bool = True, **values: Any) -> Notice:
    """A published notice with a table of one row."""
    notice = domain.draft_notice(
        actor,
        **{
            "title": f"示例公示{next(_numbers)}",
            "body": "现将名单公示。",
            "rows": [{"机构": "示例中心", "城市": "松江"}],
            **values,
        },
    )
    return domain.publish_notice(actor, notice) if publish else notice


def after(notice: Notice) -> Any:
    """The day after a notice's last day."""
    return notice.last_day + timedelta(days=1)


def make_priority(actor: Any = None, **values: Any) -> Priority:
    """A draft of the list of 2026 in which two cities take part."""
    make_cities()
    number = next(_numbers)
    return domain.upsert_priority(
        actor,
        {
            "code": f"P-{number}",
            "year": 2026,
            "title": f"示例重点工作{number}",
            "cities": ["松江", "嘉兴"],
            **values,
        },
    )[0]


def make_project(actor: Any = None, **values: Any) -> Project:
    """An illustrative hospital."""
    number = next(_numbers)
    return domain.upsert_project(
        actor,
        {
            "code": f"X-{number}",
            "kind": "hospital",
            "title": f"示例医院{number}",
            "city": make_city(),
            "illustrative": True,
            **values,
        },
    )[0]
