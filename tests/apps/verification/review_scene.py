"""A round with everybody around it: two applications, four reviewers, an office with a recused member."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.utils import timezone

from langqiao.apps.accounts.models import Role, User
from langqiao.apps.registry.models import Organisation
from langqiao.apps.verification.domain import reviews, rounds
from langqiao.apps.verification.models import Application, Call, Review, Round
from tests.factories.accounts import make_liaison, make_member, make_office, make_user
from tests.factories.registry import make_city, make_organisation, make_person
from tests.factories.verification import (
    chain_of,
    make_review,
    make_reviewer,
    make_running,
    member_of,
)

WORDS = "光刻掩模四零九六"  # stands in what the peer writes; must never reach who may not read it
OFFICE_WORDS = "内部备注八一九二"  # for the office alone
PEER = "评审人欧阳砚秋"  # the peer's name


@dataclass
class Scene:
    """``own`` and ``peer`` review ``first``; ``own`` and ``third`` review ``second``."""

    call: Call
    round: Round
    first: Application
    second: Application
    reviews: dict[str, Review]
    actors: dict[str, Any] = field(default_factory=dict)

    def user(self, name: str) -> Any:
        """An actor as a request knows them: nothing remembered from before."""
        found = self.actors[name]
        return User.objects.get(pk=found.pk) if getattr(found, "pk", None) else found


def due() -> Any:
    return timezone.now() + timedelta(days=7)


def opinion(high: float = 15, low: float = 6, **values: Any) -> dict[str, Any]:
    """A complete review by the factories' criteria; ``values`` win."""
    return {
        "scores": {"technology": high, "market": low},
        "gates": {"honest": {"passed": True, "why": ""}},
        "confidence": 4,
        "for_applicant": "方案完整，建议补充中试数据。",
        "for_office": "",
        **values,
    }


def peer_opinion() -> dict[str, Any]:
    """What the peer hands in, full of words that must not leak; its total is 43.33."""
    return opinion(
        8.5,
        4.5,
        gates={"honest": {"passed": False, "why": f"有失信记录 {WORDS}"}},
        confidence=2,
        for_applicant=f"依据不足 {WORDS}",
        for_office=f"须核实 {OFFICE_WORDS}",
    )


def make_reviewing_user(name: str) -> tuple[User, Any]:
    """An evaluator with a person of that name."""
    home = make_organisation(kind=Organisation.Kind.UNIVERSITY)
    user = make_member(home, Role.EVALUATOR, user=make_user(display_name=name))
    return user, make_person(organisation=home, user=user, name=name)


def make_scene(*, start: bool = True, blindness: str = "double", chain: Any = None) -> Scene:
    """The round under review (or, ``start`` False, being prepared); nobody has written anything."""
    call = make_running(
        2, blindness=blindness, chain=chain or chain_of("review", "defence", "conference", "issue")
    )
    round = call.rounds.get(step=0)
    first, second = call.applications.order_by("number")
    office = make_office()
    recused = make_office()
    make_member(first.organisation, Role.RESEARCHER, user=recused)
    actors: dict[str, Any] = {
        "stranger": AnonymousUser(),
        "visitor": make_user(),
        "superuser": make_user(is_superuser=True, is_staff=True),
        "office": office,
        "recused": recused,
        "liaison": make_liaison(first.organisation.city or make_city()),
        "applicant": member_of(first.organisation),
        "other firm": make_member(make_organisation(kind="enterprise"), Role.ENTERPRISE),
    }
    held = {}
    for name, called in (
        ("own", "评审人甲"),
        ("peer", PEER),
        ("third", "评审人丙"),
        ("unassigned", "评审人丁"),
    ):
        user, person = make_reviewing_user(called)
        actors[name] = user
        held[name] = make_reviewer(call, person=person)
    written = {
        "own": make_review(round, first, held["own"]),
        "peer": make_review(round, first, held["peer"]),
        "own second": make_review(round, second, held["own"]),
        "third": make_review(round, second, held["third"]),
    }
    if start:
        rounds.start_reviewing(office, round, due_at=due())
    return Scene(call, round, first, second, written, actors)


def hand_in(scene: Scene, name: str, **values: Any) -> Review:
    """Submit one of the scene's reviews as its reviewer."""
    review = scene.reviews[name]
    review.refresh_from_db()
    given = peer_opinion() if name == "peer" and not values else opinion(**values)
    return reviews.submit_review(
        scene.user(name.partition(" ")[0]), review, revision=review.revision, **given
    )


def hand_in_all(scene: Scene) -> None:
    """Everybody submits."""
    for name in scene.reviews:
        hand_in(scene, name)
