"""Pages of the quantum network: what stands on them, who may see what, how many queries they take."""

from __future__ import annotations

from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest
from django.db.models import F
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from langqiao.apps.accounts.models import User
from langqiao.apps.quantum.domain import network
from langqiao.apps.quantum.models import Demand, Link, Scenario, Site
from tests.apps.quantum.scene import make_scene
from tests.factories import quantum as make
from tests.factories.accounts import make_member, make_office
from tests.factories.registry import make_city, make_organisation

pytestmark = pytest.mark.django_db


def at(user: User | None, path: str, **query: Any) -> Any:
    client = Client()
    if user is not None:
        client.force_login(user)
    return client.get(path, query)


def text_of(response: Any, status: int = 200) -> str:
    assert response.status_code == status, response.status_code
    return str(response.content.decode())


def test_the_map_shows_states_to_all_and_pools_to_those_who_run_it() -> None:
    link = make.make_link()
    make.make_reading(link)
    open_ = text_of(at(None, reverse("network_map")))
    assert 'class="is-open"' in open_
    assert "60%" not in open_
    seen = text_of(at(make.make_operator(link.a), reverse("network_map")))
    assert 'class="is-ample"' in seen
    assert "600 kbit，60%" in seen
    english = Client()
    english.cookies["django_language"] = "en"
    assert english.get(reverse("network_map")).status_code == 200


def test_an_empty_network_says_what_to_do_next() -> None:
    for name in ("network_map", "site_list", "link_list", "scenario_list"):
        assert "登记" in text_of(at(None, reverse(name)))
    office = make_office()
    assert "登记站点与链路后才能规划" in text_of(at(office, reverse("key_plan")))
    assert "没有告警" in text_of(at(office, reverse("quantum_health")))


def test_pages_of_the_network_take_few_queries(django_assert_max_num_queries: Any) -> None:
    sites = [make.make_site(city=make_city(slug)) for slug in ("songjiang", "jiaxing", "hangzhou", "suzhou")]
    for a, b in pairwise(sites):
        make.make_reading(make.make_link(a, b))
    operator = make.make_operator(sites[0])
    client = Client()
    client.force_login(operator)
    for name, most in (("network_map", 14), ("quantum_health", 14), ("site_list", 14), ("link_list", 14), ("key_reading_list", 14)):  # fmt: skip
        with django_assert_max_num_queries(most):
            assert client.get(reverse(name)).status_code == 200


def test_a_site_and_a_link_are_registered_cut_and_suspended_on_their_pages() -> None:
    firm = make_organisation(name="示例量子公司")
    operator = make_member(firm, make.Role.QUANTUM_OPERATOR)
    client = Client()
    client.force_login(operator)
    city = make_city("jiaxing")
    form = {"slug": "jx", "name": "嘉兴站", "city": city.pk, "operator": firm.pk, "trusted": "on"}
    wrong = client.post(reverse("site_new"), {**form, "kme_url": "http://127.0.0.1"})
    assert "https://" in text_of(wrong, 422)
    assert client.post(reverse("site_new"), form).status_code == 302
    a, b = Site.objects.get(), make.make_site()
    link = {"a": a.pk, "b": b.pk, "fibre_km": "71", "spans": 1, "systems": 1, "equipment": "a"}
    assert client.post(reverse("link_new"), {**link, "basis": "assumed"}).status_code == 422
    made = client.post(reverse("link_new"), {**link, "basis": "assumed", "basis_why": "直线的 1.3 倍"})
    assert made.status_code == 302
    one = Link.objects.get()
    assert "71 km" in text_of(client.get(one.get_absolute_url()))
    client.post(reverse("link_act", args=[one.pk, "cut"]), {"why": "施工"})
    assert "施工" in text_of(client.get(one.get_absolute_url()))
    client.post(reverse("link_act", args=[one.pk, "restore"]))
    assert client.post(reverse("link_edit", args=[one.pk]), {**link, "basis": "assumed", "basis_why": "x", "fibre_km": "80"}).status_code == 302  # fmt: skip
    client.post(reverse("site_act", args=[a.pk, "suspend"]), {"why": "搬迁"})
    assert "搬迁" in text_of(client.get(a.get_absolute_url()))
    client.post(reverse("site_act", args=[a.pk, "resume"]))
    client.post(reverse("site_edit", args=[a.pk]), {"name": "嘉兴一站", "city": city.pk})
    a.refresh_from_db()
    assert (a.state, a.name, a.trusted) == ("active", "嘉兴一站", False)
    assert client.post(reverse("site_act", args=[a.pk, "burn"])).status_code == 404
    assert client.get(reverse("site_edit", args=[b.pk])).status_code == 403


def test_a_pool_over_time_and_its_alarms() -> None:
    link = make.make_link()
    now = timezone.now()
    for hours, stored in ((3, 900_000), (2, None), (1, 150_000)):
        make.make_reading(
            link, at=now - timedelta(minutes=hours), reachable=stored is not None, stored_bits=stored,
            capacity_bits=None if stored is None else 1_000_000, generated_bps=10.0, consumed_bps=30.0,
        )  # fmt: skip
    make.make_reading(link, site=link.b, reachable=False, stored_bits=None, capacity_bits=None)
    operator = make.make_operator(link.b)
    page = text_of(at(operator, link.get_absolute_url()))
    assert "is-silence" in page
    assert page.count("<polyline") == 2
    assert "<polyline" not in text_of(at(None, link.get_absolute_url()))
    health = text_of(at(operator, reverse("quantum_health")))
    for words in ("KME 没有应答", "密钥池偏低", "密钥池在下降", "失联"):
        assert words in health
    assert at(make_member(make_organisation()), reverse("quantum_health")).status_code == 403
    link.readings.update(at=F("at") - timedelta(days=1))
    assert "读数已过时" in text_of(at(operator, reverse("quantum_health")))


