"""Pages of calls: the hub for every reader, the office's set-up without a script, the list."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from langqiao.apps.accounts.models import Role
from langqiao.apps.verification.domain import steps
from langqiao.apps.verification.domain.screening import screen
from langqiao.apps.verification.models import Call, CallState
from tests.factories import verification as make
from tests.factories.accounts import make_liaison, make_member, make_office
from tests.factories.registry import make_city, make_field, make_organisation

pytestmark = pytest.mark.django_db


def signed_in(user: Any, language: str = "zh-hans") -> Client:
    client = Client()
    if user is not None:
        client.force_login(user)
    client.cookies["django_language"] = language
    return client


def text(response: Any) -> str:
    return response.content.decode()


def rows_of(rows: list[dict[str, Any]], do: str = "save") -> dict[str, Any]:
    """A formset as a browser sends it."""
    sent: dict[str, Any] = {
        "rows-TOTAL_FORMS": len(rows), "rows-INITIAL_FORMS": 0, "do": do,
    }  # fmt: skip
    for at, row in enumerate(rows):
        sent |= {f"rows-{at}-{name}": value for name, value in row.items()}
    return sent


@pytest.mark.parametrize("language", ["zh-hans", "en"])
def test_every_page_is_drawn_in_both_languages(language: str) -> None:
    office = make_office()
    draft, running = make.make_draft_call(office), make.make_running(2, office, accepted=False)
    client = signed_in(office, language)
    parts = (
        "basics", "form", "files", "promises", "screening", "criteria", "chain", "grades", "reviewing", "choice",
    )  # fmt: skip
    paths = ["/calls/", f"/calls/?open={running.pk}", "/calls/new/", draft.get_absolute_url()]
    paths += [f"{draft.get_absolute_url()}edit/{part}/" for part in parts]
    paths += [f"{draft.get_absolute_url()}edit/form/project/", running.get_absolute_url(), "/applications/"]
    for path in paths:
        assert client.get(path).status_code == 200, path
    for user in (None, make_member(make_organisation()), make_liaison(make_city())):
        for path in ("/calls/", running.get_absolute_url()):
            assert signed_in(user, language).get(path).status_code == 200


def test_the_primary_button_follows_the_state_and_the_reader() -> None:
    office = make_office()
    call = make.make_draft_call(office)
    organisation, researcher = make.make_applicant()
    page = call.get_absolute_url()

    def primary(user: Any) -> str:
        found = signed_in(user).get(page).context["primary"]
        return str(found.label) if found else ""

    assert primary(office) == "发布"
    signed_in(office).post(f"{page}act/publish/")
    assert [primary(None), primary(researcher), primary(office)] == ["登录后申报", "我要申报", ""]
    application = make.make_submitted(call, organisation=organisation, actor=researcher)
    assert primary(researcher) == "我的申报"
    make.let_close(call)
    assert primary(office) == "截止并开始评选"
    signed_in(office).post(f"{page}act/start/")
    assert [primary(office), primary(None)] == ["继续审查", ""]
    assert primary(researcher) == "我的申报"
    call.refresh_from_db()
    make.accept_all(call, office)
    assert primary(office) == "进入“专家评审”"
    signed_in(office).post(f"{page}act/advance/", {"outcome": "全部受理"})
    call.refresh_from_db()
    assert call.current_step == {"kind": "review"}
    assert call.steps_done.first().outcome == "全部受理"  # type: ignore[union-attr]
    assert primary(office) in ("办理评审", "")
    application.refresh_from_db()
    assert application.state == "accepted"


def test_the_hindrance_is_said_in_words() -> None:
    office = make_office()
    call = make.make_running(2, office, accepted=False)
    shown = text(signed_in(office).get(call.get_absolute_url()))
    assert "2 份申报尚未审查。" in shown
    assert shown.count(">审查</a>") == 2
    response = signed_in(office).post(f"{call.get_absolute_url()}act/advance/", follow=True)
    assert "2 份申报尚未审查。" in text(response)
    call.refresh_from_db()
    assert call.step == 0


def test_the_result_is_issued_with_its_number_and_read_by_everybody() -> None:
    office = make_office()
    call = make.make_running(2, office, chain=make.chain_of("documents", "issue"))
    client = signed_in(office)
    page = call.get_absolute_url()
    client.post(f"{page}act/advance/")
    shown = client.get(page)
    assert str(shown.context["primary"].label) == "发文"
    assert "请填写文号" in text(client.post(f"{page}act/issue/", {"number": " "}, follow=True)) or (
        "文号" in text(client.get(page))
    )
    client.post(f"{page}act/issue/", {"number": "示例〔2026〕1号"})
    call.refresh_from_db()
    assert call.state == CallState.FINISHED
    public = text(signed_in(None).get(page))
    assert "示例〔2026〕1号" in public
    assert "入选名单" in public
    for application in call.applications.all():
        assert application.organisation.name in public


def test_a_draft_does_not_exist_for_others_and_the_recused_are_told() -> None:
    office = make_office()
    draft = make.make_draft_call(office, title="尚未公布的征集")
    for user in (None, make_member(make_organisation(), Role.RESEARCHER), make_liaison(make_city())):
        client = signed_in(user)
        assert client.get(draft.get_absolute_url()).status_code == 404
        assert "尚未公布的征集" not in text(client.get("/calls/"))
        assert client.get(f"{draft.get_absolute_url()}edit/basics/").status_code in (302, 404)
    call = make.make_call(office)
    application = make.make_submitted(call)
    torn = make_member(application.organisation, Role.RESEARCHER, user=make_office())
    shown = text(signed_in(torn).get(call.get_absolute_url()))
    assert "按回避规定" in shown
    assert "专家库" not in shown
    assert application.title in shown  # the own one, as an applicant
    assert signed_in(torn).get(f"{call.get_absolute_url()}edit/reviewing/").status_code == 403


def test_a_call_is_drafted_empty_and_set_up_part_by_part() -> None:
    office = make_office()
    client = signed_in(office)
    assert client.post("/calls/new/", {"title": "无类别", "preset": ""}).status_code == 422
    response = client.post("/calls/new/", {"title": "年度征集", "preset": "", "kind": "recognise"})
    call = Call.objects.get()
    base = f"{call.get_absolute_url()}edit/"
    assert response["Location"] == base
    assert client.get(base)["Location"] == f"{base}basics/"
    make_field()
    client.post(
        f"{base}basics/",
        {
            "do": "next", "title": "年度征集", "guide": "第一段\n\n第二段", "fields_wanted": ["materials"],
            "closes_at": "2030-01-02T09:30", "places": "12", "organiser": office.memberships.get().organisation.name,
        },
    )  # fmt: skip
    call.refresh_from_db()
    assert (call.places, call.guide) == (12, "第一段\n\n第二段")
    assert timezone.localtime(call.closes_at).strftime("%Y-%m-%d %H:%M") == "2030-01-02 09:30"
    assert [field.slug for field in call.fields.all()] == ["materials"]
    client.post(f"{base}form/", rows_of([{"title": "概况"}, {"title": "团队", "help": "说明"}]))
    client.post(
        f"{base}form/s1/",
        rows_of([
            {"label": "方案", "kind": "longtext", "required": "on", "most": "800"},
            {"label": "阶段", "kind": "choice", "options": "实验室\n中试"},
        ]),
    )  # fmt: skip
    client.post(f"{base}files/", rows_of([{"name": "法人证书", "required": "on"}]))
    client.post(f"{base}promises/", rows_of([{"title": "诚信承诺书", "text": "如实填报。"}]))
    client.post(f"{base}screening/", rows_of([{"text": "材料齐全"}]))
    client.post(
        f"{base}criteria/",
        rows_of([
            {"name": "技术", "kind": "score", "most": "20", "weight": "2", "rule": "majority"},
            {"name": "诚信", "kind": "gate", "rule": "any"},
        ]),
    )  # fmt: skip
    client.post(
        f"{base}chain/",
        rows_of([
            {"kind": "documents"},
            {"kind": "review", "name": "函评", "due": "2030-02-01", "share": "0.6", "criteria": ["c1", "c2"]},
            {"kind": "notice", "days": "5"},
            {"kind": "issue"},
        ]),
    )  # fmt: skip
    client.post(
        f"{base}reviewing/",
        {
            "blindness": "double", "reviews_per": "5", "max_load": "10", "min_load": "2", "conflict_years": "3",
            "coauthor_years": "5", "city_at_most": "2", "kind_at_least": "2",
        },
    )  # fmt: skip
    client.post(
        f"{base}choice/",
        rows_of(
            [
                {"kind": "at_least", "subject": "city", "number": "1"},
                {"kind": "gate", "number": "60"},
                {"kind": "margin", "number": "0.5"},
            ]
        ),
    )
    call.refresh_from_db()
    assert [(s["key"], s["title"], [f["key"] for f in s["fields"]]) for s in call.form] == [
        ("s1", "概况", ["f1", "f3"]), ("s2", "团队", ["f2"]),
    ]  # fmt: skip
    assert call.form[0]["fields"][1]["options"] == ["实验室", "中试"]
    assert call.wanted_files == [{"key": "a1", "name": "法人证书", "required": True, "identifying": False}]
    assert call.criteria == [
        {"key": "c1", "name": "技术", "help": "", "kind": "score", "most": 20, "weight": 2},
        {"key": "c2", "name": "诚信", "help": "", "kind": "gate", "rule": "any"},
    ]
    assert call.chain[1] == {
        "kind": "review", "name": "函评", "due": "2030-02-01", "share": 0.6, "criteria": ["c1", "c2"],
    }  # fmt: skip
    assert call.chain[2] == {"kind": "notice", "days": 5}
    assert (call.blindness, call.panel) == ("double", {"city": {"at_most": 2}, "kind": {"at_least": 2}})
    assert call.choice == {
        "rules": [
            {"kind": "at_least", "attribute": "city", "number": 1, "value": None},
            {"kind": "gate", "score": 60},
        ],
        "margin": 0.5,
    }
    for part in ("form", "form/s1", "criteria", "chain", "reviewing", "choice"):
        assert client.get(f"{base}{part}/").status_code == 200
    client.post(f"{call.get_absolute_url()}act/publish/")
    call.refresh_from_db()
    assert call.state == CallState.OPEN


def test_rows_move_go_and_come_without_a_script_and_nothing_is_saved_meanwhile() -> None:
    office = make_office()
    call = make.make_draft_call(office)
    client = signed_in(office)
    page = f"{call.get_absolute_url()}edit/screening/"
    given = [{"key": "eligible", "text": "甲要点"}, {"key": "complete", "text": ""}]

    def after(do: str) -> list[str]:
        response = client.post(page, rows_of(given, do))
        assert response.status_code == 200
        assert "改动尚未保存" in text(response)
        return [str(form["text"].value() or "") for form in response.context["rows"]]

    assert after("down-0") == ["", "甲要点"]
    assert after("up-1") == ["", "甲要点"]
    assert after("up-0") == ["甲要点", ""]
    assert after("remove-1") == ["甲要点"]
    assert after("add") == ["甲要点", "", ""]
    assert after("remove-99999999") == ["甲要点", ""]
    call.refresh_from_db()
    assert call.screening == make.POINTS
    response = client.post(page, rows_of(given))
    assert response.status_code == 422
    assert "必填" in text(response)
    client.post(page, rows_of([given[1] | {"text": "乙要点"}, given[0]]))
    call.refresh_from_db()
    assert call.screening == [{"key": "complete", "text": "乙要点"}, {"key": "eligible", "text": "甲要点"}]


def test_a_refused_part_says_why_and_keeps_what_was_typed() -> None:
    office = make_office()
    call = make.make_draft_call(office)
    page = f"{call.get_absolute_url()}edit/chain/"
    response = signed_in(office).post(page, rows_of([{"kind": "issue"}, {"kind": "review"}]))
    assert response.status_code == 422
    assert "发文须是最后一步" in text(response)
    assert [form["kind"].value() for form in response.context["rows"]] == ["issue", "review"]


def test_once_published_only_the_organising_of_reviews_may_change() -> None:
    office = make_office()
    call = make.make_call(office)
    client = signed_in(office)
    base = f"{call.get_absolute_url()}edit/"
    assert client.get(base)["Location"] == f"{base}reviewing/"
    assert client.get(f"{base}criteria/").status_code == 404
    assert client.get(f"{base}form/project/").status_code == 404
    response = client.get(f"{base}reviewing/")
    assert "blindness" not in response.context["form"].fields
    client.post(
        f"{base}reviewing/",
        {"reviews_per": "4", "max_load": "10", "min_load": "0", "conflict_years": "3", "coauthor_years": "5"},
    )
    call.refresh_from_db()
    assert call.reviews_per == 4


def test_extending_and_cancelling_ask_for_a_reason() -> None:
    office = make_office()
    call = make.make_call(office)
    client = signed_in(office)
    page = call.get_absolute_url()
    later = "2031-01-01T12:00"
    assert "原因" in text(client.post(f"{page}act/extend/", {"closes_at": later}, follow=True))
    client.post(f"{page}act/extend/", {"closes_at": later, "why": "应申报单位要求"})
    call.refresh_from_db()
    assert timezone.localtime(call.closes_at).year == 2031
    client.post(f"{page}act/cancel/", {"why": "政策调整"})
    call.refresh_from_db()
    assert call.state == CallState.CANCELLED
    assert "已取消" in text(signed_in(None).get(page))


def test_acts_are_the_offices_alone() -> None:
    call = make.make_call()
    organisation, researcher = make.make_applicant()
    page = call.get_absolute_url()
    client = signed_in(researcher)
    assert "只有联席办可以这样做" in text(client.post(f"{page}act/cancel/", {"why": "试试"}, follow=True))
    assert client.post(f"{page}act/unheard/").status_code == 404
    assert client.get(f"{page}act/cancel/").status_code == 405
    assert client.get("/calls/new/").status_code == 403
    call.refresh_from_db()
    assert call.state == CallState.OPEN
    assert organisation.applications.count() == 0


def test_the_list_narrows_exports_and_shows_what_awaits() -> None:
    office = make_office()
    far = make_organisation(name="嘉兴科技局", kind="government", city=make_city("jiaxing"))
    make.make_call(office, title="甲征集", organiser=far)
    make.make_call(office, title="乙征集", kind="verify", places=None)
    make.make_draft_call(office, title="丙征集")
    client = signed_in(office)

    def titles(query: str, user: Any = None) -> set[str]:
        shown = text((signed_in(user) if user else client).get(f"/calls/?{query}"))
        return {title for title in ("甲征集", "乙征集", "丙征集") if title in shown}

    assert titles("") == {"甲征集", "乙征集", "丙征集"}
    assert titles("state=draft") == {"丙征集"}
    assert titles("kind=verify") == {"乙征集"}
    assert titles("city=jiaxing") == {"甲征集"}
    assert titles(f"year={timezone.now().year}") == {"甲征集", "乙征集"}
    assert titles("q=嘉兴科技局") == {"甲征集"}
    response = client.get("/calls/?export=csv")
    exported = b"".join(response.streaming_content).decode("utf-8-sig")  # type: ignore[attr-defined]
    response.close()
    assert "经费总额（万元）" in exported.splitlines()[0]
    assert "LQ-" in exported
    organisation, researcher = make.make_applicant()
    make.make_application(Call.objects.get(title="甲征集"), organisation=organisation, title="待交草稿")
    shown = text(signed_in(researcher).get("/calls/"))
    assert "待您办理" in shown
    assert "待交草稿" in shown


def test_query_counts_do_not_grow_with_rows(django_assert_max_num_queries: Any) -> None:
    office = make_office()
    call = make.make_call(office)
    for _ in range(8):
        make.make_submitted(call)
        make.make_call(office)
    client = signed_in(office)
    client.get("/calls/")
    with django_assert_max_num_queries(25):
        client.get("/calls/")
    with django_assert_max_num_queries(50):
        client.get(call.get_absolute_url())
    with django_assert_max_num_queries(25):
        signed_in(None).get(call.get_absolute_url())


def test_an_organisations_page_names_the_calls_that_chose_it() -> None:
    from langqiao.apps.verification.sections import results_of

    call = make.make_running(1, chain=make.chain_of("documents", "issue"))
    organisation = call.applications.get().organisation
    assert results_of(organisation, None) is None
    steps.advance(None, call)
    steps.issue_result(None, call, number="示例〔2026〕2号")
    section = results_of(organisation, None)
    assert section is not None
    assert [row.call for row in section.context["rows"]] == [call]


def test_a_rejected_application_is_not_offered_for_screening_again() -> None:
    office = make_office()
    call = make.make_running(2, office, accepted=False)
    first = call.applications.order_by("number").first()
    assert first is not None
    points = {row["key"]: {"passed": False, "note": ""} for row in call.screening}
    screen(office, first, verdict="reject", points=points, note="材料不全")
    shown = text(signed_in(office).get(call.get_absolute_url()))
    assert shown.count(">审查</a>") == 1


def test_an_unfinished_draft_says_what_it_lacks_and_where() -> None:
    office = make_office()
    call = make.make_draft_call(office, guide="")
    response = signed_in(office).get(call.get_absolute_url())
    assert "发布前请填写申请指南。" in text(response)
    assert response.context["primary"].url == f"{call.get_absolute_url()}edit/basics/"
