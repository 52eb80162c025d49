"""Pages of alliances: what stands on them, who may do what there, in both languages, in few queries."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from langqiao.apps.accounts.models import User
from langqiao.apps.alliances.models import (
    Alliance,
    Contact,
    Exchange,
    Gathering,
    Mark,
    Member,
    Rating,
    RatingScheme,
    Reply,
)
from langqiao.apps.registry.domain import load_corridor
from langqiao.apps.registry.sections import awaiting
from tests.apps.alliances.alliances.scene import make_scene
from tests.factories import alliances as make
from tests.factories.accounts import make_office
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


def test_the_tree_says_what_is_published_and_what_is_not() -> None:
    assert "还没有载入联盟体系" in text_of(of(None).get(reverse("alliance_tree")))
    load_corridor(None)
    office = make_office()
    assert of(office).post(reverse("alliance_tree_load")).status_code == 302
    page = text_of(of(None).get(reverse("alliance_tree")))
    for words in ("新材料产业技术创新联盟", "所属产业未见公布", "2024-05", "查阅日期未记录", "城市未公布"):
        assert words in page
    ai = Alliance.objects.get(slug="ai")
    page = text_of(of(None).get(ai.get_absolute_url()))
    for words in (
        "2019-05-15",
        "119",
        "科大智能",
        "名单未见公布",
        "公开陈述，未核对",
        "未指定，由联席办代行",
    ):
        assert words in page
    assert "未公布" in text_of(of(None).get(Alliance.objects.get(slug="robots").get_absolute_url()))
    group = text_of(of(None, english=True).get(Alliance.objects.get(slug="one").get_absolute_url()))
    assert "not published" in group
    assert of(None).post(reverse("alliance_tree_load")).status_code == 302
    assert of(make.make_insider(make_organisation())).post(reverse("alliance_tree_load")).status_code == 302
    assert Alliance.objects.filter(tier="sub").count() == 6


@pytest.mark.parametrize(("name", "english"), [("secretary", True), ("insider", False)])
def test_every_page_opens(name: str, english: bool) -> None:
    scene = make_scene()
    pages = [reverse(name) for name in ("alliance_tree", "alliance_list", "member_list", "gathering_list", "exchange_list", "contact_list", "rating_list")]  # fmt: skip
    rows = (scene.alliance, scene.member, scene.gathering, scene.exchange, scene.rating.scheme)
    pages += [row.get_absolute_url() for row in rows]
    client = of(scene.actors[name], english=english)
    assert {page: client.get(page).status_code for page in pages} == dict.fromkeys(pages, 200)


def test_pages_take_few_queries(django_assert_max_num_queries: Any) -> None:
    scene = make_scene()
    for _number in range(4):
        member = make.make_membership(scene.alliance)
        make.make_exchange(member)
        make.make_gathering(scene.alliance)
    client = of(scene.actors["insider"])
    pages = [
        (reverse("alliance_tree"), 16), (reverse("alliance_list"), 16), (reverse("member_list"), 16),
        (reverse("gathering_list"), 16), (reverse("exchange_list"), 16), (scene.alliance.get_absolute_url(), 45),
    ]  # fmt: skip
    for page, most in pages:
        with django_assert_max_num_queries(most):
            assert client.get(page).status_code == 200


def test_an_alliance_is_registered_revised_and_given_a_secretariat() -> None:
    office, root = make_office(), make.make_root()
    client = of(office)
    form = {"name": "影视联盟", "slug": "film", "parent": root.pk, "founded_on": "2024", "vintage": "stated"}
    assert "成立日期须写明来源" in text_of(client.post(reverse("alliance_new"), form), 422)
    assert client.post(reverse("alliance_new"), {**form, "source_name": "来源甲"}).status_code == 302
    alliance = Alliance.objects.get(slug="film")
    edit = reverse("alliance_edit", args=[alliance.pk])
    form = {**form, "source_name": "来源甲", "city": make_city("jiaxing").pk, "description": "简介甲"}
    assert client.post(edit, form).status_code == 302
    body = make_organisation(name="示例协会")
    client.post(reverse("alliance_act", args=[alliance.pk, "appoint"]), {"organisation": "示例协会"})
    page = text_of(client.get(alliance.get_absolute_url()))
    assert "简介甲" in page
    assert "示例协会" in page
    alliance.refresh_from_db()
    assert alliance.secretariat == body
    secretary = of(make.make_secretary(alliance))
    assert secretary.post(edit, {"description": "简介乙"}).status_code == 302
    assert Alliance.objects.get(pk=alliance.pk).description == "简介乙"
    assert of(make.make_insider(make_organisation())).get(edit).status_code == 403


def test_a_firm_applies_and_the_secretariat_decides() -> None:
    alliance = make.make_alliance()
    firm = make_organisation()
    person, secretary = make.make_insider(firm), make.make_secretary(alliance)
    client = of(person)
    assert "申请加入" in text_of(client.get(alliance.get_absolute_url()))
    client.post(
        reverse("alliance_act", args=[alliance.pk, "apply"]), {"organisation": firm.pk, "statement": "说明甲"}
    )
    member = Member.objects.get()
    page = text_of(of(secretary).get(member.get_absolute_url()))
    assert "说明甲" in page
    assert [str(one.what) for one in awaiting(secretary)] == ["联盟成员申请待审核"]
    assert of(None).get(member.get_absolute_url()).status_code == 404
    act = reverse("member_act", args=[member.pk, "approve"])
    assert client.post(act).status_code == 302
    assert Member.objects.get().state == "applied"
    of(secretary).post(act)
    assert Member.objects.get().state == "active"
    assert firm.name in text_of(of(None).get(reverse("member_list")))
    assert "说明甲" not in text_of(of(None).get(member.get_absolute_url()))
    assert alliance.name in text_of(of(None).get(reverse("organisation_detail", args=[firm.pk])))
    assert alliance.name in text_of(of(None).get(reverse("city_detail", args=[alliance.city_id])))
    client.post(reverse("member_act", args=[member.pk, "leave"]), {"why": ""})
    assert Member.objects.get().state == "left"
    assert client.post(reverse("member_act", args=[member.pk, "burn"])).status_code == 404


def test_an_activity_from_announcement_to_minutes_on_its_page() -> None:
    member = make.make_membership()
    secretary, person = make.make_secretary(member.alliance), make.make_insider(member.organisation)
    start = timezone.localtime() + timedelta(days=2)
    form = {
        "title": "对接会", "audience": "members", "starts_at": f"{start:%Y-%m-%dT%H:%M}",
        "ends_at": f"{start - timedelta(hours=1):%Y-%m-%dT%H:%M}",
    }  # fmt: skip
    new = reverse("gathering_new", args=[member.alliance_id])
    assert "结束时间早于开始时间" in text_of(of(secretary).post(new, form), 422)
    form["ends_at"] = f"{start + timedelta(hours=2):%Y-%m-%dT%H:%M}"
    assert of(secretary).post(new, form).status_code == 302
    gathering = Gathering.objects.get()
    assert [str(one.what) for one in awaiting(person)] == ["联盟活动可报名"]
    act = {
        name: reverse("gathering_act", args=[gathering.pk, name])
        for name in ("attend", "leave", "close", "minutes", "cancel")
    }
    of(person).post(act["attend"], {"organisation": member.organisation_id, "people": 2})
    assert awaiting(person) == []
    page = text_of(of(person).get(gathering.get_absolute_url()))
    assert "取消报名" in page
    row = gathering.attendances.get()
    of(person).post(act["leave"], {"attendance": row.pk})
    of(person).post(act["attend"], {"organisation": member.organisation_id, "people": 3})
    edit = reverse("gathering_edit", args=[gathering.pk])
    assert of(secretary).post(edit, {**form, "place": "会议室"}).status_code == 302
    now = timezone.now()
    Gathering.objects.update(starts_at=now - timedelta(hours=1), ends_at=now)
    assert "登记到会" in text_of(of(secretary).get(gathering.get_absolute_url()))
    of(secretary).post(act["close"], {"attended": [member.organisation_id]})
    of(secretary).post(act["minutes"], {"minutes": "纪要甲"})
    assert "纪要甲" in text_of(of(person).get(gathering.get_absolute_url()))
    assert of(None).get(gathering.get_absolute_url()).status_code == 404


def test_a_need_is_posted_answered_and_closed_on_its_page() -> None:
    first = make.make_membership()
    second = make.make_membership(first.alliance)
    poser, answerer = make.make_insider(first.organisation), make.make_insider(second.organisation)
    new = reverse("exchange_new", args=[first.alliance_id])
    form = {
        "organisation": first.organisation_id,
        "kind": "need",
        "title": "需要磁材",
        "valid_to": "2020-01-01",
    }
    assert "有效期" in text_of(of(poser).post(new, form), 422)
    form["valid_to"] = str(make.today() + timedelta(days=30))
    assert of(poser).post(new, form).status_code == 302
    exchange = Exchange.objects.get()
    of(answerer).post(
        reverse("exchange_act", args=[exchange.pk, "reply"]),
        {"organisation": second.organisation_id, "text": "可供"},
    )
    reply = Reply.objects.get()
    assert [str(one.what) for one in awaiting(poser)] == ["联盟供需回应待答复"]
    page = text_of(of(poser).get(exchange.get_absolute_url()))
    assert f'id="decline-{reply.pk}"' in page
    act = reverse("exchange_reply_act", args=[exchange.pk, reply.pk, "decline"])
    of(poser).post(act, {"why": "规格不符"})
    assert "规格不符" in text_of(of(answerer).get(exchange.get_absolute_url()))
    of(poser).post(reverse("exchange_act", args=[exchange.pk, "close"]), {"outcome": "withdrawn", "why": ""})
    exchange.refresh_from_db()
    assert (exchange.state, exchange.outcome) == ("closed", "withdrawn")
    outsider = make.make_insider(make_organisation())
    assert of(outsider).get(exchange.get_absolute_url()).status_code == 404
    assert of(outsider).get(new).status_code == 403


def test_a_person_enters_and_leaves_the_contact_list_and_exports_hold_only_who_agreed() -> None:
    first = make.make_membership()
    person = make.make_insider(first.organisation)
    silent = make.make_insider(first.organisation)
    silent.display_name = "未同意者"
    silent.save()
    new = reverse("contact_new", args=[first.alliance_id])
    form = {"organisation": first.organisation_id, "name": "王示例", "phone": "021-22222222"}
    assert "须本人同意" in text_of(of(person).post(new, form), 422)
    assert of(person).post(new, {**form, "agreed": "on"}).status_code == 302
    export = f"{reverse('contact_list')}?export=csv"
    table = b"".join(of(silent).get(export).streaming_content).decode()
    assert "王示例" in table
    assert "未同意者" not in table
    assert "撤回同意" in text_of(of(person).get(first.alliance.get_absolute_url()))
    withdraw = reverse("contact_withdraw", args=[Contact.objects.get().pk])
    assert of(silent).post(withdraw).status_code == 404
    assert of(person).post(withdraw).status_code == 302
    table = b"".join(of(silent).get(export).streaming_content).decode()
    assert "王示例" not in table


def test_a_year_is_set_marked_and_published() -> None:
    office, alliance = make_office(), make.make_alliance()
    secretary = make.make_secretary(alliance)
    client = of(office)
    assert "组织建设" in text_of(client.get(reverse("rating_scheme_new")))
    form = {"year": 2025, "label1": "服务", "weight1": 40, "marker1": "secretariat", "label2": "成效", "weight2": 60, "marker2": "office", "grade1": "优秀", "least1": 90, "grade2": "合格", "least2": 5}  # fmt: skip
    assert "从 0 分起" in text_of(client.post(reverse("rating_scheme_new"), form), 422)
    assert client.post(reverse("rating_scheme_new"), {**form, "least2": 0}).status_code == 302
    scheme = RatingScheme.objects.get()
    assert f"?year={scheme.year}" in text_of(client.get(scheme.get_absolute_url()))
    page = reverse("alliance_rating", args=[2025, alliance.pk])
    assert of(None).get(page).status_code == 404
    assert [str(one.what) for one in awaiting(secretary)] == ["联盟年度考核待自评"]
    own, other = scheme.criteria.all()
    of(secretary).post(
        reverse("rating_mark", args=[2025, alliance.pk, own.pk]), {"value": "80", "note": "依据甲"}
    )
    of(secretary).post(reverse("rating_mark", args=[2025, alliance.pk, other.pk]), {"value": "99"})
    assert Mark.objects.count() == 1
    assert awaiting(secretary) == []
    client.post(reverse("rating_mark", args=[2025, alliance.pk, other.pk]), {"value": "95"})
    rating = Rating.objects.get()
    assert "公布结果" in text_of(client.get(page))
    client.post(reverse("rating_act", args=[rating.pk, "publish"]))
    seen = text_of(of(None).get(page))
    assert "89.00" in seen
    assert "合格" in seen
    client.post(reverse("rating_act", args=[rating.pk, "reopen"]), {"why": "更正"})
    assert of(None).get(page).status_code == 404
