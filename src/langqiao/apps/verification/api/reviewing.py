"""REST API of reviews (评审): one's own and their discussion; for the chair progress and what was submitted.

No ``from __future__ import annotations`` here: ninja must meet the schemas themselves, not their names.
"""

from datetime import date
from decimal import Decimal
from typing import Any

from django.db.models import QuerySet
from django.http import Http404, HttpRequest
from ninja import Router, Status
from ninja.pagination import paginate

from langqiao.apps.verification.api import review_schemas as s
from langqiao.apps.verification.domain import reviews as verbs
from langqiao.apps.verification.domain.rounds import round_name
from langqiao.apps.verification.models import Application, Review, ReviewState, Round
from langqiao.apps.verification.queries import reviews as queries
from langqiao.apps.verification.queries.content import Content, content_of
from langqiao.kit.api import Paged

router = Router(tags=["verification"])


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


@router.get("/reviews", response=list[s.OwnReviewOut], operation_id="list_own_reviews")
@paginate(Paged)
def list_own_reviews(request: HttpRequest) -> QuerySet[Review]:
    """The caller's own reviews, what is due first on top."""
    return queries.my_reviews(request.user).order_by("round__due_at", "application__number", "pk")


@router.get("/reviews/{int:pk}", response=s.OwnReviewDetailOut, operation_id="get_own_review")
def get_own_review(request: HttpRequest, pk: int) -> Any:
    """One of the caller's own reviews with the application to be reviewed."""
    return _detail(request, _found(request, pk))


@router.put(
    "/reviews/{int:pk}/draft",
    response={200: s.OwnReviewDetailOut, 409: s.StaleReviewOut},
    operation_id="save_review_draft",
)
def save_review_draft(request: HttpRequest, pk: int, values: s.ReviewDraftIn) -> Any:
    """Save a draft; 409 with what is stored when it was saved from elsewhere meanwhile."""
    return _written(request, verbs.save_draft, pk, values)


@router.post(
    "/reviews/{int:pk}/submit",
    response={200: s.OwnReviewDetailOut, 409: s.StaleReviewOut},
    operation_id="submit_review",
)
def submit_review(request: HttpRequest, pk: int, values: s.ReviewDraftIn) -> Any:
    """Hand a review in; it must be complete."""
    return _written(request, verbs.submit_review, pk, values)


def _written(request: HttpRequest, verb: Any, pk: int, values: s.ReviewDraftIn) -> Any:
    try:
        verb(_actor(request), _found(request, pk), revision=values.revision, **values.given())
    except verbs.Stale as stale:
        error = {"why": stale.why, "mend": stale.mend, "field": "revision"}
        return Status(409, {"error": error, "stored": _detail(request, stale.review)})
    return _detail(request, _found(request, pk))


@router.post("/reviews/{int:pk}/change", response=s.OwnReviewDetailOut, operation_id="change_review")
def change_review(request: HttpRequest, pk: int, values: s.ReviewChangeIn) -> Any:
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
                "opinion": s.opinion(shown.review),
            }
            for shown in talk.reviews
        ],
        "remarks": [
            {"speaker": said.speaker, "own": said.is_own, "text": said.remark.text, "at": said.remark.at}
            for said in talk.remarks
        ],
    }


@router.get(
    "/rounds/{int:pk}/talk/{int:application_pk}",
    response=s.ReviewTalkOut,
    operation_id="get_review_discussion",
)
def get_review_discussion(request: HttpRequest, pk: int, application_pk: int) -> Any:
    """The discussion of an application, for the chair and for reviewers who handed in."""
    return _talk_out(_talk(request, pk, application_pk))


@router.post(
    "/rounds/{int:pk}/talk/{int:application_pk}",
    response={201: s.ReviewTalkOut},
    operation_id="say_in_review_discussion",
)
def say_in_review_discussion(
    request: HttpRequest, pk: int, application_pk: int, values: s.ReviewRemarkIn
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


@router.get("/rounds/{int:pk}", response=s.ReviewRoundOut, operation_id="get_review_round")
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


@router.get("/rounds/{int:pk}/reviews", response=list[s.ChairedReviewOut], operation_id="list_round_reviews")
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
        "opinion": s.opinion(review) if done else None,
        "for_office": review.for_office if done else None,
    }
