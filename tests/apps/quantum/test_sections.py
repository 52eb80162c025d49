"""What stands on an organisation's page and in my own work: only what the viewer may read or do."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from langqiao.apps.quantum.domain import deliveries, demands
from langqiao.apps.quantum.models import Scenario
from langqiao.apps.quantum.sections import quantum_of, waiting
from langqiao.apps.registry.sections import awaiting
from tests.apps.quantum.scene import Scene, make_scene
from tests.apps.quantum.test_deliveries import SEALED
from tests.factories.quantum import MARKER

pytestmark = pytest.mark.django_db


@pytest.fixture
def scene() -> Scene:
    found = make_scene()
    Scenario.objects.update(organisation=found.firm, title="示例公开场景")
    return found


def page_of(scene: Scene, actor: Any, organisation: Any) -> str:
    client = Client()
    if actor.is_authenticated:
        client.force_login(actor)
    return str(client.get(f"/organisations/{organisation.pk}/").content.decode())


def test_the_page_of_the_firm_shows_each_reader_their_own(scene: Scene) -> None:
    own = page_of(scene, scene.actors["member"], scene.firm)
    for words in ("示例公开场景", f"需求 {MARKER}", f"传送 {MARKER}", "提出密钥需求"):
        assert words in own
    stranger = page_of(scene, scene.actors["stranger"], scene.firm)
    assert "示例公开场景" in stranger
    assert MARKER not in stranger
    operator = page_of(scene, scene.actors["operator"], scene.firm)
    assert f"需求 {MARKER}" in operator
    assert f"传送 {MARKER}" not in operator
    partner = page_of(scene, scene.actors["partner"], scene.firm)
    assert f"传送 {MARKER}" in partner
    assert f"需求 {MARKER}" not in partner
    assert "来自" in page_of(scene, scene.actors["partner"], scene.partner)
    assert quantum_of(scene.partner, scene.actors["stranger"]) is None


def test_a_demand_waits_for_the_operators_of_its_sites(scene: Scene) -> None:
    for name, expected in (
        ("operator", True), ("peer operator", True), ("far operator", False), ("member", False),
        ("office", False), ("stranger", False),
    ):  # fmt: skip
        rows = [row for row in waiting(scene.actors[name]) if row.url == scene.demand.get_absolute_url()]
        assert bool(rows) is expected, name
    assert scene.demand.get_absolute_url() in {row.url for row in awaiting(scene.actors["operator"])}
    demands.refuse_demand(scene.actors["operator"], scene.demand, why="示例")
    assert waiting(scene.actors["operator"]) == []


def test_a_sent_file_waits_for_its_recipient_until_it_is_closed(scene: Scene) -> None:
    partner = scene.actors["partner"]
    assert waiting(partner) == []
    deliveries.seal_delivery(None, scene.delivery, **SEALED)
    deliveries.send_delivery(None, scene.delivery)
    assert [row.url for row in waiting(partner)] == [scene.delivery.get_absolute_url()]
    for name in ("member", "operator", "office", "other member", "stranger"):
        assert scene.delivery.get_absolute_url() not in {row.url for row in waiting(scene.actors[name])}
    client = Client()
    client.force_login(partner)
    assert "密封文件待签收" in client.get(reverse("work")).content.decode()
    deliveries.refuse_delivery(partner, scene.delivery, why="示例")
    assert waiting(partner) == []


def test_they_take_few_queries(scene: Scene, django_assert_max_num_queries: Any) -> None:
    for name in ("operator", "partner", "office"):
        with django_assert_max_num_queries(14):
            section = quantum_of(scene.firm, scene.actors[name])
            waiting(scene.actors[name])
        assert section is not None
