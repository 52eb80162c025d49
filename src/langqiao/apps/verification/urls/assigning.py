"""Addresses of the pool of experts and assignments (专家库与分配)."""

from __future__ import annotations

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
