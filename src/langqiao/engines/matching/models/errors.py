"""What can go wrong with an optional model: one error, whose message tells the user how to mend it."""

from __future__ import annotations

from langqiao.engines.matching.types import MatchingError


class ModelUnavailable(MatchingError):
    """The configured sentence model cannot be used; the message (Chinese) says why and what to do."""
