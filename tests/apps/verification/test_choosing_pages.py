"""Pages and API of calibration and choice: what they show to whom, in both languages, with few queries."""

from __future__ import annotations

import csv
import io
import json
from typing import Any

import pytest
from django.test import Client

from langqiao.apps.verification.domain import choosing
from langqiao.apps.verification.forms.choosing import State
from langqiao.apps.verification.models import ChoiceRun, Review
from tests.apps.verification.choice_scene import EVERY_CITY, make_big_scene, make_choice_scene, plain_rules
from tests.apps.verification.test_choosing import GRADES
from tests.factories.verification import chain_of

pytestmark = pytest.mark.django_db
OUTSIDERS = ["stranger", "visitor", "superuser", "liaison", "applicant", "reviewer", "recused", "other firm"]


def signed_in(scene: Any, name: str = "office") -> Client:
    client = Client()
    if name != "stranger":
        client.force_login(scene.actors[name])
    return client


def text(response: Any) -> str:
    return b"".join(response).decode() if response.streaming else response.content.decode()


def propose(scene: Any, constraints: Any = None, **values: Any) -> ChoiceRun:
    values = {"basis": "calibrated", "constraints": constraints or plain_rules(EVERY_CITY), **values}
    return choosing.propose_choice(scene.user("office"), scene.call, **values)


def addresses(scene: Any, run: ChoiceRun) -> list[str]:
    call = f"/calls/{scene.call.pk}"
    return [
        f"{call}/calibration/",
        f"{call}/calibration/?round={scene.rounds[0].pk}",
        f"{call}/calibration/?export=csv",
        f"{call}/calibration/reviewers/",
        f"{call}/calibration/reviewers/?export=xlsx",
        f"{call}/choice/",
        f"{call}/choice/?basis=raw&places=3&city_min=1&pin=005",
        f"{call}/choice/what-if/?basis=raw&places=3",
        f"{call}/choices/",
        f"/choices/{run.pk}/",
        f"/choices/{run.pk}/?export=csv",
        f"/api/v1/calls/{scene.call.pk}/calibration",
        f"/api/v1/calls/{scene.call.pk}/choices",
        f"/api/v1/choices/{run.pk}",
        f"/api/v1/choices/{run.pk}/rerun",
    ]


@pytest.mark.parametrize("language", ["zh-hans", "en"])
def test_every_page_is_drawn_for_the_office(language):
    scene = make_choice_scene(chain=chain_of("review", "defence", "conference"))
    run = propose(scene, plain_rules(EVERY_CITY, margin=2.0), lottery="种子")
    propose(scene, plain_rules())
    client = signed_in(scene)
    client.cookies["django_language"] = language
    for path in addresses(scene, run):
        response = client.get(path)
        assert response.status_code == 200, path
        response.close()


@pytest.mark.parametrize("name", OUTSIDERS)
def test_nobody_else_learns_that_anything_is_there(name):
    scene = make_choice_scene()
    run = propose(scene)
    client = signed_in(scene, name)
    posts = [
        f"/calls/{scene.call.pk}/choice/",
        f"/choices/{run.pk}/act/adopt/",
        f"/choices/{run.pk}/act/rerun/",
    ]
    for path in addresses(scene, run) + posts:
        response = client.post(path, {"why": "x"}) if path in posts else client.get(path)
        if name == "stranger":
            assert response.status_code in (302, 401, 404), path
        else:
            assert response.status_code == 404, path
        body = text(response)
        assert "示例申报" not in body
        assert "calibrated" not in body
    for path in ("what-if", "choices"):
        answer = client.post(f"/api/v1/calls/{scene.call.pk}/{path}", "{}", content_type="application/json")
        assert answer.status_code in ((401, 403, 404) if name == "stranger" else (404,))
    assert ChoiceRun.objects.count() == 1


