"""Calls, applications, reviewers: made through the verbs where it matters, by the console unless said."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from io import BytesIO
from itertools import count
from typing import Any

from django.utils import timezone

from langqiao.apps.accounts.models import Role, User
from langqiao.apps.registry.models import Organisation, Person
from langqiao.apps.verification.domain.applications import draft_application, sign_promise, submit_application
from langqiao.apps.verification.domain.calls import draft_call, publish_call
from langqiao.apps.verification.domain.files import add_file
from langqiao.apps.verification.domain.screening import screen
from langqiao.apps.verification.domain.steps import start_chain
from langqiao.apps.verification.models import (
    Application,
    ApplicationFile,
    ApplicationState,
    Call,
    Review,
    Reviewer,
    Round,
    Screening,
)
from tests.factories.accounts import make_member, make_user
from tests.factories.registry import make_city, make_organisation, make_person

_numbers = count(1)
MARKER = "量子光栅六一八三"  # stands in what is filled in; must never reach who may not read it
NAME_MARKER = "云鹤测控七七二"  # stands in identifying matter; must never reach a double-blind reviewer

FORM: list[dict[str, Any]] = [
    {
        "key": "project",
        "title": "项目情况",
        "fields": [
            {"key": "summary", "label": "技术方案", "kind": "longtext", "required": True},
            {"key": "area", "label": "场地面积（平方米）", "kind": "number"},
            {"key": "invested", "label": "已投入（万元）", "kind": "money"},
            {"key": "stage", "label": "阶段", "kind": "choice", "options": ["实验室", "中试", "产业化"]},
        ],
    },
    {
        "key": "team",
        "title": "团队情况",
        "fields": [
            {"key": "leader", "label": "负责人", "kind": "text", "required": True, "identifying": True},
        ],
    },
]
WANTED = [
    {"key": "plan", "name": "建设方案", "required": True},
    {"key": "licence", "name": "法人证书", "required": False, "identifying": True},
]
PROMISES = [{"key": "integrity", "title": "科研诚信承诺书", "text": "我单位承诺申报材料真实、完整。"}]
POINTS = [
    {"key": "eligible", "text": "申报单位符合条件"},
    {"key": "complete", "text": "申报材料齐全"},
]
CRITERIA: list[dict[str, Any]] = [
    {"key": "technology", "name": "技术能力", "kind": "score", "most": 20, "weight": 2},
    {"key": "market", "name": "转化能力", "kind": "score", "most": 10, "weight": 1},
    {"key": "honest", "name": "无失信记录", "kind": "gate", "rule": "any"},
]
CHAIN = [
    {"kind": "documents"},
    {"kind": "review"},
    {"kind": "conference"},
    {"kind": "notice"},
    {"kind": "issue"},
]


def call_values(**values: Any) -> dict[str, Any]:
    """All a call to recognise centres needs; ``values`` win."""
    return {
        "kind": Call.Kind.RECOGNISE,
        "title": f"示例征集{next(_numbers)}",
        "summary": "征集概念验证中心。",
        "guide": "请按申报表填写，并上传建设方案。",
        "closes_at": timezone.now() + timedelta(days=30),
        "places": 2,
        "form": FORM,
        "wanted_files": WANTED,
        "promises": PROMISES,
        "screening": POINTS,
        "criteria": CRITERIA,
        "chain": CHAIN,
        **values,
    }


def chain_of(*kinds: str) -> list[dict[str, Any]]:
    """A chain of steps by their kinds alone."""
    return [{"kind": kind} for kind in kinds]


def make_draft_call(actor: User | None = None, **values: Any) -> Call:
    """A call that is not published yet."""
    return draft_call(actor, **call_values(**values))


def make_call(actor: User | None = None, **values: Any) -> Call:
    """A published call that takes applications for 30 days."""
    return publish_call(actor, make_draft_call(actor, **values))


def make_applicant(organisation: Organisation | None = None, **values: Any) -> tuple[Organisation, User]:
    """A university (unless given) and its researcher."""
    organisation = organisation or make_organisation(kind=Organisation.Kind.UNIVERSITY, **values)
    return organisation, make_member(organisation, Role.RESEARCHER)


def member_of(organisation: Organisation) -> User:
    """Who applies for the organisation: a researcher or enterprise member it has, else a new one."""
    held = organisation.memberships.filter(role__in=(Role.RESEARCHER, Role.ENTERPRISE)).first()
    return held.user if held is not None else make_member(organisation, Role.RESEARCHER)


def application_values(**values: Any) -> dict[str, Any]:
    """What a complete application says; ``values`` win."""
    return {
        "title": f"示例申报{next(_numbers)}",
        "amount": Decimal("120.50"),
        "values": {
            "summary": f"建设概念验证平台。{MARKER}",
            "area": 800,
            "invested": "300",
            "stage": "中试",
            "leader": NAME_MARKER,
        },
        **values,
    }


def make_application(
    call: Call | None = None,
    *,
    organisation: Organisation | None = None,
    actor: User | None = None,
    complete: bool = True,
    **values: Any,
) -> Application:
    """A draft of an organisation (a new university unless given), ready to be submitted unless said."""
    call = call or make_call()
    if organisation is None:
        organisation, member = make_applicant(city=make_city())
        actor = actor or member
    actor = actor or member_of(organisation)
    given = application_values(**values)
    if call.form and {f["key"] for s in call.form for f in s["fields"]} != {
        f["key"] for s in FORM for f in s["fields"]
    }:
        given["values"] = values.get("values", fill(call))
    application = draft_application(actor, call, organisation=organisation, **given)
    if complete:
        for row in call.wanted_files:
            if row["required"]:
                make_file(application, key=row["key"], actor=actor)
        for row in call.promises:
            sign_promise(actor, application, key=row["key"])
    return application


def fill(call: Call) -> dict[str, Any]:
    """A value for every field of a call's form."""
    some: dict[str, Any] = {
        "text": "示例文字", "longtext": f"示例长文。{MARKER}", "number": 1, "money": "10", "date": "2026-01-01",
        "yesno": True,
    }  # fmt: skip
    found = {}
    for section in call.form:
        for field in section["fields"]:
            options = field.get("options", [])
            kind = field["kind"]
            found[field["key"]] = {"choice": options[:1] and options[0], "choices": options[:1]}.get(
                kind, some.get(kind)
            )
    return found


