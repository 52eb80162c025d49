"""The pool of experts: conflicts before invitations, answers, wishes, and what the ledger may say."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from langqiao.apps.accounts.models import Membership, Notification, Role
from langqiao.apps.accounts.queries import forget_memberships
from langqiao.apps.ledger.models import Entry, Visibility
from langqiao.apps.registry.models import Achievement
from langqiao.apps.verification.domain import pool
from langqiao.apps.verification.domain.applications import revise_application
from langqiao.apps.verification.domain.conflicts import checked_since_last_submission, find_conflicts
from langqiao.apps.verification.domain.evidence import affinities, suggest_people
from langqiao.apps.verification.models import Bid, Conflict, Reviewer
from langqiao.kit.refusals import Invalid, NotAllowed, Refused
from tests.factories.accounts import make_member, make_office, make_user
from tests.factories.registry import make_achievement, make_organisation, make_person
from tests.factories.verification import (
    make_call,
    make_review,
    make_reviewer,
    make_round,
    make_running,
    make_submitted,
    member_of,
)

pytestmark = pytest.mark.django_db
STATES = Reviewer.State


@pytest.fixture
def office() -> Any:
    return make_office()


def make_candidate(call: Any, **values: Any) -> Reviewer:
    return make_reviewer(call, state=STATES.CANDIDATE, **values)


def of(home: Any, **values: Any) -> Any:
    """An expert with an account, of an organisation."""
    return make_person(organisation=home, user=make_member(home, Role.EVALUATOR, user=make_user()), **values)


def kinds(reviewer: Reviewer, application: Any) -> list[str]:
    return list(
        reviewer.conflicts.filter(application=application).order_by("kind").values_list("kind", flat=True)
    )


def test_people_are_added_once_and_come_back(office: Any) -> None:
    call = make_call(office)
    person = of(make_organisation())
    [reviewer] = pool.add_reviewers(office, call, [person])
    assert pool.add_reviewers(office, call, [person]) == []
    pool.remove_reviewer(office, reviewer, why="改由他人")
    [again] = pool.add_reviewers(office, call, [person])
    assert (again.pk, again.state) == (reviewer.pk, STATES.CANDIDATE)
    entries = Entry.objects.filter(app="verification", object=f"verification.reviewer:{reviewer.pk}")
    assert [e.verb for e in entries] == ["add_reviewer", "remove_reviewer", "add_reviewer"]
    assert {e.visibility for e in entries} == {Visibility.OFFICE}
    assert not [e for e in entries if person.name in e.data]


def test_conflicts_of_each_kind_are_found_with_evidence(office: Any) -> None:
    call = make_call(office)
    home = make_organisation(kind="university")
    application = make_submitted(call, organisation=home, actor=make_member(home, Role.RESEARCHER))
    other = make_submitted(call)
    colleague = make_candidate(call, person=of(home))
    former = make_candidate(call)
    Membership.objects.create(
        user=former.person.user, organisation=home, role=Role.RESEARCHER,
        valid_from=timezone.localdate() - timedelta(days=900), valid_to=timezone.localdate() - timedelta(days=100),
    )  # fmt: skip
    author = make_candidate(call)
    insider = make_person(organisation=home)
    work = make_achievement(title="共同成果", date=timezone.localdate() - timedelta(days=400))
    work.people.set([author.person, insider])
    stranger = make_candidate(call)
    assert find_conflicts(office, call) == 3
    assert kinds(colleague, application) == ["same_organisation"]
    assert kinds(former, application) == ["former_organisation"]
    assert kinds(author, application) == ["co_author"]
    assert kinds(stranger, application) == []
    assert not Conflict.objects.filter(application=other).exists()
    assert author.conflicts.get().evidence == "与申报单位人员合作成果《共同成果》"
    assert home.name in colleague.conflicts.get().evidence
    # Looked for anew, what is no longer true goes; what was declared stays.
    pool.declare_conflict(office, stranger, other, why="亲属关系")
    Achievement.objects.all().delete()
    assert find_conflicts(office, call) == 3
    assert kinds(author, application) == []
    assert kinds(stranger, other) == ["by_office"]


def test_nobody_is_invited_before_conflicts_were_looked_for(office: Any) -> None:
    call = make_call(office)
    make_submitted(call)
    reviewer = make_candidate(call)
    with pytest.raises(Refused, match="核查回避"):
        pool.invite(office, reviewer)
    find_conflicts(office, call)
    assert checked_since_last_submission(call)
    assert pool.invite(office, reviewer).state == STATES.INVITED
    notice = Notification.objects.get(user=reviewer.person.user)
    assert notice.url == f"/reviewers/{reviewer.pk}/invitation/"
    # One more application: the others must be looked at again first.
    late = make_candidate(call)
    find_conflicts(office, call)
    make_submitted(call)
    assert not checked_since_last_submission(call)
    with pytest.raises(Refused, match="核查回避"):
        pool.invite(office, late)


def test_who_cannot_sign_in_or_is_no_evaluator_is_not_invited(office: Any) -> None:
    call = make_call(office)
    without = Reviewer.objects.create(call=call, person=make_person())
    plain = Reviewer.objects.create(call=call, person=make_person(user=make_user()))
    find_conflicts(office, call)
    with pytest.raises(Refused, match="账号"):
        pool.invite(office, without)
    with pytest.raises(Refused, match="不是评审专家"):
        pool.invite(office, plain)


def test_an_expert_in_conflict_with_everything_is_not_invited(office: Any) -> None:
    call = make_call(office)
    home = make_organisation(kind="university")
    make_submitted(call, organisation=home, actor=make_member(home, Role.RESEARCHER))
    reviewer = make_candidate(call, person=of(home))
    find_conflicts(office, call)
    with pytest.raises(Refused, match="全部申报都须回避"):
        pool.invite(office, reviewer)


def test_an_invitation_is_accepted_with_the_promise_or_declined_with_a_reason(office: Any) -> None:
    call = make_running(2)
    reviewer = make_reviewer(call, state=STATES.INVITED)
    user = reviewer.person.user
    with pytest.raises(Invalid, match="承诺"):
        pool.answer_invitation(user, reviewer, accept=True)
    with pytest.raises(Invalid, match="原因"):
        pool.answer_invitation(user, reviewer, accept=False)
    with pytest.raises(NotAllowed):
        pool.answer_invitation(office, reviewer, accept=True, promise=True)
    pool.answer_invitation(user, reviewer, accept=True, promise=True)
    assert (reviewer.state, len(reviewer.promise_digest)) == (STATES.ACCEPTED, 64)
    round = make_round(call)
    review = make_review(round, call.applications.first(), reviewer)
    pool.answer_invitation(user, reviewer, accept=False, why="出差")
    review.refresh_from_db()
    assert (reviewer.state, review.state, review.why) == (STATES.DECLINED, "declined", "出差")
    assert Notification.objects.filter(user=office, url=f"/calls/{call.pk}/pool/").exists()


def test_a_wish_needs_an_accepted_evaluator_and_no_conflict(office: Any) -> None:
    call = make_running(2)
    first, second = call.applications.order_by("number")
    reviewer = make_reviewer(call)
    user = reviewer.person.user
    assert pool.set_bid(user, reviewer, first, Bid.Value.EXPERT).value == 2
    assert pool.set_bid(user, reviewer, first, Bid.Value.NO).value == -1
    assert reviewer.bids.count() == 1
    with pytest.raises(Invalid):
        pool.set_bid(user, reviewer, first, 9)
    with pytest.raises(Invalid):
        pool.set_bid(user, reviewer, make_submitted(), 1)
    pool.declare_conflict(user, reviewer, second, why="合作方")
    with pytest.raises(Refused, match="回避"):
        pool.set_bid(user, reviewer, second, 1)
    Membership.objects.filter(user=user).update(valid_to=timezone.localdate() - timedelta(days=1))
    forget_memberships(user)
    with pytest.raises(NotAllowed):
        pool.set_bid(user, reviewer, first, 1)


def test_a_conflict_declared_late_gives_up_the_open_review(office: Any) -> None:
    call = make_running(2)
    first, second = call.applications.order_by("number")
    reviewer = make_reviewer(call)
    round = make_round(call)
    held = make_review(round, first, reviewer)
    done = make_review(round, second, reviewer, state="submitted", total=80.0)
    pool.declare_conflict(reviewer.person.user, reviewer, first, why="亲属在申报单位任职")
    held.refresh_from_db()
    assert held.state == "declined"
    assert Notification.objects.filter(user=office).exists()
    with pytest.raises(Refused, match="已经提交"):
        pool.declare_conflict(reviewer.person.user, reviewer, second, why="同上")
    done.refresh_from_db()
    assert done.state == "submitted"


def test_an_applicants_wish_counts_only_when_granted(office: Any) -> None:
    call = make_call(office)
    application = make_submitted(call)
    reviewer = make_candidate(call)
    actor = member_of(application.organisation)
    revise_application(actor, application, kept_out=[{"person": reviewer.person_id, "why": "学术争议"}])
    assert find_conflicts(office, call) == 0
    wish = reviewer.conflicts.get()
    assert (wish.kind, wish.counts, wish.evidence) == ("by_applicant", False, "学术争议")
    pool.grant_kept_out(office, wish, granted=True)
    assert find_conflicts(office, call) == 1
    pool.grant_kept_out(office, wish, granted=False)
    assert find_conflicts(office, call) == 0


def test_evidence_and_wishes_make_the_affinity(office: Any) -> None:
    call = make_call(office)
    battery = make_submitted(call, title="锂离子电池热失控预警概念验证")
    chip = make_submitted(call, title="碳化硅晶圆减薄与封装概念验证")
    one, two = of(make_organisation()), of(make_organisation())
    for person, title in ((one, "锂离子电池热失控早期预警方法"), (two, "碳化硅晶圆低损伤减薄工艺")):
        make_achievement(title=title, abstract=title * 3).people.set([person])
    found = {s.person.pk: s for s in suggest_people(call)}
    assert (found[one.pk].application, found[two.pk].application) == (battery, chip)
    assert found[one.pk].proof[0].title == "锂离子电池热失控早期预警方法"
    reviewers = [make_reviewer(call, person=person) for person in (one, two)]
    scores = affinities(call, reviewers, [battery, chip])
    assert scores[0, 0] > scores[0, 1]
    assert scores[1, 1] > scores[1, 0]
    assert (scores.min(), scores.max()) == (0.0, 1.0)
    pool.set_bid(one.user, reviewers[0], battery, Bid.Value.NO)
    assert affinities(call, reviewers, [battery, chip])[0, 0] < scores[0, 0]
    assert suggest_people(call) == []


def test_a_recused_member_of_the_office_keeps_out(office: Any) -> None:
    call = make_call(office)
    application = make_submitted(call)
    recused = make_member(application.organisation, Role.RESEARCHER, user=make_office())
    for act in (
        lambda: pool.add_reviewers(recused, call, []),
        lambda: find_conflicts(recused, call),
        lambda: pool.invite(recused, make_candidate(call)),
    ):
        with pytest.raises(NotAllowed):
            act()
