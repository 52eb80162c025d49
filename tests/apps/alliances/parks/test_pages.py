"""Pages, exports and the REST API of parks."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from langqiao.apps.accounts.models import Role, User
from langqiao.apps.alliances.models import Activity, Place
from tests.factories import alliances_parks as make
from tests.factories.accounts import make_liaison, make_member, make_office
from tests.factories.registry import make_city, make_organisation

pytestmark = pytest.mark.django_db


def of(user: User | None, *, english: bool = False) -> Client:
    client = Client()
    if user is not None:
        client.force_login(user)
    if english:
        client.cookies["django_language"] = "en"
    return client


def text_of(response: Any, status: int = 200) -> str:
    assert response.status_code == status, response.status_code
    return str(response.content.decode())


def test_a_report_says_whom_a_park_duplicates_and_complements(django_assert_max_num_queries: Any) -> None:
    first, second, third = make.make_table([[50, 50, 0], [50, 45, 0], [0, 0, 9]])
    page = reverse("park_report", args=[first.pk])
    for english in (False, True):
        text = text_of(of(None, english=english).get(page))
        assert second.name in text
        assert third.name in text
    text = text_of(of(None).get(page))
    at = text.index('id="duplicates"'), text.index('id="complements"'), text.index('id="near"')
    assert second.name in text[at[0] : at[1]]
    assert third.name in text[at[1] : at[2]]
    for words in (
        "读数须知",
        "只有 3 个",
        "示例数据",
        "克鲁格曼专业化指数",
        "从业人员（人，2024）",
        "data-print",
    ):
        assert words in text
    client = of(None)
    with django_assert_max_num_queries(16):
        client.get(page)
    assert "只看有无" in text_of(of(None).get(page, {"basis": "presence"}))
    assert of(None).get(page, {"basis": "x" * 5000}).status_code == 200


def test_pages_without_data_say_what_to_do() -> None:
    assert "还没有登记园区" in text_of(of(None).get(reverse("park_list")))
    assert "至少要有两方" in text_of(of(None).get(reverse("park_compare")))
    park = make.make_place()
    assert "还没有登记产业活动" in text_of(of(None).get(park.get_absolute_url()))
    assert "没有可比较的产业活动" in text_of(of(None).get(reverse("park_report", args=[park.pk])))
    assert "没有可比较的产业活动" in text_of(of(None).get(reverse("park_city_report", args=["songjiang"])))
    wide = make.make_place(kind="reference")
    assert of(None).get(reverse("park_report", args=[wide.pk])).status_code == 404
    make.make_activity(park)
    assert "只有它自己" in text_of(of(None).get(reverse("park_report", args=[park.pk])))


def test_all_parks_and_all_cities_are_compared(django_assert_max_num_queries: Any) -> None:
    first = make.make_table([[10, 20, 30], [40, 10, 10]])[0]
    far = make.make_place(city=make_city("jiaxing"))
    make.make_activity(far, "丙", quantity=4)
    client = of(None)
    with django_assert_max_num_queries(14):
        page = text_of(client.get(reverse("park_compare")))
    assert "0.57" in page
    assert f"{first.get_absolute_url()}report/" in page
    cities = text_of(of(None).get(reverse("park_compare") + "?rows=city"))
    assert reverse("park_city_report", args=["jiaxing"]) in cities
    assert "登记园区的合计" in cities
    assert "嘉兴" in text_of(of(None, english=False).get(reverse("park_city_report", args=["songjiang"])))
    assert of(None).get(reverse("park_city_report", args=["atlantis"])).status_code == 404


def test_a_park_and_its_activities_are_kept_on_pages() -> None:
    client = of(make_liaison(make_city()))
    form = {"name": "新园", "city": "songjiang"}
    assert "须写明来源" in text_of(client.post(reverse("park_new"), form), 422)
    assert client.post(reverse("park_new"), {**form, "source_name": "来源甲"}).status_code == 302
    park = Place.objects.get()
    assert (
        client.post(
            reverse("park_edit", args=[park.pk]), {**form, "source_name": "来源甲", "summary": "概述甲"}
        ).status_code
        == 302
    )
    new = reverse("park_activity_new", args=[park.pk])
    activity = {
        "activity": "机器人",
        "measure": "employees",
        "quantity": "12.5",
        "vintage": "stated",
        "source_name": "来源甲",
    }
    assert "须写明单位" in text_of(client.post(new, activity), 422)
    assert client.post(new, {**activity, "unit": "人", "period": "2024"}).status_code == 302
    page = text_of(client.get(park.get_absolute_url()))
    for words in ("概述甲", "机器人", "12.5", "查阅日期未记录"):
        assert words in page
    row = Activity.objects.get()
    drop = reverse("park_activity_drop", args=[park.pk])
    client.post(drop, {"activity": row.pk, "why": ""})
    assert Activity.objects.exists()
    client.post(drop, {"activity": row.pk, "why": "有误"})
    assert not Activity.objects.exists()
    other = of(make_member(make_organisation()))
    assert other.get(reverse("park_edit", args=[park.pk])).status_code == 403
    assert other.post(drop, {"activity": row.pk, "why": "x"}).status_code == 404


def test_a_table_is_checked_then_written_and_its_export_comes_back() -> None:
    client = of(make_office())
    make_city()
    table = "园区,类别,城市,产业活动,指标,数量,单位,时期,来源\n甲园,园区,松江,终端,从业人员,{},人,2024,年报\n"

    def file(number: Any) -> SimpleUploadedFile:
        return SimpleUploadedFile("a.csv", table.format(number).encode(), "text/csv")

    page = reverse("park_import")
    assert "可用的列" in text_of(client.get(page))
    wrong = text_of(client.post(page, {"file": file("很多"), "write": "1"}), 422)
    assert "不是数字" in wrong
    assert "quantity" in wrong
    assert "检查通过" in text_of(client.post(page, {"file": file(12)}))
    assert not Place.objects.exists()
    assert client.post(page, {"file": file(12), "write": "1"}).status_code == 302
    assert Activity.objects.count() == 1
    export = b"".join(client.get(reverse("park_activity_list") + "?export=csv").streaming_content)
    assert "甲园" in export.decode("utf-8-sig")
    again = client.post(
        page, {"file": SimpleUploadedFile("b.csv", export, "text/csv"), "write": "1"}, follow=True
    )
    assert "新增 0，更新 0，未变 1" in text_of(again)
    assert (
        client.post(page, {"file": SimpleUploadedFile("c.csv", b"\x00\x01", "text/csv")}).status_code == 422
    )
    assert of(make_member(make_organisation(), Role.EVALUATOR)).get(page).status_code == 403


def call(user: User | None, method: str, path: str, body: Any = None) -> tuple[int, Any]:
    response = of(user).generic(
        method, f"/api/v1/parks{path}", json.dumps(body or {}), content_type="application/json"
    )
    return response.status_code, json.loads(response.content)


def test_the_api_of_parks() -> None:
    places = make.make_table([[10, 20, 30], [40, 10, 10], [5, 5, 50]])
    assert call(None, "GET", "")[1]["total"] == 3
    assert call(None, "GET", "/activities")[1]["items"][0]["quantity"] == "10.0000"
    assert call(None, "GET", f"/{places[0].pk}")[1]["name"] == places[0].name
    status, report = call(None, "GET", f"/{places[0].pk}/report?basis=employees|人|2024")
    assert (status, report["compared"], report["specialisation"]) == (200, 3, 0.2778)
    assert call(None, "GET", "/999999/report")[0] == 404
    assert call(None, "GET", f"/{make.make_place().pk}/report")[0] == 404
    row = {"place": places[0].name, "activity": "丁", "illustrative": True}
    assert call(None, "POST", "/activities", {"rows": [row]})[0] == 403
    office = make_office()
    status, found = call(office, "POST", "/activities", {"rows": [row, {**row, "quantity": 3}]})
    assert (status, found["refused"], found["refusals"][0]["row"], found["refusals"][0]["field"]) == (
        200,
        1,
        2,
        "measure",
    )
    status, found = call(office, "POST", "/activities", {"rows": [row]})
    assert (status, found["created"], found["written"]) == (200, 1, True)
    assert call(office, "POST", "/activities", {"rows": []})[0] == 422
