"""What the REST API takes and gives for reviews, their discussion and their rounds.

No ``from __future__ import annotations`` here: ninja must meet the types themselves, not their names.
"""

from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any

from ninja import Schema
from pydantic import Field as Bound

from langqiao.apps.verification.domain.reviews import REASON_AT_MOST, REMARK_AT_MOST
from langqiao.apps.verification.domain.rounds import round_name
from langqiao.apps.verification.domain.scoring import GATE_WHY_AT_MOST, TEXT_AT_MOST, opinion_of
from langqiao.apps.verification.models import Review

KEYS_AT_MOST = 40
Key = Annotated[str, Bound(max_length=40)]
Points = Annotated[float, Bound(ge=0, le=1_000, allow_inf_nan=False)]
Text = Annotated[str, Bound(max_length=TEXT_AT_MOST)]
Revision = Annotated[int, Bound(ge=0, lt=10**9)]


def opinion(review: Review) -> dict[str, Any]:
    """What a review says, with its total."""
    return {**opinion_of(review), "total": review.total}


class GateAnswerIn(Schema):
    """A gate passed or failed; whoever fails it says why."""

    passed: bool | None = None
    why: Annotated[str, Bound(max_length=GATE_WHY_AT_MOST)] = ""


class ReviewOpinionIn(Schema):
    """What a review says; fields left out stay as they are."""

    scores: Annotated[dict[Key, Points | None], Bound(max_length=KEYS_AT_MOST)] | None = None
    gates: Annotated[dict[Key, GateAnswerIn], Bound(max_length=KEYS_AT_MOST)] | None = None
    confidence: Annotated[int, Bound(ge=1, le=5)] | None = None
    for_applicant: Text | None = None
    for_office: Text | None = None

    def given(self) -> dict[str, Any]:
        """The values that were sent, as the verbs take them."""
        names = ("scores", "gates", "confidence", "for_applicant", "for_office")
        held = self.dict(include=set(names), exclude_none=True)
        if self.gates is not None:
            held["gates"] = {key: {"passed": one.passed, "why": one.why} for key, one in self.gates.items()}
        return held


class ReviewDraftIn(ReviewOpinionIn):
    """A draft with the revision it goes on from."""

    revision: Revision


class ReviewChangeIn(ReviewOpinionIn):
    """A change of a submitted review with its reason."""

    why: Annotated[str, Bound(min_length=1, max_length=REASON_AT_MOST)]


class ReviewRemarkIn(Schema):
    """A word in the discussion."""

    text: Annotated[str, Bound(min_length=1, max_length=REMARK_AT_MOST)]


class GateAnswerOut(Schema):
    """A gate as answered."""

    passed: bool | None = None
    why: str = ""


class ReviewOpinionOut(Schema):
    """What a review says; ``total`` once submitted, 0 to 100."""

    scores: dict[str, float]
    gates: dict[str, GateAnswerOut]
    confidence: int | None = None
    for_applicant: str
    total: float | None = None


class ReviewedLineOut(Schema):
    """A field of the application; money in 万元."""

    key: str
    label: str
    kind: str
    value: Any = None


class ReviewedPartOut(Schema):
    """A section of the application."""

    title: str
    lines: list[ReviewedLineOut]


class ReviewedFileOut(Schema):
    """A file of the application, fetched from its page."""

    id: int
    name: str
    size: int


class ReviewedContentOut(Schema):
    """The application as this reviewer may read it; names are absent where the call is double blind."""

    label: str
    title: str | None = None
    organisation: str | None = None
    amount: Decimal | None = None
    parts: list[ReviewedPartOut]
    files: list[ReviewedFileOut]


class OwnReviewOut(Schema):
    """One's own review in a list."""

    id: int
    call: str
    round: str
    application: str
    state: str
    due_at: datetime | None = None
    submitted_at: datetime | None = None

    @staticmethod
    def resolve_call(review: Any) -> str:
        """The call's title."""
        return str(review.round.call.title)

    @staticmethod
    def resolve_round(review: Any) -> str:
        """The round's name."""
        return round_name(review.round)

    @staticmethod
    def resolve_application(review: Any) -> str:
        """By what the reviewer may name the application."""
        application = review.application
        return str(application.label if review.round.call.is_double_blind else application.title)

    @staticmethod
    def resolve_due_at(review: Any) -> datetime | None:
        """When the round is due."""
        due: datetime | None = review.round.due_at
        return due


class OwnReviewDetailOut(OwnReviewOut):
    """One's own review with the application and what was written so far."""

    revision: int
    criteria: list[dict[str, Any]]
    opinion: ReviewOpinionOut
    for_office: str
    content: ReviewedContentOut | None = Bound(None, alias="shown_content")

    @staticmethod
    def resolve_criteria(review: Any) -> list[dict[str, Any]]:
        """What the round judges by."""
        return list(review.round.criteria)

    @staticmethod
    def resolve_opinion(review: Any) -> dict[str, Any]:
        """What was written so far."""
        return opinion(review)


class StaleReviewOut(Schema):
    """A stale revision: what is stored now, so that nothing is lost."""

    error: dict[str, str]
    stored: OwnReviewDetailOut


class ReviewProgressOut(Schema):
    """How far one reviewer or application is."""

    id: int
    name: str
    assigned: int
    submitted: int
    late: bool


class ReviewRoundOut(Schema):
    """A round for the chair."""

    id: int
    call: int
    name: str
    kind: str
    state: str
    due_at: datetime | None = None
    by_application: list[ReviewProgressOut]
    by_reviewer: list[ReviewProgressOut]


class ChairedReviewOut(Schema):
    """A review for the chair: of an unfinished one the state alone, the rest null."""

    id: int
    application: int
    title: str
    reviewer: str
    letter: int
    state: str
    submitted_at: datetime | None = None
    opinion: ReviewOpinionOut | None = None
    for_office: str | None = None


class ShownReviewOut(Schema):
    """A submitted review in the discussion, by pseudonym."""

    speaker: str
    own: bool
    changed_at: list[datetime]
    opinion: ReviewOpinionOut


class ReviewRemarkOut(Schema):
    """A remark by its speaker's pseudonym."""

    speaker: str
    own: bool
    text: str
    at: datetime


class ReviewTalkOut(Schema):
    """The discussion of an application."""

    reviews: list[ShownReviewOut]
    remarks: list[ReviewRemarkOut]
