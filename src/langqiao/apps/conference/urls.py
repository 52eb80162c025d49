"""Addresses of the joint conference (联席会议)."""

from __future__ import annotations

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