def make_file(application: Application, *, actor: User | None = None, **values: Any) -> ApplicationFile:
    """A small text file; for the wanted file ``plan`` unless said otherwise."""
    content = values.pop("content", f"建设方案全文。{MARKER}".encode())
    return add_file(
        actor or member_of(application.organisation),
        application,
        key=values.pop("key", "plan"),
        file=BytesIO(content),
        name=values.pop("name", f"{NAME_MARKER}方案.txt"),
    )


def make_submitted(call: Call | None = None, *, actor: User | None = None, **values: Any) -> Application:
    """A submitted application."""
    application = make_application(call, actor=actor, **values)
    submit_application(actor or member_of(application.organisation), application)
    return application


def let_close(call: Call) -> Call:
    """Let the time pass until the call's deadline is over."""
    now = timezone.now()
    Call.objects.filter(pk=call.pk).update(
        opens_at=now - timedelta(days=30), closes_at=now - timedelta(seconds=1)
    )
    call.refresh_from_db()
    return call


def accept_all(call: Call, actor: User | None = None) -> None:
    """Accept every submitted application of a call at its document check."""
    points = {row["key"]: {"passed": True, "note": ""} for row in call.screening}
    for application in call.applications.filter(state=ApplicationState.SUBMITTED):
        screen(actor, application, verdict=Screening.Verdict.ACCEPT, points=points)


def make_running(count: int = 2, actor: User | None = None, *, accepted: bool = True, **values: Any) -> Call:
    """A call in its chain with ``count`` applications, at its first step.

    At a document check the applications are accepted (but not advanced) unless ``accepted`` is False.
    """
    call = make_call(actor, **values)
    for _ in range(count):
        make_submitted(call)
    let_close(call)
    start_chain(actor, call)
    if accepted and call.chain[0]["kind"] == "documents":
        accept_all(call, actor)
    return call


def make_reviewer(
    call: Call,
    *,
    person: Person | None = None,
    user: User | None = None,
    state: str = Reviewer.State.ACCEPTED,
    **values: Any,
) -> Reviewer:
    """An expert in the call's pool with an evaluator's account, who accepted unless said otherwise."""
    if person is None:
        home = make_organisation(kind=Organisation.Kind.UNIVERSITY)
        user = user or make_member(home, Role.EVALUATOR, user=make_user())
        person = make_person(organisation=home, user=user)
    return Reviewer.objects.create(call=call, person=person, state=state, **values)


def make_round(call: Call, *, step: int | None = None, state: str = "reviewing", **values: Any) -> Round:
    """A round of the call saved as it stands (no verbs), at its first review step unless said."""
    position = next(i for i, s in enumerate(call.chain) if s["kind"] == "review") if step is None else step
    return Round.objects.create(
        call=call,
        step=position,
        kind=call.chain[position]["kind"],
        criteria=call.criteria,
        state=state,
        **values,
    )


def make_review(round: Round, application: Application, reviewer: Reviewer, **values: Any) -> Review:
    """A review saved as it stands (no verbs), assigned unless said."""
    letter = values.pop("letter", round.reviews.filter(application=application).count() + 1)
    return Review.objects.create(
        round=round, application=application, reviewer=reviewer, letter=letter, **values
    )
