"""REST API of reviews (评审): one's own and their discussion; for the chair progress and what was submitted.

No ``from __future__ import annotations`` here: ninja must meet the schemas themselves, not their names.
"""

from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any

from django.db.models import QuerySet
from django.http import Http404, HttpRequest
from ninja import Router, Schema, Status
from ninja.pagination import paginate
from pydantic import Field as Bound

from langqiao.apps.verification.domain import reviews as verbs
from langqiao.apps.verification.domain.reviews import REASON_AT_MOST, REMARK_AT_MOST
from langqiao.apps.verification.domain.rounds import round_name
from langqiao.apps.verification.domain.scoring import GATE_WHY_AT_MOST, TEXT_AT_MOST, opinion_of
from langqiao.apps.verification.models import Application, Review, ReviewState, Round
from langqiao.apps.verification.queries import reviews as queries
from langqiao.apps.verification.queries.content import Content, content_of
from langqiao.kit.api import Paged

router = Router(tags=["verification"])
KEYS_AT_MOST = 40
Key = Annotated[str, Bound(max_length=40)]
Points = Annotated[float, Bound(ge=0, le=1_000, allow_inf_nan=False)]
Text = Annotated[str, Bound(max_length=TEXT_AT_MOST)]
Revision = Annotated[int, Bound(ge=0, lt=10**9)]


def _opinion(review: Review) -> dict[str, Any]:
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
        return _opinion(review)


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


def _plain(value: Any) -> Any:
    """A value of the application as JSON."""
    if isinstance(value, date):
        return value.isoformat()
    return str(value) if isinstance(value, Decimal) else value


def _content(content: Content | None) -> dict[str, Any] | None:
    if content is None:
        return None
    return {
        "label": content.label,
        "title": None if content.blind else content.title,
        "organisation": content.organisation.name if content.organisation is not None else None,
        "amount": content.amount,
        "parts": [
            {
                "title": part.title,
                "lines": [
                    {"key": one.key, "label": one.label, "kind": one.kind, "value": _plain(one.value)}
                    for one in part.lines
                ],
            }
            for part in content.parts
        ],
        "files": [{"id": file.pk, "name": file.name, "size": file.size} for file in content.files],
    }


def _detail(request: HttpRequest, review: Review) -> Any:
    """The review with the application as its reviewer may read it."""
    shown: Any = review
    shown.shown_content = _content(content_of(review.application, request.user, as_reviewer=True))
    return shown


def _found(request: HttpRequest, pk: int) -> Review:
    """The caller's own review; of others none is known to exist."""
    review = queries.own_review(request.user, pk)
    if review is None:
        raise Http404
    return review


def _round(request: HttpRequest, pk: int) -> Round:
    round = queries.chaired_round(request.user, pk)
    if round is None:
        raise Http404
    return round


def _actor(request: HttpRequest) -> Any:
    """Who acts, for a verb; the rule refuses a stranger."""
    return request.user


@router.get("/reviews", response=list[OwnReviewOut], operation_id="list_own_reviews")
@paginate(Paged)
def list_own_reviews(request: HttpRequest) -> QuerySet[Review]:
    """The caller's own reviews, what is due first on top."""
    return queries.my_reviews(request.user).order_by("round__due_at", "application__number", "pk")


@router.get("/reviews/{int:pk}", response=OwnReviewDetailOut, operation_id="get_own_review")
def get_own_review(request: HttpRequest, pk: int) -> Any:
    """One of the caller's own reviews with the application to be reviewed."""
    return _detail(request, _found(request, pk))


@router.put(
    "/reviews/{int:pk}/draft",
    response={200: OwnReviewDetailOut, 409: StaleReviewOut},
    operation_id="save_review_draft",
)
def save_review_draft(request: HttpRequest, pk: int, values: ReviewDraftIn) -> Any:
    """Save a draft; 409 with what is stored when it was saved from elsewhere meanwhile."""
    return _written(request, verbs.save_draft, pk, values)


@router.post(
    "/reviews/{int:pk}/submit",
    response={200: OwnReviewDetailOut, 409: StaleReviewOut},
    operation_id="submit_review",
)
def submit_review(request: HttpRequest, pk: int, values: ReviewDraftIn) -> Any:
    """Hand a review in; it must be complete."""
    return _written(request, verbs.submit_review, pk, values)


