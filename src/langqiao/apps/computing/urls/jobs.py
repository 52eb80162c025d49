"""Addresses of jobs, usage, bills and prices."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.urls import path

from langqiao.apps.computing.listings.jobs import BillListing, JobListing, PriceListing, UsageListing
from langqiao.apps.computing.views import bills
from langqiao.apps.computing.views import jobs as views
from langqiao.kit.listing import list_view

urlpatterns = [
    path("jobs/", login_required(list_view(JobListing)), name="job_list"),
    path("jobs/new/", views.job_new, name="job_new"),
    path("jobs/<int:pk>/", views.job_detail, name="job_detail"),
    path("jobs/<int:pk>/act/<slug:act>/", views.job_act, name="job_act"),
    path("jobs/campus/<int:pk>/act/<slug:act>/", views.queue_act, name="queue_act"),
    path("usage/", login_required(list_view(UsageListing)), name="usage_list"),
    path("bills/", login_required(list_view(BillListing)), name="bill_list"),
    path("bills/act/<slug:act>/", bills.bill_list_act, name="bill_list_act"),
    path("bills/<int:pk>/", bills.bill_detail, name="bill_detail"),
    path("bills/<int:pk>/act/<slug:act>/", bills.bill_act, name="bill_act"),
    path("prices/", list_view(PriceListing), name="price_list"),
    path("prices/new/", bills.price_new, name="price_new"),
]
