"""Reads of rounds and reviews, limited to what the viewer may see.

Before a reviewer has handed in, nothing of other reviews reaches them: no state, count, figure, name or
time. Whoever chairs reads what was submitted, and of the rest the state alone.
"""

from __future__ import annotations

import json
from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, NamedTuple

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from langqiao.apps.accounts.models import Role
from langqiao.apps.accounts.queries import holds_role
from langqiao.apps.ledger.models import Entry
from langqiao.apps.verification.domain.scoring import content_digest, gated
from langqiao.apps.verification.models import (
    LIVE_REVIEWS,
    Application,
    Call,
    CallState,
    DefenceSlot,
    Remark,
    Review,
    ReviewChange,
    Reviewer,
    ReviewState,
    Round,
    RoundState,
)
from langqiao.apps.verification.queries.disagreement import disagreement
from langqiao.apps.verification.rules import Talk, insider_ids, is_recused
from langqiao.kit.permissions import allowed
from langqiao.kit.words import is_english

__all__ = ["disagreement"]
STEMS = "甲乙丙丁戊己庚辛壬癸"
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
UNFINISHED = (ReviewState.ASSIGNED, ReviewState.DRAFT)
HASHED_VERBS = ("submit_review", "change_review")


def pseudonym(letter: int) -> str:
    """By what colleagues and applicants meet a reviewer: 专家甲, Reviewer A; a number beyond the alphabet."""
    signs = LETTERS if is_english() else STEMS
    sign = signs[letter - 1] if 1 <= letter <= len(signs) else str(letter)
    return _("专家%(sign)s") % {"sign": sign}


def _signed_in(viewer: Any) -> bool:
    return bool(viewer is not None and getattr(viewer, "is_authenticated", False) and viewer.is_active)


# -- the reviewer's own -------------------------------------------------------------------------


def my_reviews(viewer: Any) -> QuerySet[Review]:
    """The viewer's own reviews in rounds that have begun, declined and replaced ones among them."""
    if not _signed_in(viewer) or not holds_role(viewer, Role.EVALUATOR):
        return Review.objects.none()
    return (
        Review.objects.filter(reviewer__person__user=viewer, reviewer__state=Reviewer.State.ACCEPTED)
        .exclude(round__state=RoundState.PREPARING)
        .select_related("round__call", "application", "reviewer__person")
    )


def own_review(viewer: Any, pk: int) -> Review | None:
    """The viewer's own live review, None for all else."""
    return my_reviews(viewer).filter(pk=pk, state__in=LIVE_REVIEWS).first()


def my_places(viewer: Any) -> list[Reviewer]:
    """The viewer's places in pools: invitations to answer, and calls to bid on."""
    if not _signed_in(viewer):
        return []
    states = (Reviewer.State.INVITED, Reviewer.State.ACCEPTED)
    rows = Reviewer.objects.filter(person__user=viewer, state__in=states).select_related("call")
    return list(rows.exclude(call__state__in=(CallState.FINISHED, CallState.CANCELLED)).order_by("-pk"))


# -- the chair's --------------------------------------------------------------------------------


def chaired_round(viewer: Any, pk: int) -> Round | None:
    """A round that the viewer chairs."""
    round = Round.objects.select_related("call").filter(pk=pk).first()
    return round if round is not None and allowed(viewer, "verification.read_pool", round.call) else None


@dataclass(frozen=True, slots=True)
class Progress:
    """How far the reviews of one application, or of one reviewer, are."""

    who: Any
    assigned: int
    submitted: int
    is_late: bool
    reviews: list[Review]

    @property
    def percent(self) -> int:
        """Share handed in."""
        return 100 * self.submitted // self.assigned if self.assigned else 0


def progress(round: Round) -> tuple[list[Progress], list[Progress]]:
    """Progress by application and by reviewer, the least advanced reviewers first; one query."""
    rows = (
        round.reviews.filter(state__in=LIVE_REVIEWS)
        .select_related("application", "reviewer__person__organisation")
        .order_by("application__number", "application_id", "letter")
    )
    by_application: dict[Application, list[Review]] = defaultdict(list)
    by_reviewer: dict[Reviewer, list[Review]] = defaultdict(list)
    for review in rows:
        by_application[review.application].append(review)
        by_reviewer[review.reviewer].append(review)
    over = is_over(round)
    applications = [_progress(who, reviews, over=over) for who, reviews in by_application.items()]
    reviewers = [_progress(who, reviews, over=over) for who, reviews in by_reviewer.items()]
    return applications, sorted(reviewers, key=lambda one: (one.percent, str(one.who)))


def is_over(round: Round) -> bool:
    """Whether the due date is over while the round still waits for reviews."""
    waiting = round.state in (RoundState.REVIEWING, RoundState.DISCUSSING)
    return waiting and round.due_at is not None and round.due_at < timezone.now()


def _progress(who: Any, reviews: list[Review], *, over: bool) -> Progress:
    done = sum(review.state == ReviewState.SUBMITTED for review in reviews)
    return Progress(who, len(reviews), done, over and done < len(reviews), reviews)


