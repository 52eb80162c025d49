"""What is neither public nor the reader's own reaches nobody: every page, API address, export, ledger, notice, log."""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Iterator
from io import BytesIO
from typing import Any
from urllib.parse import quote
from zipfile import ZipFile

import pytest
from django.db.models import Min
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from langqiao.apps.accounts.models import Notification
from langqiao.apps.computing.models import (
    Bill,
    Building,
    Campus,
    Job,
    Request,
    Scheme,
    Server,
    Tenant,
    Voucher,
)
from langqiao.apps.ledger.models import Entry
from tests.apps.computing.scene import make_scene
from tests.factories.computing import MARKER

pytestmark = pytest.mark.django_db
MODELS = {
    "campuses/": Campus, "buildings/": Building, "servers/": Server, "requests/": Request, "tenants/": Tenant,
    "schemes/": Scheme, "vouchers/": Voucher, "jobs/": Job, "bills/": Bill,
}  # fmt: skip
# Who may read the marked records of which addresses; requests and jobs are named on pages of tenants and bills.
READERS = {"requests", "tenants", "jobs", "bills", "usage", "servers", "buildings", "campuses", "map"}
MAY_READ: dict[str, set[str]] = {
    "stranger": set(),
    "visitor": set(),
    "superuser": set(),
    "firm visitor": set(),
    "other member": set(),
    "operator manager": set(),
    "far operator": set(),
    "evaluator": set(),
    "far liaison": set(),
    "liaison": {"vouchers"},
    "member": {"requests", "tenants", "jobs", "bills", "usage", "vouchers", "ledger", "organisations"},
    "operator": READERS | {"ledger", "organisations"},
    "office": READERS | {"vouchers", "ledger", "organisations"},
}
MUST_READ = {"member": {"requests", "tenants", "vouchers"}, "operator": {"requests", "tenants"}, "liaison": {"vouchers"}, "office": {"requests", "tenants", "vouchers"}}  # fmt: skip


def patterns(resolver: Any, prefix: str = "") -> Iterator[str]:
    for pattern in resolver.url_patterns:
        route = prefix + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from patterns(pattern, route)
        elif isinstance(pattern, URLPattern):
            yield route


def addresses(firm: int) -> list[str]:
    """Every address of computing with the keys of the scene's records, its lists, the cases, the ledger."""
    found = ["/", "/ledger/", "/ledger/?export=csv", f"/organisations/{firm}/"]
    found += [f"/cases/{case}/" for case in Request.objects.values_list("case", flat=True)]
    found += [
        f"/ledger/{row['first']}/" for row in Entry.objects.values("verb").annotate(first=Min("sequence"))
    ]
    for route in patterns(get_resolver()):
        if "computing/" not in route or route.startswith("admin/") or "act/" in route:
            continue
        if "<" not in route:
            found.append(f"/{route}")
        elif route.count("<") == 1 and "<int:pk>" in route:
            model = next((model for word, model in MODELS.items() if f"computing/{word}" in route), None)
            keys = model.objects.values_list("pk", flat=True) if model is not None else [1]
            found += [f"/{route.replace('<int:pk>', str(pk))}" for pk in keys]
    lists = [path for path in found if re.fullmatch(r"/computing/\w+/", path)]
    for path in lists:
        found += [f"{path}?export=csv", f"{path}?export=xlsx", f"{path}?q={quote(MARKER[:4])}"]
    return sorted(set(found))


def body(response: Any) -> str:
    content = b"".join(response.streaming_content) if response.streaming else response.content
    response.close()
    if content.startswith(b"PK"):
        with ZipFile(BytesIO(content)) as container:
            content = b"\n".join(container.read(name) for name in container.namelist())
    return content.decode("utf-8", "replace")


def holds(text: str) -> bool:
    return any(form in text for form in (MARKER, json.dumps(MARKER)[1:-1], quote(MARKER)))


def kind_of(path: str) -> str:
    """The kind of record an address shows; the ledger names records to those who may read them."""
    if path.startswith(("/ledger/", "/cases/")):
        return "ledger"
    found = re.sub(r"^/(api/v1/)?computing/([\w-]+).*$", r"\2", path)
    return "organisations" if path.startswith("/organisations/") else found


def kinds_read(actor: Any, paths: list[str]) -> set[str]:
    """Kinds of addresses on which the actor finds the marked words."""
    client = Client()
    if actor.is_authenticated:
        client.force_login(actor)
    found = set()
    for path in paths:
        response = client.get(path)
        assert response.status_code < 500, path
        if holds(body(response)) or holds(str(response.headers)):
            found.add(kind_of(path))
    return found


def test_another_firm_finds_nothing_of_it(caplog: Any) -> None:
    caplog.set_level(logging.INFO)
    scene = make_scene()
    wanted = re.compile(
        r"/(api/v1/)?computing/(requests|tenants|vouchers|jobs|bills|servers|quotas)(/\d+)?/?"
    )
    paths = [path for path in addresses(scene.firm.pk) if wanted.fullmatch(path)]
    assert len(paths) > 20
    assert kinds_read(scene.actors["other member"], paths) == set()
    assert MARKER not in caplog.text


def test_the_firm_finds_its_own() -> None:
    scene = make_scene()
    paths = [record.get_absolute_url() for record in (scene.request, scene.tenant)]
    assert kinds_read(scene.actors["member"], paths) == {"requests", "tenants"}


@pytest.mark.slow
def test_no_address_shows_what_is_kept_between_parties(caplog: Any) -> None:
    caplog.set_level(logging.INFO)
    scene = make_scene()
    paths = addresses(scene.firm.pk)
    read = {name: kinds_read(scene.actors[name], paths) for name in MAY_READ}
    assert {name: found - MAY_READ[name] for name, found in read.items() if found - MAY_READ[name]} == {}
    # The test can fail: who may read does find the words.
    assert {name: must - read[name] for name, must in MUST_READ.items() if must - read[name]} == {}
    assert MARKER not in caplog.text


def test_the_ledger_holds_nothing_of_it_and_notices_go_to_parties_alone() -> None:
    scene = make_scene()
    assert Entry.objects.count() > 10
    assert not [entry for entry in Entry.objects.all() if MARKER in entry.data]
    told = {n.user_id for n in Notification.objects.filter(text__contains=MARKER)}
    assert told <= {scene.actors[name].pk for name in ("operator", "member", "researcher")}


def test_an_entry_of_a_case_is_read_by_its_parties() -> None:
    scene = make_scene()
    entry = Entry.objects.get(verb="approve_request")
    for name, expected in (
        ("member", 200), ("operator", 200), ("office", 200), ("other member", 404), ("far operator", 404),
        ("liaison", 404), ("superuser", 404),
    ):  # fmt: skip
        client = Client()
        client.force_login(scene.actors[name])
        assert client.get(f"/ledger/{entry.sequence}/").status_code == expected, name
