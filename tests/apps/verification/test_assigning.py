"""Assignments of a round: proposed with a receipt, adopted, corrected by hand, declined, replaced."""

from __future__ import annotations

from typing import Any

import pytest

from langqiao.apps.accounts.models import Notification
from langqiao.apps.ledger.models import Entry, Visibility
from langqiao.apps.verification.domain import assigning, pool
from langqiao.apps.verification.domain.conflicts import find_conflicts
from langqiao.apps.verification.models import AssignmentRun, Review
from langqiao.kit.refusals import Invalid, NotAllowed, Refused
from tests.factories.accounts import make_office, make_user
from tests.factories.verification import make_reviewer, make_round, make_running

pytestmark = pytest.mark.django_db


@pytest.fixture
def office() -> Any:
    return make_office()


@pytest.fixture
def round() -> Any:
    """A round of three applications with four experts, two reviews each, that has not begun."""
    call = make_running(3, reviews_per=2, max_load=3)
    for _ in range(4):
        make_reviewer(call)
    return make_round(call, state="preparing")


def test_a_proposal_is_adopted_and_becomes_reviews(office: Any, round: Any) -> None:
    run = assigning.propose_assignment(office, round, method="fair")
    assert len(run.result["pairs"]) == 6
    assert run.result["unfilled"] == {}
    assert not Review.objects.exists()
    assert assigning.rerun_assignment(run) == []
    reviews = assigning.adopt_assignment(office, run)
    assert len(reviews) == 6
    for application in round.call.applications.all():
        assert sorted(application.reviews.values_list("letter", flat=True)) == [1, 2]
    with pytest.raises(Refused, match="已经处理"):
        assigning.adopt_assignment(office, run)
    entries = Entry.objects.filter(verb__in=("propose_assignment", "adopt_assignment"))
    assert {e.visibility for e in entries} == {Visibility.OFFICE}
    assert run.receipt["result_sm3"] in entries[0].data


def test_a_second_proposal_keeps_what_is_there(office: Any, round: Any) -> None:
    first = round.call.applications.first()
    reviewer = round.call.reviewers.first()
    held = assigning.assign_by_hand(office, round, first, reviewer)
    run = assigning.propose_assignment(office, round)
    assert [str(first.pk), str(reviewer.pk)] in run.result["pairs"]
    made = assigning.adopt_assignment(office, run)
    assert len(made) == 5
    assert held.pk not in {review.pk for review in made}
    again = assigning.adopt_assignment(office, assigning.propose_assignment(office, round))
    assert again == []
    assert [r.state for r in AssignmentRun.objects.order_by("number")] == ["discarded", "adopted"]


def test_no_conflict_is_ever_assigned(office: Any, round: Any) -> None:
    application = round.call.applications.first()
    barred = round.call.reviewers.first()
    pool.declare_conflict(office, barred, application, why="利害关系")
    for method, cap, seed in (("sum", None, None), ("fair", None, None), ("random", "1/2", 3)):
        run = assigning.propose_assignment(office, round, method=method, cap=cap, seed=seed)
        assert [str(application.pk), str(barred.pk)] not in run.result["pairs"]
        assert assigning.rerun_assignment(run) == []
    with pytest.raises(Refused, match="回避"):
        assigning.assign_by_hand(office, round, application, barred)


def test_what_changed_since_is_computed_anew(office: Any, round: Any) -> None:
    run = assigning.propose_assignment(office, round)
    application_pk, reviewer_pk = run.result["pairs"][0]
    reviewer = round.call.reviewers.get(pk=reviewer_pk)
    pool.declare_conflict(office, reviewer, round.call.applications.get(pk=application_pk), why="利害关系")
    with pytest.raises(Refused, match="变化"):
        assigning.adopt_assignment(office, run)
    assert not Review.objects.exists()