class Scored(NamedTuple):
    """One submitted review as the calibration takes it; ``total`` is 0 to 100."""

    application: Application
    reviewer: Reviewer
    total: float


def scores_of(round: Round) -> list[Scored]:
    """Totals of the submitted reviews of a round, by application number and reviewer."""
    rows = (
        round.reviews.filter(state=ReviewState.SUBMITTED, total__isnull=False)
        .select_related("application", "reviewer__person")
        .order_by("application__number", "application_id", "reviewer_id")
    )
    return [Scored(row.application, row.reviewer, row.total) for row in rows if row.total is not None]


@dataclass(frozen=True, slots=True)
class GateFailure:
    """A gate that an application does not pass in a round: how many of how many reviewers said so."""

    round: Round
    key: str
    name: str
    rule: str
    failed: int
    of: int
    reasons: list[str]


def gate_failures(application: Application) -> list[GateFailure]:
    """Gates the application does not pass: rule ``any`` by one failure, ``majority`` by more than half."""
    rounds = Round.objects.filter(reviews__application=application).distinct().order_by("step")
    return [
        failure
        for round in rounds
        for failure in _failures(round, _answers(round, application=application).get(application.pk, []))
    ]


def gate_failures_of(call: Call) -> dict[int, list[GateFailure]]:
    """The same for every application of a call that fails a gate; one query a round."""
    found: dict[int, list[GateFailure]] = defaultdict(list)
    for round in call.rounds.order_by("step"):
        if gated(round.criteria):
            for pk, answers in _answers(round).items():
                found[pk] += _failures(round, answers)
    return {pk: failures for pk, failures in found.items() if failures}


def _answers(round: Round, **only: Any) -> dict[int, list[dict[str, Any]]]:
    """The gates as answered in the submitted reviews of a round, by application and letter."""
    found: dict[int, list[dict[str, Any]]] = defaultdict(list)
    reviews = round.reviews.filter(state=ReviewState.SUBMITTED, **only).order_by("application_id", "letter")
    for pk, answers in reviews.values_list("application_id", "gates"):
        found[pk].append(answers)
    return found


def _failures(round: Round, answers: list[dict[str, Any]]) -> list[GateFailure]:
    found = []
    for one in gated(round.criteria):
        given = [answer[one["key"]] for answer in answers if one["key"] in answer]
        against = [answer for answer in given if answer["passed"] is False]
        rule = one.get("rule", "any")
        if against and (rule == "any" or 2 * len(against) > len(given)):
            reasons = [answer["why"] for answer in against if answer["why"]]
            found.append(GateFailure(round, one["key"], one["name"], rule, len(against), len(given), reasons))
    return found


# -- discussion ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Shown:
    """A submitted review as one reader meets it: by pseudonym; name and all words for the chair only."""

    review: Review
    speaker: str
    name: str
    is_own: bool
    for_office: str
    changes: list[ReviewChange]
    changed_at: list[datetime]


@dataclass(frozen=True, slots=True)
class Said:
    """A remark with its speaker as the reader meets them."""

    remark: Remark
    speaker: str
    is_own: bool


@dataclass(frozen=True, slots=True)
class Discussion:
    """What is shown of a discussion; ``waiting`` (reviews not handed in, by pseudonym) to the chair only."""

    round: Round
    application: Application
    is_chair: bool
    may_speak: bool
    own: Review | None
    reviews: list[Shown]
    remarks: list[Said]
    waiting: list[str]


def discussion(round: Round, application: Application, viewer: Any) -> Discussion | None:
    """The discussion of an application, None for whoever may not read it."""
    talk = Talk(round, application)
    if application.call_id != round.call_id or not allowed(viewer, "verification.read_talk", talk):
        return None
    is_chair = allowed(viewer, "verification.read_pool", round.call)
    rows = list(
        round.reviews.filter(application=application, state__in=LIVE_REVIEWS)
        .select_related("reviewer__person")
        .prefetch_related("changes")
        .order_by("letter")
    )
    shown = [
        shown_review(row, viewer, is_chair=is_chair) for row in rows if row.state == ReviewState.SUBMITTED
    ]
    remarks = round.remarks.filter(application=application).select_related("review__reviewer__person")
    return Discussion(
        round=round,
        application=application,
        is_chair=is_chair,
        may_speak=allowed(viewer, "verification.discuss", talk),
        own=next((one.review for one in shown if one.is_own), None),
        reviews=shown,
        remarks=[_said(remark, viewer, is_chair=is_chair) for remark in remarks],
        waiting=[_named(row, is_chair=True) for row in rows if row.state in UNFINISHED] if is_chair else [],
    )


def _named(review: Review, *, is_chair: bool) -> str:
    known = pseudonym(review.letter)
    return f"{known} {review.reviewer}" if is_chair else known


def shown_review(review: Review, viewer: Any, *, is_chair: bool) -> Shown:
    """A submitted review for the chair or for a colleague who handed in."""
    changes = list(review.changes.all())
    return Shown(
        review=review,
        speaker=pseudonym(review.letter),
        name=str(review.reviewer) if is_chair else "",
        is_own=review.reviewer.person.user_id == viewer.pk,
        for_office=review.for_office if is_chair else "",
        changes=changes if is_chair else [],
        changed_at=[change.at for change in changes],
    )


