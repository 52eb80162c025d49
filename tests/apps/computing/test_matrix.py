"""Role × action, as a table: who may do what at the computing centre."""

from __future__ import annotations

import pytest

from langqiao.apps.computing.models import CityQuota, Request, Scheme, Tenant, Voucher
from langqiao.apps.computing.queries import sharing as queries
from langqiao.apps.computing.queries.vouchers import issuable_schemes, visible_vouchers
from langqiao.kit.permissions import allowed, permissions
from tests.apps.computing.scene import Scene, make_scene

pytestmark = pytest.mark.django_db

OPERATOR = {"operator", "console"}
INSIDE = {"member", "researcher"}
READERS = INSIDE | {"operator", "office"}
EVERYBODY = {
    "console", "stranger", "visitor", "superuser", "office", "operator", "operator manager", "far operator",
    "member", "researcher", "firm visitor", "other member", "liaison", "far liaison", "evaluator",
}  # fmt: skip

# permission: (what it is asked of, who may).
TABLE: dict[str, tuple[str, set[str]]] = {
    **dict.fromkeys(("run_campus", "schedule", "plan"), ("campus", OPERATOR)),
    "run_servers": ("server", OPERATOR),
    "decide_request": ("handed_in", OPERATOR),
    "run_quota": ("tenant", OPERATOR),
    "report_job": ("job", OPERATOR),
    "bill": ("bill", OPERATOR),
    "read_servers": ("server", {"operator", "office"}),
    "export_quotas": ("campus", OPERATOR | {"office"}),
    "ask": ("firm", INSIDE | {"console"}),
    "revise_request": ("draft", INSIDE | {"console"}),
    "read_request": ("handed_in", READERS),
    "read_tenant": ("tenant", READERS),
    "submit_job": ("grant", INSIDE | {"console"}),
    "cancel_job": ("job", INSIDE | OPERATOR),
    "read_job": ("job", READERS),
    "run_scheme": ("nothing", {"office", "console"}),
    "issue_voucher": ("scheme", {"office", "console", "liaison"}),
    "read_voucher": ("voucher", INSIDE | {"office", "liaison"}),
    "redeem": ("voucher", INSIDE | {"console"}),
}  # fmt: skip


@pytest.fixture
def scene() -> Scene:
    return make_scene()


def who_may(scene: Scene, act: str, target: str) -> set[str]:
    thing = getattr(scene, target, None)
    return {name for name, actor in scene.actors.items() if allowed(actor, f"computing.{act}", thing)}


def test_the_table_speaks_of_every_permission_and_every_actor(scene: Scene) -> None:
    assert {p.name for p in permissions() if p.name.startswith("computing.")} == {
        f"computing.{act}" for act in TABLE
    }
    assert set(scene.actors) == EVERYBODY


def test_role_by_action(scene: Scene) -> None:
    found = {act: who_may(scene, act, target) for act, (target, _who) in TABLE.items()}
    assert found == {act: who for act, (_target, who) in TABLE.items()}


def test_a_draft_is_its_applicant_s_alone(scene: Scene) -> None:
    assert who_may(scene, "read_request", "draft") == INSIDE


def test_records_below_a_campus_and_a_tenant_follow_them(scene: Scene) -> None:
    for target in ("campus", "building", "server", "tenant", "grant", "bill", "job"):
        assert who_may(scene, "run_quota", target) == OPERATOR, target
    for target in ("tenant", "grant", "bill", "job", "queued"):
        assert who_may(scene, "read_tenant", target) == READERS, target


def test_a_voucher_of_another_city_is_none_of_the_liaison_s(scene: Scene) -> None:
    assert who_may(scene, "issue_voucher", "far_scheme") == {"office", "console", "far liaison"}
    # A scheme of an area larger than a city is the office's to issue.
    scene.scheme.city = None
    assert who_may(scene, "issue_voucher", "scheme") == {"office", "console"}


def test_the_queries_agree_with_the_rules(scene: Scene) -> None:
    cases = (
        (Request, queries.visible_requests, "read_request"),
        (Tenant, queries.visible_tenants, "read_tenant"),
        (Voucher, visible_vouchers, "read_voucher"),
        (Scheme, issuable_schemes, "issue_voucher"),
    )
    for name, actor in scene.actors.items():
        if name == "console":
            continue
        for model, query, permission in cases:
            by_rule = {
                row.pk for row in model.objects.all() if allowed(actor, f"computing.{permission}", row)
            }
            assert set(query(actor).values_list("pk", flat=True)) == by_rule, (name, permission)


def test_quotas_of_cities_are_read_by_operator_office_and_the_city_s_tenants(scene: Scene) -> None:
    assert CityQuota.objects.count() == 1
    seen = {
        name
        for name, actor in scene.actors.items()
        if actor is not None and queries.visible_city_quotas(actor).exists()
    }
    assert seen == READERS


def test_an_inactive_user_may_nothing(scene: Scene) -> None:
    for name in ("office", "operator", "member", "liaison"):
        user = scene.actors[name]
        user.is_active = False
        assert not any(
            allowed(user, f"computing.{act}", getattr(scene, target, None))
            for act, (target, _who) in TABLE.items()
        )
