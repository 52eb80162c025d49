"""The dossier of a case: everything the reader may read, with its proof, and nothing else."""

from __future__ import annotations

import json
import re

import pytest
from django.core.cache import cache
from django.db import transaction
from django.db.models import Q
from django.urls import reverse

from langqiao.apps.accounts.models import Role
from langqiao.apps.challenges import domain
from langqiao.apps.eye.queries.dossier import STAGE_OF_VERB, STAGES, as_file, dossier, stage_of
from langqiao.apps.ledger import queries
from langqiao.apps.ledger.domain import Act, record_all
from langqiao.apps.ledger.models import Entry, Visibility
from langqiao.web.words import VERBS
from tests.factories import challenges as make
from tests.factories.accounts import make_member, make_office, make_user
from tests.factories.registry import make_city, make_organisation

pytestmark = pytest.mark.django_db
CASE = "LQ-2026-000042"


@pytest.fixture(autouse=True)
def _nothing_remembered():
    cache.clear()


@pytest.fixture
def firm():
    return make_organisation(name="菱光科技", kind="enterprise", city=make_city("suzhou"))


@pytest.fixture
def entries(firm):
    acts = [
        Act("draft_challenge", "challenges.challenge:7", {}, firm, "suzhou", CASE, Visibility.PARTIES),
        Act("publish_challenge", "challenges.challenge:7", {"n": 1}, firm, "suzhou", CASE),
        Act("register_organisation", firm, {}, firm, "suzhou"),
        Act(
            "submit_answer", "challenges.answer:1", {"sm3": "秘" * 3}, firm, "hefei", CASE, Visibility.PARTIES
        ),
        Act("find_conflicts", "verification.round:1", {}, "", "", CASE, Visibility.OFFICE),
        Act("request_examination", "verification.examination:1", {}, firm, "hefei", CASE),
        Act("adopt_resolution", "conference.resolution:1", {}, firm, "", CASE),
        Act("submit_job", "computing.job:1", {}, firm, "suzhou", CASE),
        Act("send_delivery", "quantum.delivery:1", {}, firm, "", CASE),
        Act("join_alliance", "alliances.alliance:1", {}, firm, "", CASE),
        Act("select_answer", "challenges.answer:1", {}, firm, "suzhou", CASE),
    ]
    with transaction.atomic():
        return record_all(None, acts)


def page(client, case: str = CASE) -> str:
    return client.get(reverse("eye_dossier", args=[case])).content.decode()


def shown(html: str) -> list[int]:
    return [int(n) for n in re.findall(r'id="entry-(\d+)"', html)]


def test_a_guest_reads_the_public_entries_by_stages_with_their_proof(client, entries):
    html = page(client)
    public = [entries[n].sequence for n in (1, 5, 6, 7, 8, 10, 9)]
    assert shown(html) == public
    assert re.findall(r'id="stage-(\w+)"', html) == [
        "pose", "verify", "meet", "compute", "deliver", "result", "other",
    ]  # fmt: skip
    for entry in entries:
        readable = entry.case and entry.visibility == Visibility.PUBLIC
        assert (
            f"<dt>摘要（SM3）</dt><dd>{entry.hash}</dd>" in " ".join(html.split()).replace("> <", "><")
        ) == bool(readable)
    assert entries[-1].hash in html  # the chain's head
    assert html.count("摘要相符，前后相连") == len(public)
    assert "langqiao ledger prove FILE" in html
    assert "counter(page)" not in html  # page numbers stand in print.css for all pages
    assert f"#{entries[-1].sequence}  SM3 {entries[-1].hash}" in html


def test_what_one_may_not_read_is_nowhere_and_its_number_not_told_while_the_case_runs(client, entries):
    html = page(client)
    assert "不公布其数目" in html
    for word in ("提交答题", "核查回避", "秘秘秘", "起草题目"):
        assert word not in html
    told = client.get(reverse("eye_dossier_file", args=[CASE])).json()
    assert told["unread"] is None
    assert {entry["sequence"] for entry in told["entries"]} == set(shown(html))


def test_after_the_end_the_number_is_told_and_stays(client, entries, firm):
    with transaction.atomic():
        end = record_all(None, [Act("accept_result", "challenges.challenge:7", {}, firm, "", CASE)])[0]
        record_all(None, [Act("follow", "challenges.challenge:7", {}, firm, "", CASE, Visibility.PARTIES)])
    html = page(client)
    assert f"截至结束项目的第 #{end.sequence} 条，另有 3 条记录您不能查看" in html


