"""Addresses of the think tank (智库)."""

from __future__ import annotations

from langqiao.apps.insight.urls import indicators, reports

urlpatterns = [*indicators.urlpatterns, *reports.urlpatterns]
