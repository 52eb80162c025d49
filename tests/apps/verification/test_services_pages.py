"""Pages of examinations: who sees what, in both languages, what they offer, what the report holds."""

from __future__ import annotations

from datetime import timedelta
from io import BytesIO
from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from docx import Document

from langqiao.apps.registry.sections import sections_for
from langqiao.apps.verification import sections_services
from langqiao.apps.verification.domain import services
from langqiao.apps.verification.domain.services.forms import form_of
from langqiao.apps.verification.models import Evidence, Examination, Milestone
from tests.factories import registry
from tests.factories import verification_services as make
from tests.factories.accounts import make_office

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _files(settings: Any, tmp_path: Any) -> None:
    settings.MEDIA_ROOT = tmp_path


def signed_in(user: Any, language: str = "zh-hans") -> Client:
    client = Client()
    if user is not None:
        client.force_login(user)
    client.cookies["django_language"] = language
    return client


def text(response: Any) -> str:
    return response.content.decode()


def status(client: Client, path: str) -> int:
    """The status of a page whose content, perhaps a file, is not read."""
    response = client.get(path)
    response.close()
    return response.status_code


def paths(examination: Examination) -> list[str]:
    page = examination.get_absolute_url()
    milestones = [f"/examinations/milestones/{m.pk}/" for m in examination.milestones.all()]
    files = [f"/examinations/evidence/{e.pk}/" for e in examination.evidence.all()]
    return [page, f"{page}report/", f"{page}report.docx", *milestones, *files]


@pytest.mark.parametrize("language", ["zh-hans", "en"])
def test_every_page_is_drawn_in_both_languages(language: str) -> None:
    parties = make.make_parties()
    planned, working = make.make_planned(parties), make.make_assessed(parties, service="business")
    done = make.make_concluded(parties)
    client = signed_in(parties.examiner, language)
    for path in [
        "/examinations/",
        f"/examinations/?open={done.pk}",
        "/examinations/new/",
        f"{planned.get_absolute_url()}plan/",
        f"{working.get_absolute_url()}edit/",
        f"{working.get_absolute_url()}conclude/",
        *paths(planned),
        *paths(working),
        *paths(done),
    ]:
        assert status(client, path) == 200, path


def test_who_is_no_party_finds_nothing_and_the_office_sees_the_outline() -> None:
    parties = make.make_parties()
    done = make.make_concluded(parties)
    page = done.get_absolute_url()
    acts = [f"{page}act/accept/", f"{page}evidence/"]
    acts += [f"/examinations/milestones/{m.pk}/act/decide/" for m in done.milestones.all()]
    acts += [f"/examinations/evidence/{e.pk}/remove/" for e in done.evidence.all()]
    pages = [*paths(done), f"{page}plan/", f"{page}edit/", f"{page}conclude/"]
    for name, who in make.make_strangers().items():
        client = signed_in(who)
        assert done.title not in text(client.get("/examinations/")), name
        assert client.get(f"/examinations/?open={done.pk}").status_code == 404
        for path in pages:
            assert status(client, path) == 404, (name, path)
        for path in acts:
            assert client.post(path, {"why": "x", "decision": "go"}).status_code == 404, (name, path)
    office = signed_in(make_office())
    outline = text(office.get(page))
    assert done.title in outline
    assert "有条件通过" not in outline
    assert "通过，进入下一阶段" in outline
    assert make.MARKER not in outline
    assert parties.expert.name not in outline
    for path in pages:
        if path != page:
            assert status(office, path) == 404, path
    stranger = signed_in(None)
    assert "看看有哪些概念验证中心" in text(stranger.get("/examinations/"))
    assert stranger.get(page).status_code == 302


def test_the_named_expert_reads_while_being_an_evaluator() -> None:
    parties = make.make_parties()
    done = make.make_concluded(parties)
    for who in (parties.asker, parties.examiner, parties.evaluator):
        for path in paths(done):
            assert status(signed_in(who), path) == 200
    parties.evaluator.memberships.update(valid_to=timezone.localdate() - timedelta(days=1))
    for path in paths(done):
        assert status(signed_in(parties.evaluator), path) == 404


def test_evidence_is_saved_and_never_shown_in_place() -> None:
    parties = make.make_parties()
    evidence = make.make_evidence(parties, make.make_under_way(parties))
    response = signed_in(parties.asker).get(f"/examinations/evidence/{evidence.pk}/")
    assert make.MARKER.encode() in b"".join(response.streaming_content)
    response.close()
    assert response["Content-Disposition"].startswith("attachment")
    assert response["X-Content-Type-Options"] == "nosniff"