def test_too_few_experts_are_diagnosed_with_what_mends_it(office: Any) -> None:
    call = make_running(3, reviews_per=2, max_load=2)
    for _ in range(2):
        make_reviewer(call)
    run = assigning.propose_assignment(office, make_round(call, state="preparing"))
    assert sum(run.result["unfilled"].values()) == 2
    remedies = run.result["diagnosis"]["remedies"]
    assert {"what": "load", "size": 1, "attribute": ""} in remedies
    assert {"what": "reviewers", "size": 1, "attribute": ""} in remedies


@pytest.mark.parametrize("bounds", [{"at_most": 1}, {"at_least": 2}])
def test_quotas_on_the_panel_hold(office: Any, bounds: dict[str, int]) -> None:
    call = make_running(2, reviews_per=2, panel={"city": bounds})
    for _ in range(3):
        make_reviewer(call)  # all of one city, by their organisations
    round = make_round(call, state="preparing")
    run = assigning.propose_assignment(office, round)
    cities = {r.person.city_id or r.person.organisation.city_id for r in call.reviewers.all()}
    assert len(cities) == 1
    assert sum(run.result["unfilled"].values()) == 2
    with pytest.raises(Invalid, match="专家组"):
        assigning.propose_assignment(office, round, method="random", cap="1/2", seed=1)


@pytest.mark.parametrize(
    "values",
    [{"method": "best"}, {"method": "random"}, {"method": "random", "cap": "2", "seed": 1},
     {"method": "random", "cap": "x", "seed": 1}],
)  # fmt: skip
def test_what_cannot_be_computed_is_refused(office: Any, round: Any, values: dict[str, Any]) -> None:
    with pytest.raises(Invalid):
        assigning.propose_assignment(office, round, **values)


def test_a_review_is_declined_and_replaced(office: Any, round: Any) -> None:
    assigning.adopt_assignment(office, assigning.propose_assignment(office, round))
    type(round).objects.update(state="reviewing")
    round.refresh_from_db()
    review = round.reviews.first()
    user = review.reviewer.person.user
    with pytest.raises(NotAllowed):
        assigning.decline_review(office, review, why="x")
    assigning.decline_review(user, review, why="不熟悉该领域")
    assert Notification.objects.filter(user=office).exists()
    offers = assigning.replacements(round, review.application)
    assert review.reviewer_id not in {offer.reviewer.pk for offer in offers}
    made = assigning.replace_review(office, review, offers[0].reviewer, why="谢绝")
    review.refresh_from_db()
    assert (review.state, review.why, made.letter) == ("replaced", "不熟悉该领域", 3)
    assert Notification.objects.filter(user=made.reviewer.person.user).exists()
    Review.objects.filter(pk=made.pk).update(state="submitted")
    made.refresh_from_db()
    with pytest.raises(Refused):
        assigning.replace_review(office, made, offers[0].reviewer, why="x")


def test_by_hand_only_what_may_be(office: Any, round: Any) -> None:
    application, reviewer = round.call.applications.first(), round.call.reviewers.first()
    find_conflicts(office, round.call)
    pool.set_load(office, reviewer, max_load=0)
    with pytest.raises(Refused, match="上限"):
        assigning.assign_by_hand(office, round, application, reviewer)
    pool.set_load(office, reviewer, max_load=None)
    assigning.assign_by_hand(office, round, application, reviewer)
    with pytest.raises(Refused, match="已分配"):
        assigning.assign_by_hand(office, round, application, reviewer)
    with pytest.raises(NotAllowed):
        assigning.assign_by_hand(make_user(), round, application, reviewer)


def test_reminders_go_out_once_a_day(office: Any, round: Any) -> None:
    assigning.adopt_assignment(office, assigning.propose_assignment(office, round))
    with pytest.raises(Refused):
        assigning.remind_reviewers(office, round)
    type(round).objects.update(state="reviewing")
    round.refresh_from_db()
    told = assigning.remind_reviewers(None, round)
    assert told == Review.objects.values("reviewer").distinct().count()
    assert assigning.remind_reviewers(office, round) == 0
