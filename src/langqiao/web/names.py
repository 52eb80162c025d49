"""Names and figures in the reader's language, as pages use them."""

from __future__ import annotations

from langqiao.kit.figures import day, grouped, moment, money
from langqiao.kit.words import is_english, named

__all__ = ["day", "grouped", "is_english", "moment", "money", "named"]
