"""The API of examinations: the same acts and the same limits as the pages."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from langqiao.apps.verification.models import Examination
from tests.factories import registry
from tests.factories import verification_services as make
from tests.factories.accounts import make_office

pytestmark = pytest.mark.django_db
AT = "/api/v1"


@pytest.fixture(autouse=True)
def _files(settings: Any, tmp_path: Any) -> None:
    settings.MEDIA_ROOT = tmp_path


def signed_in(user: Any) -> Client:
    client = Client()
    if user is not None:
        client.force_login(user)
    return client


def send(client: Client, method: str, path: str, values: Any = None) -> Any:
    return getattr(client, method)(f"{AT}{path}", values, content_type="application/json")


def test_a_whole_examination_through_the_api() -> None:
    parties = make.make_parties()
    achievement = registry.make_achievement(owner=parties.client)
    asker, examiner = signed_in(parties.asker), signed_in(parties.examiner)
    asked = send(
        asker, "post", "/examinations",
        {
            "client": parties.client.name, "centre": parties.centre.name, "service": "technical",
            "title": "减薄可行性", "question": "能否低于 3 微米？", "achievement": achievement.pk,
        },
    )  # fmt: skip
    assert asked.status_code == 201, asked.content
    key = asked.json()["id"]
    at = f"/examinations/{key}"
    assert asked.json()["content"]["question"] == "能否低于 3 微米？"
    assert send(examiner, "post", f"{at}/accept").json()["state"] == "planned"
    today = timezone.localdate().isoformat()
    plan = send(
        examiner, "put", f"{at}/plan",
        {
            "kind": "prototype", "trl_before": 3, "trl_target": 4, "budget": "50",
            "experts": [parties.expert.name],
            "milestones": [{"name": "单片试验", "criterion": "低于 3 微米", "due": today, "budget": "40"}],
        },
    )  # fmt: skip
    assert plan.status_code == 200, plan.content
    node = plan.json()["content"]["milestones"][0]["id"]
    assert plan.json()["content"]["experts"] == [parties.expert.name]
    assert send(examiner, "post", f"{at}/begin").json()["state"] == "under_way"
    kept = examiner.post(
        f"{AT}{at}/evidence",
        {
            "file": SimpleUploadedFile("a.txt", b"record"),
            "what": "截面测量",
            "kind": "laboratory",
            "milestone": node,
        },
    )
    assert kept.status_code == 201, kept.content
    assert kept.json()["milestone_id"] == node
    found = send(
        examiner, "post", f"/examinations/milestones/{node}/finding",
        {"finding": "2.1 微米", "reached_on": today, "spent": "45.5"},
    )  # fmt: skip
    assert found.json()["spent"] == "45.50"
    decided = send(
        examiner, "post", f"/examinations/milestones/{node}/decision", {"decision": "go", "why": "达到"}
    )
    assert decided.json()["decision"] == "go"
    gone = examiner.delete(f"{AT}/examinations/evidence/{kept.json()['id']}")
    assert gone.status_code == 409
    early = send(examiner, "post", f"{at}/conclude", {"conclusion": "go", "reasons": "好", "trl_after": 4})
    assert early.status_code == 409
    filled = send(examiner, "patch", f"{at}/values", make.all_values("technical"))
    assert filled.status_code == 200, filled.content
    done = send(examiner, "post", f"{at}/conclude", {"conclusion": "go", "reasons": "好", "trl_after": 4})
    content = done.json()["content"]
    assert done.json()["conclusion"] == "go"
    assert "只支持到 3 级" in content["trl_warning"]
    assert len(content["report_sm3"]) == 64
    assert Examination.objects.get().state == "concluded"


def test_the_list_and_the_page_keep_to_what_each_may_know() -> None:
    parties = make.make_parties()
    done = make.make_concluded(parties)
    at = f"{AT}/examinations/{done.pk}"
    for who in (parties.asker, parties.examiner, parties.evaluator):
        client = signed_in(who)
        assert client.get(f"{AT}/examinations?service=technical").json()["total"] == 1
        assert client.get(f"{AT}/examinations?state=declined").json()["total"] == 0
        assert make.MARKER in str(client.get(at).json())
    office = signed_in(make_office())
    assert office.get(f"{AT}/examinations").json()["total"] == 1
    outline = office.get(at)
    assert outline.json()["content"] is None
    assert outline.json()["conclusion"] == "go"
    assert make.MARKER not in str(outline.json())
    assert send(office, "patch", f"/examinations/{done.pk}/values", {"problem": "x"}).status_code == 403
    milestone = done.milestones.first()
    evidence = done.evidence.first()
    assert milestone is not None
    assert evidence is not None
    for name, who in {**make.make_strangers(), "nobody": None}.items():
        client = signed_in(who)
        assert client.get(f"{AT}/examinations").json()["items"] == [], name
        assert client.get(at).status_code == 404
        for act in ("accept", "begin"):
            assert send(client, "post", f"/examinations/{done.pk}/{act}").status_code == 404
        decision = {"decision": "go", "why": "x"}
        path = f"/examinations/milestones/{milestone.pk}/decision"
        assert send(client, "post", path, decision).status_code == 404
        assert client.delete(f"{AT}/examinations/evidence/{evidence.pk}").status_code == 404


def test_hostile_values_are_refused() -> None:
    parties = make.make_parties()
    examination = make.make_under_way(parties, service="business")
    client = signed_in(parties.examiner)
    at = f"/examinations/{examination.pk}"
    for values in (
        {"market_size": 10**40}, {"market_size": [1]}, {"proof": {"a": 1}}, {"customers": 7},
        {"routes": "x"}, {"market_reach": "NaN"}, {"break_even": True},
    ):  # fmt: skip
        refused = send(client, "patch", f"{at}/values", values)
        assert refused.status_code == 422, values
        assert refused.json()["error"]["field"] in (*values, "values")
    assert client.get(f"{AT}/examinations/{10**30}").status_code == 404
    assert client.get(f"{AT}/examinations?centre={10**30}").status_code == 422
    step = {"name": "a", "criterion": "b", "due": "2026-01-01", "id": 2**62}
    assert send(client, "put", f"{at}/plan", {"milestones": [step]}).status_code == 409
    asked = {
        "client": parties.client.name,
        "centre": "没有的中心",
        "service": "business",
        "title": "a",
        "question": "b",
    }
    refused = send(signed_in(parties.asker), "post", "/examinations", asked)
    assert refused.status_code == 422
    asked |= {"centre": parties.centre.name, "achievement": 2**62}
    assert (
        send(signed_in(parties.asker), "post", "/examinations", asked).json()["error"]["field"]
        == "achievement"
    )


def test_the_forms_are_public_and_in_the_callers_language() -> None:
    client = Client()
    for service, words in (
        ("transfer", {"科学价值", "技术价值", "经济价值", "社会和文化价值", "转化推广潜力"}),
        ("technical", {"就绪水平"}),
        ("business", {"知识产权", "团队"}),
    ):
        chinese = client.get(f"{AT}/examination-forms/{service}").json()
        assert words <= {section["title"] for section in chinese["sections"]}
        english = client.get(f"{AT}/examination-forms/{service}", headers={"Accept-Language": "en"}).json()
        assert [s["key"] for s in english["sections"]] == [s["key"] for s in chinese["sections"]]
        assert english["title"] != chinese["title"]
    assert client.get(f"{AT}/examination-forms/other").status_code == 422
