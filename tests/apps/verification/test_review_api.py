"""REST API of reviews: one's own, stale drafts, the discussion, the chair's view; everything else is not there."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.test import Client

from langqiao.apps.verification.domain import rounds
from tests.apps.verification.review_scene import (
    OFFICE_WORDS,
    PEER,
    WORDS,
    Scene,
    hand_in,
    hand_in_all,
    make_scene,
    opinion,
)
from tests.factories.verification import NAME_MARKER

pytestmark = pytest.mark.django_db


class Api:
    """A signed-in session that speaks JSON."""

    def __init__(self, scene: Scene, name: str) -> None:
        self.client = Client()
        user = scene.user(name)
        if user.is_authenticated:
            self.client.force_login(user)

    def __call__(self, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        response = self.client.generic(
            method, f"/api/v1{path}", json.dumps(body) if body is not None else "", "application/json"
        )
        return response.status_code, json.loads(response.content)


def test_a_reviewer_writes_saves_and_hands_in() -> None:
    scene = make_scene()
    api = Api(scene, "own")
    status, listed = api("GET", "/reviews")
    assert (status, listed["total"]) == (200, 2)
    assert [row["application"] for row in listed["items"]] == ["申报 01", "申报 02"]
    path = f"/reviews/{scene.reviews['own'].pk}"
    status, review = api("GET", path)
    assert (status, review["revision"], review["state"]) == (200, 0, "assigned")
    assert [one["key"] for one in review["criteria"]] == ["technology", "market", "honest"]
    # Double blind: neither title nor applicant nor identifying fields.
    assert (review["content"]["title"], review["content"]["organisation"]) == (None, None)
    assert NAME_MARKER not in json.dumps(review, ensure_ascii=False)
    status, saved = api("PUT", f"{path}/draft", {"revision": 0, "scores": {"technology": 12.5}})
    assert (status, saved["revision"], saved["opinion"]["scores"]) == (200, 1, {"technology": 12.5})
    status, stale = api("PUT", f"{path}/draft", {"revision": 0, "for_applicant": "旧"})
    assert (status, stale["stored"]["revision"], stale["error"]["field"]) == (409, 1, "revision")
    status, refused = api("POST", f"{path}/submit", {"revision": 1})
    assert (status, refused["error"]["field"]) == (422, "score-market")
    status, done = api("POST", f"{path}/submit", {"revision": 1, **opinion()})
    assert (status, done["state"], done["opinion"]["total"]) == (200, "submitted", pytest.approx(70))
    status, refused = api("POST", f"{path}/submit", {"revision": 2, **opinion()})
    assert status == 409


@pytest.mark.parametrize(
    "name", ["peer", "unassigned", "office", "recused", "applicant", "superuser", "stranger"]
)
def test_another_s_review_is_not_there(name: str) -> None:
    scene = make_scene()
    hand_in(scene, "own")
    api, path = Api(scene, name), f"/reviews/{scene.reviews['own'].pk}"
    body = {"revision": 1, "why": "x"}
    assert api("GET", path)[0] == 404
    # Without a session a token against forgery is not asked for: nobody is signed in.
    assert api("PUT", f"{path}/draft", body)[0] == 404
    assert api("POST", f"{path}/submit", body)[0] == 404
    assert api("POST", f"{path}/change", body)[0] == 404


def test_the_discussion_by_pseudonyms_for_who_handed_in_and_the_chair() -> None:
    scene = make_scene()
    hand_in_all(scene)
    path = f"/rounds/{scene.round.pk}/talk/{scene.first.pk}"
    own, chair = Api(scene, "own"), Api(scene, "office")
    assert own("GET", path)[0] == 404
    rounds.open_discussion(scene.user("office"), scene.round)
    status, talk = own("GET", path)
    assert status == 200
    assert [(row["speaker"], row["own"]) for row in talk["reviews"]] == [("专家甲", True), ("专家乙", False)]
    text = json.dumps(talk, ensure_ascii=False)
    assert WORDS in text
    assert OFFICE_WORDS not in text
    assert PEER not in text
    status, said = own("POST", path, {"text": "请补充依据。"})
    assert (status, [row["speaker"] for row in said["remarks"]]) == (201, ["专家甲"])
    assert chair("POST", path, {"text": "好。"})[1]["remarks"][1]["speaker"] == "主持人"
    changed = own(
        "POST",
        f"/reviews/{scene.reviews['own'].pk}/change",
        {"why": "采纳", "scores": {"technology": 1, "market": 1}},
    )
    assert (changed[0], changed[1]["opinion"]["total"]) == (200, pytest.approx(40 / 6))
    for name in ("third", "unassigned", "applicant", "recused", "superuser", "stranger"):
        assert Api(scene, name)("GET", path)[0] == 404
        assert Api(scene, name)("POST", path, {"text": "x"})[0] == 404


def test_the_chair_sees_progress_and_submitted_reviews_of_others_the_state() -> None:
    scene = make_scene()
    hand_in(scene, "peer")
    chair = Api(scene, "office")
    status, round = chair("GET", f"/rounds/{scene.round.pk}")
    assert (status, round["state"]) == (200, "reviewing")
    assert [(row["assigned"], row["submitted"]) for row in round["by_application"]] == [(2, 1), (2, 0)]
    status, rows = chair("GET", f"/rounds/{scene.round.pk}/reviews")
    by_reviewer = {(row["reviewer"], row["application"]): row for row in rows}
    peer = by_reviewer[PEER, scene.first.pk]
    assert peer["opinion"]["total"] == pytest.approx(130 / 3, abs=1e-5)
    assert OFFICE_WORDS in peer["for_office"]
    waiting = by_reviewer["评审人甲", scene.first.pk]
    assert (waiting["state"], waiting["opinion"], waiting["for_office"]) == ("assigned", None, None)
    for name in ("own", "peer", "recused", "applicant", "superuser", "stranger"):
        assert Api(scene, name)("GET", f"/rounds/{scene.round.pk}")[0] == 404
        assert Api(scene, name)("GET", f"/rounds/{scene.round.pk}/reviews")[0] == 404


@pytest.mark.parametrize(
    "body",
    [
        {}, {"revision": "x"}, {"revision": -1}, {"revision": 10**30}, {"revision": 0, "scores": []},
        {"revision": 0, "scores": {"technology": "NaN"}}, {"revision": 0, "scores": {"technology": 1e308}},
        {"revision": 0, "scores": {"nothing": 1}}, {"revision": 0, "confidence": 0},
        {"revision": 0, "gates": {"honest": {"passed": "perhaps"}}}, {"revision": 0, "for_applicant": 7}, [], "x",
    ],
)  # fmt: skip
def test_hostile_values_are_refused(body: Any) -> None:
    scene = make_scene()
    path = f"/reviews/{scene.reviews['own'].pk}/draft"
    assert Api(scene, "own")("PUT", path, body)[0] in (400, 422)
    assert Api(scene, "own")("PUT", f"/reviews/{2**70}/draft", body)[0] in (400, 404, 422)


def test_a_number_beyond_the_database_is_no_review() -> None:
    scene = make_scene()
    for path in (
        f"/reviews/{2**70}",
        f"/rounds/{2**70}",
        f"/rounds/{2**70}/reviews",
        f"/rounds/1/talk/{2**70}",
    ):
        for name in ("own", "office"):
            assert Api(scene, name)("GET", path)[0] == 404
