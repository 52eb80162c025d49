"""Answers: who drafts, versions, team, submission, and what the firm gets to see."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest

from langqiao.apps.accounts.models import Notification, Role
from langqiao.apps.challenges import domain, queries
from langqiao.apps.challenges.models import Answer, Promise, Question, State
from langqiao.apps.ledger.models import Entry
from langqiao.engines.sm.sm3 import sm3_hex
from langqiao.kit.permissions import allowed
from langqiao.kit.refusals import Invalid, NotAllowed, Refused
from tests.factories import challenges as make

pytestmark = pytest.mark.django_db


class Setting:
    def __init__(self, **values: object) -> None:
        self.firm, self.boss = make.make_firm()
        self.university, self.researcher = make.make_university()
        self.challenge = make.make_published(self.boss, self.firm, **values)


def test_a_sealed_challenge_is_answered_after_the_promise_only() -> None:
    s = Setting(confidentiality="promise")
    with pytest.raises(NotAllowed, match="保密承诺"):
        make.make_answer(s.researcher, s.challenge, s.university)
    domain.sign_promise(s.researcher, s.challenge, organisation=s.university)
    assert make.make_answer(s.researcher, s.challenge, s.university).state == "draft"


def test_the_promise_keeps_its_text_and_the_ledger_its_digest() -> None:
    s = Setting(confidentiality="promise")
    text = domain.promise_text(s.challenge, s.researcher, s.university)
    for name in (str(s.researcher), s.university.name, s.challenge.case, s.challenge.title):
        assert name in text
    promise = domain.sign_promise(
        s.researcher, s.challenge, organisation=s.university, text=text.replace("\n", "\r\n")
    )
    assert promise.text == text
    assert promise.digest == sm3_hex(text.encode())
    entry = Entry.objects.get(verb="sign_promise")
    assert json.loads(entry.data)["text_sm3"] == promise.digest
    assert entry.organisation == f"registry.organisation:{s.university.pk}"
    assert domain.sign_promise(s.researcher, s.challenge, organisation=s.university) == promise
    assert Promise.objects.count() == 1
    assert Notification.objects.filter(user=s.boss, text__contains="签署保密承诺").count() == 1


def test_a_changed_promise_is_not_signed() -> None:
    s = Setting(confidentiality="promise")
    with pytest.raises(Invalid, match="变化"):
        domain.sign_promise(s.researcher, s.challenge, organisation=s.university, text="我什么都不承诺")
    assert not Promise.objects.exists()


def test_one_signs_only_for_one_s_own_organisation_and_only_what_is_sealed() -> None:
    s = Setting(confidentiality="promise")
    with pytest.raises(NotAllowed):
        domain.sign_promise(s.researcher, s.challenge, organisation=make.make_organisation("university"))
    with pytest.raises(NotAllowed):
        domain.sign_promise(s.boss, s.challenge, organisation=s.firm)
    openly = Setting()
    with pytest.raises(Refused, match="公开"):
        domain.sign_promise(openly.researcher, openly.challenge, organisation=openly.university)


def test_the_firm_does_not_answer_itself_nor_join_a_team() -> None:
    s = Setting()
    with pytest.raises(NotAllowed):
        make.make_answer(s.boss, s.challenge, s.firm)
    answer = make.make_answer(s.researcher, s.challenge, s.university)
    with pytest.raises(Invalid):
        domain.change_team(s.researcher, answer, members=[(s.firm, "")])


def test_whoever_works_for_firm_and_university_may_not_answer() -> None:
    s = Setting()
    both = make.make_user(Role.RESEARCHER, s.university)
    from langqiao.apps.accounts.models import Membership

    Membership.objects.create(user=both, organisation=s.firm, role=Role.ENTERPRISE)
    with pytest.raises(NotAllowed):
        make.make_answer(both, s.challenge, s.university)


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"title": ""}, "title"),
        ({"approach": " "}, "approach"),
        ({"price": Decimal(-1)}, "price"),
        ({"months": 0}, "months"),
        ({"plan": "长" * 50_001}, "plan"),
    ],
)
def test_a_wrong_value_is_refused_by_its_field(values: dict[str, object], field: str) -> None:
    s = Setting()
    with pytest.raises(Invalid) as refusal:
        make.make_answer(s.researcher, s.challenge, s.university, **values)
    assert refusal.value.field == field
    assert not Answer.objects.exists()


def test_the_firm_reads_the_version_that_was_handed_in() -> None:
    s = Setting()
    answer = make.make_answer(s.researcher, s.challenge, s.university, approach="第一版")
    assert not allowed(s.boss, "challenges.read_outline", answer)
    domain.submit_answer(s.researcher, answer)
    s.challenge.refresh_from_db()
    assert s.challenge.state == State.ANSWERING
    domain.revise_answer(s.researcher, answer, approach="第二版")
    assert queries.shown_version(answer, s.boss).approach == "第一版"
    assert queries.shown_version(answer, s.researcher).approach == "第二版"
    assert [v.number for v in queries.readable_versions(answer, s.boss)] == [1]
    domain.submit_answer(s.researcher, answer)
    assert queries.shown_version(answer, s.boss).approach == "第二版"
    with pytest.raises(Refused, match="已经提交"):
        domain.submit_answer(s.researcher, answer)


def test_versions_are_added_never_changed_and_equal_ones_not_at_all() -> None:
    s = Setting()
    answer = make.make_answer(s.researcher, s.challenge, s.university)
    first = answer.versions.get()
    assert domain.revise_answer(s.researcher, answer, title=first.title) == first
    second = domain.revise_answer(s.researcher, answer, months=9)
    assert (second.number, second.months, second.approach) == (2, 9, first.approach)
    assert first.digest != second.digest
    first.refresh_from_db()
    assert first.months == 6


def test_a_team_has_each_organisation_once_and_its_new_members_are_told() -> None:
    s = Setting()
    partner, colleague = make.make_university()
    answer = make.make_answer(s.researcher, s.challenge, s.university)
    for members in (
        [(partner, ""), (partner, "")],
        [(s.university, "")],
        [(make.make_organisation("fund"), "")],
    ):
        with pytest.raises(Invalid):
            domain.change_team(s.researcher, answer, members=members)
    domain.change_team(s.researcher, answer, members=[(partner, "表征")], lead_part="工艺")
    assert [(m.organisation, m.is_lead, m.part) for m in answer.team.all()] == [
        (s.university, True, "工艺"),
        (partner, False, "表征"),
    ]
    assert Notification.objects.filter(user=colleague).count() == 1
    assert domain.revise_answer(colleague, answer, months=8).number == 2
    with pytest.raises(NotAllowed):
        domain.submit_answer(colleague, answer)
    domain.change_team(s.researcher, answer, members=[])
    assert not allowed(colleague, "challenges.read_answer", answer)


def test_a_withdrawn_answer_closes_to_the_firm_but_its_outline() -> None:
    s = Setting()
    answer = make.make_submitted(s.researcher, s.challenge, s.university)
    assert allowed(s.boss, "challenges.read_answer", answer)
    domain.withdraw_answer(s.researcher, answer)
    assert not allowed(s.boss, "challenges.read_answer", answer)
    assert allowed(s.boss, "challenges.read_outline", answer)
    with pytest.raises(Refused, match="已撤回"):
        domain.withdraw_answer(s.researcher, answer)


def test_selection_declines_the_others_and_names_the_team_publicly() -> None:
    s = Setting()
    other, rival = make.make_university()
    chosen = make.make_submitted(s.researcher, s.challenge, s.university)
    left = make.make_submitted(rival, s.challenge, other)
    with pytest.raises(NotAllowed):
        domain.select_answer(s.researcher, chosen)
    domain.select_answer(s.boss, chosen)
    left.refresh_from_db()
    assert left.state == Answer.State.DECLINED
    entry = Entry.objects.get(verb="select_answer")
    assert entry.visibility == "public"
    assert json.loads(entry.data) == {
        "answer": chosen.pk, "declined": 1, "organisations": [s.university.pk], "cities": ["songjiang"],
    }  # fmt: skip
    assert Notification.objects.filter(user=rival, text__contains="感谢参与").count() == 1


def test_the_contract_s_amount_is_for_the_office_only() -> None:
    s = Setting()
    domain.select_answer(s.boss, make.make_submitted(s.researcher, s.challenge, s.university))
    domain.sign_contract(s.boss, s.challenge, amount=Decimal("123.45"))
    assert {e.visibility for e in Entry.objects.filter(data__contains="123.45")} == {"office"}
    with pytest.raises(Refused):
        domain.sign_contract(s.boss, s.challenge)


def test_questions_are_public_and_sealed_ones_are_not() -> None:
    s = Setting(confidentiality="promise")
    follower = make.make_user()
    domain.follow(follower, s.challenge)
    with pytest.raises(NotAllowed):
        make.make_question(s.researcher, s.challenge, sealed=True)
    domain.sign_promise(s.researcher, s.challenge, organisation=s.university)
    sealed = make.make_question(s.researcher, s.challenge, sealed=True)
    openly = make.make_question(s.researcher, s.challenge)
    domain.reply_question(s.boss, sealed, text="密")
    assert not Notification.objects.filter(user=follower).exists()
    domain.reply_question(s.boss, openly, text="明")
    assert Notification.objects.filter(user=follower).count() == 1
    assert list(queries.readable_questions(s.challenge, sealed_too=False)) == [openly]
    # A reply that touches sealed matter seals the question with it, and nothing unseals one.
    domain.reply_question(s.boss, openly, text="密", sealed=True)
    domain.reply_question(s.boss, sealed, text="密", sealed=False)
    assert Question.objects.filter(sealed=True).count() == 2


def test_strangers_do_not_ask_and_the_asked_do_not_reply_for_others() -> None:
    from django.contrib.auth.models import AnonymousUser

    s = Setting()
    with pytest.raises(NotAllowed, match="登录"):
        make.make_question(AnonymousUser(), s.challenge)  # type: ignore[arg-type]
    question = make.make_question(s.researcher, s.challenge)
    with pytest.raises(NotAllowed):
        domain.reply_question(s.researcher, question, text="自问自答")


def test_subscriptions_say_something_and_are_one_s_own() -> None:
    user, other = make.make_user(), make.make_user()
    with pytest.raises(Invalid):
        domain.subscribe(user, wanted="challenges")
    with pytest.raises(Invalid):
        domain.subscribe(user, wanted="everything", text="碳化硅")
    wish = domain.subscribe(user, wanted="challenges", text=" 碳化硅  减薄 ")
    assert wish.text == "碳化硅 减薄"
    assert domain.subscribe(user, wanted="challenges", text="碳化硅 减薄") == wish
    with pytest.raises(NotAllowed):
        domain.unsubscribe(other, wish)
    domain.unsubscribe(user, wish)
    assert not user.subscriptions.exists()


def test_who_follows_is_not_told_to_others() -> None:
    s = Setting()
    domain.follow(s.researcher, s.challenge)
    assert domain.follow(s.researcher, s.challenge).pk
    assert [e.visibility for e in Entry.objects.filter(verb="follow")] == ["office"]
    domain.unfollow(s.researcher, s.challenge)
    assert not s.challenge.follows.exists()
