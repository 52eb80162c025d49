"""Role × action, as a table: who may do what with alliances."""

from __future__ import annotations

import pytest

from langqiao.apps.alliances.models import Exchange, Gathering, Member, Rating
from langqiao.apps.alliances.queries.alliances import inside
from langqiao.kit.permissions import allowed, permissions
from tests.apps.alliances.alliances.scene import Scene, make_scene

pytestmark = pytest.mark.django_db

OFFICE = {"office", "console"}
RUNS = {"secretary", "console"}
OWN = {"insider", "researcher"}
INSIDE = OWN | {"partner"}
EVERYBODY = {
    "console", "stranger", "visitor", "superuser", "office", "liaison", "secretary", "other secretary",
    "secretariat's firm side", "insider", "researcher", "firm visitor", "partner", "applicant", "outsider",
    "evaluator",
}  # fmt: skip

# permission: (what it is asked of, who may), several where it depends on the record.
TABLE: dict[str, list[tuple[str, set[str]]]] = {
    "load_tree": [("nothing", OFFICE)],
    "keep": [("alliance", OFFICE)],
    "describe": [("alliance", OFFICE | {"secretary"})],
    "apply": [("firm", OWN | {"console"}), ("application", {"applicant", "console"})],
    "decide": [("application", RUNS), ("orphan", OFFICE)],
    "read_member": [("member", EVERYBODY), ("application", {"applicant", "secretary", "office"})],
    "hold": [("gathering", RUNS), ("orphan", OFFICE)],
    "read_gathering": [("gathering", INSIDE | {"secretary", "office"}), ("open_gathering", EVERYBODY)],
    "attend": [
        ("gathering", INSIDE | {"console"}),
        ("open_gathering", INSIDE | {"applicant", "outsider", "secretariat's firm side", "console"}),
    ],
    "post": [("alliance", INSIDE | {"console"})],
    "read_exchange": [("exchange", INSIDE | {"secretary"}), ("orphan", set())],
    "close_exchange": [("exchange", OWN | RUNS)],
    "reply": [("exchange", {"partner", "console"})],
    "read_reply": [("reply", INSIDE)],
    "decide_reply": [("reply", OWN | {"console"})],
    "list_contacts": [("alliance", INSIDE | {"secretary"})],
    "give_consent": [("alliance", INSIDE | {"secretary"})],
    "withdraw_consent": [("contact", {"insider"})],
    "keep_scheme": [("nothing", OFFICE)],
    "mark_self": [("alliance", RUNS)],
    "mark": [("alliance", OFFICE)],
    "publish_rating": [("rating", OFFICE)],
    "read_rating": [("rating", {"secretary", "office"})],
}


@pytest.fixture
def scene() -> Scene:
    return make_scene()


def who_may(scene: Scene, act: str, target: str) -> set[str]:
    thing = getattr(scene, target, None)
    return {name for name, actor in scene.actors.items() if allowed(actor, f"alliances.{act}", thing)}


def test_the_table_speaks_of_every_permission_and_every_actor(scene: Scene) -> None:
    assert {p.name for p in permissions() if p.name.startswith("alliances.")} == {
        f"alliances.{act}" for act in TABLE
    }
    assert set(scene.actors) == EVERYBODY


def test_role_by_action(scene: Scene) -> None:
    found = {
        act: [(target, who_may(scene, act, target)) for target, _who in rows] for act, rows in TABLE.items()
    }
    assert found == TABLE


def test_queries_agree_with_the_rules(scene: Scene) -> None:
    for model, permission, query in (
        (Member, "alliances.read_member", inside.visible_members),
        (Gathering, "alliances.read_gathering", inside.visible_gatherings),
        (Exchange, "alliances.read_exchange", inside.visible_exchanges),
        (Rating, "alliances.read_rating", inside.visible_ratings),
    ):
        for name, actor in scene.actors.items():
            if name == "console":
                continue
            by_rule = {row.pk for row in model.objects.all() if allowed(actor, permission, row)}
            assert set(query(actor).values_list("pk", flat=True)) == by_rule, (name, permission)


def test_an_inactive_user_may_nothing(scene: Scene) -> None:
    for name in ("office", "secretary", "insider"):
        user = scene.actors[name]
        user.is_active = False
        assert not any(
            allowed(user, f"alliances.{act}", getattr(scene, target, None))
            for act, rows in TABLE.items()
            for target, _who in rows
        )
