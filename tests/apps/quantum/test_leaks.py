"""What is neither public nor the reader's own reaches nobody: pages, API, exports, ledger, notices."""

from __future__ import annotations

import json
from io import BytesIO
from typing import Any
from zipfile import ZipFile

import pytest
from django.test import Client
from django.urls import reverse

from langqiao.apps.ledger.models import Entry
from langqiao.apps.quantum.domain import deliveries, demands
from langqiao.apps.quantum.models import Delivery, Demand, Site
from langqiao.apps.registry.models import Organisation
from tests.apps.quantum.scene import Scene, make_scene
from tests.apps.quantum.test_deliveries import SEALED
from tests.factories.quantum import MARKER, today

pytestmark = pytest.mark.django_db
ADDRESS = "https://10.77.1.2:17014"


def scene_in_use() -> Scene:
    """The scene with a demand and a delivery of the firm made by the verbs, and a KME's address."""
    scene = make_scene()
    Site.objects.update(kme_url=ADDRESS)
    member = scene.actors["member"]
    day = today()
    demands.propose_demand(
        member, organisation=scene.firm, title=MARKER, purpose=MARKER, source=scene.link.a,
        target=scene.link.b, bps=1, starts_on=day, ends_on=day,
    )  # fmt: skip
    made = deliveries.announce_delivery(
        member, sender=scene.endpoint, recipient=scene.delivery.recipient, title=MARKER, note=MARKER, size=1
    )
    deliveries.seal_delivery(member, made, **SEALED)
    deliveries.withdraw_delivery(member, made, why=MARKER)
    return scene


def addresses() -> list[str]:
    names = ("network_map", "site_list", "link_list", "scenario_list", "demand_list", "delivery_list",
             "endpoint_list", "key_reading_list", "quantum_health", "key_plan", "ledger_list")  # fmt: skip
    found = [reverse(name) for name in names]
    found += [f"{reverse(name)}?export={kind}" for name in names[1:8] for kind in ("csv", "xlsx")]
    found += [reverse("work"), reverse("key_reading_import"), reverse("key_reading_template", args=["csv"])]
    found += [reverse("organisation_detail", args=[one.pk]) for one in Organisation.objects.all()]
    rows = [*Demand.objects.all(), *Delivery.objects.all()]
    found += [row.get_absolute_url() for row in (*rows, *Site.objects.all())]
    found += [reverse("case_detail", args=[row.case]) for row in rows]
    found += [f"/ledger/{number}/" for number in Entry.objects.values_list("sequence", flat=True)]
    found += [f"/api/v1/quantum/{kind}" for kind in ("sites", "links", "demands", "deliveries", "endpoints", "readings", "plan")]  # fmt: skip
    return found


def body(response: Any) -> str:
    content = b"".join(response.streaming_content) if response.streaming else response.content
    if content.startswith(b"PK"):
        with ZipFile(BytesIO(content)) as container:
            content = b"\n".join(container.read(name) for name in container.namelist())
    return str(content.decode("utf-8", "replace"))


def read(actor: Any, paths: list[str], words: str) -> set[str]:
    client = Client()
    if actor.is_authenticated:
        client.force_login(actor)
    found = set()
    for path in paths:
        response = client.get(path)
        assert response.status_code < 500, path
        text = body(response)
        if words in text or json.dumps(words)[1:-1] in text:
            found.add(path)
    return found


@pytest.mark.slow
def test_others_find_neither_the_firm_s_matters_nor_addresses_of_kmes() -> None:
    scene = scene_in_use()
    paths = addresses()
    for name in ("stranger", "other member", "far operator"):
        assert read(scene.actors[name], paths, MARKER) == set(), name
    for name in ("stranger", "member"):
        assert read(scene.actors[name], paths, ADDRESS) == set(), name
    # The test can fail: who may read does find them.
    own = Demand.objects.filter(title=MARKER).get().get_absolute_url()
    assert read(scene.actors["member"], [own], MARKER) == {own}
    site = scene.site.get_absolute_url()
    assert read(scene.actors["operator"], [site], ADDRESS) == {site}


def test_an_operator_reads_demands_at_the_own_sites_but_no_delivery() -> None:
    scene = scene_in_use()
    found = read(scene.actors["operator"], [row.get_absolute_url() for row in Delivery.objects.all()], MARKER)
    assert found == set()


def test_the_ledger_holds_nothing_of_it() -> None:
    scene_in_use()
    assert Entry.objects.count() >= 4
    assert not [entry for entry in Entry.objects.all() if MARKER in entry.data or ADDRESS in entry.data]
