"""The REST API of the registry: the same verbs, rules and words as the pages."""

from __future__ import annotations

import pytest
from django.test import Client

from langqiao.apps.accounts.domain import issue_token
from langqiao.apps.accounts.models import Role
from langqiao.apps.ledger.models import Entry
from langqiao.apps.registry.domain import retire_achievement
from langqiao.apps.registry.models import Achievement, Organisation
from tests.factories.accounts import make_member, make_office
from tests.factories.registry import (
    make_achievement,
    make_city,
    make_facility,
    make_field,
    make_finance,
    make_organisation,
    make_person,
    make_product,
    make_programme,
    make_talent_demand,
    make_training,
)

pytestmark = pytest.mark.django_db
MAKERS = {
    "organisations": make_organisation,
    "people": make_person,
    "achievements": make_achievement,
    "facilities": make_facility,
    "finance": make_finance,
    "products": make_product,
    "talent-demand": make_talent_demand,
    "training": make_training,
    "programmes": make_programme,
}


def token(user, *, may_write: bool = True) -> dict[str, str]:
    return {"authorization": f"Bearer {issue_token(user, name='测试', may_write=may_write)[1]}"}


def write(client: Client, method: str, path: str, body: dict, headers: dict):
    return getattr(client, method)(f"/api/v1{path}", body, content_type="application/json", headers=headers)


@pytest.mark.parametrize("name", sorted(MAKERS))
def test_every_kind_is_listed_and_read_by_anyone(client: Client, name):
    record = MAKERS[name]()
    listed = client.get(f"/api/v1/{name}").json()
    assert {key: listed[key] for key in ("limit", "offset")} == {"limit": 50, "offset": 0}
    one = client.get(f"/api/v1/{name}/{record.pk}").json()
    assert one in listed["items"]
    assert (one["id"], one["url"], one["illustrative"]) == (record.pk, record.get_absolute_url(), False)
    assert client.get(f"/api/v1/{name}/999999").status_code == 404


def test_an_achievement_in_full(client: Client):
    owner, person = make_organisation(name="甲所", code="O-1"), make_person(name="骆某", code="P-1")
    made = make_achievement(
        title="晶界扩散", owner=owner, people=[person], field=make_field(), city=make_city(), trl=6,
        keywords=["扩散"], date="2024-03-18",
    )  # fmt: skip
    answer = client.get(f"/api/v1/achievements/{made.pk}").json()
    stamp = answer.pop("updated_at")
    assert stamp.startswith("20")
    assert answer == {
        "id": made.pk,
        "url": f"/achievements/{made.pk}/",
        "code": None,
        "illustrative": False,
        "source_name": "",
        "source_url": "",
        "source_date": None,
        "city": "songjiang",
        "field": "materials",
        "kind": "technology",
        "title": "晶界扩散",
        "abstract": "",
        "keywords": ["扩散"],
        "discipline": "",
        "trl": 6,
        "owner": {"id": owner.pk, "code": "O-1", "name": "甲所"},
        "date": "2024-03-18",
        "people": [{"id": person.pk, "code": "P-1", "name": "骆某"}],
        "licence": "",
        "language": "",
    }


def test_filters_and_pages(client: Client):
    owner = make_organisation(name="甲所", code="O-1")
    for number in range(5):
        make_achievement(title=f"磁钢{number}", owner=owner, field=make_field(), city=make_city())
    make_achievement(title="芯片", kind="paper", city=make_city("hefei"), keywords=["光刻"])

    def titles(**query):
        answer = client.get("/api/v1/achievements", query).json()
        return answer["total"], [item["title"] for item in answer["items"]]

    assert titles(q="磁钢", limit=2, offset=3) == (5, ["磁钢3", "磁钢4"])
    assert titles(city="hefei") == (1, ["芯片"])
    assert titles(field="materials", kind="technology", organisation="O-1", limit=1) == (5, ["磁钢0"])
    assert titles(q="光刻") == (1, ["芯片"])
    assert titles(organisation="乙所") == (0, [])
    assert titles(illustrative="true") == (0, [])
    for wrong in ({"limit": 0}, {"limit": 501}, {"offset": -1}, {"q": "长" * 301}):
        assert client.get("/api/v1/achievements", wrong).status_code == 422


def test_finance_that_names_no_city_serves_all(client: Client):
    make_finance(name="九城基金")
    make_finance(
        name="两城基金", cities=[make_city("hefei"), make_city("jiaxing")], fields=[make_field("ai")]
    )
    make_finance(name="松江基金", cities=[make_city()])

    def names(**query):
        return [item["name"] for item in client.get("/api/v1/finance", query).json()["items"]]

    assert names(city="hefei") == ["九城基金", "两城基金"]
    assert names(field="materials") == ["九城基金", "松江基金"]
    assert names(city="hefei", field="materials") == ["九城基金"]


