"""Addresses of voucher schemes and vouchers."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.urls import path

from langqiao.apps.computing.listings.vouchers import SchemeListing, VoucherListing
from langqiao.apps.computing.views import vouchers as views
from langqiao.kit.listing import list_view

urlpatterns = [
    path("schemes/", list_view(SchemeListing), name="scheme_list"),
    path("schemes/new/", views.scheme_new, name="scheme_new"),
    path("schemes/<int:pk>/", views.scheme_detail, name="scheme_detail"),
    path("schemes/<int:pk>/edit/", views.scheme_edit, name="scheme_edit"),
    path("schemes/<int:pk>/issue/", views.voucher_new, name="voucher_new"),
    path("vouchers/", login_required(list_view(VoucherListing)), name="voucher_list"),
    path("vouchers/<int:pk>/", views.voucher_detail, name="voucher_detail"),
    path("vouchers/<int:pk>/act/<slug:act>/", views.voucher_act, name="voucher_act"),
]
