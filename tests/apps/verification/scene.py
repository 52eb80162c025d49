"""One double-blind call in its review with everybody around it, for the matrix and the leak tests."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import Any

from django.contrib.auth.models import AnonymousUser

from langqiao.apps.accounts.domain import end_membership
from langqiao.apps.accounts.models import Role, User
from langqiao.apps.accounts.queries import forget_memberships
from langqiao.apps.registry.models import Organisation
from langqiao.apps.verification.domain.steps import advance, start_chain
from langqiao.apps.verification.models import (
    Application,
    Call,
    ChoiceRun,
    Examination,
    Review,
    Reviewer,
    Round,
    RoundState,
    Valuation,
)
from langqiao.apps.verification.rules import Talk
from tests.factories import verification as make
from tests.factories.accounts import make_liaison, make_member, make_office, make_user
from tests.factories.registry import make_city, make_organisation, make_person


@dataclass
class Scene:
    """The call, what hangs on it, and the actors by name (``console`` is None)."""

    call: Call
    unpublished: Call
    application: Application
    second: Application
    draft: Application
    organisation: Organisation
    round: Round
    reviewer: Reviewer
    invitation: Reviewer
    review: Review
    submitted: Review
    talk: Talk
    choice: ChoiceRun
    examination: Examination
    valuation: Valuation
    actors: dict[str, Any] = field(default_factory=dict)


def forget(scene: Scene) -> None:
    """Drop what the actors remember of their memberships."""
    for actor in scene.actors.values():
        if isinstance(actor, User):
            forget_memberships(actor)


def _ended(user: User) -> User:
    end_membership(None, user.memberships.get())
    forget_memberships(user)
    return user


def make_scene(round_state: str = RoundState.REVIEWING) -> Scene:
    """A published double-blind call in its review, two applications, reviewers in every state."""
    near, far = make_city("songjiang"), make_city("hefei")
    firm = make_organisation(name=f"{make.NAME_MARKER}公司", city=near)
    other, another = make_organisation(city=near), make_organisation(city=far)
    centre = make_organisation(kind=Organisation.Kind.VERIFICATION_CENTRE, city=far)
    actors: dict[str, Any] = {
        "console": None,
        "stranger": AnonymousUser(),
        "visitor": make_user(),
        "superuser": User.objects.create_superuser("root", password="an-unlikely-pass-9"),
        "office": make_office(),
        "recused office": make_member(firm, Role.ENTERPRISE, user=make_office()),
        "liaison": make_liaison(near),
        "far liaison": make_liaison(far),
        "applicant firm": make_member(firm, Role.ENTERPRISE),
        "applicant researcher": make_member(firm, Role.RESEARCHER),
        "applicant manager": make_member(firm, Role.VISITOR, is_manager=True),
        "applicant secretariat": make_member(firm, Role.SECRETARIAT),
        "former applicant": make_member(firm, Role.ENTERPRISE),
        "other firm": make_member(other, Role.ENTERPRISE),
        "second applicant": make_member(another, Role.ENTERPRISE),
        "centre": make_member(centre, Role.RESEARCHER),
    }
    call = make.make_call(blindness=Call.Blindness.DOUBLE)
    application = make.make_submitted(call, organisation=firm, actor=actors["applicant firm"])
    second = make.make_submitted(call, organisation=another, actor=actors["second applicant"])
    draft = make.make_application(call, organisation=other, actor=actors["other firm"])
    make.let_close(call)
    start_chain(None, call)
    make.accept_all(call)
    advance(None, call)
    application.refresh_from_db()
    second.refresh_from_db()
    round = Round.objects.get(call=call)
    Round.objects.update(state=round_state)
    round.refresh_from_db()
    for name, state in (
        ("assigned", "accepted"), ("submitted", "accepted"), ("unassigned", "accepted"),
        ("invited", "invited"), ("declined", "declined"), ("removed", "removed"), ("candidate", "candidate"),
        ("former evaluator", "accepted"),
    ):  # fmt: skip
        actors[name] = make.make_reviewer(call, state=state).person.user
    reviewers = {name: Reviewer.objects.get(call=call, person__user=actors[name]) for name in actors if name in {
        "assigned", "submitted", "invited", "former evaluator", "removed",
    }}  # fmt: skip
    review = make.make_review(round, application, reviewers["assigned"])
    submitted = make.make_review(round, application, reviewers["submitted"], state="submitted", total=80.0)
    for name in ("former evaluator", "removed"):
        make.make_review(round, application, reviewers[name])
    _ended(actors["former evaluator"])
    _ended(actors["former applicant"])
    actors["evaluator"] = make_member(make_organisation(kind="university"), Role.EVALUATOR)
    actors["named expert"] = make_member(make_organisation(kind="university"), Role.EVALUATOR)
    examination = Examination.objects.create(
        case=application.case,
        title="示例验证",
        service="technical",
        centre=centre,
        client=firm,
        question="可行吗",
    )
    examination.experts.add(make_person(user=actors["named expert"]))
    valuation = Valuation.objects.create(
        case=application.case,
        title="示例估值",
        organisation=firm,
        centre=centre,
        valuation_date=date(2026, 1, 1),
    )
    choice = ChoiceRun.objects.create(call=call, number=1, basis="raw")
    scene = Scene(
        call, make.make_draft_call(), application, second, draft, firm, round, reviewers["assigned"],
        reviewers["invited"], review, submitted, Talk(round, application), choice, examination, valuation, actors,
    )  # fmt: skip
    forget(scene)
    return scene
