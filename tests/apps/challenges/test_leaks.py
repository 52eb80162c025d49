"""Sealed words reach nobody who may not see them: every page, API address, export, admin page, ledger, notice, log."""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from langqiao.apps.accounts.models import Notification
from langqiao.apps.challenges.matching import follow, store
from langqiao.apps.challenges.models import Answer, Attachment, Challenge, Question
from langqiao.apps.ledger.models import Entry
from langqiao.apps.registry.models import City
from langqiao.engines.matching.types import Query
from tests.apps.challenges.scene import CLEARED, Scene, make_scene
from tests.factories.challenges import MARKER

pytestmark = pytest.mark.django_db
# Not pages of ours, or they act: signing in, changing the language, the admin (walked by its links).
LEFT_OUT = ("accounts/", "admin/", "i18n/")
# Records of apps beside this one: the scene has none, so that of these only the lists are asked.
ELSEWHERE = frozenset({
    "applications", "assignments", "calls", "choices", "computing", "conference", "defences", "examinations",
    "receipts", "reviewers", "reviews", "rounds", "valuations",
})  # fmt: skip
PAGES_AT_MOST = 60
# Entries whose pages are opened; what all entries hold is looked at directly below.
SHOWN_VERBS = ("draft_challenge", "submit_answer", "reply_question")
# Pages of these kinds know no viewer; the scene has records of organisations alone.
REGISTRY = tuple(
    f"{start}{kind}/"
    for start in ("/", "/api/v1/")
    for kind in (
        "people", "achievements", "facilities", "finance", "products", "talent", "talent-demand", "training",
        "programmes",
    )
)  # fmt: skip
# Actors who differ from each other in what they might be shown; the matrix asks all of them.
CRAWLERS = (
    # The first has a session: an address that only acts says so (405) instead of asking to sign in.
    "superuser", "stranger", "office", "secretariat of firm", "other firm", "partner without promise",
    "former member", "firm", "partner",
)  # fmt: skip


@pytest.fixture
def scene(tmp_path: Path, settings: Any) -> Iterator[Scene]:
    settings.INDEX_DIR = tmp_path / "index"
    store.index.cache_clear()
    made = make_scene()
    follow.catch_up()
    yield made
    store.index.cache_clear()


