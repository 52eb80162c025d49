"""Addresses of calibration and choice (遴选)."""

from __future__ import annotations

from django.urls import URLPattern, path

from langqiao.apps.verification.views import choosing

urlpatterns: list[URLPattern] = [
    path("calls/<int:pk>/calibration/", choosing.calibration_detail, name="calibration_detail"),
    path(
        "calls/<int:pk>/calibration/reviewers/", choosing.calibration_reviewers, name="calibration_reviewers"
    ),
    path("calls/<int:pk>/choice/", choosing.call_choice, name="call_choice"),
    path("calls/<int:pk>/choice/what-if/", choosing.choice_what_if, name="choice_what_if"),
    path("calls/<int:pk>/choices/", choosing.choice_compare, name="choice_compare"),
    path("choices/<int:pk>/", choosing.choice_detail, name="choice_detail"),
    path("choices/<int:pk>/act/<slug:act>/", choosing.choice_act, name="choice_act"),
]
