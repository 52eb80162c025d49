"""Addresses of industry chains (产业链)."""

from __future__ import annotations

from django.urls import URLPattern, path

from langqiao.apps.alliances.listings.chains import (
    ChainFirmListing,
    IndustryListing,
    LinkListing,
    NodeListing,
)
from langqiao.apps.alliances.views.chains import data, evidence, maps
from langqiao.kit.listing import list_view

urlpatterns: list[URLPattern] = [
    path("chains/", list_view(IndustryListing), name="chain_list"),
    path("chains/industries/<int:pk>/", maps.chain_map, name="chain_map"),
    path("chains/industries/<int:pk>/gaps/", maps.chain_gaps, name="chain_gaps"),
    path("chains/fields/<slug:slug>/", maps.chain_field_map, name="chain_field_map"),
    path("chains/fields/<slug:slug>/gaps/", maps.chain_field_gaps, name="chain_field_gaps"),
    path("chains/products/", list_view(NodeListing), name="chain_node_list"),
    path("chains/products/<int:pk>/", evidence.chain_node, name="chain_node"),
    path("chains/firms/", list_view(ChainFirmListing), name="chain_firm_list"),
    path("chains/firms/<int:pk>/", evidence.chain_firm, name="chain_firm"),
    path("chains/links/", list_view(LinkListing), name="chain_link_list"),
    path("chains/links/<int:pk>/", evidence.chain_link, name="chain_link"),
    path("chains/links/<int:pk>/act/<slug:act>/", evidence.chain_link_act, name="chain_link_act"),
    path("chains/own/", data.own_table, name="chain_own"),
    path("chains/data/<int:pk>/", data.chain_dataset_by_key, name="chain_dataset_detail"),
    path("chains/data/<slug:slug>/", data.chain_dataset, name="chain_dataset"),
]
