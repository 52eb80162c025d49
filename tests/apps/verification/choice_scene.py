"""A call whose review round is over: eight applications in three cities, five reviewers, three reviews each."""

from __future__ import annotations

from dataclasses import dataclass, field
from random import Random
from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.utils import timezone

from langqiao.apps.accounts.models import Role, User
from langqiao.apps.registry.models import Organisation
from langqiao.apps.verification.models import (
    Application,
    ApplicationState,
    Call,
    CallState,
    Review,
    Reviewer,
    ReviewState,
    Round,
    StepDone,
)
from tests.factories.accounts import make_liaison, make_member, make_office, make_user
from tests.factories.registry import make_city, make_field, make_organisation
from tests.factories.verification import (
    chain_of,
    make_call,
    make_review,
    make_reviewer,
    make_round,
    member_of,
)

# Quality by application: three of the first city, three of the second, two of the third, 60 at the end.
QUALITY = (90, 86, 82, 80, 78, 75, 70, 60)
CITIES = (0, 0, 0, 1, 1, 0, 1, 2)
BIAS = (0.0, 6.0, -6.0, 3.0, -3.0)


@dataclass
class Scene:
    """``applications`` by number; ``rounds`` by step."""

    call: Call
    rounds: list[Round]
    applications: list[Application]
    reviewers: list[Reviewer]
    cities: list[Any]
    actors: dict[str, Any] = field(default_factory=dict)

    def user(self, name: str) -> Any:
        """An actor as a request knows them: nothing remembered from before."""
        found = self.actors[name]
        return User.objects.get(pk=found.pk) if getattr(found, "pk", None) else found


def make_choice_scene(*, chain: Any = None, state: str = "closed", **values: Any) -> Scene:
    """Scores are quality plus the reviewer's bias: calibration finds both."""
    cities = [make_city(slug) for slug in ("songjiang", "hefei", "suzhou")]
    make_city("jiaxing")  # nobody applies from there
    fields = [make_field(slug) for slug in ("materials", "biomed")]
    values = {"places": 4, **values}
    call = make_call(chain=chain or chain_of("review", "conference", "issue"), **values)
    applications = []
    for number, place in enumerate(CITIES, 1):
        home = make_organisation(
            kind=Organisation.Kind.ENTERPRISE if number % 2 else Organisation.Kind.UNIVERSITY,
            city=cities[place],
        )
        applications.append(
            Application.objects.create(
                call=call,
                number=number,
                case=f"{call.case}-{number}",
                organisation=home,
                city=home.city,
                field=fields[(number - 1) % 2],
                title=f"示例申报{number}",
                amount=10 * number,
                state=ApplicationState.ACCEPTED,
                submitted_at=timezone.now(),
            )
        )
    make_member(applications[0].organisation, Role.RESEARCHER)
    office = make_office()
    Call.objects.filter(pk=call.pk).update(state=CallState.RUNNING)
    call.refresh_from_db()
    reviewers = [make_reviewer(call) for _bias in BIAS]
    rounds = []
    for step, kind in enumerate(call.chain):
        if kind["kind"] in ("review", "defence"):
            rounds.append(make_round(call, step=step, state=state))
            score_round(rounds[-1], applications, reviewers)
    call.step = rounds[-1].step
    call.save(update_fields=["step"])
    StepDone.objects.create(call=call, step=call.step, kind=call.chain[call.step]["kind"])
    actors: dict[str, Any] = {
        "office": office,
        "stranger": AnonymousUser(),
        "visitor": make_user(),
        "superuser": User.objects.create_superuser("root", password="langqiao"),
        "liaison": make_liaison(cities[0]),
        "applicant": member_of(applications[0].organisation),
        "reviewer": reviewers[0].person.user,
        "recused": make_office(),
        "other firm": make_member(make_organisation(kind="enterprise"), Role.ENTERPRISE),
    }
    make_member(applications[0].organisation, Role.RESEARCHER, user=actors["recused"])
    return Scene(call, rounds, applications, reviewers, cities, actors)


def score_round(round: Round, applications: list[Application], reviewers: list[Reviewer]) -> None:
    """Three submitted reviews of every application, reviewers in turn, none failing a gate."""
    for at, application in enumerate(applications):
        for turn in range(3):
            reviewer = (at + turn) % len(reviewers)
            make_review(
                round,
                application,
                reviewers[reviewer],
                state=ReviewState.SUBMITTED,
                total=QUALITY[at] + BIAS[reviewer],
                scores={"technology": 15, "market": 6},
                gates={"honest": {"passed": True, "why": ""}},
                confidence=4,
                for_applicant="示例意见",
            )


def plain_rules(*rows: dict[str, Any], places: int | None = 4, margin: float = 0.0) -> dict[str, Any]:
    """Constraints as the verbs take them."""
    return {"places": places, "rules": list(rows), "margin": margin}


EVERY_CITY = {"kind": "at_least", "attribute": "city", "number": 1}


def make_big_scene(seed: int = 1, **values: Any) -> Scene:
    """37 applications in five cities, 20 reviewers, five reviews each, 12 places: the size of the real case."""
    rng = Random(seed)
    cities = [make_city(slug) for slug in ("songjiang", "jiaxing", "hangzhou", "suzhou", "hefei")]
    fields = [make_field(slug) for slug in ("ai", "materials", "biomed")]
    call = make_call(chain=chain_of("review", "conference", "issue"), **{"places": 12, **values})
    applications = []
    for number in range(1, 38):
        home = make_organisation(
            name=f"示例单位{number:02d}",
            kind=rng.choice([Organisation.Kind.UNIVERSITY, Organisation.Kind.ENTERPRISE]),
            city=cities[min(4, int(rng.expovariate(0.7)))],
        )
        applications.append(
            Application(
                call=call,
                number=number,
                case=f"{call.case}-{number}",
                organisation=home,
                city=home.city,
                field=rng.choice(fields),
                title=f"示例概念验证中心{number:02d}",
                amount=rng.randrange(20, 80),
                state=ApplicationState.ACCEPTED,
                submitted_at=timezone.now(),
            )
        )
    Application.objects.bulk_create(applications)
    office = make_office()
    Call.objects.filter(pk=call.pk).update(state=CallState.RUNNING, step=0)
    call.refresh_from_db()
    StepDone.objects.create(call=call, step=0, kind="review")
    reviewers = [make_reviewer(call) for _one in range(20)]
    round = make_round(call, step=0, state="closed")
    bias, load = [rng.gauss(0, 5) for _one in reviewers], [0] * 20
    reviews = []
    for application in applications:
        quality = rng.gauss(75, 5.8)
        chosen = sorted(range(20), key=lambda at: (load[at], rng.random()))[:5]
        for turn, at in enumerate(chosen, 1):
            load[at] += 1
            reviews.append(
                Review(
                    round=round,
                    application=application,
                    reviewer=reviewers[at],
                    letter=turn,
                    state=ReviewState.SUBMITTED,
                    total=round_half(quality + bias[at] + rng.gauss(0, 3.7)),
                    gates={"honest": {"passed": True, "why": ""}},
                    confidence=4,
                )
            )
    Review.objects.bulk_create(reviews)
    return Scene(call, [round], applications, reviewers, cities, {"office": office})


def round_half(value: float) -> float:
    """A total as the form gives it, within its bounds."""
    return min(100.0, max(0.0, round(value * 2) / 2))
