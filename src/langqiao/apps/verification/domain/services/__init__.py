"""Verbs of the three services of a centre (概念验证服务), from the request to the conclusion."""

from __future__ import annotations

from langqiao.apps.verification.domain.services.carrying import (
    add_evidence,
    assess,
    decide_milestone,
    record_finding,
    remove_evidence,
)
from langqiao.apps.verification.domain.services.concluding import conclude
from langqiao.apps.verification.domain.services.planning import Step, begin, plan_examination
from langqiao.apps.verification.domain.services.requesting import (
    accept_examination,
    decline_examination,
    request_examination,
    withdraw_examination,
)

__all__ = [
    "Step",
    "accept_examination",
    "add_evidence",
    "assess",
    "begin",
    "conclude",
    "decide_milestone",
    "decline_examination",
    "plan_examination",
    "record_finding",
    "remove_evidence",
    "request_examination",
    "withdraw_examination",
]
