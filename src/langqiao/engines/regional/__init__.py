"""Regional methods (区域分析方法): specialisation, relatedness, flows, inequality, coordination, claims."""

from .types import (
    BadInput,
    Caution,
    Data,
    Matrix,
    Method,
    Needs,
    Parameter,
    Result,
    Table,
    Term,
)

__all__ = [
    "BadInput",
    "Caution",
    "Data",
    "Matrix",
    "Method",
    "Needs",
    "Parameter",
    "Result",
    "Table",
    "Term",
]
