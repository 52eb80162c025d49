"""Pages of reviewers and of the chair: what they show to whom, the draft's address, both languages."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.test import Client

from langqiao.apps.verification.domain import rounds
from langqiao.apps.verification.models import Review, ReviewState, RoundState
from tests.apps.verification.review_scene import due, hand_in, hand_in_all, make_scene
from tests.factories.verification import chain_of, make_review, make_reviewer

pytestmark = pytest.mark.django_db
TYPED = {
    "score-technology": "15.5",
    "score-market": "6",
    "gate-honest": "pass",
    "gatewhy-honest": "",
    "confidence": "4",
    "for_applicant": "建议补充中试数据。",
    "for_office": "",
}


def signed_in(user: Any) -> Client:
    client = Client()
    client.force_login(user)
    return client


def text(response: Any) -> str:
    return b"".join(response).decode() if response.streaming else response.content.decode()


@pytest.mark.parametrize("language", ["zh-hans", "en"])
@pytest.mark.parametrize("blindness", ["single", "double"])
def test_every_page_is_drawn_in_both_languages_and_at_each_step(language: str, blindness: str) -> None:
    scene = make_scene(start=False, blindness=blindness)
    round = f"/rounds/{scene.round.pk}/"
    own, peer, office = (signed_in(scene.actors[name]) for name in ("own", "peer", "office"))
    for client in (own, peer, office):
        client.cookies["django_language"] = language

    def drawn(client: Client, *paths: str) -> None:
        for path in paths:
            response = client.get(path)
            assert response.status_code == 200, path
            response.close()

    drawn(own, "/reviews/", "/defences/")
    drawn(office, round, f"{round}reviews/", f"{round}disagreement/")
    rounds.start_reviewing(scene.user("office"), scene.round, due_at=due())
    first = f"/reviews/{scene.reviews['own'].pk}/"
    drawn(own, "/reviews/", first)
    drawn(office, round)
    hand_in(scene, "own")
    drawn(own, first)
    hand_in_all_but(scene, "own")
    drawn(
        office, round, f"{round}reviews/", f"{round}disagreement/", f"{round}disagreement/?flag=wide", first
    )
    rounds.open_discussion(scene.user("office"), scene.round)
    talk = f"{round}talk/{scene.first.pk}/"
    drawn(own, "/reviews/", first, talk, f"/reviews/{scene.reviews['peer'].pk}/")
    drawn(office, round, talk)
    rounds.close_round(scene.user("office"), scene.round)
    drawn(office, round, talk, f"{round}disagreement/?export=csv", f"{round}reviews/?export=xlsx")
    drawn(own, "/reviews/", first, "/reviews/?export=csv")


def test_a_reviewer_saves_and_hands_in_by_the_page_alone() -> None:
    scene = make_scene()
    client, page = signed_in(scene.actors["own"]), f"/reviews/{scene.reviews['own'].pk}/"
    saved = client.post(f"{page}act/save/", {**TYPED, "revision": "0", "score-market": ""}, follow=True)
    assert "草稿已保存到服务器" in text(saved)
    refused = client.post(f"{page}act/submit/", {**TYPED, "revision": "1", "score-market": ""})
    assert refused.status_code == 422
    assert "请为“转化能力”评分" in text(refused)
    assert "建议补充中试数据。" in text(refused)
    stale = client.post(f"{page}act/save/", {**TYPED, "revision": "0", "for_applicant": "旧页面"})
    assert stale.status_code == 409
    assert "旧页面" in text(stale)
    assert "建议补充中试数据。" in text(stale)
    done = client.post(f"{page}act/submit/", {**TYPED, "revision": "1"}, follow=True)
    assert "评审意见已提交" in text(done)
    assert "提交回执" in text(done)
    review = scene.reviews["own"]
    review.refresh_from_db()
    assert (review.state, review.total) == (ReviewState.SUBMITTED, pytest.approx(215 / 3, abs=1e-6))
    assert "review-form" not in text(client.get(page))


@pytest.mark.parametrize("wrong", [{"revision": "x"}, {"revision": ""}, {"score-technology": "many"}])
def test_a_form_that_was_tampered_with_is_refused(wrong: dict[str, str]) -> None:
    scene = make_scene()
    page = f"/reviews/{scene.reviews['own'].pk}/"
    response = signed_in(scene.actors["own"]).post(f"{page}act/save/", {**TYPED, "revision": "0", **wrong})
    assert response.status_code == 422


def test_the_draft_s_address_answers_in_json() -> None:
    scene = make_scene()
    client, path = signed_in(scene.actors["own"]), f"/reviews/{scene.reviews['own'].pk}/draft/"

    def post(body: Any) -> Any:
        return client.post(path, json.dumps(body), content_type="application/json")

    saved = post({"revision": 0, "values": TYPED})
    assert (saved.status_code, saved.json()["revision"], saved.json()["values"]["score-technology"]) == (
        200, 1, "15.5",
    )  # fmt: skip
    assert client.get(path).json()["values"] == TYPED
    stale = post({"revision": 0, "values": {**TYPED, "for_applicant": "旧"}})
    assert (stale.status_code, stale.json()["values"]["for_applicant"]) == (409, "建议补充中试数据。")
    wrong = post({"revision": 1, "values": {**TYPED, "score-technology": "21"}})
    assert (wrong.status_code, wrong.json()["field"]) == (422, "score-technology")
    for body in (
        {},
        [],
        "x",
        {"revision": 1},
        {"revision": 1, "values": {"confidence": 4}},
        {"values": TYPED},
    ):
        assert post(body).status_code == 422, body
    assert client.post(path, b"{", content_type="application/json").status_code == 422
    assert client.post(path, b"\xff", content_type="application/json").status_code == 422
    assert Client().post(path, "{}", content_type="application/json").status_code == 401
    assert signed_in(scene.actors["peer"]).get(path).status_code == 404
    assert (
        Client(enforce_csrf_checks=True).post(path, "{}", content_type="application/json").status_code == 403
    )


def test_pages_of_a_review_are_kept_in_no_cache() -> None:
    scene = make_scene()
    client = signed_in(scene.actors["own"])
    for path in (
        "/reviews/",
        f"/reviews/{scene.reviews['own'].pk}/",
        f"/reviews/{scene.reviews['own'].pk}/draft/",
    ):
        assert "no-store" in client.get(path)["Cache-Control"], path


def test_the_chair_runs_a_round_by_its_page() -> None:
    scene = make_scene(start=False)
    client, page = signed_in(scene.actors["office"]), f"/rounds/{scene.round.pk}/"

    def act(name: str, **values: Any) -> str:
        return text(client.post(f"{page}act/{name}/", values, follow=True))

    assert str(client.get(page).context["primary"].label) == "开始评审"
    assert "评审截止" in act("start", due_at="")
    assert "评审已开始" in act("start", due_at=f"{due():%Y-%m-%dT%H:%M}")
    assert client.get(page).context["primary"] is None
    assert "还没有人提交意见" in act("discuss")
    hand_in_all(scene)
    assert str(client.get(page).context["primary"].label) == "结束本轮"
    assert "讨论已开启" in act("discuss")
    assert "截止时间已调整" in act("extend", due_at=f"{due():%Y-%m-%dT%H:%M}")
    assert "本轮评审已结束" in act("close")
    assert "淘汰申报" in text(client.get(page))
    assert "未进入下一环节" in act("eliminate", application=scene.first.pk, why="总分较低")
    assert client.post(f"{page}act/nonsense/").status_code == 404
    scene.round.refresh_from_db()
    assert scene.round.state == RoundState.CLOSED


@pytest.mark.parametrize("name", ["own", "recused", "applicant", "liaison", "superuser"])
def test_the_chair_s_pages_are_not_there_for_others(name: str) -> None:
    scene = make_scene()
    client, page = signed_in(scene.actors[name]), f"/rounds/{scene.round.pk}/"
    for path in (page, f"{page}reviews/", f"{page}disagreement/", f"{page}talk/{scene.first.pk}/"):
        assert client.get(path).status_code == 404, path
    assert client.post(f"{page}act/close/").status_code == 404
    assert client.post(f"{page}act/start/").status_code == 404


def test_a_changed_review_is_told_to_the_chair_on_the_round_s_page() -> None:
    scene = make_scene()
    hand_in_all(scene)
    client, page = signed_in(scene.actors["office"]), f"/rounds/{scene.round.pk}/"
    assert "与台账不符" not in text(client.get(page))
    Review.objects.filter(pk=scene.reviews["peer"].pk).update(total=99.0)
    assert "与台账不符" in text(client.get(page))


def test_disagreement_is_filtered_sorted_and_exported() -> None:
    scene = make_scene()
    hand_in(scene, "peer")
    client, page = signed_in(scene.actors["office"]), f"/rounds/{scene.round.pk}/disagreement/"
    assert scene.first.title in text(client.get(page))  # one review alone has no spread
    hand_in_all_but(scene, "peer")
    shown = text(client.get(page))
    assert shown.index(scene.first.title) < shown.index(scene.second.title)
    for flag in ("wide", "unsure", "gates"):
        shown = text(client.get(f"{page}?flag={flag}"))
        assert (scene.first.title in shown, scene.second.title in shown) == (True, False), flag
    exported = text(client.get(f"{page}?export=csv"))
    assert "技术能力 15/8.5" in exported
    assert "26.7" in exported


def hand_in_all_but(scene: Any, *done: str) -> None:
    for name in scene.reviews:
        if name not in done:
            hand_in(scene, name)


def test_a_defence_is_planned_and_moved_by_the_page_and_read_by_both_sides() -> None:
    scene = make_scene(start=False, chain=chain_of("defence", "issue"))
    client, page = signed_in(scene.actors["office"]), f"/rounds/{scene.round.pk}/"
    at = f"{due():%Y-%m-%dT%H:%M}"
    planned = client.post(
        f"{page}act/plan/", {"starts_at": at, "place": "301", "minutes": 20, "gap": 5}, follow=True
    )
    assert "已安排 2 场答辩" in text(planned)
    moved = client.post(
        f"{page}act/schedule/",
        {"application": scene.first.pk, "at": at, "place": "302", "minutes": 20},
        follow=True,
    )
    assert "答辩已安排" in text(moved)
    applicant = text(signed_in(scene.actors["applicant"]).get("/defences/"))
    assert (scene.first.title in applicant, scene.second.title in applicant) == (True, False)
    own = text(signed_in(scene.actors["own"]).get("/defences/"))
    assert (scene.first.title in own, "申报 01" in own, "302" in own) == (False, True, True)
    assert "301" not in text(signed_in(scene.actors["other firm"]).get("/defences/"))


def test_the_own_list_shows_invitations_and_only_own_reviews() -> None:
    scene = make_scene()
    client = signed_in(scene.actors["own"])
    shown = text(client.get("/reviews/"))
    assert (shown.count("申报 01"), shown.count("申报 02")) == (1, 1)
    scene.call.reviewers.filter(person__user=scene.actors["unassigned"]).update(state="invited")
    other = text(signed_in(scene.actors["unassigned"]).get("/reviews/"))
    assert "待答复的邀请" in other
    assert "申报 01" not in other
    assert Client().get("/reviews/").status_code == 302


def test_query_counts_do_not_grow_with_rows(django_assert_max_num_queries: Any) -> None:
    scene = make_scene()
    hand_in_all(scene)
    for _ in range(8):
        reviewer = make_reviewer(scene.call)
        for application in (scene.first, scene.second):
            make_review(
                scene.round, application, reviewer, state="submitted", total=50.0, confidence=3,
                scores={"technology": 10, "market": 5}, gates={"honest": {"passed": True, "why": ""}},
            )  # fmt: skip
    client, page = signed_in(scene.actors["office"]), f"/rounds/{scene.round.pk}/"
    for path, most in ((page, 45), (f"{page}reviews/", 30), (f"{page}disagreement/", 30)):
        client.get(path)
        with django_assert_max_num_queries(most):
            client.get(path)
    own = signed_in(scene.actors["own"])
    for path, most in (("/reviews/", 40), (f"/reviews/{scene.reviews['own'].pk}/", 60)):
        own.get(path)
        with django_assert_max_num_queries(most):
            own.get(path)