def _written(request: HttpRequest, verb: Any, pk: int, values: ReviewDraftIn) -> Any:
    try:
        verb(_actor(request), _found(request, pk), revision=values.revision, **values.given())
    except verbs.Stale as stale:
        error = {"why": stale.why, "mend": stale.mend, "field": "revision"}
        return Status(409, {"error": error, "stored": _detail(request, stale.review)})
    return _detail(request, _found(request, pk))


@router.post("/reviews/{int:pk}/change", response=OwnReviewDetailOut, operation_id="change_review")
def change_review(request: HttpRequest, pk: int, values: ReviewChangeIn) -> Any:
    """Change a submitted review in the discussion, with the reason."""
    verbs.change_review(_actor(request), _found(request, pk), why=values.why, **values.given())
    return _detail(request, _found(request, pk))


def _talk(request: HttpRequest, pk: int, application_pk: int) -> queries.Discussion:
    round = Round.objects.select_related("call").filter(pk=pk).first()
    application = Application.objects.select_related("call").filter(pk=application_pk).first()
    talk = queries.discussion(round, application, request.user) if round and application else None
    if talk is None:
        raise Http404
    return talk


def _talk_out(talk: queries.Discussion) -> dict[str, Any]:
    return {
        "reviews": [
            {
                "speaker": shown.speaker,
                "own": shown.is_own,
                "changed_at": shown.changed_at,
                "opinion": _opinion(shown.review),
            }
            for shown in talk.reviews
        ],
        "remarks": [
            {"speaker": said.speaker, "own": said.is_own, "text": said.remark.text, "at": said.remark.at}
            for said in talk.remarks
        ],
    }


@router.get(
    "/rounds/{int:pk}/talk/{int:application_pk}", response=ReviewTalkOut, operation_id="get_review_discussion"
)
def get_review_discussion(request: HttpRequest, pk: int, application_pk: int) -> Any:
    """The discussion of an application, for the chair and for reviewers who handed in."""
    return _talk_out(_talk(request, pk, application_pk))


@router.post(
    "/rounds/{int:pk}/talk/{int:application_pk}",
    response={201: ReviewTalkOut},
    operation_id="say_in_review_discussion",
)
def say_in_review_discussion(
    request: HttpRequest, pk: int, application_pk: int, values: ReviewRemarkIn
) -> Any:
    """Speak in the discussion."""
    talk = _talk(request, pk, application_pk)
    verbs.say(_actor(request), talk.round, talk.application, text=values.text)
    return Status(201, _talk_out(_talk(request, pk, application_pk)))


def _progress(rows: list[queries.Progress]) -> list[dict[str, Any]]:
    return [
        {
            "id": row.who.pk,
            "name": str(row.who),
            "assigned": row.assigned,
            "submitted": row.submitted,
            "late": row.is_late,
        }
        for row in rows
    ]


@router.get("/rounds/{int:pk}", response=ReviewRoundOut, operation_id="get_review_round")
def get_review_round(request: HttpRequest, pk: int) -> Any:
    """A round's progress, for whoever chairs it."""
    round = _round(request, pk)
    by_application, by_reviewer = queries.progress(round)
    return {
        "id": round.pk,
        "call": round.call_id,
        "name": round_name(round),
        "kind": round.kind,
        "state": round.state,
        "due_at": round.due_at,
        "by_application": _progress(by_application),
        "by_reviewer": _progress(by_reviewer),
    }


@router.get("/rounds/{int:pk}/reviews", response=list[ChairedReviewOut], operation_id="list_round_reviews")
def list_round_reviews(request: HttpRequest, pk: int) -> Any:
    """All reviews of a round for whoever chairs it; of unfinished ones the state alone."""
    rows = _round(request, pk).reviews.select_related("application", "reviewer__person")
    return [_chaired(row) for row in rows.order_by("application__number", "letter")]


def _chaired(review: Review) -> dict[str, Any]:
    done = review.state == ReviewState.SUBMITTED
    return {
        "id": review.pk,
        "application": review.application_id,
        "title": review.application.title,
        "reviewer": str(review.reviewer),
        "letter": review.letter,
        "state": review.state,
        "submitted_at": review.submitted_at,
        "opinion": _opinion(review) if done else None,
        "for_office": review.for_office if done else None,
    }
