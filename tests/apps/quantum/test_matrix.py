"""Role × action, as a table: who may do what in the quantum network."""

from __future__ import annotations

import pytest

from langqiao.apps.quantum.models import Demand
from langqiao.apps.quantum.queries.demands import visible_demands
from langqiao.kit.permissions import allowed, permissions
from tests.apps.quantum.scene import Scene, make_scene

pytestmark = pytest.mark.django_db

OPERATOR = {"operator", "console"}
ENDS = {"operator", "peer operator"}
OPERATORS = ENDS | {"far operator"}
INSIDE = {"member", "researcher"}
EVERYBODY = {
    "console", "stranger", "visitor", "superuser", "office", "operator", "peer operator", "operator manager",
    "far operator", "member", "researcher", "firm visitor", "partner", "other member", "computing operator",
    "liaison", "evaluator",
}  # fmt: skip

# permission: (what it is asked of, who may).
TABLE: dict[str, tuple[str, set[str]]] = {
    "run_site": ("site", OPERATOR),
    "run_link": ("link", ENDS | {"console"}),
    "read_health": ("nothing", OPERATORS | {"office"}),
    "record_readings": ("site", OPERATOR),
    "keep_scenario": ("scenario", OPERATORS | {"office", "console"}),
    "ask": ("firm", INSIDE | {"console"}),
    "read_demand": ("demand", INSIDE | ENDS | {"office"}),
    "decide_demand": ("demand", ENDS | {"console"}),
    "plan": ("nothing", OPERATORS | {"office"}),
    "keep_endpoint": ("endpoint", OPERATOR),
    "read_endpoints": ("nothing", INSIDE | OPERATORS | {"partner", "other member", "office"}),
    "send": ("delivery", INSIDE | {"console"}),
    "receive": ("delivery", {"partner", "console"}),
    "read_delivery": ("delivery", INSIDE | {"partner", "office"}),
}


@pytest.fixture
def scene() -> Scene:
    return make_scene()


def who_may(scene: Scene, act: str, target: str) -> set[str]:
    thing = getattr(scene, target, None)
    return {name for name, actor in scene.actors.items() if allowed(actor, f"quantum.{act}", thing)}


def test_the_table_speaks_of_every_permission_and_every_actor(scene: Scene) -> None:
    assert {p.name for p in permissions() if p.name.startswith("quantum.")} == {
        f"quantum.{act}" for act in TABLE
    }
    assert set(scene.actors) == EVERYBODY


def test_role_by_action(scene: Scene) -> None:
    found = {act: who_may(scene, act, target) for act, (target, _who) in TABLE.items()}
    assert found == {act: who for act, (_target, who) in TABLE.items()}


def test_sites_of_others_are_their_operators_own(scene: Scene) -> None:
    assert who_may(scene, "run_site", "far_site") == {"far operator", "console"}


def test_the_query_of_demands_agrees_with_the_rule(scene: Scene) -> None:
    for name, actor in scene.actors.items():
        if name == "console":
            continue
        by_rule = {row.pk for row in Demand.objects.all() if allowed(actor, "quantum.read_demand", row)}
        assert set(visible_demands(actor).values_list("pk", flat=True)) == by_rule, name


def test_an_inactive_user_may_nothing(scene: Scene) -> None:
    for name in ("office", "operator", "member"):
        user = scene.actors[name]
        user.is_active = False
        assert not any(
            allowed(user, f"quantum.{act}", getattr(scene, target, None))
            for act, (target, _who) in TABLE.items()
        )