def test_a_list_asks_as_much_for_many_as_for_few(client: Client, django_assert_num_queries):
    person = make_person()
    for _number in range(30):
        make_achievement(owner=make_organisation(), people=[person], field=make_field())
    with django_assert_num_queries(3):
        client.get("/api/v1/achievements")


def test_what_is_retired_is_not_served(client: Client):
    made = make_achievement()
    retire_achievement(None, made, why="重复")
    assert client.get(f"/api/v1/achievements/{made.pk}").status_code == 404
    assert client.get("/api/v1/achievements").json()["total"] == 0


def test_a_member_adds_and_revises_with_a_token(client: Client):
    ours = make_organisation(name="甲所", code="O-1")
    make_city()
    headers = token(make_member(ours, Role.RESEARCHER))
    made = write(
        client, "post", "/achievements",
        {"kind": "patent", "title": "甲", "owner": "O-1", "city": "松江", "trl": 6, "date": "2024-03-18"}, headers,
    )  # fmt: skip
    assert (made.status_code, made.json()["owner"]["code"], made.json()["trl"]) == (201, "O-1", 6)
    path = f"/achievements/{made.json()['id']}"
    revised = write(client, "patch", path, {"trl": None, "keywords": ["扩散"]}, headers)
    assert (revised.status_code, revised.json()["trl"], revised.json()["keywords"]) == (200, None, ["扩散"])
    assert revised.json()["date"] == "2024-03-18"
    assert list(Entry.objects.filter(app="registry").values_list("verb", flat=True)) == [
        "add_achievement",
        "revise_achievement",
    ]


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/organisations", {"name": "甲园", "kind": "park", "city": "songjiang", "fields": ["materials"]}),
        ("/people", {"name": "骆某", "expertise": ["磁钢"]}),
        ("/products", {"name": "磁钢", "organisation": "某厂", "direction": "product", "tier": "upstream"}),
    ],
)
def test_the_office_writes_other_kinds_too(client: Client, path, body):
    make_city()
    make_field()
    make_organisation(name="某厂")
    headers = token(make_office())
    made = write(client, "post", path, body, headers)
    assert made.status_code == 201
    for key, value in body.items():
        given = made.json()[key]
        assert (given["name"] if isinstance(given, dict) else given) == value
    revised = write(client, "patch", f"{path}/{made.json()['id']}", {"name": "新名"}, headers)
    assert (revised.status_code, revised.json()["name"]) == (200, "新名")


def test_refusals_name_the_field_and_the_way_to_mend(client: Client):
    make_city()
    headers = token(make_office())
    body = {"name": "甲", "kind": "park", "credit_code": "123"}
    answer = write(client, "post", "/organisations", body, headers)
    assert answer.status_code == 422
    error = answer.json()["error"]
    assert (error["field"], bool(error["mend"])) == ("credit_code", True)
    missing = write(client, "post", "/organisations", {"name": "甲"}, headers)
    assert missing.status_code == 422
    assert Organisation.objects.filter(name="甲").count() == 0


def test_who_may_not_write_is_refused(client: Client):
    ours, theirs = make_organisation(code="O-1"), make_organisation(code="O-2")
    member = make_member(ours)
    body = {"kind": "paper", "title": "甲", "owner": "O-2"}
    statuses = {
        "anonymous": write(client, "post", "/achievements", {**body, "owner": "O-1"}, {}).status_code,
        "other": write(client, "post", "/achievements", body, token(member)).status_code,
        "reading": write(
            client, "post", "/achievements", {**body, "owner": "O-1"}, token(member, may_write=False)
        ).status_code,
        "wrong": write(
            client, "post", "/achievements", body, {"authorization": "Bearer lq_none"}
        ).status_code,
    }
    assert statuses == {"anonymous": 403, "other": 403, "reading": 403, "wrong": 401}
    assert Achievement.objects.count() == 0
    assert (
        write(client, "post", "/facilities", {"name": "甲", "kind": "instrument"}, token(member)).status_code
        == 405
    )
    assert theirs.achievements.count() == 0


def test_cities_in_their_order(client: Client):
    for slug in ("hefei", "songjiang"):
        make_city(slug)
    cities = client.get("/api/v1/cities").json()
    assert [city["slug"] for city in cities] == ["songjiang", "hefei"]
    assert cities[0] == {
        "slug": "songjiang", "name": "松江", "name_en": "Songjiang", "province": "上海",
        "division_code": "310117", "latitude": 31.0344, "longitude": 121.2233,
    }  # fmt: skip
