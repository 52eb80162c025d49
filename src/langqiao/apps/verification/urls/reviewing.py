"""Addresses of rounds, reviews, discussions and defences (评审)."""

from __future__ import annotations

from django.urls import URLPattern, path

from langqiao.apps.verification.views import reviews, rounds

urlpatterns: list[URLPattern] = [
    path("rounds/<int:pk>/", rounds.round_detail, name="round_detail"),
    path("rounds/<int:pk>/act/<slug:act>/", rounds.round_act, name="round_act"),
    path("rounds/<int:pk>/reviews/", rounds.round_reviews, name="round_reviews"),
    path("rounds/<int:pk>/disagreement/", rounds.round_disagreement, name="round_disagreement"),
    path("rounds/<int:pk>/talk/<int:application_pk>/", reviews.talk_detail, name="talk_detail"),
    path("defences/", rounds.defence_list, name="defence_list"),
    path("reviews/", reviews.review_list, name="review_list"),
    path("reviews/<int:pk>/", reviews.review_detail, name="review_detail"),
    path("reviews/<int:pk>/act/<slug:act>/", reviews.review_act, name="review_act"),
    path("reviews/<int:pk>/draft/", reviews.review_draft, name="review_draft"),
]
