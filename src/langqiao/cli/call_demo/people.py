"""The people of the demo's call: one applicant for each organisation, twenty experts, nine liaisons."""

from __future__ import annotations

from typing import Any

from django.db import transaction

from langqiao.apps.accounts.domain import grant_membership
from langqiao.apps.accounts.models import Role, User
from langqiao.apps.registry.domain import link_person
from langqiao.apps.registry.domain.bulk import upsert_many
from langqiao.apps.registry.models import Organisation, Person
from langqiao.cli.call_demo.scene import records
from langqiao.cli.corridor_demo import password
from langqiao.kit.refusals import Refused


def applicant(number: int) -> str:
    """Username of the applicant of that number."""
    return f"demo-applicant-{number:02d}"


def expert(number: int) -> str:
    """Username of the expert of that number."""
    return f"demo-expert-{number:02d}"


def liaison(city: str) -> str:
    """Username of a city's liaison."""
    return f"demo-liaison-{city}"


@transaction.atomic
def add() -> None:
    """Add who is missing; all sign in with the demo's one random password.

    Raises:
        Refused: the demo corridor was not loaded.
    """
    if not Organisation.objects.filter(code="S-ORG-001").exists():
        raise Refused("还没有载入示例走廊。", mend="请先运行 langqiao demo --no-serve。")
    bureaus = records("organisations")
    if upsert_many(None, "organisations", bureaus).refused:
        raise Refused("示例的城市联络单位有误。")
    for row in bureaus:
        _member(
            liaison(row["city"]), f"示例·{row['short_name']}联络员", Role.LIAISON, _organisation(row["code"])
        )
    for number, row in enumerate(records("applicants"), 1):
        home = _organisation(row["organisation"])
        role = Role.ENTERPRISE if home.kind == Organisation.Kind.ENTERPRISE else Role.RESEARCHER
        _member(applicant(number), f"示例·申报人{number:02d}", role, home)
    for number, row in enumerate(records("reviewers"), 1):
        person = Person.objects.get(code=row["person"])
        assert person.organisation is not None
        made = _member(
            expert(number),
            f"示例·{person.name.removesuffix('（示例）')}",
            Role.EVALUATOR,
            person.organisation,
        )
        if person.user_id is None:
            link_person(None, person, made)


def _organisation(code: str) -> Any:
    return Organisation.objects.get(code=code)


def _member(username: str, name: str, role: Role, organisation: Organisation) -> User:
    user = User.objects.filter(username=username).first()
    if user is None:
        user = User.objects.create_user(username, password=password(), display_name=name, illustrative=True)
    if not user.memberships.filter(role=role).exists():
        grant_membership(None, user, organisation, role)
    return user
