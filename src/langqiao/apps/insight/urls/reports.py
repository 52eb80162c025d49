"""Addresses of reports."""

from __future__ import annotations

from django.urls import URLPattern, path

from langqiao.apps.insight.listings.reports import ReportListing
from langqiao.apps.insight.views import reports as views
from langqiao.kit.listing import list_view

urlpatterns: list[URLPattern] = [
    path("reports/", list_view(ReportListing), name="report_list"),
    path("reports/new/", views.report_new, name="report_new"),
    path("reports/<int:pk>/", views.report_detail, name="report_detail"),
    path("reports/<int:pk>/edit/", views.report_edit, name="report_edit"),
    path("reports/<int:pk>/head/", views.report_head, name="report_head"),
    path("reports/<int:pk>/sections/new/", views.report_section_new, name="report_section_new"),
    path("reports/<int:pk>/act/<slug:act>/", views.report_act, name="report_act"),
    path("reports/<int:pk>/rerun/", views.report_rerun, name="report_rerun"),
    path("reports/<int:pk>/compare/<int:other>/", views.report_compare, name="report_compare"),
    path("reports/<int:pk>/report.<slug:ending>", views.report_file, name="report_file"),
    path("reports/sections/<int:pk>/edit/", views.report_section_edit, name="report_section_edit"),
    path("reports/sections/<int:pk>/act/<slug:act>/", views.report_section_act, name="report_section_act"),
]
