"""The REST API: the same verbs and the same secrets as the pages."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from langqiao.apps.challenges.models import Answer, Challenge, State
from tests.apps.challenges.scene import CLEARED, make_scene
from tests.factories import challenges as make

pytestmark = pytest.mark.django_db
BASE = "/api/v1"


@pytest.fixture(autouse=True)
def fresh_index(settings: Any, tmp_path: Any) -> Any:
    from langqiao.apps.challenges.matching import store

    settings.INDEX_DIR = tmp_path / "index"
    store.index.cache_clear()
    yield
    store.index.cache_clear()


class Caller:
    """A signed-in caller of the API, or a stranger."""

    def __init__(self, user: Any = None) -> None:
        self.client = Client()
        if user is not None and user.is_authenticated:
            self.client.force_login(user)

    def __call__(self, method: str, path: str, **data: Any) -> tuple[int, Any]:
        arguments = {"data": data, "content_type": "application/json"} if method != "get" else {"data": data}
        response = getattr(self.client, method)(f"{BASE}{path}", **arguments)
        return response.status_code, response.json()


def test_from_draft_to_answer_and_withdrawal() -> None:
    firm, boss = make.make_firm(code="F-1")
    university, researcher = make.make_university()
    partner = make.make_organisation("institute")
    by_boss, by_researcher, stranger = Caller(boss), Caller(researcher), Caller()
    status, made = by_boss(
        "post", "/challenges", organisation="F-1", title="接口出题", summary="摘要", city="松江",
        keywords=["甲"], budget_max="12.5", stage="pilot", deadline=make.next_month().isoformat(),
    )  # fmt: skip
    assert (status, made["state"], made["organisation"], made["city"]) == (
        201,
        "draft",
        firm.name,
        "songjiang",
    )
    path = f"/challenges/{made['id']}"
    assert stranger("get", path)[0] == 404
    assert by_researcher("patch", path, title="别人的")[0] == 404
    assert by_boss("patch", path, title="改题")[1]["title"] == "改题"
    assert by_boss("post", f"{path}/publish")[1]["state"] == "published"
    assert stranger("get", path)[1]["title"] == "改题"
    status, refusal = by_boss("post", f"{path}/publish")
    assert status == 409
    assert "草稿" in refusal["error"]["mend"]
    status, answer = by_researcher(
        "post", f"{path}/answers", organisation=university.name, title="方案", approach="做法",
        partners=[{"organisation": partner.name, "part": "测试"}],
    )  # fmt: skip
    assert status == 201
    assert [m["organisation_id"] for m in answer["team"]] == [university.pk, partner.pk]
    assert by_boss("get", f"{path}/answers")[1] == []
    assert by_researcher("post", f"/answers/{answer['id']}/submit")[1]["state"] == "submitted"
    assert by_boss("get", f"{path}/answers")[1][0]["version"]["approach"] == "做法"
    assert stranger("get", f"{path}/answers")[1] == []
    assert stranger("get", f"/answers/{answer['id']}")[0] == 404
    assert by_researcher("post", f"{path}/questions", text="请问？")[0] == 201
    assert stranger("get", f"{path}/questions")[1][0]["text"] == "请问？"
    assert by_researcher("put", f"{path}/follow")[1] == {"following": True}
    assert by_researcher("delete", f"{path}/follow")[1] == {"following": False}
    assert by_researcher("post", f"/answers/{answer['id']}/withdraw")[1]["state"] == "withdrawn"
    assert by_boss("post", f"{path}/withdraw", reason="不再需要")[1]["state"] == "withdrawn"
    assert stranger("get", path)[0] == 404


@pytest.mark.parametrize(
    "name",
    [
        "title",
        "summary",
        "details",
        "city",
        "field",
        "keywords",
        "stage",
        "budget_min",
        "deadline",
        "confidentiality",
    ],
)
@pytest.mark.parametrize("published", [False, True])
def test_a_field_set_to_null_is_answered(name: str, published: bool) -> None:
    _firm, boss = make.make_firm(code="F-1")
    call = Caller(boss)
    made = call(
        "post", "/challenges", organisation="F-1", title="题", summary="摘要", city="松江", keywords=["甲"],
        budget_max="12.5", stage="pilot", deadline=make.next_month().isoformat(),
    )[1]  # fmt: skip
    path = f"/challenges/{made['id']}"
    if published:
        assert call("post", f"{path}/publish")[0] == 200
    status, answer = call("patch", path, **{name: None})
    assert status in {200, 422}, answer
    if name in {"title", "summary", "details"}:
        assert (status, answer["error"]["field"]) == (422, name)


def test_a_partner_that_is_refused_leaves_no_answer() -> None:
    challenge = make.make_published()
    university, researcher = make.make_university()
    status, refusal = Caller(researcher)(
        "post", f"/challenges/{challenge.pk}/answers", organisation=university.name, title="方案", approach="做法",
        partners=[{"organisation": challenge.organisation.name}],
    )  # fmt: skip
    assert (status, refusal["error"]["field"]) == (422, "organisation")
    assert not Answer.objects.exists()


def test_details_are_null_where_they_are_sealed() -> None:
    scene = make_scene()
    path = f"/challenges/{scene.challenge.pk}"
    for name, actor in scene.actors.items():
        if name == "console":
            continue
        status, found = Caller(actor)("get", path)
        assert status == 200
        assert (found["details"] is not None) == (name in CLEARED), name
        assert (found["attachments"] is not None) == (name in CLEARED), name
        assert len(Caller(actor)("get", f"{path}/questions")[1]) == (name in CLEARED), name
    assert all("details" not in row for row in Caller()("get", "/challenges")[1]["items"])


def test_strangers_write_nothing() -> None:
    challenge = make.make_published()
    path = f"/challenges/{challenge.pk}"
    call = Caller()
    firm = challenge.organisation.name
    assert call("post", "/challenges", organisation=firm, title="冒名")[0] == 403
    for method, address, values in (
        ("patch", path, {"title": "x"}),
        ("post", f"{path}/publish", {}),
        ("post", f"{path}/withdraw", {"reason": "x"}),
        ("post", f"{path}/questions", {"text": "x"}),
        ("post", f"{path}/answers", {"organisation": firm, "title": "x", "approach": "x"}),
        ("put", f"{path}/follow", {}),
        ("delete", f"{path}/follow", {}),
    ):
        status, refusal = call(method, address, **values)
        assert status == 403, (address, refusal)
        assert refusal["error"]["why"]
    challenge.refresh_from_db()
    assert challenge.state == State.PUBLISHED
    assert Challenge.objects.count() == 1


def test_the_list_is_filtered_and_paged() -> None:
    firm, boss = make.make_firm()
    for number in range(3):
        make.make_published(boss, firm, title=f"题目{number}")
    assert [r["title"] for r in Caller()("get", "/challenges", limit=2)[1]["items"]] == ["题目2", "题目1"]
    assert Caller()("get", "/challenges", q="题目0")[1]["total"] == 1
    assert Caller()("get", "/challenges", state="draft")[1]["total"] == 0
    assert Caller()("get", "/challenges", city="songjiang", organisation=firm.pk)[1]["total"] == 3
    assert Caller()("get", "/challenges", state="nonsense")[0] == 422


def test_match_by_text_and_by_challenge() -> None:
    challenge = make.make_published()
    status, found = Caller()("post", "/match", text="碳化硅减薄", city="songjiang", trl_min=3)
    assert status == 200
    assert [panel["slug"] for panel in found["panels"]] == ["technology", "industry", "finance", "talent"]
    assert Caller()("get", f"/challenges/{challenge.pk}/matches")[0] == 200
    assert Caller()("post", "/match", text="")[0] == 422
    assert Caller()("post", "/match", text="x", trl_min=10)[0] == 422
