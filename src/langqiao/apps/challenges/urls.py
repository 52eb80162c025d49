"""Addresses of challenges."""

from __future__ import annotations

from django.urls import path

from langqiao.apps.challenges.listings import ChallengeListing
from langqiao.apps.challenges.views import answers, detail, posing, work
from langqiao.kit.listing import list_view

urlpatterns = [
    path("challenges/", list_view(ChallengeListing), name="challenge_list"),
    path("challenges/new/", posing.challenge_new, name="challenge_new"),
    path("challenges/similar/", posing.similar_warning, name="similar_warning"),
    path("challenges/<int:pk>/", detail.challenge_detail, name="challenge_detail"),
    path("challenges/<int:pk>/matches/", detail.challenge_matches, name="challenge_matches"),
    path("challenges/<int:pk>/similar/", detail.challenge_similar, name="challenge_similar"),
    path("challenges/<int:pk>/consortium/", detail.challenge_consortium, name="challenge_consortium"),
    path("challenges/<int:pk>/edit/", posing.challenge_edit, name="challenge_edit"),
    path("challenges/<int:pk>/act/<slug:act>/", posing.challenge_act, name="challenge_act"),
    path("challenges/<int:pk>/answers/", answers.answer_compare, name="answer_compare"),
    path("challenges/<int:pk>/answers/new/", answers.answer_new, name="answer_new"),
    path("questions/<int:pk>/reply/", posing.question_reply, name="question_reply"),
    path("attachments/<int:pk>/", posing.attachment_download, name="attachment_download"),
    path("attachments/<int:pk>/remove/", posing.attachment_remove, name="attachment_remove"),
    path("answers/<int:pk>/", answers.answer_detail, name="answer_detail"),
    path("answers/<int:pk>/edit/", answers.answer_edit, name="answer_edit"),
    path("answers/<int:pk>/versions/", answers.answer_versions, name="answer_versions"),
    path("answers/<int:pk>/act/<slug:act>/", answers.answer_act, name="answer_act"),
    path("work/", work.work, name="work"),
    path("work/subscriptions/", work.subscription_add, name="subscription_add"),
    path("work/subscriptions/<int:pk>/remove/", work.subscription_remove, name="subscription_remove"),
    path("match/", work.match, name="match"),
    path("search/", work.search, name="search"),
]