def test_error_rates_are_drawn_with_the_limit_where_there_are_any() -> None:
    link = make.make_link()
    now = timezone.now()
    for minutes, qber in ((50, 0.0109), (40, 0.0112), (30, None), (20, 0.0111)):
        make.make_reading(link, at=now - timedelta(minutes=minutes), qber=qber)
    operator = make.make_operator(link.b)
    page = text_of(at(operator, link.get_absolute_url()))
    assert page.count("<polyline") == 2
    assert page.count('class="is-limit"') == 1
    assert "虚横线为中止阈值 4.80%" in page
    assert "1.09%" in page
    assert "is-limit" not in text_of(at(None, link.get_absolute_url()))
    listed = text_of(at(operator, reverse("key_reading_list"), sort="-qber"))
    assert listed.index("1.12") < listed.index("1.11") < listed.index("1.09")
    network.revise_link(None, link, measured_bps=8_000.0)
    assert "理论上限 11.00%" in text_of(at(operator, link.get_absolute_url()))
    link.readings.update(qber=None)
    without = text_of(at(operator, link.get_absolute_url()))
    assert without.count("<polyline") == 1
    assert "量子误码率" not in without


def test_a_scenario_is_registered_and_revised() -> None:
    client = Client()
    client.force_login(make_office())
    form = {"title": "影视文件传送", "kind": "film", "source_name": "来源", "cities": [make_city().pk]}
    assert client.post(reverse("scenario_new"), {**form, "source_name": ""}).status_code == 422
    assert client.post(reverse("scenario_new"), form).status_code == 302
    made = Scenario.objects.get()
    assert "影视文件传送" in text_of(at(None, made.get_absolute_url()))
    assert (
        client.post(reverse("scenario_edit", args=[made.pk]), {**form, "summary": "概述甲"}).status_code
        == 302
    )
    assert "概述甲" in text_of(at(None, made.get_absolute_url()))


def test_a_demand_is_proposed_planned_and_admitted() -> None:
    link = make.make_link(measured_bps=8_000.0)
    firm = make_organisation()
    member, operator = make_member(firm), make.make_operator(link.a)
    client = Client()
    client.force_login(member)
    day = make.today()
    form = {
        "organisation": firm.pk, "title": "示例影片密钥", "source": link.a_id, "target": link.b_id,
        "bps": "5000", "key_bits": 256, "priority": 3, "starts_on": day, "ends_on": day + timedelta(days=9),
    }  # fmt: skip
    assert "提出需求" in text_of(client.get(reverse("demand_new")))
    assert client.post(reverse("demand_new"), {**form, "target": link.a_id}).status_code == 422
    assert client.post(reverse("demand_new"), form).status_code == 302
    demand = Demand.objects.get()
    assert "网络能否满足" not in text_of(client.get(demand.get_absolute_url()))
    page = text_of(at(operator, demand.get_absolute_url()))
    assert "网络能否满足" in page
    assert 'data-dialog="admit-dialog"' in page
    boss = Client()
    boss.force_login(operator)
    boss.post(reverse("demand_act", args=[demand.pk, "admit"]), {"why": ""})
    demand.refresh_from_db()
    assert demand.state == "admitted"
    plan = text_of(boss.get(reverse("key_plan")))
    assert "示例影片密钥" in plan
    assert "需求都已满足" in plan
    key = "|".join(link.key)
    cut = text_of(boss.get(reverse("key_plan"), {"cut": key}, headers={"HX-Request": "true", "HX-Target": "plan#plan"}))  # fmt: skip
    assert "得不到密钥" in cut
    assert "<html" not in cut
    assert "需要两端" in text_of(boss.get(reverse("key_plan"), {"start": link.a.slug}), 422)
    assert "已有链路" in text_of(
        boss.get(reverse("key_plan"), {"start": link.a.slug, "end": link.b.slug}), 422
    )
    boss.post(reverse("demand_act", args=[demand.pk, "end"]), {"why": "用完"})
    demand.refresh_from_db()
    assert demand.state == "ended"
    assert at(member, reverse("key_plan")).status_code == 403


def test_a_demand_is_hidden_from_others() -> None:
    scene = make_scene()
    for name, status in (("member", 200), ("office", 200), ("far operator", 404), ("other member", 404)):
        assert at(scene.actors[name], scene.demand.get_absolute_url()).status_code == status, name
    assert make.MARKER not in text_of(at(scene.actors["other member"], reverse("demand_list")))


def test_lists_are_exported() -> None:
    scene = make_scene()
    office = scene.actors["office"]
    for name in ("site_list", "link_list", "scenario_list", "demand_list", "key_reading_list"):
        response = at(office, reverse(name), export="csv")
        body = (
            b"".join(response.streaming_content).decode() if response.streaming else response.content.decode()
        )
        assert body.count("\n") >= 2, name
