"""Calibration of scores (评分校准): how strict each reviewer is, and what the scores are without that."""

from __future__ import annotations

from langqiao.engines.selection.calibration.calibrate import calibrate
from langqiao.engines.selection.calibration.types import (
    Calibration,
    ItemScore,
    Note,
    Part,
    Review,
    ReviewerReport,
)

__all__ = ["Calibration", "ItemScore", "Note", "Part", "Review", "ReviewerReport", "calibrate"]
