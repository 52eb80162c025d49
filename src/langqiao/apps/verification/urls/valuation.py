"""Addresses of valuation (估值)."""

from __future__ import annotations

from django.urls import URLPattern, path

from langqiao.apps.verification.listings.valuation import ValuationListing
from langqiao.apps.verification.views import valuation as pages
from langqiao.apps.verification.views.valuation_report import valuation_docx, valuation_report
from langqiao.kit.listing import list_view

urlpatterns: list[URLPattern] = [
    path("valuations/", list_view(ValuationListing), name="valuation_list"),
    path("valuations/new/", pages.valuation_new, name="valuation_new"),
    path("valuations/<int:pk>/", pages.valuation_detail, name="valuation_detail"),
    path("valuations/<int:pk>/edit/", pages.valuation_edit, name="valuation_edit"),
    path("valuations/<int:pk>/preview/", pages.valuation_preview, name="valuation_preview"),
    path("valuations/<int:pk>/act/<slug:act>/", pages.valuation_act, name="valuation_act"),
    path("valuations/<int:pk>/report/", valuation_report, name="valuation_report"),
    path("valuations/<int:pk>/report.docx", valuation_docx, name="valuation_docx"),
]