def patterns(resolver: Any, prefix: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    for pattern in resolver.url_patterns:
        route = prefix + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from patterns(pattern, route)
        elif isinstance(pattern, URLPattern):
            yield route, pattern.pattern.converters


def keys_for(route: str) -> set[str]:
    """Keys of the scene's records that a route's number may stand for."""
    by_word = {
        "challenges/": Challenge, "answers/": Answer, "questions/": Question, "attachments/": Attachment,
    }  # fmt: skip
    for word, model in by_word.items():
        if word in route:
            return {str(pk) for pk in model.objects.values_list("pk", flat=True)}
    return {str(pk) for pk in Challenge.objects.values_list("organisation", flat=True)}


def addresses() -> list[str]:
    """Every address of ours, with the keys of the scene's records put in."""
    words = {
        "case": set(Challenge.objects.values_list("case", flat=True)),
        "sequence": {
            str(n) for n in Entry.objects.filter(verb__in=SHOWN_VERBS).values_list("sequence", flat=True)
        },
        "slug": set(City.objects.values_list("slug", flat=True)),
        "kind": {"challenges", "organisations"},
        "act": {"publish"},
    }
    found = []
    for route, _converters in patterns(get_resolver()):
        if route.startswith(LEFT_OUT) or route.startswith("^") or "(?P" in route:
            continue
        if "<" in route and route.removeprefix("api/v1/").split("/")[0] in ELSEWHERE:
            continue
        filled = {route}
        for kind, name in re.findall(r"<(?:(\w+):)?(\w+)>", route):
            values = words.get(name) or (keys_for(route) if kind == "int" else {"songjiang"})
            hole = f"<{kind}:{name}>" if kind else f"<{name}>"
            filled = {address.replace(hole, value) for address in filled for value in values}
        found += [f"/{address}" for address in sorted(filled)]
    query = urlencode({"q": MARKER[:6]})
    extra = [
        f"/challenges/?{query}", "/challenges/?export=csv", "/challenges/?export=xlsx",
        f"/challenges/?export=csv&{query}", f"/search/?{query}", "/search/?" + urlencode({"q": "减薄"}),
        "/match/?" + urlencode({"text": f"{MARKER[:6]} 碳化硅减薄"}), f"/api/v1/challenges?{query}",
        "/ledger/?export=csv", "/?page=1",
    ]  # fmt: skip
    extra += [f"/challenges/?open={pk}" for pk in Challenge.objects.values_list("pk", flat=True)]
    return found + extra


def body(response: Any) -> str:
    content = b"".join(response.streaming_content) if response.streaming else response.content
    response.close()
    if content.startswith(b"PK"):
        import zipfile
        from io import BytesIO

        with zipfile.ZipFile(BytesIO(content)) as container:
            content = b"\n".join(container.read(name) for name in container.namelist())
    return content.decode("utf-8", "replace")


def holds_marker(text: str) -> bool:
    """Whether the marker stands in a text, plainly or as JSON or an address writes it."""
    return any(form in text for form in (MARKER, json.dumps(MARKER)[1:-1], quote(MARKER)))


def leaks(client: Client, paths: list[str], *, settled: set[str] | None = None) -> list[str]:
    """Addresses whose answers hold the marker, asked plainly and by htmx.

    Args:
        settled: addresses that answer everybody alike; they are not asked, and those met are added.
    """
    found = []
    settled = set() if settled is None else settled
    for path in paths:
        if path in settled:
            continue
        parts = ("challenges" in path, {"HX-Request": "true", "HX-Target": "div#listing"})
        for headers in ({}, parts[1]) if parts[0] else ({},):
            response = client.get(path, headers=headers)
            assert response.status_code < 500, path
            if holds_marker(body(response)) or holds_marker(str(response.headers)):
                found.append(path)
            if answers_all_alike(path, response.status_code):
                settled.add(path)
                break
    return found


def answers_all_alike(path: str, status: int) -> bool:
    """Whether the answer has nothing to do with who asks: an act's address, no such record, the API's text."""
    if path in ("/api/v1/docs", "/api/v1/openapi.json"):
        return True
    return status == 405 or (status == 404 and path.startswith(REGISTRY))


def walk(client: Client, start: str, within: str) -> tuple[list[str], list[str]]:
    """Addresses met by following links, and those of them whose answers hold the marker."""
    seen, ahead, found = set(), [start], []
    while ahead and len(seen) < PAGES_AT_MOST:
        path = ahead.pop(0)
        if path in seen:
            continue
        seen.add(path)
        response = client.get(path)
        is_page, text = "html" in response.get("Content-Type", ""), body(response)
        if holds_marker(text) or holds_marker(str(response.headers)):
            found.append(path)
        for link in re.findall(r'href="([^"#]+)"', text) if is_page else ():
            target = (
                link if link.startswith("/") else (path.split("?")[0] + link if link.startswith("?") else "")
            )
            if target.startswith(within) and "logout" not in target:
                ahead.append(target.replace("&amp;", "&"))
    return sorted(seen), found


@pytest.mark.slow
def test_no_address_shows_sealed_words_to_who_may_not_read_them(scene: Scene, caplog: Any) -> None:
    caplog.set_level(logging.DEBUG)
    paths = addresses()
    assert f"/challenges/{scene.challenge.pk}/" in paths
    assert f"/api/v1/challenges/{scene.challenge.pk}" in paths
    shown: dict[str, set[str]] = {}
    settled: set[str] = set()
    for name in CRAWLERS:
        actor = scene.actors[name]
        client = Client()
        if actor.is_authenticated:
            client.force_login(actor)
        shown[name] = set(leaks(client, paths, settled=settled))
    assert {name: found for name, found in shown.items() if found and name not in CLEARED} == {}
    # The test can fail: who may read does find the words on the pages and in the API.
    for name in CLEARED & set(CRAWLERS):
        assert f"/challenges/{scene.challenge.pk}/" in shown[name], name
        assert f"/api/v1/challenges/{scene.challenge.pk}" in shown[name], name
        assert f"/answers/{scene.answer.pk}/" in shown[name], name
    assert MARKER not in caplog.text


@pytest.mark.parametrize("name", ["stranger", "office", "superuser"])
def test_no_link_leads_to_sealed_words(scene: Scene, name: str) -> None:
    client = Client()
    if name != "stranger":
        client.force_login(scene.actors[name])
    start = "/admin/" if name == "superuser" else "/"
    paths, found = walk(client, start, start)
    assert len(paths) > 10
    assert found == []
    # Once more as htmx asks, where the answer is another.
    assert leaks(client, [path for path in paths if re.match(r"/challenges/\d", path)]) == []


def test_the_admin_does_not_know_what_is_not_public(scene: Scene) -> None:
    Challenge.objects.update(state="draft", title=f"草稿 {MARKER}")
    client = Client()
    client.force_login(scene.actors["superuser"])
    assert (
        leaks(
            client,
            ["/admin/challenges/challenge/", f"/admin/challenges/challenge/{scene.challenge.pk}/change/"],
        )
        == []
    )


def test_the_ledger_and_the_notices_hold_no_sealed_words(scene: Scene) -> None:
    assert Entry.objects.count() > 10
    assert not [e for e in Entry.objects.all() if MARKER in e.data]
    assert Notification.objects.count() > 3
    assert not Notification.objects.filter(text__contains=MARKER).exists()


def test_the_index_holds_no_sealed_words(scene: Scene) -> None:
    hits = store.index().search(Query(text="碳化硅晶圆减薄")).hits
    assert any(hit.key == f"challenges.challenge:{scene.challenge.pk}" for hit in hits)
    assert not [hit for hit in store.index().search(Query(text=MARKER)).hits if MARKER in str(hit.terms)]
    files = [path for path in store.folder().rglob("*") if path.is_file()]
    assert files
    assert not [path.name for path in files if MARKER[:4].encode() in path.read_bytes()]


def test_a_refusal_does_not_repeat_sealed_words(scene: Scene) -> None:
    client = Client()
    client.force_login(scene.actors["university"])
    page = f"/challenges/{scene.challenge.pk}/"
    for act in ("publish", "withdraw", "close", "extend", "contract", "accept", "cancel", "attach", "ask"):
        response = client.post(f"{page}act/{act}/", follow=True)
        assert MARKER not in body(response)
    assert client.get(f"/answers/{scene.answer.pk}/").status_code == 404
    assert client.post(f"/answers/{scene.answer.pk}/act/submit/").status_code == 404
    assert client.post(f"/questions/{scene.question.pk}/reply/", {"reply": "x"}).status_code == 404
