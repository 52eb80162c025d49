"""Addresses of concept verification (概念验证)."""

from __future__ import annotations

from langqiao.apps.verification.urls import assigning, calls, choosing, reviewing, services, valuation

urlpatterns = [
    *calls.urlpatterns,
    *assigning.urlpatterns,
    *reviewing.urlpatterns,
    *choosing.urlpatterns,
    *services.urlpatterns,
    *valuation.urlpatterns,
]
