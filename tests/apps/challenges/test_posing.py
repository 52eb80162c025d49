"""Verbs of the posing side, one refusal at a time."""

from __future__ import annotations

import json
from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from langqiao.apps.accounts.models import Notification, Role
from langqiao.apps.challenges import domain
from langqiao.apps.challenges.models import Challenge, Invitation, State
from langqiao.apps.ledger.models import Entry
from langqiao.engines.sm.sm3 import sm3_hex
from langqiao.kit.refusals import Invalid, NotAllowed, Refused
from tests.factories import challenges as make

pytestmark = pytest.mark.django_db


def last_entry() -> Entry:
    return Entry.objects.order_by("-sequence")[0]


def test_a_draft_gets_a_case_number_and_its_firm_s_city() -> None:
    firm, boss = make.make_firm()
    first = make.make_challenge(boss, firm)
    second = make.make_challenge(boss, firm)
    year = timezone.localdate().year
    assert first.case == f"LQ-{year}-000001"
    assert second.case == f"LQ-{year}-000002"
    assert first.city == firm.city
    assert first.created_by == boss
    entry = Entry.objects.get(object=f"challenges.challenge:{first.pk}")
    assert (entry.verb, entry.case, entry.visibility, entry.city) == (
        "draft_challenge", first.case, "parties", "songjiang",
    )  # fmt: skip
    assert json.loads(entry.data) == {
        "title_sm3": sm3_hex(first.title.encode()),
        "details_sm3": sm3_hex(first.details.encode()),
    }


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"title": "  "}, "title"),
        ({"title": "长" * 301}, "title"),
        ({"summary": "长" * 5_001}, "summary"),
        ({"budget_min": Decimal(9), "budget_max": Decimal(8)}, "budget_min"),
        ({"budget_max": Decimal(-1)}, "budget_max"),
        ({"stage": "someday"}, "stage"),
        ({"confidentiality": "secret"}, "confidentiality"),
        ({"keywords": "碳化硅"}, "keywords"),
        ({"keywords": ["长" * 81]}, "keywords"),
    ],
)
def test_a_wrong_value_is_refused_by_its_field(values: dict[str, object], field: str) -> None:
    firm, boss = make.make_firm()
    with pytest.raises(Invalid) as refusal:
        make.make_challenge(boss, firm, **values)
    assert refusal.value.field == field
    assert not Challenge.objects.exists()
    assert not Entry.objects.exists()


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"summary": "", "details": ""}, "summary"),
        ({"summary": "", "confidentiality": "promise"}, "summary"),
        ({"details": "", "confidentiality": "promise"}, "details"),
        ({"deadline": None}, "deadline"),
        ({"deadline": timezone.localdate() - timedelta(days=1)}, "deadline"),
    ],
)
def test_publication_names_what_is_missing(values: dict[str, object], field: str) -> None:
    firm, boss = make.make_firm()
    challenge = make.make_challenge(boss, firm, **values)
    with pytest.raises(Invalid) as refusal:
        domain.publish_challenge(boss, challenge)
    assert refusal.value.field == field
    challenge.refresh_from_db()
    assert challenge.state == State.DRAFT
    assert challenge.published_at is None


def test_publication_is_public_without_the_sealed_words() -> None:
    challenge = make.make_published(confidentiality="promise")
    entry = last_entry()
    assert entry.visibility == "public"
    data = json.loads(entry.data)
    assert data["title"] == challenge.title
    assert data["details_sm3"] == sm3_hex(challenge.details.encode())
    assert make.MARKER not in entry.data


def test_strangers_to_the_firm_may_not_draft_publish_or_revise() -> None:
    firm, boss = make.make_firm()
    _other, stranger = make.make_firm()
    with pytest.raises(NotAllowed):
        make.make_challenge(stranger, firm)
    challenge = make.make_challenge(boss, firm)
    for act in (domain.publish_challenge, domain.revise_challenge):
        with pytest.raises(NotAllowed):
            act(stranger, challenge)


def test_a_revision_says_what_changed_and_tells_followers_once() -> None:
    firm, boss = make.make_firm()
    challenge = make.make_published(boss, firm)
    follower = make.make_user()
    domain.follow(follower, challenge)
    domain.revise_challenge(boss, challenge, title="新题目", keywords=["新"])
    assert json.loads(last_entry().data) == {"changed": ["keywords", "title"]}
    notice = Notification.objects.get(user=follower)
    assert "新题目" in notice.text
    assert notice.url == challenge.get_absolute_url()
    entries = Entry.objects.count()
    domain.revise_challenge(boss, challenge, title="新题目")
    assert Entry.objects.count() == entries


