"""Addresses of the ledger's pages."""

from __future__ import annotations

from django.urls import path

from langqiao.apps.ledger import views

urlpatterns = [
    path("ledger/", views.ledger_list, name="ledger_list"),
    path("ledger/<int:sequence>/", views.entry_detail, name="ledger_entry"),
    path("cases/<str:case>/", views.case_detail, name="case_detail"),
]
