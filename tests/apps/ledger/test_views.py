"""Pages of the ledger: each reader sees what they may, with the proof beside it."""

from __future__ import annotations

import re

import pytest
from django.db import transaction
from django.db.models import Q
from django.urls import reverse

from langqiao.apps.accounts.models import Role
from langqiao.apps.challenges.models import Challenge, State
from langqiao.apps.ledger import queries
from langqiao.apps.ledger.domain import Act, record_all
from langqiao.apps.ledger.models import Entry, Visibility
from tests.factories.accounts import make_member, make_office, make_user
from tests.factories.registry import make_city, make_organisation

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _no_remembered_choices():
    from django.core.cache import cache

    cache.clear()


@pytest.fixture
def firm():
    return make_organisation(name="菱光科技", kind="enterprise", city=make_city("suzhou"))


@pytest.fixture
def entries(firm):
    with transaction.atomic():
        return record_all(
            None,
            [
                Act("register_organisation", firm, {"name": "菱光科技"}, firm, "suzhou", "LQ-2026-000001"),
                Act("sign_promise", firm, {}, firm, "suzhou", "LQ-2026-000001", Visibility.PARTIES),
                Act("grant_membership", "accounts.membership:1", {}, firm, "hefei", "", Visibility.OFFICE),
            ],
        )


def sequences(client, query: str = "") -> list[int]:
    html = client.get(f"{reverse('ledger_list')}{query}").content.decode()
    return [int(n) for n in re.findall(r'href="/ledger/(\d+)/"', html)]


def test_a_stranger_sees_public_entries_in_words(client, entries):
    html = client.get(reverse("ledger_list")).content.decode()
    assert sequences(client) == [entries[0].sequence]
    assert "登记" in html
    assert "菱光科技" in html


def test_the_office_sees_all_newest_first_and_who_else_may(client, entries):
    client.force_login(make_office())
    assert sequences(client) == [entry.sequence for entry in reversed(entries)]
    html = client.get(reverse("ledger_list")).content.decode()
    assert ">当事方</span>" in html


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("?verb=register_organisation", 1),
        ("?verb=unheard_of", 3),
        ("?city=suzhou", 2),
        ("?case=lq-2026-000001", 2),
        ("?at_min=2020-01-01", 3),
        ("?at_max=2020-01-01", 0),
        ("?at_min=7", 3),  # a number is no day
        ("?q=LQ-2026", 2),
    ],
)
def test_filters(client, entries, query, expected):
    client.force_login(make_office())
    assert len(sequences(client, query)) == expected


def test_an_entry_shows_its_proof(client, entries):
    html = client.get(reverse("ledger_entry", args=[entries[0].sequence])).content.decode()
    assert entries[0].hash in html
    assert entries[0].previous in html
    assert "摘要相符" in html
    assert "langqiao ledger verify" in html


def test_a_changed_entry_says_so(client, entries):
    Entry.objects.filter(pk=entries[0].pk).update(data='{"name":"别的"}')
    html = client.get(reverse("ledger_entry", args=[entries[0].sequence])).content.decode()
    assert "摘要不符" in html
    assert "摘要相符" not in html


def test_what_one_may_not_see_is_not_there(client, entries):
    for hidden in entries[1:]:
        assert client.get(reverse("ledger_entry", args=[hidden.sequence])).status_code == 404
    assert client.get(reverse("ledger_entry", args=[10**30])).status_code == 404


def test_a_case_is_drawn_from_the_ledger_alone(client, entries):
    html = client.get(reverse("case_detail", args=["LQ-2026-000001"])).content.decode()
    assert html.count('class="lq-act"') == 1
    assert "其余记录只对当事方或联席办可见" in html
    assert "苏州" in html
    assert client.get(reverse("case_detail", args=["LQ-2026-999999"])).status_code == 404


def test_a_party_reads_the_thread_of_its_case(client, entries, monkeypatch):
    monkeypatch.setattr(queries, "_case_readers", [])
    party = make_user()
    mine = Q(visibility=Visibility.PARTIES)
    queries.register_case_reader(
        lambda user, case: mine if user == party and case == "LQ-2026-000001" else Q(pk__in=[])
    )
    client.force_login(make_user())
    assert client.get(reverse("ledger_entry", args=[entries[1].sequence])).status_code == 404
    client.force_login(party)
    html = client.get(reverse("case_detail", args=["LQ-2026-000001"])).content.decode()
    assert html.count('class="lq-act"') == 2
    assert client.get(reverse("ledger_entry", args=[entries[1].sequence])).status_code == 200
    assert client.get(reverse("ledger_entry", args=[entries[2].sequence])).status_code == 404


def test_the_firm_reads_its_own_case_and_not_a_teams_draft(client, firm):
    challenge = Challenge.objects.create(
        case="LQ-7", title="题", organisation=firm, state=State.PUBLISHED, details="x"
    )
    with transaction.atomic():
        own, foreign = record_all(
            None,
            [
                Act("sign_promise", challenge, {}, firm, "", "LQ-7", Visibility.PARTIES),
                Act("draft_answer", "challenges.answer:99", {}, firm, "", "LQ-7", Visibility.PARTIES),
            ],
        )
    client.force_login(make_member(firm, Role.ENTERPRISE))
    assert client.get(reverse("ledger_entry", args=[own.sequence])).status_code == 200
    assert client.get(reverse("ledger_entry", args=[foreign.sequence])).status_code == 404
    assert client.get("/api/v1/ledger/entries?case=LQ-7").json()["total"] == 1
    client.force_login(make_member(make_organisation(kind="enterprise"), Role.ENTERPRISE))
    assert client.get(reverse("ledger_entry", args=[own.sequence])).status_code == 404
    assert client.get("/api/v1/ledger/entries?case=LQ-7").json()["total"] == 0


def test_a_drafts_title_is_not_told_by_the_ledger(client, firm):
    draft = Challenge.objects.create(case="LQ-9", title="保密的草稿", organisation=firm, state=State.DRAFT)
    with transaction.atomic():
        entry = record_all(None, [Act("revise_challenge", draft, {}, firm, "", "LQ-9")])[0]
    for path in ("/ledger/", f"/ledger/{entry.sequence}/", "/cases/LQ-9/", "/"):
        assert "保密的草稿" not in client.get(path).content.decode()
    draft.state = State.PUBLISHED
    draft.save()
    assert "保密的草稿" in client.get(f"/ledger/{entry.sequence}/").content.decode()


def test_persons_are_named_to_the_office_and_to_themselves_only(client, firm):
    actor = make_user(display_name="林知远")
    with transaction.atomic():
        entry = record_all(actor, [Act("follow", firm, {}, firm)])[0]
    address = reverse("ledger_entry", args=[entry.sequence])
    assert "林知远" not in client.get(address).content.decode()
    client.force_login(make_user())
    assert "林知远" not in client.get(address).content.decode()
    client.force_login(make_office())
    assert "林知远" in client.get(address).content.decode()
    client.force_login(actor)
    assert re.search(r"<dd>林知远</dd>", client.get(address).content.decode())


def test_the_list_asks_no_more_for_more_entries(client, firm, django_assert_max_num_queries):
    with transaction.atomic():
        record_all(None, [Act("revise_organisation", firm, {"n": n}, firm, "suzhou") for n in range(40)])
    client.get("/ledger/")
    with django_assert_max_num_queries(12):
        client.get("/ledger/")


def test_the_export_holds_hashes_and_only_what_the_reader_may_see(client, entries):
    text = b"".join(client.get("/ledger/?export=csv").streaming_content).decode()
    assert entries[0].hash in text
    assert entries[1].hash not in text
