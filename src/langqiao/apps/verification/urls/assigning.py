"""Addresses of the pool of experts and of assignments (专家库与分配)."""

from __future__ import annotations

from django.urls import URLPattern, path

from langqiao.apps.verification.views import assigning, pool

urlpatterns: list[URLPattern] = [
    path("calls/<int:pk>/pool/", pool.call_pool, name="call_pool"),
    path("calls/<int:pk>/pool/suggest/", pool.pool_suggest, name="pool_suggest"),
    path("calls/<int:pk>/pool/act/<slug:act>/", pool.pool_act, name="pool_act"),
    path("reviewers/<int:pk>/", pool.reviewer_detail, name="reviewer_detail"),
    path("reviewers/<int:pk>/act/<slug:act>/", pool.reviewer_act, name="reviewer_act"),
    path("reviewers/<int:pk>/invitation/", pool.invitation_detail, name="invitation_detail"),
    path("reviewers/<int:pk>/bids/", pool.bid_list, name="bid_list"),
    path("reviewers/<int:pk>/bids/<int:application_pk>/", pool.bid_detail, name="bid_detail"),
    path("rounds/<int:pk>/assignment/", assigning.round_assignment, name="round_assignment"),
    path("rounds/<int:pk>/panel/<int:application_pk>/", assigning.panel_detail, name="panel_detail"),
    path("assignments/<int:pk>/", assigning.assignment_detail, name="assignment_detail"),
    path("assignments/<int:pk>/act/<slug:act>/", assigning.assignment_act, name="assignment_act"),
]
