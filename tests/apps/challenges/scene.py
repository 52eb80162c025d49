"""One sealed challenge with everybody around it, for the matrix and the leak test."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from django.contrib.auth.models import AnonymousUser

from langqiao.apps.accounts.models import Role, User
from langqiao.apps.challenges import domain
from langqiao.apps.challenges.models import Answer, Attachment, Challenge, Question
from langqiao.apps.registry.models import Organisation
from tests.factories import challenges as make


@dataclass
class Scene:
    """The challenge, what hangs on it, and the actors by name (``console`` is None)."""

    challenge: Challenge
    answer: Answer
    question: Question
    attachment: Attachment
    firm: Organisation
    actors: dict[str, Any] = field(default_factory=dict)


def make_actors(firm: Organisation) -> dict[str, Any]:
    """One actor for every kind of role; the firm hosts a secretariat and operators."""
    far = make.make_city("jiaxing", "嘉兴", "330400")
    actors: dict[str, Any] = {
        "console": None,
        "stranger": AnonymousUser(),
        "visitor": make.make_user(),
        "superuser": User.objects.create_superuser("root", password=make.PASSWORD),
        "office": make.make_user(Role.OFFICE),
        "liaison": make.make_user(Role.LIAISON, make.make_organisation("government")),
        "far liaison": make.make_user(Role.LIAISON, make.make_organisation("government", city=far)),
        "evaluator": make.make_user(Role.EVALUATOR),
        "secretariat of firm": make.make_user(Role.SECRETARIAT, firm),
        "computing operator": make.make_user(Role.COMPUTING_OPERATOR, firm),
        "quantum operator": make.make_user(Role.QUANTUM_OPERATOR, firm),
        "firm": make.make_user(Role.ENTERPRISE, firm),
        "firm researcher": make.make_user(Role.RESEARCHER, firm),
        "other firm": make.make_user(Role.ENTERPRISE),
        "university": make.make_user(Role.RESEARCHER),
        "fund": make.make_user(Role.ENTERPRISE, make.make_organisation("fund")),
    }
    return actors


def make_scene(confidentiality: str = "promise") -> Scene:
    """A published, sealed challenge; a team of two universities answered, one partner has not promised."""
    firm = make.make_organisation("enterprise", name="示例晶圆公司")
    actors = make_actors(firm)
    university, partner = make.make_organisation("university"), make.make_organisation("institute")
    actors["team"] = make.make_user(Role.RESEARCHER, university)
    actors["colleague without promise"] = make.make_user(Role.RESEARCHER, university)
    actors["partner"] = make.make_user(Role.RESEARCHER, partner)
    actors["partner without promise"] = make.make_user(Role.RESEARCHER, partner)
    former = make.make_user(Role.RESEARCHER, make.make_organisation("university"))
    actors["former member"] = former
    challenge = make.make_challenge(actors["firm"], firm, confidentiality=confidentiality)
    attachment = make.make_attachment(
        actors["firm"], challenge, content=f"指标 {make.MARKER}".encode(), name=f"{make.MARKER}.txt"
    )
    domain.invite_organisation(actors["firm"], challenge, university)
    domain.invite_organisation(actors["firm"], challenge, partner)
    domain.invite_organisation(actors["firm"], challenge, former.memberships.get().organisation)
    domain.publish_challenge(actors["firm"], challenge)
    for name, home in (("team", university), ("partner", partner)):
        domain.sign_promise(actors[name], challenge, organisation=home)
    domain.sign_promise(former, challenge, organisation=former.memberships.get().organisation)
    domain_end(former)
    question = make.make_question(actors["team"], challenge, text=f"{make.MARKER} 的公差？", sealed=True)
    domain.reply_question(actors["firm"], question, text=f"{make.MARKER} 为正负一微米")
    answer = make.make_answer(
        actors["team"],
        challenge,
        university,
        approach=f"针对 {make.MARKER} 的方案",
        plan=f"{make.MARKER} 计划",
    )
    make.make_attachment(actors["team"], answer, content=f"附图 {make.MARKER}".encode(), name="方案.txt")
    domain.change_team(
        actors["team"], answer, members=[(partner, f"{make.MARKER} 表征")], lead_part=f"{make.MARKER} 工艺"
    )
    domain.submit_answer(actors["team"], answer)
    challenge.refresh_from_db()
    return Scene(challenge, answer, question, attachment, firm, actors)


def domain_end(user: User) -> None:
    """End the user's membership through the verb."""
    from langqiao.apps.accounts.domain import end_membership

    end_membership(None, user.memberships.get())
    user.__dict__.pop("memberships_today", None)


# Who may read sealed matter of the scene's challenge.
CLEARED = frozenset({"firm", "firm researcher", "team", "partner"})
