"""Verbs of reports (研究报告): the only writers."""

from __future__ import annotations

from langqiao.apps.insight.domain.reports.publishing import discard_report, new_version, publish_report
from langqiao.apps.insight.domain.reports.writing import (
    add_section,
    draft_report,
    move_section,
    refresh_report,
    remove_section,
    revise_report,
    revise_section,
)

__all__ = [
    "add_section",
    "discard_report",
    "draft_report",
    "move_section",
    "new_version",
    "publish_report",
    "refresh_report",
    "remove_section",
    "revise_report",
    "revise_section",
]
