"""Calls, applications, reviews, choices, examinations and valuations (概念验证)."""

from __future__ import annotations

from langqiao.apps.verification.models.applications import (
    APPLICATION_TRANSITIONS,
    HANDED_IN,
    Application,
    ApplicationFile,
    ApplicationState,
    ApplicationVersion,
    Screening,
    SignedPromise,
)
from langqiao.apps.verification.models.calls import (
    CALL_TRANSITIONS,
    PUBLIC_CALL_STATES,
    Call,
    CallState,
    StepDone,
    StepKind,
)
from langqiao.apps.verification.models.choosing import (
    ChoiceRun,
)
from langqiao.apps.verification.models.reviewing import (
    LIVE_REVIEWS,
    REVIEW_TRANSITIONS,
    REVIEWER_TRANSITIONS,
    ROUND_TRANSITIONS,
    AssignmentRun,
    Bid,
    Conflict,
    DefenceSlot,
    Remark,
    Review,
    ReviewChange,
    Reviewer,
    ReviewState,
    Round,
    RoundState,
)
from langqiao.apps.verification.models.services import (
    EXAMINATION_TRANSITIONS,
    Evidence,
    Examination,
    ExaminationState,
    Milestone,
)
from langqiao.apps.verification.models.valuation import (
    VALUATION_TRANSITIONS,
    Valuation,
)

__all__ = [
    "APPLICATION_TRANSITIONS",
    "CALL_TRANSITIONS",
    "EXAMINATION_TRANSITIONS",
    "HANDED_IN",
    "LIVE_REVIEWS",
    "PUBLIC_CALL_STATES",
    "REVIEWER_TRANSITIONS",
    "REVIEW_TRANSITIONS",
    "ROUND_TRANSITIONS",
    "VALUATION_TRANSITIONS",
    "Application",
    "ApplicationFile",
    "ApplicationState",
    "ApplicationVersion",
    "AssignmentRun",
    "Bid",
    "Call",
    "CallState",
    "ChoiceRun",
    "Conflict",
    "DefenceSlot",
    "Evidence",
    "Examination",
    "ExaminationState",
    "Milestone",
    "Remark",
    "Review",
    "ReviewChange",
    "ReviewState",
    "Reviewer",
    "Round",
    "RoundState",
    "Screening",
    "SignedPromise",
    "StepDone",
    "StepKind",
    "Valuation",
]
