"""The state machine: every step of the table, every step that is not in it, and random sequences of verbs."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import transaction
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from langqiao.apps.challenges import domain
from langqiao.apps.challenges.domain.acts import move, move_answer
from langqiao.apps.challenges.models import (
    ANSWER_TRANSITIONS,
    TRANSITIONS,
    Answer,
    Challenge,
    Question,
    State,
)
from langqiao.apps.ledger.models import Entry
from langqiao.apps.ledger.queries import verify
from langqiao.kit.refusals import Refused
from tests.factories import challenges as make

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("to", list(State))
@pytest.mark.parametrize("now", list(State))
def test_challenges_step_only_as_the_table_says(now: State, to: State) -> None:
    challenge = Challenge(state=now)
    if to in TRANSITIONS[now]:
        move(challenge, to)
        assert challenge.state == to
        return
    with pytest.raises(Refused) as refusal:
        move(challenge, to)
    assert challenge.state == now
    assert str(now.label) in refusal.value.why
    for origin, targets in TRANSITIONS.items():
        assert (str(State(origin).label) in refusal.value.mend) == (to in targets)


@pytest.mark.parametrize("to", list(Answer.State))
@pytest.mark.parametrize("now", list(Answer.State))
def test_answers_step_only_as_the_table_says(now: Answer.State, to: Answer.State) -> None:
    answer = Answer(state=now)
    if to in ANSWER_TRANSITIONS[now]:
        move_answer(answer, to)
        assert answer.state == to
    else:
        with pytest.raises(Refused, match=str(now.label)):
            move_answer(answer, to)


def test_every_state_but_the_first_is_reached_and_the_last_ones_are_final() -> None:
    reached = {to for targets in TRANSITIONS.values() for to in targets}
    assert reached == set(State) - {State.DRAFT}
    assert [state for state, targets in TRANSITIONS.items() if not targets] == [State.CLOSED, State.WITHDRAWN]


class World:
    """A firm, two universities, one challenge, and every verb by name; the console is never used."""

    def __init__(self) -> None:
        self.firm, self.boss = make.make_firm()
        self.homes = [make.make_university() for _ in range(2)]
        self.challenge = make.make_challenge(self.boss, self.firm, confidentiality="promise")

    def answer(self, who: int) -> Answer:
        home, _researcher = self.homes[who]
        found = self.challenge.answers.filter(team__organisation=home).order_by("-id").first()
        if found is None:
            raise Refused("no answer yet")
        return found

    def do(self, verb: str, who: int) -> None:  # noqa: PLR0912  one branch a verb
        home, researcher = self.homes[who]
        challenge, boss = self.challenge, self.boss
        match verb:
            case "publish":
                domain.publish_challenge(boss, challenge)
            case "revise":
                domain.revise_challenge(boss, challenge, summary=f"改写 {Entry.objects.count()}")
            case "extend":
                domain.extend_deadline(boss, challenge, deadline=challenge.deadline + timedelta(days=1))
            case "withdraw":
                domain.withdraw_challenge(boss, challenge, reason="不再需要")
            case "close":
                domain.close_challenge(boss, challenge, reason="结束")
            case "sign":
                domain.sign_promise(researcher, challenge, organisation=home)
            case "draft answer":
                make.make_answer(researcher, challenge, home)
            case "revise answer":
                domain.revise_answer(researcher, self.answer(who), plan=f"计划 {Entry.objects.count()}")
            case "submit":
                domain.submit_answer(researcher, self.answer(who))
            case "withdraw answer":
                domain.withdraw_answer(researcher, self.answer(who))
            case "select":
                domain.select_answer(boss, self.answer(who))
            case "cancel":
                domain.cancel_selection(boss, challenge, reason="重新评议")
            case "contract":
                domain.sign_contract(boss, challenge)
            case "accept":
                domain.accept_result(boss, challenge)
            case "ask":
                make.make_question(researcher, challenge)
            case "reply":
                question = Question.objects.order_by("-id").first()
                if question is None:
                    raise Refused("no question yet")
                domain.reply_question(boss, question, text="三百五十微米")
            case "invite":
                domain.invite_organisation(boss, challenge, home)
            case "follow":
                domain.follow(researcher, challenge)
            case _:
                raise AssertionError(verb)


VERBS = [
    "publish", "revise", "extend", "withdraw", "close", "sign", "draft answer", "revise answer", "submit",
    "withdraw answer", "select", "cancel", "contract", "accept", "ask", "reply", "invite", "follow",
]  # fmt: skip
# What may stand beside each state: a selected answer exactly from selection on.
WITH_SELECTED = {State.SELECTED, State.CONTRACTED, State.ACCEPTED}


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.sampled_from(VERBS), st.integers(0, 1)), max_size=30))
def test_whatever_is_tried_the_state_stays_legal_and_the_ledger_whole(acts: list[tuple[str, int]]) -> None:
    with transaction.atomic():
        world = World()
        before = State(world.challenge.state)
        for verb, who in acts:
            entries = Entry.objects.count()
            try:
                with transaction.atomic():
                    world.do(verb, who)
                refused = False
            except Refused:
                refused = True
            world.challenge.refresh_from_db()
            now = State(world.challenge.state)
            assert now == before or now in TRANSITIONS[before]
            if refused:
                assert now == before
                assert Entry.objects.count() == entries
            selected = world.challenge.answers.filter(state=Answer.State.SELECTED).count()
            if now in WITH_SELECTED:
                assert selected == 1
            elif now not in (State.CLOSED, State.WITHDRAWN):
                assert selected == 0
            before = now
        found = verify()
        assert found.fault is None
        assert found.entries == Entry.objects.count()
        transaction.set_rollback(True)


def test_the_whole_way_from_draft_to_closed() -> None:
    world = World()
    for verb in ("publish", "sign", "draft answer", "submit", "select", "contract", "accept", "close"):
        world.do(verb, 0)
    world.challenge.refresh_from_db()
    assert world.challenge.state == State.CLOSED
    verbs = [e.verb for e in Entry.objects.filter(case=world.challenge.case)]
    assert verbs == [
        "draft_challenge", "publish_challenge", "sign_promise", "draft_answer", "start_answering", "submit_answer",
        "select_answer", "sign_contract", "accept_result", "close_challenge",
    ]  # fmt: skip


@pytest.mark.parametrize(
    "verb",
    [
        "sign",
        "draft answer",
        "revise answer",
        "submit",
        "select",
        "cancel",
        "contract",
        "accept",
        "ask",
        "extend",
    ],
)
def test_a_draft_takes_none_of_what_follows_publication(verb: str) -> None:
    world = World()
    with pytest.raises(Refused):
        world.do(verb, 0)
    assert Challenge.objects.get().state == State.DRAFT


@pytest.mark.parametrize("verb", ["draft answer", "revise answer", "submit"])
def test_after_the_deadline_no_answer_comes_in(verb: str) -> None:
    world = World()
    for step in ("publish", "sign", "draft answer"):
        world.do(step, 0)
    yesterday = timezone.localdate() - timedelta(days=1)
    Challenge.objects.update(deadline=yesterday)
    with pytest.raises(Refused, match="截止"):
        world.do(verb, 0)
    # On the last day itself it still does.
    Challenge.objects.update(deadline=timezone.localdate())
    world.do(verb, 0)


def test_cancelling_a_selection_lets_all_answers_stand_again() -> None:
    world = World()
    for who in (0, 1):
        for verb in ("publish",) * (who == 0) + ("sign", "draft answer", "submit"):
            world.do(verb, who)
    world.do("select", 1)
    assert {a.state for a in Answer.objects.all()} == {"selected", "declined"}
    world.do("cancel", 0)
    assert {a.state for a in Answer.objects.all()} == {"submitted"}
    world.challenge.refresh_from_db()
    assert world.challenge.state == State.ANSWERING
