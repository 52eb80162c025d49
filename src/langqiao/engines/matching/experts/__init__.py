"""Experts (专家) ranked by their evidence: the achievements (成果) that speak for them."""

from __future__ import annotations

from .aggregate import breadth, group_hits, rank_by_hits, strength
from .measure import Order, ranking_loss
from .ranker import ExpertRanker, fuse, standardise
from .space import TopicSpace, terms
from .types import Evidence, Expert, RankedExpert, Work

__all__ = [
    "Evidence",
    "Expert",
    "ExpertRanker",
    "Order",
    "RankedExpert",
    "TopicSpace",
    "Work",
    "breadth",
    "fuse",
    "group_hits",
    "rank_by_hits",
    "ranking_loss",
    "standardise",
    "strength",
    "terms",
]
