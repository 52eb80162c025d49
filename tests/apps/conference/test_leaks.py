"""What is kept at the table reaches nobody else: every page, API address, export, admin page, ledger, notice, log."""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import pytest
from django.db.models import Min
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from langqiao.apps.accounts.models import Notification
from langqiao.apps.conference.models import (
    AgendaItem,
    Ballot,
    Matter,
    Notice,
    Objection,
    Paper,
    Priority,
    Progress,
    Resolution,
    Session,
    Task,
)
from langqiao.apps.ledger.models import Entry
from tests.apps.conference.scene import Scene, make_scene
from tests.factories.conference import MARKER

pytestmark = pytest.mark.django_db
MODELS = {
    "sessions/": Session, "papers/": Paper, "matters/": Matter, "agenda/": AgendaItem, "ballots/": Ballot,
    "resolutions/": Resolution, "tasks/": Task, "evidence/": Progress, "notices/": Notice,
    "objections/": Objection, "priorities/": Priority,
}  # fmt: skip
# Who may read which of the marked records (besides the office, who reads all but open and secret votes).
TABLE = {"sessions", "papers", "matters", "ballots", "resolutions"}
MAY_READ: dict[str, set[str]] = {
    "stranger": set(),
    "superuser": set(),
    "applicant": set(),
    "guest clerk": set(),
    "liaison": {*TABLE, "ledger"},
    "far liaison": {"tasks", "evidence", "ledger"},
    "objector": {"notices", "objections"},
    "office": {*TABLE, "ledger", "tasks", "evidence", "notices", "objections", "priorities"},
}


def patterns(resolver: Any, prefix: str = "") -> Iterator[str]:
    for pattern in resolver.url_patterns:
        route = prefix + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from patterns(pattern, route)
        elif isinstance(pattern, URLPattern):
            yield route


def addresses() -> list[str]:
    """Every address of the conference with the keys of the scene's records, its lists and the ledger."""
    found = ["/ledger/", "/ledger/?export=csv", "/admin/conference/notice/", "/admin/conference/resolution/"]
    found += ["/admin/conference/priority/", "/"]
    for case in {*Session.objects.values_list("case", flat=True), *Matter.objects.values_list("case", flat=True),
                 *Task.objects.values_list("case", flat=True), *Notice.objects.values_list("case", flat=True)}:  # fmt: skip
        found.append(f"/cases/{case}/")
    # One entry of each verb; what all entries hold is looked at directly below.
    found += [
        f"/ledger/{row['first']}/" for row in Entry.objects.values("verb").annotate(first=Min("sequence"))
    ]
    for route in patterns(get_resolver()):
        if "conference/" not in route or route.startswith("admin/") or "act/" in route:
            continue
        if "<int:pk>" not in route:
            found += [f"/{route}"] if "<" not in route else []
            continue
        model = next((model for word, model in MODELS.items() if f"conference/{word}" in route), None)
        if model is not None:
            found += [
                f"/{route.replace('<int:pk>', str(pk))}" for pk in model.objects.values_list("pk", flat=True)
            ]
    lists = [path for path in found if re.fullmatch(r"/conference/\w+/", path)]
    for path in lists:
        found += [f"{path}?export=csv", f"{path}?export=xlsx", f"{path}?q={quote(MARKER[:4])}"]
    return sorted(set(found))


def body(response: Any) -> str:
    content = b"".join(response.streaming_content) if response.streaming else response.content
    response.close()
    if content.startswith(b"PK"):
        import zipfile
        from io import BytesIO

        with zipfile.ZipFile(BytesIO(content)) as container:
            content = b"\n".join(container.read(name) for name in container.namelist())
    return content.decode("utf-8", "replace")


def holds(text: str) -> bool:
    return any(form in text for form in (MARKER, json.dumps(MARKER)[1:-1], quote(MARKER)))


def leaks(actor: Any, paths: list[str]) -> set[str]:
    client = Client()
    if actor.is_authenticated:
        client.force_login(actor)
    found = set()
    for path in paths:
        response = client.get(path)
        assert response.status_code < 500, path
        if holds(body(response)) or holds(str(response.headers)):
            found.add(path)
    return found


def kind_of(path: str) -> str:
    """The kind of record an address shows; the ledger names records to those who may read them."""
    if path.startswith(("/ledger/", "/cases/")):
        return "ledger"
    return re.sub(r"^/(api/v1/)?conference/(\w+).*$", r"\2", path)


@pytest.mark.slow
def test_no_address_shows_what_is_kept_at_the_table(caplog: Any) -> None:
    caplog.set_level(logging.INFO)
    scene = make_scene()
    paths = addresses()
    shown = {name: leaks(scene.actors[name], paths) for name in MAY_READ}
    wrong = {
        name: {path for path in found if kind_of(path) not in MAY_READ[name]} for name, found in shown.items()
    }
    assert {name: found for name, found in wrong.items() if found} == {}
    # The test can fail: who may read does find the words.
    read = {name: {kind_of(path) for path in found} for name, found in shown.items()}
    assert read == MAY_READ
    assert MARKER not in caplog.text


def test_no_vote_is_shown_while_the_ballot_is_open() -> None:
    scene = make_scene()
    against = f"反对 {MARKER}"
    for name in ("office", "liaison", "liaison 3", "guest manager", "superuser"):
        client = Client()
        client.force_login(scene.actors[name])
        for path in (scene.session.get_absolute_url(), scene.matter.get_absolute_url()):
            assert against not in body(client.get(path)), (name, path)
        answer = client.get(f"/api/v1/conference/ballots/{scene.ballot.pk}")
        if answer.status_code == 200:
            assert (answer.json()["votes"], answer.json()["own"]) == (None, {})


def test_the_ledger_and_the_notifications_hold_nothing_of_it() -> None:
    scene: Scene = make_scene()
    assert Entry.objects.count() > 20
    assert not [entry for entry in Entry.objects.all() if MARKER in entry.data]
    votes = [json.loads(entry.data) for entry in Entry.objects.filter(verb="cast_vote")]
    assert votes
    assert not [vote for vote in votes if {"for", "against", "abstain"} & set(map(str, vote.values()))]
    # Titles of matters and tasks are told to those who may read them, and to nobody else.
    insiders = {
        "office",
        "liaison",
        "liaison 2",
        "liaison 3",
        "applicant liaison",
        "guest manager",
        "owner",
        "far liaison",
    }
    told = {n.user_id for n in Notification.objects.filter(text__contains=MARKER)}
    assert told <= {scene.actors[name].pk for name in insiders}


def test_an_objector_reads_the_own_entry_of_the_case_and_no_other() -> None:
    scene = make_scene()
    entry = Entry.objects.get(verb="object_to_notice")
    for name, expected in (("objector", 200), ("office", 200), ("visitor", 404), ("owner", 404)):
        client = Client()
        client.force_login(scene.actors[name])
        assert client.get(f"/ledger/{entry.sequence}/").status_code == expected, name
