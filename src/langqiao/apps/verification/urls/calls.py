"""Addresses of calls and applications (征集与申报)."""

from __future__ import annotations

from django.urls import URLPattern, path

from langqiao.apps.verification.listings.calls import ApplicationListing, CallListing
from langqiao.apps.verification.views import application_edit, applications, call_edit, calls, screening
from langqiao.kit.listing import list_view

urlpatterns: list[URLPattern] = [
    path("calls/", list_view(CallListing), name="call_list"),
    path("calls/new/", calls.call_new, name="call_new"),
    path("calls/<int:pk>/", calls.call_detail, name="call_detail"),
    path("calls/<int:pk>/edit/", call_edit.call_edit, name="call_edit"),
    path("calls/<int:pk>/edit/<slug:slug>/", call_edit.call_edit, name="call_edit"),
    path("calls/<int:pk>/edit/form/<slug:key>/", call_edit.call_section, name="call_section"),
    path("calls/<int:pk>/act/<slug:act>/", calls.call_act, name="call_act"),
    path("calls/<int:pk>/apply/", application_edit.application_new, name="application_new"),
    path("applications/", list_view(ApplicationListing), name="application_list"),
    path("applications/<int:pk>/", applications.application_detail, name="application_detail"),
    path("applications/<int:pk>/edit/", application_edit.application_edit, name="application_edit"),
    path(
        "applications/<int:pk>/edit/<slug:part>/", application_edit.application_edit, name="application_edit"
    ),
    path("applications/<int:pk>/act/<slug:act>/", applications.application_act, name="application_act"),
    path("applications/<int:pk>/screening/", screening.screening_detail, name="screening_detail"),
    path("applications/files/<int:pk>/", applications.application_file, name="application_file"),
    path("applications/receipts/<int:pk>/", applications.receipt_detail, name="receipt_detail"),
]
