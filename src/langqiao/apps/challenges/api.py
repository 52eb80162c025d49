"""REST API of challenges: the same verbs and rules as the pages; sealed details only by promise.

No ``from __future__ import annotations`` here: ninja must meet the schemas themselves, not their names.
"""

from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.http import Http404, HttpRequest
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext_lazy as _
from ninja import PatchDict, Query, Router, Schema, Status
from ninja.pagination import paginate

from langqiao.apps.challenges import domain, matching, queries
from langqiao.apps.challenges import schemas as s
from langqiao.apps.challenges.models import Answer, Challenge, State
from langqiao.apps.registry.domain.lookups import Lookups
from langqiao.apps.registry.models import Organisation
from langqiao.kit.api import Paged
from langqiao.kit.permissions import allowed
from langqiao.kit.refusals import Invalid
from langqiao.kit.throttle import throttle

router = Router(tags=["challenges"])


class Narrow(Schema):
    """Filters of the list."""

    q: str = ""
    city: str = ""
    field: str = ""
    state: State | None = None
    organisation: int | None = None
    illustrative: bool | None = None


def _actor(request: HttpRequest) -> Any:
    """Who acts, for a verb; the rule refuses a stranger."""
    return request.user


def _found(request: HttpRequest, pk: int) -> Challenge:
    """A challenge the caller may read; who may not need not know that it exists."""
    return get_object_or_404(queries.visible_challenges(request.user), pk=pk)


def _detail(request: HttpRequest, challenge: Challenge) -> Any:
    """The challenge with what of it the caller may read (see ``ChallengeDetailOut``)."""
    shown: Any = challenge
    if allowed(request.user, "challenges.read_details", challenge):
        shown.shown_details = challenge.details
        shown.shown_attachments = list(challenge.attachments.all())
    return shown


def _organisation(name: str) -> Organisation:
    found = Lookups().organisation(name)
    if found is None:
        raise Invalid(_("请写明机构。"), field="organisation")
    return found


def _referred(values: dict[str, Any]) -> dict[str, Any]:
    """Values as the verbs take them: cities and fields as records."""
    lookups = Lookups()
    if "city" in values:
        values["city"] = lookups.city(values["city"])
    if "field" in values:
        values["field"] = lookups.field(values["field"])
    if "stage" in values:
        values["stage"] = values["stage"] or ""
    return values


@router.get("/challenges", response=list[s.ChallengeOut], operation_id="list_challenges")
@paginate(Paged)
def list_challenges(request: HttpRequest, narrow: Query[Narrow]) -> QuerySet[Challenge]:
    """Challenges the caller may read, newest first; never their details."""
    rows = queries.visible_challenges(request.user)
    for word in narrow.q.replace("\0", "").split()[:8]:
        rows = rows.filter(title__icontains=word) | rows.filter(summary__icontains=word)
    wanted = {
        "city": narrow.city,
        "field": narrow.field,
        "state": narrow.state,
        "organisation": narrow.organisation,
    }
    rows = rows.filter(**{name: value for name, value in wanted.items() if value})
    if narrow.illustrative is not None:
        rows = rows.filter(illustrative=narrow.illustrative)
    return rows.order_by("-published_at", "-pk")


@router.post("/challenges", response={201: s.ChallengeDetailOut}, operation_id="draft_challenge")
def draft_challenge(request: HttpRequest, values: s.ChallengeIn) -> Any:
    """Draft a challenge for an organisation."""
    given = _referred(values.dict())
    organisation = _organisation(given.pop("organisation"))
    challenge = domain.draft_challenge(_actor(request), organisation=organisation, **given)
    return Status(201, _detail(request, challenge))


@router.get("/challenges/{int:pk}", response=s.ChallengeDetailOut, operation_id="get_challenge")
def get_challenge(request: HttpRequest, pk: int) -> Any:
    """One challenge; ``details`` is null where it is sealed to the caller."""
    return _detail(request, _found(request, pk))


@router.patch("/challenges/{int:pk}", response=s.ChallengeDetailOut, operation_id="revise_challenge")
def revise_challenge(request: HttpRequest, pk: int, values: PatchDict[s.ChallengePatch]) -> Any:
    """Change the fields given."""
    challenge = domain.revise_challenge(_actor(request), _found(request, pk), **_referred(dict(values)))
    return _detail(request, challenge)


@router.post("/challenges/{int:pk}/publish", response=s.ChallengeDetailOut, operation_id="publish_challenge")
def publish_challenge(request: HttpRequest, pk: int) -> Any:
    """Publish a draft."""
    return _detail(request, domain.publish_challenge(_actor(request), _found(request, pk)))


@router.post(
    "/challenges/{int:pk}/withdraw", response=s.ChallengeDetailOut, operation_id="withdraw_challenge"
)
def withdraw_challenge(request: HttpRequest, pk: int, values: s.ReasonIn) -> Any:
    """Withdraw a challenge before a contract."""
    challenge = domain.withdraw_challenge(_actor(request), _found(request, pk), reason=values.reason)
    return _detail(request, challenge)


