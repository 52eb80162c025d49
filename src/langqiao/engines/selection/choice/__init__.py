"""Balanced choice (均衡遴选): the best set under quotas and a budget, and what each rule costs."""

from __future__ import annotations

from langqiao.engines.selection.choice.choose import choose, rerun
from langqiao.engines.selection.choice.lottery import Lottery, commitment_of, ticket_of
from langqiao.engines.selection.choice.rules import (
    AtLeast,
    AtMost,
    Bar,
    Budget,
    Gate,
    Pin,
    Places,
    Rule,
    rule_as_dict,
    rule_from_dict,
)
from langqiao.engines.selection.choice.types import (
    Candidate,
    Choice,
    Conflict,
    Drawing,
    Mend,
    Price,
    Remark,
    Standing,
    Ticket,
)

__all__ = [
    "AtLeast",
    "AtMost",
    "Bar",
    "Budget",
    "Candidate",
    "Choice",
    "Conflict",
    "Drawing",
    "Gate",
    "Lottery",
    "Mend",
    "Pin",
    "Places",
    "Price",
    "Remark",
    "Rule",
    "Standing",
    "Ticket",
    "choose",
    "commitment_of",
    "rerun",
    "rule_as_dict",
    "rule_from_dict",
    "ticket_of",
]
