"""一题四配 for the apps: the matching engine over the records of the corridor."""

from __future__ import annotations

from langqiao.apps.challenges.matching.consortium import ConsortiumView, suggest_consortium
from langqiao.apps.challenges.matching.finding import open_challenges_for, search_all, similar_challenges
from langqiao.apps.challenges.matching.panels import Matches, Narrow, Panel, match_challenge, match_text
from langqiao.apps.challenges.matching.rows import BarPart, Evidence, Row

__all__ = [
    "BarPart",
    "ConsortiumView",
    "Evidence",
    "Matches",
    "Narrow",
    "Panel",
    "Row",
    "match_challenge",
    "match_text",
    "open_challenges_for",
    "search_all",
    "similar_challenges",
    "suggest_consortium",
]
