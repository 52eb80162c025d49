"""Reviews: drafts and their revisions, what is asked for, totals, changes, discussion, gates, the ledger's digests."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.utils import translation

from langqiao.apps.accounts.models import Notification
from langqiao.apps.ledger.models import Entry
from langqiao.apps.verification.domain import reviews, rounds, scoring
from langqiao.apps.verification.models import CallState, Review, ReviewState
from langqiao.apps.verification.queries import reviews as queries
from langqiao.kit.refusals import Invalid, NotAllowed, Refused
from tests.apps.verification.review_scene import (
    OFFICE_WORDS,
    PEER,
    WORDS,
    Scene,
    hand_in,
    hand_in_all,
    make_scene,
    opinion,
)
from tests.factories.verification import make_review, make_reviewer

pytestmark = pytest.mark.django_db


def discussed() -> Scene:
    """Everybody handed in, and the chair opened the discussion."""
    scene = make_scene()
    hand_in_all(scene)
    rounds.open_discussion(scene.user("office"), scene.round)
    for review in scene.reviews.values():
        review.refresh_from_db()
    return scene


# -- drafts -------------------------------------------------------------------------------------


def test_a_draft_may_be_incomplete_counts_its_saves_and_leaves_no_trace() -> None:
    scene = make_scene()
    before = (Entry.objects.count(), Notification.objects.count())
    review = reviews.save_draft(
        scene.user("own"), scene.reviews["own"], revision=0, scores={"technology": "12.50"}
    )
    assert (review.state, review.revision, review.scores) == (ReviewState.DRAFT, 1, {"technology": 12.5})
    reviews.save_draft(scene.user("own"), review, revision=1, for_applicant=" 甲\r\n乙 ")
    assert (review.revision, review.for_applicant, review.scores) == (2, "甲\n乙", {"technology": 12.5})
    assert (Entry.objects.count(), Notification.objects.count()) == before


def test_a_stale_draft_is_refused_with_what_is_stored() -> None:
    scene = make_scene()
    reviews.save_draft(scene.user("own"), scene.reviews["own"], revision=0, for_applicant="新的")
    with pytest.raises(reviews.Stale) as stale:
        reviews.save_draft(scene.user("own"), scene.reviews["own"], revision=0, for_applicant="旧的")
    assert (stale.value.status, stale.value.review.for_applicant) == (409, "新的")
    with pytest.raises(reviews.Stale):
        reviews.submit_review(scene.user("own"), scene.reviews["own"], revision=0, **opinion())


@pytest.mark.parametrize(
    "name", ["peer", "third", "unassigned", "office", "applicant", "superuser", "stranger"]
)
def test_a_review_is_written_by_its_reviewer_alone(name: str) -> None:
    scene = make_scene()
    with pytest.raises(NotAllowed):
        reviews.save_draft(scene.user(name), scene.reviews["own"], revision=0, for_applicant="x")
    with pytest.raises(NotAllowed):
        reviews.submit_review(scene.user(name), scene.reviews["own"], **opinion())


def test_nobody_writes_before_the_start_nor_after_the_end() -> None:
    scene = make_scene(start=False)
    with pytest.raises(NotAllowed):
        reviews.save_draft(scene.user("own"), scene.reviews["own"], revision=0, for_applicant="x")
    scene = discussed()
    rounds.close_round(scene.user("office"), scene.round)
    with pytest.raises(Refused, match="已结束"):
        reviews.change_review(scene.user("own"), scene.reviews["own"], why="x", **opinion(1, 1))


# -- what is asked for --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"scores": {"technology": 15}}, "score-market"),
        ({"scores": {"technology": 20.5, "market": 1}}, "score-technology"),
        ({"scores": {"technology": -0.5, "market": 1}}, "score-technology"),
        ({"scores": {"technology": 1.25, "market": 1}}, "score-technology"),
        ({"scores": {"technology": "nan", "market": 1}}, "score-technology"),
        ({"scores": {"technology": True, "market": 1}}, "score-technology"),
        ({"scores": {"technology": 1, "market": 1, "beauty": 1}}, ""),
        ({"gates": {}}, "gate-honest"),
        ({"gates": {"honest": {"passed": False, "why": " "}}}, "gate-honest"),
        ({"gates": {"honest": {"passed": "yes", "why": ""}}}, "gate-honest"),
        ({"confidence": None}, "confidence"),
        ({"confidence": 6}, "confidence"),
        ({"for_applicant": " "}, "for_applicant"),
        ({"for_office": "长" * 10_001}, "for_office"),
    ],
)
def test_an_incomplete_or_wrong_review_is_refused_by_its_field(values: dict[str, Any], field: str) -> None:
    scene = make_scene()
    with pytest.raises(Invalid) as refusal:
        reviews.submit_review(scene.user("own"), scene.reviews["own"], **{**opinion(), **values})
    assert refusal.value.field == field
    assert Review.objects.get(pk=scene.reviews["own"].pk).state == ReviewState.ASSIGNED
    assert not Entry.objects.filter(verb="submit_review").exists()


def test_the_total_is_the_weighted_share_of_a_hundred() -> None:
    scene = make_scene()
    review = hand_in(scene, "own", high=15, low=6)
    # 100 · (2·15/20 + 1·6/10) / 3
    assert review.total == pytest.approx(70)
    assert scoring.total_of(review.round.criteria, {"technology": 20, "market": 10}) == 100
    assert scoring.total_of(review.round.criteria, {"technology": 0, "market": 0}) == 0


def test_handing_in_enters_a_digest_for_the_office_alone_and_tells_nobody_but_the_last_the_office() -> None:
    scene = make_scene()
    before = Notification.objects.count()
    review = hand_in(scene, "peer")
    entry = Entry.objects.get(verb="submit_review")
    assert (entry.visibility, entry.case, entry.object) == (
        "office", scene.first.case, f"verification.review:{review.pk}",
    )  # fmt: skip
    assert json.loads(entry.data) == {
        "round": scene.round.pk, "review_sm3": scoring.content_digest(review),
    }  # fmt: skip
    assert Notification.objects.count() == before
    with pytest.raises(Refused, match="已提交"):
        reviews.submit_review(scene.user("peer"), review, **opinion())
    for name in ("own", "own second", "third"):
        hand_in(scene, name)
    told = Notification.objects.filter(text__contains="已全部提交")
    assert [n.user for n in told] == [scene.actors["office"]]


# -- discussion ---------------------------------------------------------------------------------


def test_a_change_needs_the_discussion_a_reason_and_a_difference() -> None:
    scene = make_scene()
    hand_in_all(scene)
    own = scene.reviews["own"]
    own.refresh_from_db()
    with pytest.raises(Refused, match="评审中"):
        reviews.change_review(scene.user("own"), own, why="x", **opinion(1, 1))
    rounds.open_discussion(scene.user("office"), scene.round)
    with pytest.raises(Invalid) as refusal:
        reviews.change_review(scene.user("own"), own, why="", **opinion(1, 1))
    assert refusal.value.field == "why"
    with pytest.raises(Refused, match="没有变化"):
        reviews.change_review(scene.user("own"), own, why="x", **opinion())
    change = reviews.change_review(
        scene.user("own"), own, why="采纳意见", scores={"technology": 10, "market": 6}
    )
    assert (change.before["total"], change.after["total"]) == (pytest.approx(70), pytest.approx(160 / 3))
    own.refresh_from_db()
    assert own.total == pytest.approx(160 / 3, abs=1e-6)
    entry = Entry.objects.get(verb="change_review")
    assert entry.visibility == "office"
    assert "采纳意见" not in entry.data
    assert queries.verify_reviews(scene.round) == []


def test_colleagues_learn_that_a_review_changed_the_chair_what() -> None:
    scene = discussed()
    reviews.change_review(
        scene.user("peer"), scene.reviews["peer"], why="仍有疑问", scores={"technology": 1, "market": 1}
    )
    seen = queries.discussion(scene.round, scene.first, scene.user("own"))
    chair = queries.discussion(scene.round, scene.first, scene.user("office"))
    assert seen is not None
    assert chair is not None
    peer, chaired = seen.reviews[1], chair.reviews[1]
    assert (len(peer.changed_at), peer.changes, peer.for_office, peer.name) == (1, [], "", "")
    assert [c.why for c in chaired.changes] == ["仍有疑问"]
    assert (chaired.for_office, chaired.name) == (f"须核实 {OFFICE_WORDS}", PEER)
    told = Notification.objects.filter(text__contains="修改了评审意见")
    assert {n.user for n in told} == {scene.actors["own"], scene.actors["office"]}
    assert not any(PEER in n.text for n in told)


def test_pseudonyms_are_stable_and_follow_the_language() -> None:
    assert [queries.pseudonym(n) for n in (1, 2, 10, 11)] == ["专家甲", "专家乙", "专家癸", "专家11"]
    scene = discussed()
    assert [shown.speaker for shown in _talk(scene, "own").reviews] == ["专家甲", "专家乙"]
    with translation.override("en"):
        assert queries.pseudonym(2).endswith("B")
        assert queries.pseudonym(27).endswith("27")


def _talk(scene: Scene, name: str) -> queries.Discussion:
    found = queries.discussion(scene.round, scene.first, scene.user(name))
    assert found is not None
    return found


def test_those_who_handed_in_and_the_chair_speak_under_pseudonyms() -> None:
    scene = discussed()
    reviews.say(scene.user("office"), scene.round, scene.first, text="请说明依据。")
    reviews.say(scene.user("peer"), scene.round, scene.first, text=f"缺数据 {WORDS}")
    assert [(said.speaker, said.is_own) for said in _talk(scene, "own").remarks] == [
        ("主持人", False), ("专家乙", False),
    ]  # fmt: skip
    assert [said.speaker for said in _talk(scene, "office").remarks] == ["主持人", f"专家乙 {PEER}"]
    entries = Entry.objects.filter(verb="say_in_discussion")
    assert {e.visibility for e in entries} == {"office"}
    assert not [e for e in entries if WORDS in e.data]
    for name in ("third", "unassigned", "applicant", "recused", "superuser", "stranger"):
        with pytest.raises(NotAllowed):
            reviews.say(scene.user(name), scene.round, scene.first, text="x")
        assert queries.discussion(scene.round, scene.first, scene.user(name)) is None
    with pytest.raises(Invalid):
        reviews.say(scene.user("own"), scene.round, scene.first, text=" ")


def test_who_has_not_handed_in_takes_no_part_until_then() -> None:
    scene = make_scene()
    hand_in(scene, "peer")
    rounds.open_discussion(scene.user("office"), scene.round)
    assert queries.discussion(scene.round, scene.first, scene.user("own")) is None
    with pytest.raises(NotAllowed):
        reviews.say(scene.user("own"), scene.round, scene.first, text="x")
    assert _talk(scene, "office").waiting == ["专家甲 评审人甲"]
    hand_in(scene, "own")
    assert len(_talk(scene, "own").reviews) == 2
    assert _talk(scene, "own").waiting == []


def test_after_the_round_only_the_chair_reads_the_discussion() -> None:
    scene = discussed()
    rounds.close_round(scene.user("office"), scene.round)
    assert queries.discussion(scene.round, scene.first, scene.user("own")) is None
    talk = _talk(scene, "office")
    assert (len(talk.reviews), talk.may_speak) == (2, False)


# -- what others compute from -------------------------------------------------------------------


def test_scores_are_of_submitted_reviews_only() -> None:
    scene = make_scene()
    assert queries.scores_of(scene.round) == []
    hand_in(scene, "peer")
    reviews.save_draft(scene.user("own"), scene.reviews["own"], revision=0, scores={"technology": 20})
    [(application, reviewer, total)] = queries.scores_of(scene.round)
    assert (application, str(reviewer), total) == (scene.first, PEER, pytest.approx(130 / 3, abs=1e-6))


@pytest.mark.parametrize(
    ("rule", "answers", "fails"),
    [("any", (True, False, True), True), ("majority", (True, False, True), False),
     ("majority", (False, False, True), True), ("majority", (True, False), False), ("any", (True, True), False)],
)  # fmt: skip
def test_a_gate_fails_by_its_rule(rule: str, answers: tuple[bool, ...], fails: bool) -> None:
    scene = make_scene()
    scene.round.criteria[2]["rule"] = rule
    scene.round.save()
    scene.round.reviews.filter(application=scene.first).delete()
    for passed in answers:
        gates = {"honest": {"passed": passed, "why": "" if passed else "有记录"}}
        make_review(
            scene.round, scene.first, make_reviewer(scene.call), state="submitted", gates=gates, total=50.0
        )
    found = queries.gate_failures(scene.first)
    assert [(f.key, f.failed, f.of) for f in found] == (
        [("honest", answers.count(False), len(answers))] if fails else []
    )


def test_disagreement_is_measured_against_the_round_and_sorted_worst_first() -> None:
    scene = make_scene()
    hand_in_all(scene)
    worst, other = queries.disagreement(scene.round)
    assert (worst.application, other.application) == (scene.first, scene.second)
    assert worst.spread == pytest.approx(70 - 130 / 3, abs=1e-5)
    assert worst.sd == pytest.approx((70 - 130 / 3) / 2**0.5, abs=1e-5)
    assert (other.spread, other.pair) == (0, None)
    assert worst.usual == pytest.approx((70 - 130 / 3) / 2, abs=1e-5)
    assert worst.is_wide
    assert worst.pair is not None
    assert (str(worst.pair.high.reviewer), str(worst.pair.low.reviewer)) == ("评审人甲", PEER)
    assert [str(review.reviewer) for review in worst.unsure] == [PEER]
    assert worst.split_gates == ["无失信记录"]
    assert [(s.name, [c.points for c in s.cells], s.spread) for s in worst.strips] == [
        ("技术能力", [15, 8.5], 6.5), ("转化能力", [6, 4.5], 1.5),
    ]  # fmt: skip


def test_feedback_reaches_the_applicant_after_the_issue_by_pseudonym() -> None:
    scene = make_scene()
    hand_in_all(scene)
    assert queries.feedback_of(scene.first, scene.user("applicant")) == []
    scene.call.state = CallState.FINISHED
    scene.call.save()
    scene.first.refresh_from_db()
    found = queries.feedback_of(scene.first, scene.user("applicant"))
    assert [(f.speaker, f.text) for f in found] == [
        ("专家甲", "方案完整，建议补充中试数据。"), ("专家乙", f"依据不足 {WORDS}"),
    ]  # fmt: skip
    for name in ("other firm", "own", "office", "superuser", "stranger"):
        assert queries.feedback_of(scene.first, scene.user(name)) == []


# -- the ledger ---------------------------------------------------------------------------------


def test_a_review_changed_past_the_verbs_is_found() -> None:
    scene = discussed()
    assert queries.verify_reviews(scene.round) == []
    peer, own, third = (scene.reviews[name] for name in ("peer", "own", "third"))
    Review.objects.filter(pk=peer.pk).update(scores={"technology": 20, "market": 10}, total=100.0)
    Review.objects.filter(pk=own.pk).update(state="draft")
    Entry.objects.filter(object=f"verification.review:{third.pk}").delete()
    found = {one.review: one.what for one in queries.verify_reviews(scene.round)}
    assert found == {peer.pk: "changed", own.pk: "missing", third.pk: "unrecorded"}


@pytest.mark.parametrize("field", ["confidence", "for_applicant", "for_office", "gates", "letter"])
def test_every_part_of_a_review_is_in_its_digest(field: str) -> None:
    scene = discussed()
    values: dict[str, Any] = {
        "confidence": 5, "for_applicant": "改", "for_office": "改", "letter": 9,
        "gates": {"honest": {"passed": True, "why": ""}},
    }  # fmt: skip
    Review.objects.filter(pk=scene.reviews["peer"].pk).update(**{field: values[field]})
    assert [one.what for one in queries.verify_reviews(scene.round)] == ["changed"]