def test_the_calibration_lists_both_scores_and_exports_them():
    scene = make_choice_scene()
    client = signed_in(scene)
    page = text(client.get(f"/calls/{scene.call.pk}/calibration/"))
    assert page.count('class="lq-whisker"') == 9  # one a row and the key
    rows = list(
        csv.DictReader(io.StringIO(text(client.get(f"/calls/{scene.call.pk}/calibration/?export=csv"))[1:]))
    )
    assert [row["序号"] for row in rows] == [str(number) for number in range(1, 9)]
    assert rows[0]["校准名次"] == "1"
    assert float(rows[1]["原始均分"]) != float(rows[1]["校准分"])
    by_raw = list(
        csv.DictReader(
            io.StringIO(text(client.get(f"/calls/{scene.call.pk}/calibration/?sort=raw&export=csv"))[1:])
        )
    )
    scores = [float(row["原始均分"]) for row in by_raw]
    assert scores == sorted(scores, reverse=True)


def test_reviewers_are_named_by_severity():
    scene = make_choice_scene()
    client = signed_in(scene)
    answer = client.get(f"/calls/{scene.call.pk}/calibration/reviewers/?export=csv")
    rows = list(csv.DictReader(io.StringIO(text(answer)[1:])))
    names = [reviewer.person.name for reviewer in scene.reviewers]
    assert [row["评审专家"] for row in rows] == [names[at] for at in (2, 4, 0, 3, 1)]
    assert (rows[0]["倾向"], rows[-1]["倾向"]) == ("偏严", "偏宽")
    strict = text(client.get(f"/calls/{scene.call.pk}/calibration/reviewers/?leaning=strict"))
    assert names[2] in strict
    assert names[1] not in strict


def test_the_address_holds_the_state_and_the_part_answers_at_once():
    scene = make_choice_scene(choice={"rules": [EVERY_CITY], "margin": 1.0})
    client = signed_in(scene)
    page = client.get(f"/calls/{scene.call.pk}/choice/")
    assert 'name="city_min" type="number" min="0" step="1" inputmode="numeric" value="1"' in text(page)
    part = client.get(
        f"/calls/{scene.call.pk}/choice/what-if/?basis=raw&places=3&city_max=1&rk=at_least&rs=city%3Dhefei&rn=1&bar=001",
        headers={"HX-Request": "true"},
    )
    body = text(part)
    assert body.lstrip().startswith('<div id="what-if"')
    assert part["HX-Replace-Url"] == (
        f"/calls/{scene.call.pk}/choice/?basis=raw&places=3&city_max=1&rk=at_least&rs=city=hefei&rn=1&bar=001"
    )
    assert "不予入选" in body
    again = client.get(part["HX-Replace-Url"])
    assert '<option value="city=hefei" selected>' in text(again)


def test_the_what_if_answers_in_json_too():
    scene = make_choice_scene()
    client = signed_in(scene)
    answer = client.get(f"/calls/{scene.call.pk}/choice/what-if/?basis=calibrated&places=4&city_min=1").json()
    assert answer["chosen"] == ["001", "002", "004", "008"]
    assert answer["milliseconds"] > 0
    wrong = client.get(f"/calls/{scene.call.pk}/choice/what-if/?basis=raw&places=x")
    assert wrong.status_code == 422
    assert "名额" in wrong.json()["error"]["why"]


@pytest.mark.parametrize(
    "query",
    ["places=x", "places=0", "margin=-1", "margin=nan", "city_min=1.5", "budget=%00", "gate=1e999", "pin=zzz",
     "rk=at_least&rs=x&rn=1", "rk=at_least&rs=colour=red&rn=1", "rk=zz&rs=city=a&rn=1", "places=" + "9" * 400],
)  # fmt: skip
def test_what_is_typed_wrongly_is_said_and_kept(query):
    scene = make_choice_scene()
    response = signed_in(scene).get(f"/calls/{scene.call.pk}/choice/?{query}")
    assert response.status_code == 200


