"""Pages: what they show to whom, in both languages, with a bounded number of queries."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.test import Client

from langqiao.apps.accounts.models import Role
from langqiao.apps.challenges import domain
from langqiao.apps.challenges.models import Answer, Challenge, State
from langqiao.apps.challenges.templatetags.challenges import highlight
from langqiao.apps.challenges.views.answers import word_changes
from tests.apps.challenges.scene import make_scene
from tests.factories import challenges as make

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def fresh_index(settings: Any, tmp_path: Any) -> Any:
    from langqiao.apps.challenges.matching import store

    settings.INDEX_DIR = tmp_path / "index"
    store.index.cache_clear()
    yield
    store.index.cache_clear()


def signed_in(user: Any) -> Client:
    client = Client()
    client.force_login(user)
    return client


def text(response: Any) -> str:
    return response.content.decode()


@pytest.mark.parametrize("language", ["zh-hans", "en"])
def test_every_page_is_drawn_in_both_languages(language: str) -> None:
    scene = make_scene()
    page = scene.challenge.get_absolute_url()
    answer = scene.answer.get_absolute_url()
    paths = [
        "/challenges/", f"/challenges/?open={scene.challenge.pk}", page, f"{page}similar/", f"{page}answers/",
        answer, f"{answer}versions/", "/work/", "/match/", "/match/?text=碳化硅减薄", "/search/?q=碳化硅", "/search/",
    ]  # fmt: skip
    for name in ("firm", "team"):
        client = signed_in(scene.actors[name])
        client.cookies["django_language"] = language
        own = (
            ["/challenges/new/", f"{page}edit/"]
            if name == "firm"
            else [f"{page}answers/new/", f"{answer}edit/"]
        )
        for path in [*paths, *own]:
            assert client.get(path).status_code == 200, path
        partial = client.get(f"{page}matches/?cities=songjiang&trl_min=3", headers={"HX-Request": "true"})
        assert partial.status_code == 200
        assert partial["HX-Replace-Url"] == f"{page}?cities=songjiang&trl_min=3"


def test_a_sealed_block_offers_the_promise_and_opens_once_signed() -> None:
    firm, boss = make.make_firm()
    university, researcher = make.make_university()
    challenge = make.make_published(boss, firm, confidentiality="promise")
    client = signed_in(researcher)
    page = challenge.get_absolute_url()
    shown = text(client.get(page))
    assert "签署保密承诺后可见" in shown
    assert "保密承诺书" in shown
    assert make.MARKER not in shown
    words = domain.promise_text(challenge, researcher, university).replace("\n", "\r\n")
    client.post(f"{page}act/promise/", {"organisation": university.pk, "text": words})
    assert not challenge.promises.exists()
    client.post(f"{page}act/promise/", {"organisation": university.pk, "text": words, "agree": "on"})
    assert make.MARKER in text(client.get(page))


def test_the_primary_button_follows_the_state_and_the_reader() -> None:
    firm, boss = make.make_firm()
    university, researcher = make.make_university()
    challenge = make.make_challenge(boss, firm)
    page = challenge.get_absolute_url()

    def primary(user: Any) -> str:
        client = signed_in(user) if user else Client()
        found = client.get(page).context["primary"]
        return str(found.label) if found else ""

    assert primary(boss) == "发布"
    domain.publish_challenge(boss, challenge)
    assert [primary(None), primary(researcher), primary(boss)] == ["登录后应答", "应答", ""]
    answer = make.make_submitted(researcher, challenge, university)
    assert [primary(researcher), primary(boss)] == ["我的答题", "比较答题"]
    domain.select_answer(boss, answer)
    assert primary(boss) == "登记签约"
    domain.sign_contract(boss, challenge)
    assert primary(boss) == "登记验收"
    domain.accept_result(boss, challenge)
    assert primary(boss) == "关闭题目"


def test_a_draft_does_not_exist_for_others() -> None:
    challenge = make.make_challenge()
    for user in (None, make.make_user(Role.OFFICE), make.make_user(Role.RESEARCHER)):
        client = signed_in(user) if user else Client()
        assert client.get(challenge.get_absolute_url()).status_code == 404
        assert challenge.title not in text(client.get("/challenges/"))


def test_posing_by_the_form_keeps_the_draft_when_publication_is_refused() -> None:
    firm, boss = make.make_firm()
    client = signed_in(boss)
    values = {"organisation": firm.pk, "title": "新题目", "confidentiality": "open", "keywords": "甲、乙"}
    response = client.post("/challenges/new/", {**values, "publish": "1"}, follow=True)
    challenge = Challenge.objects.get()
    assert (challenge.state, challenge.keywords) == (State.DRAFT, ["甲", "乙"])
    assert "公开摘要" in text(response)
    response = client.post("/challenges/new/", {**values, "budget_min": "9", "budget_max": "8"})
    assert response.status_code == 422
    assert "最低预算高于最高预算" in text(response)
    assert Challenge.objects.count() == 1


def test_others_firms_are_not_offered_nor_taken() -> None:
    _firm, boss = make.make_firm()
    other, _ = make.make_firm()
    response = signed_in(boss).post(
        "/challenges/new/", {"organisation": other.pk, "title": "冒名", "confidentiality": "open"}
    )
    assert response.status_code == 422
    assert not Challenge.objects.exists()


def test_a_refusal_is_told_on_the_page() -> None:
    firm, boss = make.make_firm()
    challenge = make.make_published(boss, firm)
    response = signed_in(boss).post(f"{challenge.get_absolute_url()}act/accept/", follow=True)
    assert "只有处于以下状态的题目可以：已签约" in text(response)


def test_the_board_narrows_by_city_state_budget_and_deadline() -> None:
    firm, boss = make.make_firm()
    make.make_published(boss, firm, title="甲题", budget_min=10, budget_max=20)
    make.make_challenge(boss, firm, title="乙题", budget_min=100, budget_max=200)
    client = signed_in(boss)

    def titles(query: str) -> set[str]:
        shown = text(client.get(f"/challenges/?{query}"))
        return {title for title in ("甲题", "乙题") if title in shown}

    assert titles("") == {"甲题", "乙题"}
    assert titles("state=draft") == {"乙题"}
    assert titles("budget_min=50") == {"乙题"}
    assert titles("budget_max=50") == {"甲题"}
    assert titles("city=songjiang") == {"甲题", "乙题"}
    assert titles(f"deadline_max={make.next_month().isoformat()}") == {"甲题", "乙题"}
    assert titles("q=甲题") == {"甲题"}


def test_query_counts_do_not_grow_with_rows(django_assert_max_num_queries: Any) -> None:
    scene = make_scene()
    client = signed_in(scene.actors["firm"])
    for _ in range(12):
        make.make_published(scene.actors["firm"], scene.firm)
        make.make_question(scene.actors["university"], scene.challenge)
    client.get("/challenges/")
    with django_assert_max_num_queries(20):
        client.get("/challenges/")
    with django_assert_max_num_queries(60):
        client.get(scene.challenge.get_absolute_url())
    with django_assert_max_num_queries(30):
        client.get("/work/")


def test_withdrawn_answers_and_outsiders_on_the_compare_page() -> None:
    scene = make_scene()
    address = f"{scene.challenge.get_absolute_url()}answers/"
    assert "等离子辅助减薄方案" in text(signed_in(scene.actors["firm"]).get(address))
    assert "等离子辅助减薄方案" not in text(signed_in(scene.actors["university"]).get(address))
    assert "等离子辅助减薄方案" not in text(signed_in(scene.actors["office"]).get(address))


def test_the_office_sees_title_team_and_state_of_an_answer_only() -> None:
    scene = make_scene()
    shown = text(signed_in(scene.actors["office"]).get(scene.answer.get_absolute_url()))
    assert "等离子辅助减薄方案" in shown
    assert make.MARKER not in shown
    assert "150 万元" not in shown


def test_a_draft_of_an_answer_is_submitted_and_withdrawn_by_its_page() -> None:
    firm, boss = make.make_firm()
    university, researcher = make.make_university()
    partner = make.make_organisation("institute")
    challenge = make.make_published(boss, firm)
    client = signed_in(researcher)
    client.post(
        f"{challenge.get_absolute_url()}answers/new/",
        {"organisation": university.pk, "title": "方案", "approach": "做法", "price": "3", "months": "4"},
    )
    answer = Answer.objects.get()
    page = answer.get_absolute_url()
    client.post(
        f"{page}act/team/",
        {
            "team-TOTAL_FORMS": "1",
            "team-INITIAL_FORMS": "0",
            "team-0-organisation": partner.name,
            "team-0-part": "测试",
        },
    )
    assert answer.team.count() == 2
    client.post(f"{page}act/submit/")
    answer.refresh_from_db()
    assert answer.state == Answer.State.SUBMITTED
    assert "没有" in text(
        client.post(
            f"{page}act/team/",
            {"team-TOTAL_FORMS": "1", "team-INITIAL_FORMS": "0", "team-0-organisation": "无此机构"},
            follow=True,
        )
    )
    client.post(f"{page}act/withdraw/")
    answer.refresh_from_db()
    assert answer.state == Answer.State.WITHDRAWN


def test_subscriptions_come_and_go_by_the_page() -> None:
    user = make.make_user()
    client = signed_in(user)
    client.post("/work/subscriptions/", {"wanted": "challenges", "text": "碳化硅"})
    wish = user.subscriptions.get()
    assert signed_in(make.make_user()).post(f"/work/subscriptions/{wish.pk}/remove/").status_code == 404
    client.post(f"/work/subscriptions/{wish.pk}/remove/")
    assert not user.subscriptions.exists()


def test_terms_are_marked_and_everything_else_escaped() -> None:
    assert (
        highlight("a <b> 碳化硅减薄", ["碳化硅", "<b>", ""])
        == "a <mark>&lt;b&gt;</mark> <mark>碳化硅</mark>减薄"
    )
    assert highlight("<i>", []) == "&lt;i&gt;"


@pytest.mark.parametrize(
    ("old", "new"), [("先软化再磨削", "先软化后抛光"), ("", "新"), ("一\n" * 9000, "一\n" * 8999 + "二\n")]
)
def test_the_difference_of_two_versions_gives_both_back(old: str, new: str) -> None:
    runs = list(word_changes(old, new))
    assert "".join(part for kind, part in runs if kind != "new") == old
    assert "".join(part for kind, part in runs if kind != "gone") == new


def test_the_export_names_the_unit_of_the_budget_and_the_page_writes_it_in_the_cell() -> None:
    make.make_published(budget_min=60, budget_max=120)
    page = text(Client().get("/challenges/"))
    assert "60–120 万元" in page
    response = Client().get("/challenges/?export=csv")
    head, row = b"".join(response.streaming_content).decode("utf-8-sig").splitlines()  # type: ignore[attr-defined]
    response.close()
    assert "预算（万元）" in head
    assert "60.00–120.00" in row
    assert "LQ-" in row


def test_answering_a_sealed_challenge_leads_to_the_promise_first() -> None:
    challenge = make.make_published(confidentiality="promise")
    _university, researcher = make.make_university()
    response = signed_in(researcher).get(f"{challenge.get_absolute_url()}answers/new/")
    assert response.status_code == 302
    assert response["Location"] == f"{challenge.get_absolute_url()}#promise"
    assert signed_in(make.make_user()).get(f"{challenge.get_absolute_url()}answers/new/").status_code == 403


def test_a_product_is_found_under_its_own_name() -> None:
    from langqiao.apps.challenges.matching import follow
    from langqiao.apps.registry import domain as registry

    firm = make.make_organisation("enterprise", name="砂轮公司")
    registry.add_product(
        None, organisation=firm, name="细粒度砂轮", direction="product", description="用于晶圆减薄。"
    )
    follow.catch_up()
    page = text(Client().get("/search/?q=细粒度砂轮"))
    assert re.search(r'class="lq-row-title"[^>]*>(?:<mark>)?细粒度', page)
    assert "<span>砂轮公司</span>" in page
