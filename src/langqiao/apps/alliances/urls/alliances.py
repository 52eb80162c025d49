"""Addresses of alliances."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.urls import URLPattern, path

from langqiao.apps.alliances.listings import alliances as lists
from langqiao.apps.alliances.views.alliances import exchanges, gatherings, members, ratings, tree
from langqiao.kit.listing import list_view

urlpatterns: list[URLPattern] = [
    path("alliances/", tree.alliance_tree, name="alliance_tree"),
    path("alliances/load/", tree.tree_load, name="alliance_tree_load"),
    path("alliances/list/", list_view(lists.AllianceListing), name="alliance_list"),
    path("alliances/new/", tree.alliance_new, name="alliance_new"),
    path("alliances/<int:pk>/", tree.alliance_detail, name="alliance_detail"),
    path("alliances/<int:pk>/edit/", tree.alliance_edit, name="alliance_edit"),
    path("alliances/<int:pk>/act/<slug:act>/", tree.alliance_act, name="alliance_act"),
    path("alliances/<int:pk>/activities/new/", gatherings.gathering_new, name="gathering_new"),
    path("alliances/<int:pk>/exchanges/new/", exchanges.exchange_new, name="exchange_new"),
    path("alliances/<int:pk>/contacts/new/", exchanges.contact_new, name="contact_new"),
    path("alliances/members/", list_view(lists.MemberListing), name="member_list"),
    path("alliances/members/<int:pk>/", members.member_detail, name="member_detail"),
    path("alliances/members/<int:pk>/act/<slug:act>/", members.member_act, name="member_act"),
    path("alliances/activities/", list_view(lists.GatheringListing), name="gathering_list"),
    path("alliances/activities/<int:pk>/", gatherings.gathering_detail, name="gathering_detail"),
    path("alliances/activities/<int:pk>/edit/", gatherings.gathering_edit, name="gathering_edit"),
    path("alliances/activities/<int:pk>/act/<slug:act>/", gatherings.gathering_act, name="gathering_act"),
    path("alliances/exchanges/", login_required(list_view(lists.ExchangeListing)), name="exchange_list"),
    path("alliances/exchanges/<int:pk>/", exchanges.exchange_detail, name="exchange_detail"),
    path("alliances/exchanges/<int:pk>/act/<slug:act>/", exchanges.exchange_act, name="exchange_act"),
    path(
        "alliances/exchanges/<int:pk>/replies/<int:reply>/act/<slug:act>/",
        exchanges.reply_act,
        name="exchange_reply_act",
    ),
    path("alliances/contacts/", login_required(list_view(lists.ContactListing)), name="contact_list"),
    path("alliances/contacts/<int:pk>/withdraw/", exchanges.contact_withdraw, name="contact_withdraw"),
    path("alliances/ratings/", list_view(lists.RatingListing), name="rating_list"),
    path("alliances/ratings/new/", ratings.rating_scheme_new, name="rating_scheme_new"),
    path("alliances/ratings/<int:year>/", ratings.rating_scheme_detail, name="rating_scheme_detail"),
    path("alliances/ratings/<int:year>/<int:pk>/", ratings.alliance_rating, name="alliance_rating"),
    path(
        "alliances/ratings/<int:year>/<int:pk>/marks/<int:criterion>/",
        ratings.rating_mark,
        name="rating_mark",
    ),
    path("alliances/rated/<int:pk>/act/<slug:act>/", ratings.rating_act, name="rating_act"),
]
