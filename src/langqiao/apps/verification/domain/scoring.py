"""What a review says (评审意见): its values checked against the round's criteria, its total, its digest.

Criteria are of two kinds. A *score* (评分) counts whole and half points from 0 to its most; a *gate*
(门槛) is passed or failed, and whoever fails it says why.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from math import isfinite
from typing import Any, TypedDict

from django.utils.translation import gettext_lazy as _

from langqiao.apps.ledger.chain import canonical
from langqiao.apps.verification.domain.acts import digest
from langqiao.apps.verification.models import Review
from langqiao.kit.refusals import Invalid

TEXT_AT_MOST = 10_000
GATE_WHY_AT_MOST = 1_000
CONFIDENCES = (1, 2, 3, 4, 5)
STEP = 0.5  # points
Criterion = Mapping[str, Any]


class Opinion(TypedDict, total=False):
    """Values of a review as a form or the API gives them; what is left out stays as it was.

    ``scores`` is ``{criterion key: points}``, ``gates``
    ``{criterion key: {"passed": bool | None, "why": str}}``.
    """

    scores: Mapping[str, Any]
    gates: Mapping[str, Any]
    confidence: int | None
    for_applicant: str
    for_office: str


FIELDS = ("scores", "gates", "confidence", "for_applicant", "for_office")


def scored(criteria: Iterable[Criterion]) -> list[Criterion]:
    """The criteria that give points."""
    return [one for one in criteria if one["kind"] == "score"]


def gated(criteria: Iterable[Criterion]) -> list[Criterion]:
    """The criteria that are passed or failed."""
    return [one for one in criteria if one["kind"] == "gate"]


def total_of(criteria: Iterable[Criterion], scores: Mapping[str, float]) -> float:
    """Weighted total of a complete review (加权总分): 100 · Σ weight·points/most / Σ weight, 0 to 100.

    >>> total_of(
    ...     [
    ...         {"key": "a", "kind": "score", "most": 20, "weight": 3},
    ...         {"key": "b", "kind": "score", "most": 10, "weight": 1},
    ...     ],
    ...     {"a": 15, "b": 5},
    ... )
    68.75
    """
    counted = scored(criteria)  # at least one: a call without any is not published
    shares = sum(float(one["weight"]) * scores[one["key"]] / float(one["most"]) for one in counted)
    return round(100 * shares / sum(float(one["weight"]) for one in counted), 6)


def opinion_of(review: Review) -> dict[str, Any]:
    """The review's present values."""
    return {name: getattr(review, name) for name in FIELDS}


def clean(criteria: Iterable[Criterion], values: Mapping[str, Any], *, complete: bool) -> dict[str, Any]:
    """Values of a review, checked.

    Args:
        values: all five of :class:`Opinion`.
        complete: whether everything asked for must be there, as when a review is handed in.

    Raises:
        Invalid: a value is missing or wrong; ``field`` is ``score-<key>``, ``gate-<key>`` or its name.
    """
    criteria = list(criteria)
    confidence = values["confidence"]
    if confidence is not None and confidence not in CONFIDENCES:
        raise Invalid(_("把握程度须为 1 至 5。"), field="confidence")
    cleaned = {
        "scores": _scores(scored(criteria), values["scores"], complete=complete),
        "gates": _gates(gated(criteria), values["gates"], complete=complete),
        "confidence": confidence,
        "for_applicant": _text(values["for_applicant"], "for_applicant"),
        "for_office": _text(values["for_office"], "for_office"),
    }
    if complete and confidence is None:
        raise Invalid(_("请选择把握程度。"), field="confidence")
    if complete and not cleaned["for_applicant"]:
        raise Invalid(_("请写明反馈申报单位的意见。"), field="for_applicant")
    return cleaned


def _text(text: str, field: str, most: int = TEXT_AT_MOST) -> str:
    # A browser sends line ends as CR LF; the digest must not depend on that.
    stripped = str(text).replace("\r\n", "\n").replace("\0", "").strip()
    if len(stripped) > most:
        raise Invalid(
            _("内容过长：%(length)s 字，最多 %(most)s 字。") % {"length": len(stripped), "most": most},
            mend=_("请精简。"),
            field=field,
        )
    return stripped


def _known(given: Mapping[str, Any], criteria: list[Criterion]) -> None:
    unknown = set(given) - {one["key"] for one in criteria}
    if unknown:
        raise Invalid(_("没有“%(key)s”这一项标准。") % {"key": str(min(unknown))[:40]})


def _scores(criteria: list[Criterion], given: Mapping[str, Any], *, complete: bool) -> dict[str, int | float]:
    _known(given, criteria)
    found: dict[str, int | float] = {}
    for one in criteria:
        value, field = given.get(one["key"]), f"score-{one['key']}"
        if value is None or value == "":
            if complete:
                raise Invalid(_("请为“%(name)s”评分。") % {"name": one["name"]}, field=field)
            continue
        found[one["key"]] = _points(value, one, field)
    return found


def _points(value: Any, criterion: Criterion, field: str) -> int | float:
    """Whole and half points as the plainest number, so that equal reviews have equal digests."""
    wrong = Invalid(
        _("“%(name)s”须为 0 至 %(most)s 分，可打半分。")
        % {"name": criterion["name"], "most": criterion["most"]},
        field=field,
    )
    if isinstance(value, bool):
        raise wrong
    try:
        points = float(value)
    except (TypeError, ValueError, OverflowError) as not_a_number:
        raise wrong from not_a_number
    if not isfinite(points) or not 0 <= points <= float(criterion["most"]) or points % STEP:
        raise wrong
    return int(points) if points == int(points) else points


def _gates(criteria: list[Criterion], given: Mapping[str, Any], *, complete: bool) -> dict[str, Any]:
    _known(given, criteria)
    found: dict[str, Any] = {}
    for one in criteria:
        answer = given.get(one["key"]) or {}
        field = f"gate-{one['key']}"
        passed = answer.get("passed") if isinstance(answer, Mapping) else None
        why = _text(answer.get("why") or "", field, GATE_WHY_AT_MOST) if isinstance(answer, Mapping) else ""
        if passed not in (True, False, None):
            raise Invalid(_("“%(name)s”须为通过或不通过。") % {"name": one["name"]}, field=field)
        if complete and passed is None:
            raise Invalid(_("请选择“%(name)s”是否通过。") % {"name": one["name"]}, field=field)
        if complete and passed is False and not why:
            raise Invalid(_("“%(name)s”不通过，请写明理由。") % {"name": one["name"]}, field=field)
        if passed is not None or why:
            found[one["key"]] = {"passed": passed, "why": why}
    return found


def content_digest(review: Review) -> str:
    """SM3 of the canonical content of a submitted review: what the ledger holds of it.

    Whoever changes a stored review past the verbs changes this digest (``queries.reviews.verify_reviews``).
    """
    content = {
        "round": review.round_id,
        "application": review.application_id,
        "reviewer": review.reviewer_id,
        "letter": review.letter,
        "total": review.total,
        **opinion_of(review),
    }
    return digest(canonical(content))