def _said(remark: Remark, viewer: Any, *, is_chair: bool) -> Said:
    speaker = _("主持人") if remark.review is None else _named(remark.review, is_chair=is_chair)
    return Said(remark, speaker, remark.author_id == viewer.pk)


# -- defence and feedback -----------------------------------------------------------------------


def visible_slots(viewer: Any) -> QuerySet[DefenceSlot]:
    """Defences the viewer runs, answers in, or reviews."""
    if not _signed_in(viewer):
        return DefenceSlot.objects.none()
    seen = Q(application__organisation__in=insider_ids(viewer))
    if holds_role(viewer, Role.EVALUATOR):
        # Who was told of a defence sees it, even while the round is still being prepared.
        own = Review.objects.filter(
            round=OuterRef("round"),
            application=OuterRef("application"),
            state__in=LIVE_REVIEWS,
            reviewer__person__user=viewer,
            reviewer__state=Reviewer.State.ACCEPTED,
        )
        seen |= Q(Exists(own))
    if holds_role(viewer, Role.OFFICE):
        seen |= Q(round__call__in=[call.pk for call in _defended_calls() if not is_recused(viewer, call)])
    return DefenceSlot.objects.filter(seen).select_related(
        "round__call", "application__organisation", "application__city"
    )


def _defended_calls() -> QuerySet[Call]:
    return Call.objects.filter(rounds__slots__isnull=False).distinct()


@dataclass(frozen=True, slots=True)
class Feedback:
    """What a reviewer wrote for the applicant, by pseudonym."""

    round: Round
    speaker: str
    text: str


def feedback_of(application: Application, viewer: Any) -> list[Feedback]:
    """Words for the applicant once the result is issued (评审反馈); nothing for anybody else or before."""
    if not allowed(viewer, "verification.read_feedback", application):
        return []
    rows = (
        application.reviews.filter(state=ReviewState.SUBMITTED)
        .exclude(for_applicant="")
        .select_related("round__call")
        .order_by("round__step", "letter")
    )
    return [Feedback(row.round, pseudonym(row.letter), row.for_applicant) for row in rows]


# -- the ledger ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Mismatch:
    """A stored review that the ledger does not bear out.

    ``what``: ``changed`` (other content than was handed in), ``unrecorded`` (no entry for a submitted
    review), ``missing`` (an entry whose review is gone or no longer submitted).
    """

    what: Literal["changed", "unrecorded", "missing"]
    review: int
    recorded: str
    found: str


def verify_reviews(round: Round) -> list[Mismatch]:
    """Compare every submitted review of a round with the digest that the ledger holds (核验评审意见).

    Finds what was changed past the verbs. That the ledger itself was not rewritten, ``langqiao ledger
    verify`` says.
    """
    recorded = recorded_digests(round)
    found: list[Mismatch] = []
    stored = {review.pk: review for review in round.reviews.filter(state=ReviewState.SUBMITTED)}
    for pk in sorted(recorded.keys() | stored.keys()):
        review, noted = stored.get(pk), recorded.get(pk, "")
        present = content_digest(review) if review is not None else ""
        if review is None:
            found.append(Mismatch("missing", pk, noted, ""))
        elif not noted:
            found.append(Mismatch("unrecorded", pk, "", present))
        elif noted != present:
            found.append(Mismatch("changed", pk, noted, present))
    return found


def recorded_digests(round: Round) -> dict[int, str]:
    """The newest digest that the ledger holds for each review of a round."""
    rows = Entry.objects.filter(
        app="verification", verb__in=HASHED_VERBS, data__contains=f'"round":{round.pk}'
    ).order_by("sequence")
    found = {}
    for entry in rows:
        data = json.loads(entry.data)
        if data["round"] == round.pk:
            found[int(entry.object.partition(":")[2])] = data["review_sm3"]
    return found


def own_receipt(review: Review) -> Entry | None:
    """The ledger's entry of a review's newest content, for its writer's receipt."""
    return (
        Entry.objects.filter(object=f"verification.review:{review.pk}", verb__in=HASHED_VERBS)
        .order_by("-sequence")
        .first()
    )


# -- what the ledger keeps from who reads it all --------------------------------------------------


def withheld_entries(viewer: Any) -> Q:
    """Entries that a recused member of the office (回避) must not read: all that is not public of the call.

    The office reads the whole ledger, and with it who handed in which review when; whoever works for an
    applicant must not. An empty condition withholds nothing.
    """
    mine = insider_ids(viewer)
    if not mine:
        return Q()
    calls = Call.objects.filter(applications__organisation__in=mine)
    cases = set(calls.values_list("case", flat=True))
    if not cases:
        return Q()
    cases |= set(Application.objects.filter(call__in=calls).values_list("case", flat=True))
    return Q(app="verification", case__in=cases) & ~Q(visibility="public")