def test_a_conflict_says_what_would_mend_it():
    scene = make_choice_scene()
    body = text(signed_in(scene).get(f"/calls/{scene.call.pk}/choice/?basis=raw&places=2&city_min=1"))
    assert "没有名单能同时满足这些约束" in body
    assert "把名额改为 3 个" in body
    assert "lq-whatif-save" not in body


def test_the_excluded_are_shown_with_the_reason():
    scene = make_choice_scene()
    failed = scene.rounds[0].reviews.filter(application=scene.applications[2]).first()
    Review.objects.filter(pk=failed.pk).update(gates={"honest": {"passed": False, "why": "有失信记录"}})
    body = text(signed_in(scene).get(f"/calls/{scene.call.pk}/choice/"))
    assert "未通过门槛：无失信记录" in body


def test_a_state_is_saved_as_a_proposal_with_its_reasons():
    scene = make_choice_scene()
    client = signed_in(scene)
    address = f"/calls/{scene.call.pk}/choice/?basis=raw&places=4&city_min=1&pin=005"
    missing = client.post(address, {"why": "每城至少一家"})
    assert missing.status_code == 422
    assert "请写明申报 005" in text(missing)
    saved = client.post(address, {"why": "每城至少一家", "pin-005": "国家级平台", "seed": "4711"})
    run = ChoiceRun.objects.get()
    assert saved.url == f"/choices/{run.pk}/"
    assert run.inputs["constraints"]["rules"][-1] == {"kind": "pin", "candidate": "005", "why": "国家级平台"}
    page = text(client.get(saved.url))
    for words in ("每座城市至少 1 家", "国家级平台", "4711", run.receipt["inputs"]):
        assert words in page
    exported = text(client.get(f"{saved.url}?export=csv&chosen=1"))
    assert exported.count("\n") == 5


def test_a_proposal_is_adopted_set_aside_and_run_again():
    scene = make_choice_scene()
    first, second = propose(scene), propose(scene, plain_rules())
    client = signed_in(scene)
    without = client.post(f"/choices/{first.pk}/act/adopt/", {"why": ""}, follow=True)
    assert "采用的理由" in text(without)
    client.post(f"/choices/{first.pk}/act/adopt/", {"why": "每城至少一家"})
    client.post(f"/choices/{second.pk}/act/discard/")
    first.refresh_from_db()
    second.refresh_from_db()
    assert (first.state, second.state) == ("adopted", "discarded")
    again = client.post(f"/choices/{first.pk}/act/rerun/", follow=True)
    assert "复算结果与回执完全一致" in text(again)
    assert client.post(f"/choices/{first.pk}/act/other/").status_code == 404
    compared = text(client.get(f"/calls/{scene.call.pk}/choices/?run=1&run=2"))
    assert compared.count("is-different") == 2


def test_grades_have_a_page_of_their_own():
    scene = make_choice_scene(places=None, kind="grade", grades=GRADES)
    client = signed_in(scene)
    body = text(client.get(f"/calls/{scene.call.pk}/choice/?basis=raw&margin=1.5"))
    for words in ("优秀", "合格", "不合格", "接近分数线", "离分数线"):
        assert words in body
    client.post(f"/calls/{scene.call.pk}/choice/?basis=raw&margin=1.5", {"why": ""})
    run = ChoiceRun.objects.get()
    assert run.result["kind"] == "grades"
    assert "优秀" in text(client.get(f"/choices/{run.pk}/"))


def test_before_any_score_the_pages_say_what_to_do():
    scene = make_choice_scene(state="reviewing")
    Review.objects.all().delete()
    client = signed_in(scene)
    assert "还没有可以校准的评分" in text(client.get(f"/calls/{scene.call.pk}/calibration/"))
    assert "还没有评分，无从遴选" in text(client.get(f"/calls/{scene.call.pk}/choice/"))
    assert client.get(f"/calls/{scene.call.pk}/calibration/reviewers/").status_code == 302
    assert "至少要有两个方案" in text(client.get(f"/calls/{scene.call.pk}/choices/"))