def test_a_whole_examination_is_played_on_the_pages() -> None:
    parties = make.make_parties()
    achievement = registry.make_achievement(title="减薄工艺", owner=parties.client)
    asker, examiner = signed_in(parties.asker), signed_in(parties.examiner)
    form = asker.get(f"/examinations/new/?achievement={achievement.pk}&centre={parties.centre.pk}")
    assert 'value="减薄工艺"' in text(form)
    asker.post(
        "/examinations/new/",
        {
            "client": parties.client.pk, "centre": parties.centre.pk, "service": "technical",
            "title": "减薄可行性", "question": "能否低于 3 微米？", "achievement": "减薄工艺",
        },
    )  # fmt: skip
    examination = Examination.objects.get()
    assert examination.achievement == achievement
    page = examination.get_absolute_url()

    def primary(client: Client) -> str:
        found = client.get(page).context["primary"]
        return str(found.label) if found else ""

    assert (primary(asker), primary(examiner)) == ("", "受理")
    examiner.post(f"{page}act/accept/")
    assert primary(examiner) == "编制方案"
    day = timezone.localdate().isoformat()
    plan = {
        "kind": "prototype", "budget": "50", "trl_before": "3", "trl_target": "4",
        "experts": parties.expert.name, "rows-TOTAL_FORMS": "1", "rows-INITIAL_FORMS": "0",
        "rows-0-name": "单片试验", "rows-0-criterion": "低于 3 微米", "rows-0-due": day, "rows-0-budget": "60",
    }  # fmt: skip
    longer = examiner.post(f"{page}plan/", {**plan, "do": "add"})
    assert longer.status_code == 200
    assert 'value="单片试验"' in text(longer)
    assert 'name="rows-1-name"' in text(longer)
    assert 'value="50"' in text(longer)
    over = examiner.post(f"{page}plan/", {**plan, "do": "save"})
    assert over.status_code == 422
    assert "超过总经费" in text(over)
    examiner.post(f"{page}plan/", {**plan, "rows-0-budget": "40", "do": "save"})
    milestone = Milestone.objects.get()
    assert list(examination.experts.all()) == [parties.expert]
    assert primary(examiner) == "启动验证"
    examiner.post(f"{page}act/begin/")
    assert primary(examiner) == "记录验证结果"
    node = f"/examinations/milestones/{milestone.pk}/"
    future = (timezone.localdate() + timedelta(days=2)).isoformat()
    wrong = examiner.post(f"{node}act/record/", {"finding": "2.1 微米", "reached_on": future})
    assert wrong.status_code == 422
    assert "不能晚于今天" in text(wrong)
    assert "2.1 微米" in text(wrong)
    examiner.post(f"{node}act/record/", {"finding": "2.1 微米", "reached_on": day, "spent": "45"})
    assert primary(examiner) == "作出节点决策"
    examiner.post(
        f"{page}evidence/",
        {
            "milestone": milestone.pk, "what": "截面测量", "kind": "laboratory",
            "file": SimpleUploadedFile("截面.txt", "测量记录".encode()),
        },
    )  # fmt: skip
    assert Evidence.objects.get().milestone == milestone
    examiner.post(f"{node}act/decide/", {"decision": "go", "why": "达到"})
    assert primary(examiner) == "填写评价"
    half = {"problem": "损伤层过厚", "unit_cost": "86"}
    examiner.post(f"{page}edit/", half)
    needed = sum(f.row["required"] for f in form_of("technical").fields) - 1
    assert f"还有 {needed} 项必填" in text(examiner.get(page))
    values = make.all_values("technical")
    examiner.post(f"{page}edit/", values)
    assert primary(examiner) == "下结论"
    again = examiner.post(
        f"{page}conclude/", {"conclusion": "conditional", "reasons": "达到", "trl_after": "4"}
    )
    assert again.status_code == 422
    assert "须写明条件" in text(again)
    assert "主张 TRL 4 级，已有证据只支持到 3 级；还缺：样机与演示记录" in text(again)
    examiner.post(
        f"{page}conclude/",
        {"conclusion": "conditional", "reasons": "达到", "conditions": "补样机", "trl_after": "4"},
    )
    assert (primary(asker), primary(examiner)) == ("查看报告", "查看报告")
    shown = text(asker.get(page))
    assert "已有证据只支持到 3 级" in shown
    assert "超出" in shown


def test_a_refused_act_says_why_on_the_page() -> None:
    parties = make.make_parties()
    requested = make.make_requested(parties)
    client = signed_in(parties.asker)
    page = requested.get_absolute_url()
    assert "原因" in text(client.post(f"{page}act/withdraw/", {"why": ""}, follow=True))
    assert "只有该概念验证中心的成员" in text(client.post(f"{page}act/accept/", follow=True))
    assert client.get(f"{page}act/accept/").status_code == 405
    assert client.post(f"{page}act/explode/").status_code == 404


