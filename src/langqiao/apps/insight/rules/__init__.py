"""Permissions of the think tank (智库)."""

from langqiao.apps.insight.rules import indicators, reports

__all__ = ["indicators", "reports"]
