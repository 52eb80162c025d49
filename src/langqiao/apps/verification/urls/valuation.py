"""Addresses of valuation (估值)."""

from __future__ import annotations

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