def words_of(examination: Examination) -> list[str]:
    """All that a report must hold: every field's label and value, every milestone, every file."""
    form = form_of(examination.service)
    wanted = [field.label for field in form.fields]
    for field in form.fields:
        value = examination.values[field.key]
        wanted += field.words(value) if field.choices else [str(value).removesuffix(".50")]
    for m in examination.milestones.all():
        wanted += [m.name, m.criterion, m.finding, m.decided_why, m.get_decision_display()]
    for e in examination.evidence.all():
        wanted += [e.what, e.name, e.digest]
    return [*wanted, examination.question, examination.reasons, examination.case, examination.client.name]


@pytest.mark.parametrize("service", ["transfer", "technical", "business"])
def test_the_report_holds_every_field_milestone_and_proof(service: str) -> None:
    parties = make.make_parties()
    done = make.make_concluded(parties, service=service, conclusion="conditional")
    page = done.get_absolute_url()
    client = signed_in(parties.asker)
    shown = text(client.get(f"{page}report/"))
    document = Document(BytesIO(client.get(f"{page}report.docx").content))
    written = "\n".join(
        [p.text for p in document.paragraphs]
        + [cell.text for table in document.tables for row in table.rows for cell in row.cells]
    )
    from langqiao.apps.ledger.domain import identifier
    from langqiao.apps.ledger.models import Entry

    hashes = list(Entry.objects.filter(object=identifier(done)).values_list("hash", flat=True))
    assert len(hashes) == 12
    for word in [*words_of(done), *hashes, done.conditions]:
        assert word in shown, word
        assert word in written, word
    assert "与下结论时写入台账的摘要一致" in shown
    assert "与下结论时写入台账的摘要一致" in written
    Milestone.objects.filter(examination=done).update(finding="被改动的结果")
    assert "不一致，请勿采信" in text(client.get(f"{page}report/"))


def test_lists_and_pages_ask_a_bounded_number_of_queries() -> None:
    parties = make.make_parties()
    done = make.make_concluded(parties)
    client = signed_in(parties.examiner)
    client.get("/examinations/")  # sessions and content types are warm now

    def asked(path: str) -> int:
        with CaptureQueriesContext(
            connection,
        ) as queries:
            assert client.get(path).status_code == 200
        return len(queries)

    page = done.get_absolute_url()
    few = {path: asked(path) for path in ("/examinations/", page, f"{page}report/")}
    for _n in range(4):
        make.make_requested(parties)
    for n in range(5):
        Evidence.objects.create(
            examination=done, milestone=done.milestones.first(), what=f"更多 {n}", name="a.txt", size=1,
            digest="0" * 64, media_type="text/plain", file="x",
        )  # fmt: skip
    many = {path: asked(path) for path in few}
    assert many == few
    assert max(few.values()) <= 30, few


def test_the_list_narrows_and_exports() -> None:
    parties = make.make_parties()
    done = make.make_concluded(parties)
    other = make.make_requested(parties, service="business", title="另一项")
    client = signed_in(parties.asker)
    for query, found in (
        ("service=business", [other]),
        ("state=concluded", [done]),
        ("kind=prototype", [done]),
        ("city=songjiang", []),
        ("city=jiaxing", [done, other]),
        (f"centre={parties.centre.pk}&q=另一", [other]),
    ):
        shown = text(client.get(f"/examinations/?{query}"))
        assert [e for e in (done, other) if e.get_absolute_url() in shown] == found, query
    table = b"".join(client.get("/examinations/?export=csv").streaming_content).decode("utf-8-sig")
    assert done.case in table
    assert make.MARKER not in table


def test_achievements_and_centres_show_what_the_viewer_may_know() -> None:
    sections_services.register()
    parties = make.make_parties()
    achievement = registry.make_achievement(owner=parties.client)
    done = make.make_concluded(parties, achievement=achievement)
    strangers = make.make_strangers()
    for record in (achievement, parties.centre):
        rows = {
            name: [s.context["rows"] for s in sections_for(record, who) if "ask_url" in s.context]
            for name, who in {"asker": parties.asker, **strangers, "nobody": AnonymousUser()}.items()
        }
        assert rows["asker"] == [[done]]
        assert rows["other firm"] == [[]]  # may ask, knows of none
        assert rows["nobody"] == rows["visitor"] == rows["superuser"] == []
    shown = text(signed_in(parties.asker).get(f"/achievements/{achievement.pk}/"))
    assert done.title in shown
    assert f"/examinations/new/?achievement={achievement.pk}" in shown
    assert not [s for s in sections_for(parties.client, parties.asker) if "ask_url" in s.context]


def test_a_case_page_shows_the_parties_their_entries() -> None:
    sections_services.register()
    parties = make.make_parties()
    examination = make.make_planned(parties)
    from langqiao.apps.ledger.queries import readable

    for who in (parties.asker, parties.examiner, parties.evaluator):
        assert readable(who, examination.case).count() == 3
    for who in (*make.make_strangers().values(), None):
        assert not readable(who, examination.case).exists()
    services.withdraw_examination(parties.asker, examination, why="x")
    assert readable(parties.asker, examination.case).count() == 4
