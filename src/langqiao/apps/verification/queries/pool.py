"""Reads of the pool and of assignments, for whoever runs the call, and of one's own invitation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Q, QuerySet

from langqiao.apps.verification.domain.conflicts import checked_since_last_submission
from langqiao.apps.verification.domain.rounds import live_reviews, under_review
from langqiao.apps.verification.models import (
    HANDED_IN,
    LIVE_REVIEWS,
    Application,
    AssignmentRun,
    Bid,
    Call,
    Conflict,
    Review,
    Reviewer,
    Round,
)
from langqiao.kit.permissions import allowed


def pool_of(viewer: Any, pk: int) -> Call | None:
    """The call whose pool the viewer may see, or None."""
    call = Call.objects.filter(pk=pk).first()
    return call if call is not None and allowed(viewer, "verification.read_pool", call) else None


def members(call: Call) -> QuerySet[Reviewer]:
    """Everybody in the pool with the figures that the list shows."""
    live = Q(reviews__state__in=LIVE_REVIEWS, reviews__application__state="accepted")
    return (
        Reviewer.objects.filter(call=call)
        .select_related("call", "person__organisation__city", "person__city", "person__user")
        .annotate(
            held=Count("reviews", filter=live, distinct=True),
            barred=Count("conflicts__application", filter=Q(conflicts__counts=True), distinct=True),
            wishes=Count("bids", distinct=True),
        )
    )


def conflicts_of(reviewer: Reviewer) -> list[Conflict]:
    """An expert's conflicts, the applicants' open wishes first."""
    return list(
        reviewer.conflicts.select_related("application__organisation").order_by("counts", "application_id")
    )


def needs_check(call: Call) -> bool:
    """Whether conflicts must be looked for before anybody is invited."""
    return not checked_since_last_submission(call)


def own_invitation(viewer: Any, pk: int) -> Reviewer | None:
    """The viewer's own place in a pool, or None."""
    found = Reviewer.objects.select_related("call", "person").filter(pk=pk).first()
    if found is None or not allowed(viewer, "verification.answer_invitation", found):
        return None
    return found


def biddable(reviewer: Reviewer) -> QuerySet[Application]:
    """Applications of the call that an expert may wish for, or must stand aside from."""
    return Application.objects.filter(call=reviewer.call_id, state__in=HANDED_IN).select_related(
        "field", "call"
    )


def bids_of(reviewer: Reviewer) -> dict[int, Bid]:
    """The expert's wishes by application."""
    return {bid.application_id: bid for bid in reviewer.bids.all()}


@dataclass(frozen=True, slots=True)
class Panel:
    """An application with those who review it in a round."""

    application: Application
    reviews: list[Review]
    wanted: int

    @property
    def lacks(self) -> int:
        """How many reviewers it lacks."""
        return max(0, self.wanted - len(self.reviews))


def panels(round: Round) -> list[Panel]:
    """Every application in the running with its reviewers."""
    held: dict[int, list[Review]] = {}
    for review in live_reviews(round):
        held.setdefault(review.application_id, []).append(review)
    return [Panel(a, held.get(a.pk, []), round.call.reviews_per) for a in under_review(round)]


@dataclass(frozen=True, slots=True)
class Pair:
    """A pair of a proposal in words."""

    application: Application
    reviewer: Reviewer
    score: float


def pairs_of(run: AssignmentRun) -> list[tuple[Application, list[Pair]]]:
    """A proposal's pairs by application."""
    applications = Application.objects.in_bulk({int(a) for a, _r in run.result["pairs"]})
    reviewers = Reviewer.objects.select_related("person__organisation__city").in_bulk(
        {int(r) for _a, r in run.result["pairs"]}
    )
    found: dict[int, list[Pair]] = {}
    for (item, name), score in zip(run.result["pairs"], run.result["scores"], strict=True):
        application, reviewer = applications.get(int(item)), reviewers.get(int(name))
        if application is not None and reviewer is not None:
            found.setdefault(application.pk, []).append(Pair(application, reviewer, score))
    order = sorted(found, key=lambda pk: applications[pk].number or 0)
    return [(applications[pk], found[pk]) for pk in order]


def unfilled_of(run: AssignmentRun) -> list[tuple[Application, int]]:
    """Applications that the proposal leaves short of reviewers, and by how many."""
    wanted = run.result["unfilled"]
    applications = Application.objects.in_bulk([int(pk) for pk in wanted])
    return [(applications[int(pk)], n) for pk, n in wanted.items() if int(pk) in applications]
