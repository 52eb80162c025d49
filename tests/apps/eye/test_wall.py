"""The wall and the live acts: public alone, each number with its evidence, 304 while nothing happens."""

from __future__ import annotations

import re

import pytest
from django.core.cache import cache
from django.db import transaction
from django.urls import reverse

from langqiao.apps.eye.queries import wall
from langqiao.apps.eye.queries.live import live
from langqiao.apps.ledger import flows
from langqiao.apps.ledger.domain import Act, record_all
from langqiao.apps.ledger.flows import Flow
from langqiao.apps.ledger.models import Visibility
from langqiao.kit import keyfigures
from langqiao.kit.keyfigures import KeyFigure
from tests.factories import challenges as make
from tests.factories.accounts import make_office
from tests.factories.registry import make_city, make_organisation

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _nothing_remembered():
    cache.clear()


@pytest.fixture
def cities():
    return [make_city(slug) for slug in ("songjiang", "suzhou", "hefei")]


def enter(*acts: Act) -> list[int]:
    with transaction.atomic():
        return [entry.sequence for entry in record_all(None, acts)]


def read(entry, data):
    yield Flow(data["from"], data["to"], data["n"])


@pytest.fixture
def flowing(cities):
    """Flows of two kinds, all of them public."""
    rules = [("technology", "registry", "sign", read), ("keys", "registry", "carry", read)]
    with flows.only(*rules):
        enter(
            Act("sign", "registry.city:1", {"from": "suzhou", "to": "hefei", "n": 3}),
            Act("sign", "registry.city:1", {"from": "songjiang", "to": "hefei", "n": 1}),
            Act("sign", "registry.city:1", {"from": "hefei", "to": "hefei", "n": 9}),
            Act("carry", "registry.city:1", {"from": "suzhou", "to": "songjiang", "n": 4000}),
            Act("sign", "registry.city:1", {"from": "suzhou", "to": "hefei", "n": 77}, visibility="parties"),
        )
        yield


def test_a_slide_for_all_and_for_each_kind_that_flows(flowing):
    found = wall.slides()
    assert [slide.key for slide in found][:3] == ["all", "technology", "keys"]
    assert "talent" not in {slide.key for slide in found}
    values = [(figure.label, figure.value, figure.kind) for figure in found[1].figures]
    assert values == [
        ("技术", "13", "technology"),
        ("苏州 → 合肥", "3", "technology"),
        ("松江 → 合肥", "1", "technology"),
    ]
    assert found[1].figures[1].source == "台账 1 条记录，截至 #5"
    assert [stroke.destination for stroke in found[2].drawing.strokes] == ["songjiang"]


def test_before_anything_flows_the_wall_says_so(client, cities):
    html = client.get(reverse("eye_wall")).content.decode()
    assert "这一年的台账中还没有城市之间的流动。" in html
    assert "台账还没有公开的记录" in html


def test_without_cities_there_is_no_map_and_no_fault(client):
    html = client.get(reverse("eye_wall")).content.decode()
    assert '<svg class="lq-map' not in html


def test_stated_figures_stand_with_their_period_and_source(cities, monkeypatch):
    given = [KeyFigure(f"第 {n} 个", "1/15.3", "", "2022", "公报", "/insight/") for n in range(4)]
    monkeypatch.setattr(keyfigures, "_providers", [lambda: given])
    found = [slide for slide in wall.slides() if slide.key.startswith("stated")]
    assert [[figure.label for figure in slide.figures] for slide in found] == [
        ["第 0 个", "第 1 个", "第 2 个"],
        ["第 1 个", "第 2 个", "第 3 个"],
    ]
    assert {figure.source for slide in found for figure in slide.figures} == {"2022 · 公报"}


def test_every_number_leads_to_its_list_and_from_there_to_an_entry_or_a_record(client, flowing):
    make.make_published(None, *make.make_firm(city=make_city("suzhou"))[:1])
    make_organisation(name="菱光科技", kind="enterprise", city=make_city("suzhou"))
    cache.clear()
    found = wall.slides()
    numbers = [figure for slide in found for figure in slide.figures if not slide.key.startswith("stated")]
    assert len(numbers) >= 9
    for figure in numbers:
        page = client.get(figure.url)
        assert page.status_code == 200, figure.url
        links = re.findall(r'<td role="cell"[^>]*><a href="([^"]+)"', page.content.decode())
        assert links, figure.url
        assert client.get(links[0]).status_code == 200
    stated = [figure for slide in found for figure in slide.figures if slide.key.startswith("stated")]
    for figure in stated:  # these lead to the page on which each stands with its sources
        address, _hash, place = figure.url.partition("#")
        html = client.get(address).content.decode()
        assert not place or f'id="{place}"' in html
    of_flow = next(figure for figure in numbers if figure.label == "苏州 → 合肥")
    html = client.get(of_flow.url).content.decode()
    assert re.findall(r'href="/ledger/(\d+)/"', html)[0] == "1"


