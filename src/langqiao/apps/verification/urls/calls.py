"""Addresses of calls and applications (征集与申报)."""

from __future__ import annotations

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
