"""Addresses of the computing centre (智算中心)."""

from __future__ import annotations

from langqiao.apps.computing.urls import campus, jobs, sharing, vouchers

urlpatterns = [
    *campus.urlpatterns,
    *sharing.urlpatterns,
    *vouchers.urlpatterns,
    *jobs.urlpatterns,
]
