"""Addresses of the portal."""

from __future__ import annotations

from django.urls import URLPattern, path

from langqiao.apps.eye.views import portal

urlpatterns: list[URLPattern] = [
    path("eye/", portal.eye, name="eye"),
    path("eye/cities/<slug:slug>/", portal.eye_city, name="eye_city"),
    path("eye/organisations/<int:pk>/", portal.eye_organisation, name="eye_organisation"),
    path("eye/evidence/", portal.evidence_list, name="eye_evidence"),
]
