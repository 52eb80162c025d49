"""What is inside an alliance reaches nobody outside: pages, API, exports, ledger, notices."""

from __future__ import annotations

import json
from io import BytesIO
from typing import Any
from zipfile import ZipFile

import pytest
from django.test import Client
from django.urls import reverse

from langqiao.apps.accounts.models import Notification
from langqiao.apps.alliances.domain.alliances import contacts, exchanges, gatherings
from langqiao.apps.alliances.models import Exchange, Gathering, Member
from langqiao.apps.ledger.models import Entry
from tests.apps.alliances.alliances.scene import Scene, make_scene
from tests.factories.alliances import MARKER, today

pytestmark = pytest.mark.django_db
KINDS = ("members", "activities", "exchanges", "contacts", "ratings")


def scene_in_use() -> Scene:
    """The scene, with acts done by the verbs."""
    scene = make_scene()
    insider, partner, secretary = (scene.actors[name] for name in ("insider", "partner", "secretary"))
    posted = exchanges.post_exchange(
        insider, scene.alliance, organisation=scene.firm, kind="offer", title=MARKER, text=MARKER, valid_to=today()
    )  # fmt: skip
    exchanges.send_reply(partner, posted, organisation=scene.partner, text=MARKER)
    contacts.give_consent(
        partner, scene.alliance, organisation=scene.partner, agreed=True, name=MARKER, phone=MARKER
    )
    gatherings.revise_gathering(secretary, scene.gathering, summary=f"{MARKER} 二")
    return scene


def addresses(scene: Scene) -> list[str]:
    names = ("alliance_tree", "alliance_list", "member_list", "gathering_list", "exchange_list", "contact_list", "rating_list", "ledger_list", "work")  # fmt: skip
    found = [reverse(name) for name in names]
    found += [f"{reverse(name)}?export={kind}" for name in names[1:7] for kind in ("csv", "xlsx")]
    found += [
        row.get_absolute_url() for model in (Member, Gathering, Exchange) for row in model.objects.all()
    ]
    found += [scene.alliance.get_absolute_url(), scene.rating.get_absolute_url()]
    found += [
        reverse("case_detail", args=[scene.alliance.case]),
        reverse("organisation_detail", args=[scene.firm.pk]),
    ]
    found += [f"/ledger/{number}/" for number in Entry.objects.values_list("sequence", flat=True)]
    found += [f"/api/v1/alliances/{kind}" for kind in KINDS]
    found += [f"/api/v1/alliances/exchanges/{row.pk}/replies" for row in Exchange.objects.all()]
    return found


def body(response: Any) -> str:
    content = b"".join(response.streaming_content) if response.streaming else response.content
    if content.startswith(b"PK"):
        with ZipFile(BytesIO(content)) as container:
            content = b"\n".join(container.read(name) for name in container.namelist())
    return str(content.decode("utf-8", "replace"))


def read(actor: Any, paths: list[str]) -> set[str]:
    client = Client()
    if actor.is_authenticated:
        client.force_login(actor)
    found = set()
    for path in paths:
        response = client.get(path)
        assert response.status_code < 500, path
        text = body(response)
        if MARKER in text or json.dumps(MARKER)[1:-1] in text:
            found.add(path)
    return found


def test_outsiders_find_nothing_and_the_office_neither_needs_nor_contacts() -> None:
    scene = scene_in_use()
    assert read(scene.actors["outsider"], addresses(scene)) == set()
    inner = [reverse("exchange_list"), reverse("contact_list"), *(f"/api/v1/alliances/{kind}" for kind in ("exchanges", "contacts"))]  # fmt: skip
    inner += [row.get_absolute_url() for row in Exchange.objects.all()]
    assert read(scene.actors["office"], inner) == set()
    # The test can fail: who may read does find them.
    assert read(scene.actors["insider"], inner) == set(inner)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["stranger", "other secretary", "firm visitor", "superuser"])
def test_nor_does_anybody_else(name: str) -> None:
    scene = scene_in_use()
    assert read(scene.actors[name], addresses(scene)) == set()


def test_a_reply_is_read_by_both_organisations_only() -> None:
    scene = scene_in_use()
    path = f"/api/v1/alliances/exchanges/{scene.exchange.pk}/replies"
    assert read(scene.actors["secretary"], [path]) == set()
    assert read(scene.actors["partner"], [path]) == {path}


def test_neither_ledger_nor_notices_hold_any_of_it() -> None:
    scene_in_use()
    assert Entry.objects.count() >= 4
    assert not [entry for entry in Entry.objects.all() if MARKER in entry.data]
    assert not [note for note in Notification.objects.all() if MARKER in note.text]