def test_queries_do_not_grow_with_the_field(django_assert_max_num_queries):
    scene = make_big_scene(choice={"rules": [EVERY_CITY], "margin": 0.5})
    client = signed_in(scene)
    client.get(f"/calls/{scene.call.pk}/choice/")
    with django_assert_max_num_queries(30):
        client.get(
            f"/calls/{scene.call.pk}/choice/what-if/?basis=calibrated&places=12&city_min=1&city_max=4",
            headers={"HX-Request": "true"},
        )
    with django_assert_max_num_queries(40):
        client.get(f"/calls/{scene.call.pk}/choice/")
    with django_assert_max_num_queries(35):
        client.get(f"/calls/{scene.call.pk}/calibration/")


def test_the_api_proposes_adopts_and_runs_again():
    scene = make_choice_scene()
    client = signed_in(scene)
    client.handler.enforce_csrf_checks = False

    def send(path: str, values: Any) -> Any:
        return client.post(f"/api/v1/{path}", json.dumps(values), content_type="application/json")

    scores = client.get(f"/api/v1/calls/{scene.call.pk}/calibration").json()
    assert [row["key"] for row in scores["applications"][:2]] == ["001", "002"]
    assert {row["reviewer"] for row in scores["rounds"][0]["reviewers"]} == {r.pk for r in scene.reviewers}
    wish = {"basis": "calibrated", "places": 4, "rules": [EVERY_CITY], "margin": 0.5}
    found = send(f"calls/{scene.call.pk}/what-if", wish).json()
    assert found["chosen"] == ["001", "002", "004", "008"]
    conflict = send(f"calls/{scene.call.pk}/what-if", {**wish, "places": 2}).json()
    assert conflict["feasible"] is False
    made = send(f"calls/{scene.call.pk}/choices", {**wish, "why": "每城至少一家"})
    assert made.status_code == 201
    run = made.json()
    assert run["constraints"]["places"] == 4
    assert client.get(f"/api/v1/calls/{scene.call.pk}/choices").json()["total"] == 1
    assert send(f"choices/{run['id']}/adopt", {"why": "按会议意见"}).json()["state"] == "adopted"
    assert client.get(f"/api/v1/choices/{run['id']}/rerun").json() == {"same": True, "differences": []}
    assert send(f"choices/{run['id']}/discard", {}).status_code == 409


@pytest.mark.parametrize(
    "values",
    [
        {"places": 10**30}, {"margin": 1e400}, {"rules": [{"kind": "pin"}]}, {"rules": [{"kind": "at_least"}]},
        {"rules": [{"kind": "at_most", "attribute": "city", "number": 1, "value": "\x00"}]}, {"basis": "x"},
        {"rules": [{"kind": "budget", "limit": 1, "number": 2}]}, {"lottery": "\n\n"}, {"why": "\x00"},
        {"rules": [{"kind": "pin", "candidate": "\x00", "why": "x"}]}, {"rules": [EVERY_CITY] * 61},
        {"rules": [{"kind": "gate", "score": "x"}]},
    ],
)  # fmt: skip
def test_hostile_values_are_refused(values):
    scene = make_choice_scene()
    answer = signed_in(scene).post(
        f"/api/v1/calls/{scene.call.pk}/choices",
        json.dumps({"places": 4, **values}),
        content_type="application/json",
    )
    assert 400 <= answer.status_code < 500
    assert ChoiceRun.objects.count() == 0


def test_an_address_survives_its_own_reading():
    from django.http import QueryDict

    query = "basis=raw&places=4&margin=0.5&budget=300&gate=60&city_min=1&kind_max=3&rk=at_least&rs=city=hefei&rn=2&pin=001&bar=002&bar=005"
    assert State.from_query(QueryDict(query)).query() == query
    assert State.from_query(QueryDict("basis=zz&pin=&rk=x&rs=a&rn=1")).query() == "basis=calibrated"
    state = State.from_query(QueryDict(query)).fixing("005", "pin").fixing("001", "")
    assert (state.pins, state.bars) == (("005",), ("002",))