def test_the_office_reads_all(client, entries):
    client.force_login(make_office())
    html = page(client)
    assert sorted(shown(html)) == [entry.sequence for entry in entries if entry.case]
    assert "本卷宗包含该项目的全部记录。" in html
    assert html.count(">当事方</span>") == 2


def test_from_a_member_of_the_office_who_stands_aside_it_stays_closed(client, entries, monkeypatch):
    monkeypatch.setattr(queries, "_withholders", [lambda _user: Q(verb="find_conflicts")])
    client.force_login(make_office())
    html = page(client)
    assert entries[4].sequence not in shown(html)
    assert "核查回避" not in html
    assert "本卷宗包含该项目的全部记录" not in html


def test_a_party_reads_its_own(client, entries, monkeypatch):
    party = make_user()
    own = Q(object="challenges.answer:1", visibility=Visibility.PARTIES)
    monkeypatch.setattr(
        queries, "_case_readers", [lambda user, _case: own if user == party else Q(pk__in=[])]
    )
    client.force_login(party)
    assert entries[3].sequence in shown(page(client))
    client.force_login(make_user())
    assert entries[3].sequence not in shown(page(client))


def test_a_changed_entry_and_a_cut_link_are_said(client, entries):
    Entry.objects.filter(pk=entries[1].pk).update(data='{"n":9}')
    html = page(client)
    assert "有 1 条记录的证明不成立" in html
    assert html.count("摘要不符") == 1
    Entry.objects.filter(pk=entries[4].pk).delete()
    html = page(client)
    assert "与前一条不相连" in html
    assert "有 2 条记录的证明不成立" in html


@pytest.mark.parametrize("case", ["LQ-2026-999999", "x" * 200, "\0", "'; --", "%00"])
def test_no_such_case(client, entries, case):
    assert client.get(reverse("eye_dossier", args=[case])).status_code == 404
    assert client.get(reverse("eye_dossier_file", args=[case])).status_code == 404
    assert client.get(f"/api/v1/eye/cases/{case}/dossier").status_code in (400, 404)


def test_a_case_with_nothing_for_the_reader_is_not_there(client, firm):
    with transaction.atomic():
        record_all(None, [Act("draft_challenge", firm, {}, firm, "", "LQ-8", Visibility.PARTIES)])
    assert client.get(reverse("eye_dossier", args=["LQ-8"])).status_code == 404
    assert "LQ-8" not in client.get(reverse("eye_dossiers")).content.decode()


def test_a_number_with_signs_does_not_reach_style_or_header(client, firm):
    case = '"};x{a'
    with transaction.atomic():
        record_all(None, [Act("publish_challenge", firm, {}, firm, "", case)])
    response = client.get(reverse("eye_dossier", args=[case]))
    style = re.search(r"<style>(.*?)</style>", response.content.decode(), re.DOTALL)
    assert "___x_a  ·" in style[1]
    header = client.get(reverse("eye_dossier_file", args=[case]))["Content-Disposition"]
    assert header == 'attachment; filename="dossier-___x_a.json"'


def test_sealed_texts_and_teams_stay_away_from_every_form_of_it(client):
    firm, member = make.make_firm(name="晶圆厂")
    challenge = make.make_challenge(member, firm)
    title = challenge.title
    for path in ("eye_dossier", "eye_dossier_file"):
        assert client.get(reverse(path, args=[challenge.case])).status_code == 404
    domain.publish_challenge(member, challenge)
    rival, rival_member = make.make_university(name="对手大学")
    make.make_submitted(rival_member, challenge, rival, title="对手的方案")
    texts = [
        page(client, challenge.case),
        client.get(reverse("eye_dossier_file", args=[challenge.case])).content.decode(),
        client.get(f"/api/v1/eye/cases/{challenge.case}/dossier").content.decode(),
        client.get(reverse("eye_dossiers")).content.decode(),
    ]
    assert title in texts[0]
    for text in texts:
        assert make.MARKER not in text
        assert "对手" not in text
        assert "submit_answer" not in text
        assert f"accounts.user:{member.pk}" not in text
        assert member.display_name not in text
    client.force_login(rival_member)
    assert "提交答题" in page(client, challenge.case)
    client.force_login(make.make_university()[1])
    assert "提交答题" not in page(client, challenge.case)


