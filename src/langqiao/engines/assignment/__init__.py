"""Who reviews what (评审专家分配): exact, fair or random assignment, conflicts, diagnosis, receipts."""

from __future__ import annotations

from .conflicts import Affiliation, Applicant, Candidate, Circumstances, Relation, SharedWork, Tie, conflicts
from .infeasible import Diagnosis, Lacking, Remedy, diagnose
from .receipts import Comparison, Receipt, receipt_of, rerun
from .solving import assign
from .types import Assignment, AssignmentError, Plan, Problem, Progress, Quota, as_cap

__all__ = [
    "Affiliation",
    "Applicant",
    "Assignment",
    "AssignmentError",
    "Candidate",
    "Circumstances",
    "Comparison",
    "Diagnosis",
    "Lacking",
    "Plan",
    "Problem",
    "Progress",
    "Quota",
    "Receipt",
    "Relation",
    "Remedy",
    "SharedWork",
    "Tie",
    "as_cap",
    "assign",
    "conflicts",
    "diagnose",
    "receipt_of",
    "rerun",
]
