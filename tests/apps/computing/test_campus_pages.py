"""Pages of the campus: what stands on them in both languages, who may see what, how many queries they take."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import translation

from langqiao.apps.accounts.models import Role, User
from langqiao.apps.computing.forms.campus import ASSUMPTION_NAMES
from langqiao.apps.computing.models import Assumption, Campus, Claim, Hall, Reading, Server
from langqiao.apps.computing.templatetags.campus import stated
from tests.factories.accounts import make_member
from tests.factories.computing import (
    MARKER,
    make_building,
    make_campus,
    make_claim,
    make_grant,
    make_hall,
    make_operator,
    make_rack,
    make_reading,
    make_server,
    make_slot,
    make_tenant,
)
from tests.factories.registry import make_organisation

pytestmark = pytest.mark.django_db

ASSUMPTIONS = {
    "rack_kw": (6, 12, 16), "gpus_per_rack": (4, 8, 12), "spare_pct": (5, 10, 20),
    "fit_out_months": (1, 2, 3), "slip_months": (0, 3, 6), "pue": (1.2, 1.25, 1.3),
}  # fmt: skip


def assume(campus: Campus) -> None:
    for key, (low, middle, high) in ASSUMPTIONS.items():
        Assumption.objects.create(
            campus=campus, key=key, name=key, low=low, middle=middle, high=high, why=f"依据 {key}"
        )


@pytest.fixture
def campus() -> Campus:
    """A campus with a delivered and a planned building, a hall, two racks, two servers, a job, a grant."""
    campus = make_campus(name="示例园区甲", name_en="Example campus A")
    make_claim(campus, value=Decimal(16))
    make_claim(campus, quantity="racks", value=Decimal(25000), stated_on="2020")
    make_claim(campus, quantity="racks", value=Decimal(40000), stated_on="2023-05-10")
    make_reading(campus)
    hall = make_hall(make_building(campus, number=1), name="A", racks=10)
    make_building(campus, number=2, delivered_on=None, planned_on=date(2028, 1, 1))
    make_building(campus, number=3, delivered_on=None)
    server = make_server(make_rack(hall, name="R01"), name="gpu-01")
    make_server(make_rack(hall, name="R02"), name="gpu-02", state=Server.State.FAILED, state_why=MARKER)
    make_slot(server=server, milli=500)
    make_grant(make_tenant(campus), gpus=4)
    assume(campus)
    return campus


def at(user: User | None, address: str, **data: Any) -> Any:
    client = Client()
    if user is not None:
        client.force_login(user)
    return client.get(address, data, headers={"accept-language": "zh-hans"})


def text_of(response: Any, status: int = 200) -> str:
    assert response.status_code == status, response.content.decode()[:500]
    return str(response.content.decode())


def test_a_stranger_reads_claims_side_by_side(campus: Campus) -> None:
    text = text_of(at(None, campus.get_absolute_url()))
    for words in (
        "25,000",
        "40,000",
        "说法不一",
        "示例来源",
        "1.200",
        "未超限",
        "20.0%",
        "未达标",
        "依据 rack_kw",
    ):
        assert words in text
    for words in ("导入服务器", "推演容量", "园区地图", MARKER):
        assert words not in text


def test_assumptions_are_named_by_their_key_and_money_is_cny(campus: Campus) -> None:
    campus.assumptions.filter(key="fit_out_months").update(name="装机调试时间")
    make_claim(campus, quantity=Claim.Quantity.INVESTMENT, value=450, unit="亿元")
    assert "450 亿元" in text_of(at(None, campus.get_absolute_url()))
    english = text_of(Client().get(campus.get_absolute_url(), headers={"accept-language": "en"}))
    assert "装机调试时间" not in english
    with translation.override("en"):
        assert all(str(name) in english for name in ASSUMPTION_NAMES.values())
    assert "CNY 45,000 m" in english


@pytest.mark.parametrize(
    ("value", "unit", "chinese", "english"),
    [
        (16, "栋", "16 栋", "16 buildings"),
        (1, "栋", "1 栋", "1 building"),
        (25_000, "架", "25,000 架", "25,000 racks"),
        (500_000, "平方米", "500,000 平方米", "500,000 m²"),
        (236, "亩", "236 亩", "236 mu"),
        (7, "kW", "7 kW", "7 kW"),
        (3, "", "3", "3"),
        (Decimal("12.5"), "亿元", "12.5 亿元", "CNY 1,250 m"),
        (300, "万元", "300 万元", "CNY 3 m"),
    ],
)
def test_a_claim_s_unit_is_read_in_both_languages(value: Any, unit: str, chinese: str, english: str) -> None:
    claim = Claim(value=value, unit=unit)
    with translation.override("zh-hans"):
        assert stated(claim) == chinese
    with translation.override("en"):
        assert stated(claim) == english


def test_pages_are_in_english_too(campus: Campus) -> None:
    client = Client()
    client.force_login(make_operator(campus))
    for name in ("campus_detail", "campus_map", "campus_plan"):
        response = client.get(reverse(name, args=[campus.pk]), headers={"accept-language": "en"})
        assert "Example campus A" in text_of(response)


def test_metered_and_assumed_energy_stay_apart(campus: Campus) -> None:
    make_reading(campus, facility_kwh=140_000.0, basis=Reading.Basis.ASSUMED)
    text = text_of(at(None, campus.get_absolute_url()))
    assert "1.200" in text
    assert "1.400" in text
    assert "超限" in text


def test_lists(campus: Campus) -> None:
    assert "示例园区甲" in text_of(at(None, reverse("campus_list")))
    operator = make_operator(campus)
    text = text_of(at(operator, reverse("server_list")))
    assert "gpu-01" in text
    assert "故障" in text
    assert "gpu-01" not in text_of(at(make_operator(make_campus()), reverse("server_list")))
    assert "gpu-01" not in text_of(at(None, reverse("server_list")))
    assert "1.200" in text_of(at(operator, reverse("reading_list")))
    assert "1.200" not in text_of(at(None, reverse("reading_list")))
    office = make_member(make_organisation(), Role.OFFICE)
    assert "gpu-01" in text_of(at(office, reverse("server_list")))


def test_an_export_of_servers_is_an_import(campus: Campus) -> None:
    operator = make_operator(campus)
    client = Client()
    client.force_login(operator)
    exported = b"".join(client.get(reverse("server_list"), {"export": "csv"}))
    address = reverse("server_import", args=[campus.pk])
    file = SimpleUploadedFile("servers.csv", exported)
    response = client.post(address, {"file": file})
    assert "2 未变" in text_of(response) or "2 行未变" in text_of(response)


def test_an_import_is_tried_first(campus: Campus) -> None:
    client = Client()
    client.force_login(make_operator(campus))
    address = reverse("server_import", args=[campus.pk])
    table = "服务器,楼号,机房,列,机架,机架功率（kW）,处理器（千分之一核）,内存（MiB）,GPU 数,GPU 型号\n"
    good = table + "gpu-11,1,A,01,R11,12,96000,524288,8,G2\n"
    bad = good + "gpu-12,9,Z,01,R12,12,96000,524288,8,G2\n"

    def post(text: str, **more: str) -> Any:
        return client.post(address, {"file": SimpleUploadedFile("s.csv", text.encode()), **more})

    refused = text_of(post(bad, write="1"), 422)
    assert "没有机房" in refused
    assert '<td class="tabular">2</td>' in refused
    assert "检查通过" in text_of(post(good))
    assert not Server.objects.filter(name="gpu-11").exists()
    assert post(good, write="1").status_code == 302
    assert Server.objects.get(name="gpu-11").rack.name == "R11"
    assert "不认识的列" in text_of(post("色彩\n红\n"), 422)


def test_the_map_leads_from_building_to_gpu(campus: Campus) -> None:
    operator = make_operator(campus)
    address = reverse("campus_map", args=[campus.pk])
    assert at(None, address).status_code == 302
    assert at(make_operator(make_campus()), address).status_code == 403
    whole = text_of(at(operator, address))
    assert "1 号楼" in whole
    assert "GPU 16 卡（在用状态 8 卡），占用 0.5 卡" in whole
    hall = Hall.objects.get()
    assert "机房" in text_of(at(operator, address, building=hall.building_id))
    text = text_of(at(operator, address, hall=hall.pk))
    for words in ("R01", "gpu-01", "--fill: 50%", "8 卡，占用 0.5", "故障"):
        assert words in text
    for wrong in ("0", "x", "9" * 30):
        assert at(operator, address, hall=wrong).status_code == 404


def test_a_server_in_detail(campus: Campus) -> None:
    server = Server.objects.get(name="gpu-01")
    address = server.get_absolute_url()
    text = text_of(at(make_operator(campus), address))
    assert "50%" in text
    assert "腾空" in text
    office = text_of(at(make_member(make_organisation(), Role.OFFICE), address))
    assert 'data-dialog="act-drain"' not in office
    assert at(make_operator(make_campus()), address).status_code == 404


def test_a_server_is_drained_on_its_page(campus: Campus) -> None:
    server = Server.objects.get(name="gpu-01")
    client = Client()
    client.force_login(make_operator(campus))
    for act, state in (("drain", "draining"), ("fail", "failed"), ("restore", "ready")):
        response = client.post(reverse("server_act", args=[server.pk, act]), {"why": "检修"})
        assert response.status_code == 302
        server.refresh_from_db()
        assert server.state == state
    assert client.post(reverse("server_act", args=[server.pk, "burn"])).status_code == 404


def test_a_plan_answers_a_what_if(campus: Campus) -> None:
    operator = make_operator(campus)
    address = reverse("campus_plan", args=[campus.pk])
    assert at(make_operator(make_campus()), address).status_code == 403
    base = text_of(at(operator, address))
    for words in (
        "可用（低–中–高）", "供电", "依据 slip_months", "没有交付日期，未计入容量", "所用假设",
        "已承诺部分的总功率（MW）", "可用全部运行的总功率（MW）", "× PUE，三者均取假设值",
    ):  # fmt: skip
        assert words in base
    assert "不变动时居中" not in base
    changed = at(
        operator, address, building="2", slip=6, hall="1/A", derating=50, gpus=100000, since="2028-01"
    )
    text = text_of(changed)
    for words in ("不变动时居中", "不能承诺", "新租户 100,000 卡，从 2028-01 起"):
        assert words in text
    client = Client()
    client.force_login(operator)
    part = client.get(address, {"gpus": 1}, headers={"HX-Target": "div#plan"})
    assert "<html" not in text_of(part)
    assert "可以承诺" in text_of(part)


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"months": 500}, "120"),
        ({"gpus": 1, "since": "soon"}, "2027-03"),
        ({"hall": "9/Z", "derating": 1}, "9/Z"),
        ({"building": "1", "slip": 3}, "1"),
    ],
)
def test_a_wrong_what_if_says_how_to_mend_it(campus: Campus, values: dict[str, Any], words: str) -> None:
    text = text_of(at(make_operator(campus), reverse("campus_plan", args=[campus.pk]), **values), 422)
    assert words in text


def test_a_plan_without_assumptions_says_which() -> None:
    campus = make_campus()
    operator = make_operator(campus)
    text = text_of(at(operator, reverse("campus_plan", args=[campus.pk])))
    assert "容量推演还缺少假设" in text
    assert "机架密度" in text


def test_the_operator_fills_a_campus_by_its_pages() -> None:
    campus = make_campus()
    client = Client()
    client.force_login(make_operator(campus))

    def post(page: str, *args: Any, **values: Any) -> Any:
        response = client.post(reverse(page, args=args), values)
        assert response.status_code == 302, response.content.decode()
        return response

    post("campus_edit", campus.pk, name="新名", city=campus.city_id, pue_limit="1.25", use_floor="60",
         grace_seconds="600", runner="slurm")  # fmt: skip
    post("building_new", campus.pk, number=4, racks_designed=100, planned_on="2027-01-01")
    building = campus.buildings.get()
    post("building_edit", building.pk, number=4, racks_designed=100, planned_on="2027-06-01")
    post("hall_new", building.pk, name="A", racks=10, power_kw=100, cooling_kw=90)
    hall = building.halls.get()
    post("hall_edit", hall.pk, name="A", racks=12, power_kw=100, cooling_kw=90)
    post("hall_act", hall.pk, "derate", derating=10, why="检修")
    post("hall_act", hall.pk, "racks", row="01", names="R1, R2\nR3", power_kw=12)
    post("campus_act", campus.pk, "claim", quantity="racks", value=9, stated_on="2020", source_name="甲")
    post("campus_act", campus.pk, "assume", key="pue", low=1.1, middle=1.2, high=1.3, why="示例")
    post(
        "campus_act", campus.pk, "energy", starts_on="2026-01-01", ends_on="2026-01-31", facility_kwh=12,
        it_kwh=10, basis="metered",
    )  # fmt: skip
    campus.refresh_from_db()
    hall.refresh_from_db()
    building.refresh_from_db()
    assert (campus.name, building.planned_on) == ("新名", date(2027, 6, 1))
    assert (hall.racks, hall.derating, hall.standing.count()) == (12, 10, 3)
    assert (campus.claims.count(), campus.assumptions.count(), campus.readings.count()) == (1, 1, 1)
    text = text_of(client.get(building.get_absolute_url()))
    assert "降额 10%" in text
    refused = client.post(reverse("building_new", args=[campus.pk]), {"number": 4, "racks_designed": 1})
    assert "已经登记" in text_of(refused, 422)


def test_pages_take_few_queries(campus: Campus, django_assert_max_num_queries: Any) -> None:
    operator = make_operator(campus)
    hall = Hall.objects.get()
    for at_rack in range(8):
        make_server(make_rack(hall, name=f"S{at_rack:02}"))
    client = Client()
    client.force_login(operator)
    pages = [
        (reverse("campus_map", args=[campus.pk]) + f"?hall={hall.pk}", 24),
        (reverse("campus_map", args=[campus.pk]), 24),
        (reverse("server_list"), 26),
        (campus.get_absolute_url(), 34),
        (reverse("campus_plan", args=[campus.pk]), 40),
        (hall.building.get_absolute_url(), 24),
    ]
    for address, most in pages:
        client.get(address)
        with django_assert_max_num_queries(most):
            assert client.get(address).status_code == 200


def test_nobody_else_changes_anything(campus: Campus) -> None:
    hall = Hall.objects.get()
    server = Server.objects.first()
    assert server is not None
    addresses = [
        reverse("campus_act", args=[campus.pk, "claim"]),
        reverse("hall_act", args=[hall.pk, "derate"]),
        reverse("building_new", args=[campus.pk]),
        reverse("hall_new", args=[hall.building_id]),
        reverse("hall_edit", args=[hall.pk]),
        reverse("building_edit", args=[hall.building_id]),
        reverse("campus_edit", args=[campus.pk]),
        reverse("server_import", args=[campus.pk]),
        reverse("server_act", args=[server.pk, "drain"]),
    ]
    stranger = Client()
    stranger.force_login(make_operator(make_campus()))
    values = {
        "quantity": "racks", "value": 9, "stated_on": "2020", "source_name": "甲", "derating": 10, "why": "x"
    }  # fmt: skip
    for address in addresses:
        assert Client().post(address, values).status_code == 302
        response = stranger.post(address, values)
        assert response.status_code in {302, 403, 404}
    campus.refresh_from_db()
    hall.refresh_from_db()
    assert (campus.claims.count(), hall.derating) == (3, 0)


@pytest.mark.parametrize("page", ["campus_map", "campus_plan"])
def test_a_part_of_a_page_is_not_kept_for_the_page(page: str) -> None:
    campus = make_campus()
    client = Client()
    client.force_login(make_operator(campus))
    target = {"campus_map": "main#map", "campus_plan": "main#plan"}[page]
    part = client.get(reverse(page, args=[campus.pk]), headers={"HX-Request": "true", "HX-Target": target})
    assert "<html" not in part.content.decode()
    assert {"HX-Request", "HX-Target"} <= set(part["Vary"].split(", "))