def test_who_acted_stands_in_the_file_only_for_who_may_know(firm):
    person = make_member(firm, Role.ENTERPRISE)
    with transaction.atomic():
        record_all(person, [Act("publish_challenge", firm, {}, firm, "", CASE)])
    for viewer, told in ((None, False), (make_user(), False), (make_office(), True), (person, True)):
        text = json.dumps(as_file(dossier(CASE, viewer)))
        assert (f"accounts.user:{person.pk}" in text) == told


def test_every_verb_of_the_stages_is_a_verb_of_the_ledger():
    assert {verb.partition(".")[2] for verb in STAGE_OF_VERB} <= set(VERBS)
    assert set(STAGE_OF_VERB.values()) <= set(STAGES)
    assert stage_of(Entry(app="registry", verb="add_person")) == "other"


def test_few_queries_however_long_the_case(client, entries, firm, django_assert_max_num_queries):
    with transaction.atomic():
        record_all(None, [Act("revise_challenge", firm, {"n": n}, firm, "suzhou", CASE) for n in range(60)])
    page(client)
    with django_assert_max_num_queries(20):
        assert len(shown(page(client))) == 67


# -- the list of cases ------------------------------------------------------------------------------


@pytest.fixture
def cases(entries, firm):
    with transaction.atomic():
        record_all(
            None,
            [
                Act("publish_call", "verification.call:1", {}, firm, "hefei", "LQ-2026-000043"),
                Act("revise_call", "verification.call:1", {}, firm, "hefei", "LQ-2026-000043"),
                Act("draft_challenge", firm, {}, firm, "hefei", "LQ-2026-000044", Visibility.PARTIES),
            ],
        )


def listed(client, query: str = "") -> list[str]:
    html = client.get(reverse("eye_dossiers") + query).content.decode()
    return re.findall(r'href="/eye/cases/(LQ-[\d-]+)/"', html)


def test_the_list_holds_each_readable_case_once(client, cases):
    assert listed(client) == ["LQ-2026-000043", CASE]
    client.force_login(make_office())
    assert listed(client) == ["LQ-2026-000044", "LQ-2026-000043", CASE]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("?city=suzhou", [CASE]),
        ("?city=hefei", ["LQ-2026-000043", CASE]),
        ("?app=computing", [CASE]),
        ("?app=verification", ["LQ-2026-000043", CASE]),
        ("?number_min=3", [CASE]),
        ("?number_max=2", ["LQ-2026-000043"]),
        ("?number_min=soon", ["LQ-2026-000043", CASE]),
        ("?at_max=2020-01-01", []),
        ("?at_min=2020-01-01", ["LQ-2026-000043", CASE]),
        ("?at_min=7", ["LQ-2026-000043", CASE]),
        ("?q=000042", [CASE]),
        ("?sort=number", ["LQ-2026-000043", CASE]),
        ("?sort=-number", [CASE, "LQ-2026-000043"]),
    ],
)
def test_the_list_narrows(client, cases, query, expected):
    assert listed(client, query) == expected


def test_a_row_tells_stages_cities_and_how_many(client, cases):
    html = client.get(reverse("eye_dossiers")).content.decode()
    row = html[html.index(CASE) :]
    assert "出题" in row
    assert "苏州" in row
    assert ">7<" in row.replace("\n", "")
    text = b"".join(client.get(reverse("eye_dossiers") + "?export=csv").streaming_content).decode()
    assert "出题、验证、联席会议、算力、传送、结果、其他" in text


def test_the_list_asks_few_queries(client, cases, django_assert_max_num_queries):
    listed(client)
    with django_assert_max_num_queries(12):
        listed(client)


def test_the_case_page_and_timelines_lead_to_it(client, entries):
    link = f'href="/eye/cases/{CASE}/"'
    assert link in client.get(reverse("case_detail", args=[CASE])).content.decode()
    challenge = make.make_published()
    html = client.get(challenge.get_absolute_url()).content.decode()
    assert f'href="/eye/cases/{challenge.case}/"' in html
    assert "lq-timeline-foot" not in client.get("/").content.decode()
