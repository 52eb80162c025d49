"""Addresses of calibration and choice (遴选)."""

from __future__ import annotations

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
