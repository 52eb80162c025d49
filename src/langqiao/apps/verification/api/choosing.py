"""REST API of calibration and choice (校准与遴选), for the office that runs a call; others are told 404.

No ``from __future__ import annotations`` here: ninja must meet the schemas themselves, not their names.
"""

from datetime import datetime
from typing import Annotated, Any, Literal

from django.db.models import QuerySet
from django.http import Http404, HttpRequest
from ninja import Router, Schema, Status
from ninja.pagination import paginate
from pydantic import Field as Bound

from langqiao.apps.verification.domain import choosing as verbs
from langqiao.apps.verification.domain.scores import CallScores, key_of
from langqiao.apps.verification.domain.wishes import (
    MARGIN_AT_MOST,
    PLACES_AT_MOST,
    RULES_AT_MOST,
    SEED_AT_MOST,
    WHY_AT_MOST,
    answer,
    read_wish,
)
from langqiao.apps.verification.models import Call, ChoiceRun
from langqiao.apps.verification.queries import choosing as queries
from langqiao.kit.api import Paged

router = Router(tags=["verification"])
BasisName = Literal["raw", "calibrated"]
Number = Annotated[float, Bound(ge=-1_000_000_000_000, le=1_000_000_000_000, allow_inf_nan=False)]
Short = Annotated[str, Bound(min_length=1, max_length=60)]


class ChoiceRuleIn(Schema):
    """A constraint: a quota (``attribute``, ``value`` or every one, ``number``), a budget in 万元
    (``limit``), a lowest ``score``, or one ``candidate`` fixed with its reason (``why``).
    """

    kind: Literal["at_least", "at_most", "budget", "gate", "pin", "bar"]
    attribute: Literal["city", "field", "kind"] | None = None
    value: Short | None = None
    number: Annotated[int, Bound(ge=0, le=1_000_000)] | None = None
    limit: Number | None = None
    score: Number | None = None
    candidate: Annotated[str, Bound(min_length=1, max_length=10)] | None = None
    why: Annotated[str, Bound(max_length=WHY_AT_MOST)] | None = None


class ChoiceWishIn(Schema):
    """What is asked for; without ``places`` all who keep the constraints, or grades if the call has them."""

    basis: BasisName = "calibrated"
    places: Annotated[int, Bound(ge=1, le=PLACES_AT_MOST)] | None = None
    rules: Annotated[list[ChoiceRuleIn], Bound(max_length=RULES_AT_MOST)] = []
    margin: Annotated[float, Bound(ge=0, le=MARGIN_AT_MOST, allow_inf_nan=False)] = 0.0

    def constraints(self) -> dict[str, Any]:
        """As the verbs take them."""
        rules = [rule.dict(exclude_none=True) for rule in self.rules]
        return {"places": self.places, "rules": rules, "margin": self.margin}


class ChoiceProposalIn(ChoiceWishIn):
    """What a proposal is kept for; ``lottery`` is the seed of a draw among the near-tied."""

    lottery: Annotated[str, Bound(min_length=1, max_length=SEED_AT_MOST)] | None = None
    why: Annotated[str, Bound(max_length=verbs.WHY_AT_MOST)] = ""


class ChoiceReasonIn(Schema):
    """Why a proposal is adopted."""

    why: Annotated[str, Bound(min_length=1, max_length=verbs.WHY_AT_MOST)]


class CalibratedOut(Schema):
    """An application's raw mean and calibrated score with 95 % intervals, points of a hundred."""

    application: int
    key: str
    title: str
    n: int
    raw_mean: float
    raw_low: float | None = None
    raw_high: float | None = None
    calibrated: float
    low: float | None = None
    high: float | None = None
    spread: float | None = None
    rank_raw: int
    rank_calibrated: int


class SeverityOut(Schema):
    """A reviewer beside the panel: positive severity is strict."""

    reviewer: int
    n: int
    severity: float
    low: float | None = None
    high: float | None = None
    spread: float | None = None
    agreement: float | None = None


class CalibratedRoundOut(Schema):
    """One round's components of variance, its reviewers and notes."""

    round: int
    name: str
    share: float
    sigma_error: float | None = None
    sigma_reviewer: float | None = None
    sigma_item: float | None = None
    reviewers: list[SeverityOut]
    notes: list[str]


class CallCalibrationOut(Schema):
    """Scores over all rounds so far, and each round."""

    final: bool
    applications: list[CalibratedOut]
    rounds: list[CalibratedRoundOut]


class ChoiceRunOut(Schema):
    """A proposal in a list."""

    id: int
    call: int = Bound(alias="call_id")
    number: int
    state: str
    basis: str
    why: str
    at: datetime


class ChoiceRunDetailOut(ChoiceRunOut):
    """A proposal with what it was computed from, its result and receipt."""

    constraints: dict[str, Any]
    result: dict[str, Any]
    receipt: dict[str, Any]

    @staticmethod
    def resolve_constraints(run: Any) -> dict[str, Any]:
        """What was asked for."""
        return dict(run.inputs.get("constraints", {}))


