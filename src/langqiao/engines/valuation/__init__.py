"""The valuation engine (科技成果估值): income, cost and market approaches, real option, readiness.

A :class:`Study` holds one case for each method; :func:`appraise` gives every method's range and one
for all; :func:`issue` signs them with a receipt. Amounts are in 万元, times in years, shares and rates
are fractions.
"""

from __future__ import annotations

from .codec import case_from_data, study_from_data, to_data
from .cost import CostCase, CostItem, CostKind
from .dcf import DcfCase
from .fields import COLUMNS, FIELDS, FIGURES, Field, Heading, field_of
from .licence import RoyaltyCase, SplitCase
from .market import Adjustment, Comparable, MarketCase
from .options import binomial, black_scholes
from .readiness import ASSUMED_CHANCES, LEVELS, Level, level_of, success_at
from .real_option import OptionCase, OptionKind
from .receipt import Comparison, Receipt, inputs_digest, issue, rerun, result_data, result_digest
from .sampling import Correlation
from .study import QUANTILES, AnyCase, Appraisal, Estimate, Study, Weighted, appraise, estimate, tornado
from .timing import Protection, Revenue, Right
from .types import (
    BadInput,
    Basis,
    Caution,
    CautionCode,
    Method,
    Quantity,
    Range,
    Shape,
    Swing,
    Unit,
)

__all__ = [
    "ASSUMED_CHANCES",
    "COLUMNS",
    "FIELDS",
    "FIGURES",
    "LEVELS",
    "QUANTILES",
    "Adjustment",
    "AnyCase",
    "Appraisal",
    "BadInput",
    "Basis",
    "Caution",
    "CautionCode",
    "Comparable",
    "Comparison",
    "Correlation",
    "CostCase",
    "CostItem",
    "CostKind",
    "DcfCase",
    "Estimate",
    "Field",
    "Heading",
    "Level",
    "MarketCase",
    "Method",
    "OptionCase",
    "OptionKind",
    "Protection",
    "Quantity",
    "Range",
    "Receipt",
    "Revenue",
    "Right",
    "RoyaltyCase",
    "Shape",
    "SplitCase",
    "Study",
    "Swing",
    "Unit",
    "Weighted",
    "appraise",
    "binomial",
    "black_scholes",
    "case_from_data",
    "estimate",
    "field_of",
    "inputs_digest",
    "issue",
    "level_of",
    "rerun",
    "result_data",
    "result_digest",
    "study_from_data",
    "success_at",
    "to_data",
    "tornado",
]
