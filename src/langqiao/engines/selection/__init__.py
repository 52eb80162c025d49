"""Selection (评审遴选): calibrating scores (评分校准) and choosing with balance (均衡遴选)."""

from __future__ import annotations

from langqiao.engines.selection.errors import SelectionError
from langqiao.engines.selection.receipt import Receipt

__all__ = ["Receipt", "SelectionError"]
