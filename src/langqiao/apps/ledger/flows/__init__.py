"""Flows between cities (要素流动) as sums over the ledger: technology, talent, capital, computing, keys."""

from langqiao.apps.ledger.flows.kinds import KINDS, FlowKind
from langqiao.apps.ledger.flows.readers import (
    EXAMPLE,
    FLOWS_AT_MOST,
    Flow,
    Reader,
    counted,
    only,
    parties,
    register_flow,
    slug,
    whole,
)
from langqiao.apps.ledger.flows.reading import (
    Monthly,
    Summed,
    flow_sums,
    line_sums,
    lines,
    monthly_sums,
    months,
)
from langqiao.apps.ledger.flows.sums import (
    AT_A_READ,
    Key,
    Total,
    catch_up,
    kept_sums,
    plain_sums,
    reached,
    rebuild,
)

__all__ = [
    "AT_A_READ",
    "EXAMPLE",
    "FLOWS_AT_MOST",
    "KINDS",
    "Flow",
    "FlowKind",
    "Key",
    "Monthly",
    "Reader",
    "Summed",
    "Total",
    "catch_up",
    "counted",
    "flow_sums",
    "kept_sums",
    "line_sums",
    "lines",
    "monthly_sums",
    "months",
    "only",
    "parties",
    "plain_sums",
    "reached",
    "rebuild",
    "register_flow",
    "slug",
    "whole",
]
