"""Role × action, as a table: who may do what with parks."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser

from langqiao.apps.accounts.models import Role, User
from langqiao.kit.permissions import allowed, permissions
from tests.factories import alliances_parks as make
from tests.factories.accounts import make_liaison, make_member, make_office, make_user
from tests.factories.registry import make_city, make_organisation

pytestmark = pytest.mark.django_db
OFFICE = {"office", "console"}
# permission: (what it is asked of, who may).
TABLE: dict[str, list[tuple[str, set[str]]]] = {
    "keep": [("park", OFFICE | {"liaison", "park's member", "park's secretariat", "park's manager"})],
    "import": [
        (
            "nothing",
            OFFICE | {"liaison", "far liaison", "park's member", "park's secretariat", "park's manager", "other member"},
        )
    ],
    "keep_reference": [("reference", OFFICE)],
}  # fmt: skip


def make_scene() -> tuple[dict[str, Any], dict[str, Any]]:
    """A park in Songjiang run by a firm of another city, a reference, and the actors."""
    firm = make_organisation(city=make_city("jiaxing"))
    actors = {
        "console": None,
        "stranger": AnonymousUser(),
        "visitor": make_user(),
        "superuser": User.objects.create_superuser("root", password="langqiao"),
        "office": make_office(),
        "liaison": make_liaison(make_city()),
        "far liaison": make_liaison(make_city("jiaxing")),
        "park's member": make_member(firm),
        "park's secretariat": make_member(firm, Role.SECRETARIAT),
        "park's manager": make_member(firm, Role.VISITOR, is_manager=True),
        "park's visitor": make_member(firm, Role.VISITOR),
        "other member": make_member(make_organisation()),
        "evaluator": make_member(make_organisation(), Role.EVALUATOR),
    }
    return actors, {
        "park": make.make_place(organisation=firm),
        "reference": make.make_place(kind="reference"),
    }


def test_role_by_action() -> None:
    actors, things = make_scene()
    found = {
        act: [
            (
                target,
                {
                    name
                    for name, actor in actors.items()
                    if allowed(actor, f"parks.{act}", things.get(target))
                },
            )
            for target, _who in rows
        ]
        for act, rows in TABLE.items()
    }
    assert found == TABLE
    assert {p.name for p in permissions() if p.name.startswith("parks.")} == {f"parks.{act}" for act in TABLE}
