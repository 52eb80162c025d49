"""Addresses of requests, tenants and quotas of cities."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.urls import path

from langqiao.apps.computing.listings.sharing import QuotaListing, RequestListing, TenantListing
from langqiao.apps.computing.views import sharing as views
from langqiao.kit.listing import list_view

urlpatterns = [
    path("requests/", login_required(list_view(RequestListing)), name="request_list"),
    path("requests/new/", views.request_new, name="request_new"),
    path("requests/<int:pk>/", views.request_detail, name="request_detail"),
    path("requests/<int:pk>/edit/", views.request_edit, name="request_edit"),
    path("requests/<int:pk>/act/<slug:act>/", views.request_act, name="request_act"),
    path("requests/<int:pk>/grant/act/<slug:act>/", views.grant_act, name="grant_act"),
    path("tenants/", login_required(list_view(TenantListing)), name="tenant_list"),
    path("tenants/<int:pk>/", views.tenant_detail, name="tenant_detail"),
    path("tenants/<int:pk>/act/<slug:act>/", views.tenant_act, name="tenant_act"),
    path("quotas/", login_required(list_view(QuotaListing)), name="quota_list"),
    path("quotas/act/<slug:act>/", views.quota_act, name="quota_act"),
    path("campuses/<int:pk>/quotas/<slug:scheduler>/", views.quota_file, name="quota_file"),
]