class ChoiceRerunOut(Schema):
    """Whether a proposal runs again to the same result, and what differs."""

    same: bool
    differences: list[str]


def _call(request: HttpRequest, pk: int) -> Call:
    call = queries.chosen_call(request.user, pk)
    if call is None:
        raise Http404
    return call


def _run(request: HttpRequest, pk: int) -> ChoiceRun:
    run = queries.chosen_run(request.user, pk)
    if run is None:
        raise Http404
    return run


def _actor(request: HttpRequest) -> Any:
    """Who acts, for a verb; the rule refuses a stranger."""
    return request.user


@router.get("/calls/{int:pk}/calibration", response=CallCalibrationOut, operation_id="get_calibration")
def get_calibration(request: HttpRequest, pk: int) -> dict[str, Any]:
    """Raw means and calibrated scores of a call, and its reviewers' severity."""
    return _calibration(queries.calibration_of(_call(request, pk)))


def _calibration(scores: CallScores) -> dict[str, Any]:
    rows = sorted(scores.scores.values(), key=lambda one: (one.rank_calibrated, one.application.pk))
    return {
        "final": scores.is_final,
        "applications": [
            {
                "application": one.application.pk,
                "key": key_of(one.application),
                "title": one.application.title,
                "n": one.n,
                "raw_mean": one.raw,
                "raw_low": one.raw_low,
                "raw_high": one.raw_high,
                "calibrated": one.calibrated,
                "low": one.low,
                "high": one.high,
                "spread": one.spread,
                "rank_raw": one.rank_raw,
                "rank_calibrated": one.rank_calibrated,
            }
            for one in rows
        ],
        "rounds": [
            {
                "round": one.round.pk,
                "name": one.name,
                "share": one.share,
                "sigma_error": one.calibration.sigma_error,
                "sigma_reviewer": one.calibration.sigma_reviewer,
                "sigma_item": one.calibration.sigma_item,
                "reviewers": [
                    {
                        "reviewer": int(report.reviewer),
                        "n": report.n,
                        "severity": report.severity,
                        "low": report.low,
                        "high": report.high,
                        "spread": report.spread,
                        "agreement": report.agreement,
                    }
                    for report in one.calibration.reviewers
                ],
                "notes": [note.kind for note in one.calibration.notes],
            }
            for one in scores.rounds
        ],
    }


@router.post("/calls/{int:pk}/what-if", response=dict[str, Any], operation_id="what_if")
def what_if(request: HttpRequest, pk: int, wish: ChoiceWishIn) -> dict[str, Any]:
    """The answer to moved constraints; nothing is kept. ``feasible`` false explains a conflict."""
    call = _call(request, pk)
    asked = read_wish(basis=wish.basis, constraints=wish.constraints())
    return answer(queries.calibration_of(call), asked).as_dict()


@router.get("/calls/{int:pk}/choices", response=list[ChoiceRunOut], operation_id="list_choices")
@paginate(Paged)
def list_choices(request: HttpRequest, pk: int) -> QuerySet[ChoiceRun]:
    """The proposals of a call, newest first."""
    return queries.proposals(_call(request, pk))


@router.post("/calls/{int:pk}/choices", response={201: ChoiceRunDetailOut}, operation_id="propose_choice")
def propose_choice(request: HttpRequest, pk: int, values: ChoiceProposalIn) -> Any:
    """Keep a computed choice as a proposal with its receipt."""
    run = verbs.propose_choice(
        _actor(request),
        _call(request, pk),
        basis=values.basis,
        constraints=values.constraints(),
        lottery=values.lottery,
        why=values.why,
    )
    return Status(201, run)


@router.get("/choices/{int:pk}", response=ChoiceRunDetailOut, operation_id="get_choice")
def get_choice(request: HttpRequest, pk: int) -> ChoiceRun:
    """A proposal with its result and receipt."""
    return _run(request, pk)


@router.post("/choices/{int:pk}/adopt", response=ChoiceRunDetailOut, operation_id="adopt_choice")
def adopt_choice(request: HttpRequest, pk: int, values: ChoiceReasonIn) -> ChoiceRun:
    """Adopt a proposal: conference, notice and issuing speak of it."""
    return verbs.adopt_choice(_actor(request), _run(request, pk), why=values.why)


@router.post("/choices/{int:pk}/discard", response=ChoiceRunDetailOut, operation_id="discard_choice")
def discard_choice(request: HttpRequest, pk: int) -> ChoiceRun:
    """Set a proposal aside; it stays on record."""
    return verbs.discard_choice(_actor(request), _run(request, pk))


@router.get("/choices/{int:pk}/rerun", response=ChoiceRerunOut, operation_id="rerun_choice")
def rerun_choice(request: HttpRequest, pk: int) -> dict[str, Any]:
    """Run a proposal again from its receipt."""
    differences = verbs.rerun_choice(_run(request, pk))
    return {"same": not differences, "differences": differences}