@pytest.mark.parametrize("who", ["guest", "office"])
def test_the_wall_shows_what_a_guest_sees_whoever_is_signed_in(client, cities, who):
    challenge = make.make_challenge(title="保密的草稿")
    firm = make_organisation(name="菱光科技", kind="enterprise", city=make_city("suzhou"))
    enter(
        Act("sign_promise", firm, {}, firm, "suzhou", "LQ-1", Visibility.PARTIES),
        Act("grant_membership", firm, {}, firm, "hefei", "", Visibility.OFFICE),
        Act("register_organisation", firm, {}, firm, "suzhou"),
    )
    if who == "office":
        client.force_login(make_office(display_name="办公室某某"))
    texts = [
        client.get(path).content.decode()
        for path in ("/eye/wall/", "/eye/wall/?part=slides", "/eye/live/", "/api/v1/eye/ticker")
    ]
    assert "菱光科技" in texts[0]
    assert "菱光科技" in texts[2]
    for text in texts:
        for word in (challenge.title, "签署保密承诺", "授予机构角色", "办公室某某", make.MARKER):
            assert word not in text


@pytest.mark.parametrize(
    ("query", "seconds"),
    [
        ("", 20),
        ("?every=45", 45),
        ("?every=1", 5),
        ("?every=999999", 3600),
        ("?every=x", 20),
        ("?every=٤", 20),
        ("?every=9999999999", 20),
    ],
)
def test_how_long_a_slide_stands_is_set_in_the_address(client, query, seconds):
    assert f'data-every="{seconds}"' in client.get(f"/eye/wall/{query}").content.decode()


def test_live_acts_are_sent_once_and_then_only_what_is_new(client, cities, django_assert_num_queries):
    enter(Act("add_achievement", "registry.achievement:1", {}, "", "suzhou"))
    first = client.get("/eye/live/")
    assert first.status_code == 200
    assert first["X-Ledger-Head"].startswith("1:")
    client.get("/eye/live/", headers={"If-None-Match": first["ETag"]})
    with django_assert_num_queries(1):
        again = client.get("/eye/live/", headers={"If-None-Match": first["ETag"]})
    assert (again.status_code, again.content, again["ETag"]) == (304, b"", first["ETag"])
    enter(Act("revise_achievement", "registry.achievement:1", {}, "", "suzhou"))
    then = client.get("/eye/live/", headers={"If-None-Match": first["ETag"]})
    assert then.status_code == 200
    assert then.content.decode().index("更新") < then.content.decode().index("登记")
    assert client.post("/eye/live/").status_code == 405


def test_each_language_has_its_own_tag(client):
    chinese = client.get("/eye/live/")["ETag"]
    english = client.get("/eye/live/", headers={"Accept-Language": "en"})
    assert english["ETag"] != chinese
    assert (
        client.get("/eye/live/", headers={"Accept-Language": "en", "If-None-Match": chinese}).status_code
        == 200
    )


def test_the_part_for_other_pages_follows_the_same_address(cities, rf):
    from django.template.loader import render_to_string

    enter(Act("add_achievement", "registry.achievement:1", {}, "", "suzhou"))
    html = render_to_string("eye/wall/ticker.html", {"live": live()}, rf.get("/"))
    assert 'data-live="/eye/live/"' in html
    assert 'data-live-etag="&quot;1-zh-hans&quot;"' in html
    assert html.count('class="lq-live-act"') == 1


def test_the_api_gives_acts_after_a_sequence(client, cities):
    firm = make_organisation(name="菱光科技", kind="enterprise", city=make_city("suzhou"))
    enter(
        Act("register_organisation", firm, {}, firm, "suzhou", "LQ-1"),
        Act("sign_promise", firm, {}, firm, "suzhou", "LQ-1", Visibility.PARTIES),
        Act("revise_organisation", firm, {}, firm, "suzhou"),
    )
    told = client.get("/api/v1/eye/ticker").json()
    assert told["head"] == 3
    assert [act["sequence"] for act in told["acts"]] == [3, 1]
    assert told["acts"][1] | {"at": ""} == {
        "sequence": 1, "at": "", "verb": "登记", "object": "菱光科技", "kind": "机构",
        "organisation": "菱光科技", "city": "苏州", "case": "LQ-1",
    }  # fmt: skip
    assert [act["sequence"] for act in client.get("/api/v1/eye/ticker?after=1").json()["acts"]] == [3]
    assert client.get("/api/v1/eye/ticker?after=3").json()["acts"] == []
    assert client.get("/api/v1/eye/ticker?limit=1").json()["acts"][0]["sequence"] == 3


@pytest.mark.parametrize(
    "query", ["after=-1", f"after={10**30}", "after=x", "limit=0", "limit=101", "limit="]
)
def test_the_api_refuses_what_makes_no_sense(client, query):
    assert client.get(f"/api/v1/eye/ticker?{query}").status_code == 422


def test_the_wall_asks_few_queries(client, flowing, django_assert_max_num_queries):
    client.get("/eye/wall/")
    with django_assert_max_num_queries(16):
        client.get("/eye/wall/")
