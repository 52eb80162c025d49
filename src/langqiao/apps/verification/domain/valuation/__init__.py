"""Verbs of valuation (估值): draft, revise, compute, finalise, withdraw."""

from __future__ import annotations

from langqiao.apps.verification.domain.valuation.finishing import (
    finalise_valuation,
    rerun_valuation,
    withdraw_valuation,
)
from langqiao.apps.verification.domain.valuation.working import (
    compute_valuation,
    draft_valuation,
    revise_valuation,
)

__all__ = [
    "compute_valuation",
    "draft_valuation",
    "finalise_valuation",
    "rerun_valuation",
    "revise_valuation",
    "withdraw_valuation",
]
