"""What alliances and parks put on the registry's pages and on everybody's own work (我的工作)."""

from __future__ import annotations

from langqiao.apps.alliances.sections import alliances, parks


def register() -> None:
    """Put the sections and rows on their pages."""
    alliances.register()
    parks.register()
