"""Addresses of the three services of a centre (概念验证服务)."""

from __future__ import annotations

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
