"""Cross-city consortium suggestion (跨城联合体建议): who together covers all parts of a problem."""

from __future__ import annotations

from .cover import smallest_cover
from .parts import split_problem
from .suggest import Search, collect, suggest
from .types import Consortium, Cover, Coverage, Gap, Match, Member, Part

__all__ = [
    "Consortium",
    "Cover",
    "Coverage",
    "Gap",
    "Match",
    "Member",
    "Part",
    "Search",
    "collect",
    "smallest_cover",
    "split_problem",
    "suggest",
]