def test_a_notice_is_in_the_language_of_who_reads_it() -> None:
    firm, boss = make.make_firm()
    challenge = make.make_published(boss, firm)
    follower = make.make_user(language="en")
    domain.follow(follower, challenge)
    domain.extend_deadline(boss, challenge, deadline=challenge.deadline + timedelta(days=3))
    assert challenge.title in Notification.objects.get(user=follower).text


def test_an_open_challenge_keeps_what_it_needs() -> None:
    firm, boss = make.make_firm()
    challenge = make.make_published(boss, firm)
    with pytest.raises(Invalid) as refusal:
        domain.revise_challenge(boss, challenge, deadline=None)
    assert refusal.value.field == "deadline"


def test_wording_may_be_mended_after_the_deadline() -> None:
    firm, boss = make.make_firm()
    challenge = make.make_published(boss, firm)
    Challenge.objects.update(deadline=timezone.localdate() - timedelta(days=1))
    assert domain.revise_challenge(boss, challenge, title="改错字").title == "改错字"


def test_a_deadline_only_moves_away() -> None:
    firm, boss = make.make_firm()
    challenge = make.make_published(boss, firm)
    with pytest.raises(Invalid):
        domain.extend_deadline(boss, challenge, deadline=challenge.deadline)
    later = challenge.deadline + timedelta(days=7)
    assert domain.extend_deadline(boss, challenge, deadline=later).deadline == later


def test_invitations_are_for_those_who_answer_and_are_told_at_publication() -> None:
    firm, boss = make.make_firm()
    university, researcher = make.make_university()
    challenge = make.make_challenge(boss, firm, confidentiality="invited")
    for wrong in (firm, make.make_organisation("fund")):
        with pytest.raises(Invalid):
            domain.invite_organisation(boss, challenge, wrong)
    domain.invite_organisation(boss, challenge, university)
    domain.invite_organisation(boss, challenge, university)
    assert Invitation.objects.count() == 1
    assert not Notification.objects.filter(user=researcher).exists()
    domain.publish_challenge(boss, challenge)
    assert "受邀" in Notification.objects.get(user=researcher).text


@pytest.mark.parametrize("act", [domain.withdraw_challenge, domain.close_challenge])
def test_ending_needs_a_reason_that_becomes_public(act: object) -> None:
    firm, boss = make.make_firm()
    challenge = make.make_published(boss, firm)
    with pytest.raises(Invalid):
        act(boss, challenge, reason=" ")  # type: ignore[operator]
    act(boss, challenge, reason="已自行解决")  # type: ignore[operator]
    entry = last_entry()
    assert entry.visibility == "public"
    assert json.loads(entry.data)["reason"] == "已自行解决"


def test_a_withdrawn_draft_was_never_public() -> None:
    firm, boss = make.make_firm()
    challenge = make.make_challenge(boss, firm)
    domain.withdraw_challenge(boss, challenge, reason="写错了")
    assert set(Entry.objects.values_list("visibility", flat=True)) == {"parties"}


def test_the_office_closes_but_does_not_withdraw() -> None:
    challenge = make.make_published()
    office = make.make_user(Role.OFFICE)
    with pytest.raises(NotAllowed):
        domain.withdraw_challenge(office, challenge, reason="清理")
    assert domain.close_challenge(office, challenge, reason="逾期未选定").state == State.CLOSED


def test_a_collected_requirement_is_matched_but_takes_no_answers_until_claimed() -> None:
    challenge = domain.draft_challenge(None, organisation=None, title="征集需求", details="内容", code="R-1")
    domain.publish_challenge(None, challenge)
    university, researcher = make.make_university()
    with pytest.raises(Refused, match="认领"):
        make.make_answer(researcher, challenge, university)
    firm, _boss = make.make_firm()
    domain.revise_challenge(None, challenge, organisation=firm, deadline=make.next_month())
    assert make.make_answer(researcher, challenge, university).pk
    other, _ = make.make_firm()
    with pytest.raises(Invalid):
        domain.revise_challenge(None, challenge, organisation=other)


def test_without_a_firm_a_draft_needs_a_code() -> None:
    with pytest.raises(Invalid) as refusal:
        domain.draft_challenge(None, organisation=None, title="无主")
    assert refusal.value.field == "organisation"