@router.get("/challenges/{int:pk}/questions", response=list[s.QuestionOut], operation_id="list_questions")
def list_questions(request: HttpRequest, pk: int) -> Any:
    """Questions and replies; the sealed ones only for those who may read the details."""
    challenge = _found(request, pk)
    sealed_too = allowed(request.user, "challenges.read_details", challenge)
    return list(queries.readable_questions(challenge, sealed_too=sealed_too))


@router.post("/challenges/{int:pk}/questions", response={201: s.QuestionOut}, operation_id="ask_question")
def ask_question(request: HttpRequest, pk: int, values: s.QuestionIn) -> Any:
    """Ask the firm."""
    question = domain.ask_question(
        _actor(request), _found(request, pk), text=values.text, sealed=values.sealed
    )
    return Status(201, question)


@router.put("/challenges/{int:pk}/follow", response=s.FollowOut, operation_id="follow_challenge")
def follow_challenge(request: HttpRequest, pk: int) -> Any:
    """Follow a challenge."""
    domain.follow(_actor(request), _found(request, pk))
    return {"following": True}


@router.delete("/challenges/{int:pk}/follow", response=s.FollowOut, operation_id="unfollow_challenge")
def unfollow_challenge(request: HttpRequest, pk: int) -> Any:
    """Stop following."""
    domain.unfollow(_actor(request), _found(request, pk))
    return {"following": False}


def _answer(request: HttpRequest, answer: Answer) -> dict[str, Any]:
    """An answer as the caller may see it."""
    shown = queries.shown_version(answer, request.user)
    readable = allowed(request.user, "challenges.read_answer", answer)
    return {
        "id": answer.pk,
        "challenge": answer.challenge_id,
        "state": answer.state,
        "title": shown.title if shown is not None else None,
        "submitted_at": answer.submitted_at,
        "team": [
            {"organisation_id": m.organisation_id, "organisation": m.organisation.name, "is_lead": m.is_lead}
            for m in answer.team.all()
        ],
        "version": shown if readable else None,
    }


def _found_answer(request: HttpRequest, pk: int) -> Answer:
    answer = get_object_or_404(
        Answer.objects.select_related("challenge").prefetch_related("team__organisation", "versions"), pk=pk
    )
    if not allowed(request.user, "challenges.read_outline", answer):
        raise Http404
    return answer


@router.get("/challenges/{int:pk}/answers", response=list[s.AnswerOut], operation_id="list_answers")
def list_answers(request: HttpRequest, pk: int) -> Any:
    """Answers of which the caller may know."""
    answers = queries.outlined_answers(_found(request, pk), request.user)
    return [_answer(request, answer) for answer in answers]


@router.post("/challenges/{int:pk}/answers", response={201: s.AnswerOut}, operation_id="draft_answer")
def draft_answer(request: HttpRequest, pk: int, values: s.AnswerIn) -> Any:
    """Draft an answer, led by one of the caller's organisations, with its partners."""
    given = values.dict(exclude={"partners"})
    organisation = _organisation(given.pop("organisation"))
    partners = [(_organisation(partner.organisation), partner.part) for partner in values.partners]
    with transaction.atomic():
        answer = domain.draft_answer(_actor(request), _found(request, pk), organisation=organisation, **given)
        if partners:
            domain.change_team(_actor(request), answer, members=partners)
    return Status(201, _answer(request, _found_answer(request, answer.pk)))


@router.get("/answers/{int:pk}", response=s.AnswerOut, operation_id="get_answer")
def get_answer(request: HttpRequest, pk: int) -> Any:
    """One answer."""
    return _answer(request, _found_answer(request, pk))


@router.post("/answers/{int:pk}/submit", response=s.AnswerOut, operation_id="submit_answer")
def submit_answer(request: HttpRequest, pk: int) -> Any:
    """Submit the newest version."""
    domain.submit_answer(_actor(request), _found_answer(request, pk))
    return _answer(request, _found_answer(request, pk))


@router.post("/answers/{int:pk}/withdraw", response=s.AnswerOut, operation_id="withdraw_answer")
def withdraw_answer(request: HttpRequest, pk: int) -> Any:
    """Withdraw an answer before a selection."""
    domain.withdraw_answer(_actor(request), _found_answer(request, pk))
    return _answer(request, _found_answer(request, pk))


@router.get("/challenges/{int:pk}/matches", response=s.MatchesOut, operation_id="match_challenge")
def match_challenge(request: HttpRequest, pk: int) -> Any:
    """The four panels of a challenge (一题四配)."""
    throttle(request, "match")
    return matching.match_challenge(_found(request, pk), viewer=request.user)


@router.post("/match", response=s.MatchesOut, operation_id="match_text")
def match_text(request: HttpRequest, values: s.MatchIn) -> Any:
    """The four panels of a problem in plain words; nothing of it is kept."""
    throttle(request, "match")
    narrow = matching.Narrow(
        cities=tuple(values.cities),
        fields=tuple(values.fields),
        kinds=tuple(values.kinds),
        licences=tuple(values.licences),
        trl_min=values.trl_min,
        trl_max=values.trl_max,
        year_min=values.year_min,
        year_max=values.year_max,
    )
    return matching.match_text(
        values.text,
        title=values.title,
        city=values.city,
        stage=values.stage or "",
        field=values.field,
        narrow=narrow,
        limit=values.limit,
    )
