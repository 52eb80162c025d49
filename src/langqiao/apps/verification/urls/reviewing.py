"""Addresses of reviewers, assignment and reviews (评审)."""

from __future__ import annotations

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
