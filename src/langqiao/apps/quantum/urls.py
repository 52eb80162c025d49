"""Addresses of the quantum network (量子网络)."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.urls import URLPattern, path

from langqiao.apps.quantum.listings import deliveries as delivery_lists
from langqiao.apps.quantum.listings import demands as demand_lists
from langqiao.apps.quantum.listings import network as network_lists
from langqiao.apps.quantum.views import deliveries, demands, network, planning, readings
from langqiao.kit.listing import list_view

urlpatterns: list[URLPattern] = [
    path("", network.network_map, name="network_map"),
    path("health/", network.health, name="quantum_health"),
    path("readings/", login_required(list_view(network_lists.ReadingListing)), name="key_reading_list"),
    path("readings/import/", readings.reading_import, name="key_reading_import"),
    path("readings/template/<slug:kind>/", readings.reading_template, name="key_reading_template"),
    path("plan/", planning.key_plan, name="key_plan"),
    path("sites/", list_view(network_lists.SiteListing), name="site_list"),
    path("sites/new/", network.site_new, name="site_new"),
    path("sites/<int:pk>/", network.site_detail, name="site_detail"),
    path("sites/<int:pk>/edit/", network.site_edit, name="site_edit"),
    path("sites/<int:pk>/act/<slug:act>/", network.site_act, name="site_act"),
    path("links/", list_view(network_lists.LinkListing), name="link_list"),
    path("links/new/", network.link_new, name="link_new"),
    path("links/<int:pk>/", network.link_detail, name="link_detail"),
    path("links/<int:pk>/edit/", network.link_edit, name="link_edit"),
    path("links/<int:pk>/act/<slug:act>/", network.link_act, name="link_act"),
    path("scenarios/", list_view(demand_lists.ScenarioListing), name="scenario_list"),
    path("scenarios/new/", demands.scenario_new, name="scenario_new"),
    path("scenarios/<int:pk>/", demands.scenario_detail, name="scenario_detail"),
    path("scenarios/<int:pk>/edit/", demands.scenario_edit, name="scenario_edit"),
    path("demands/", login_required(list_view(demand_lists.DemandListing)), name="demand_list"),
    path("demands/new/", demands.demand_new, name="demand_new"),
    path("demands/<int:pk>/", demands.demand_detail, name="demand_detail"),
    path("demands/<int:pk>/act/<slug:act>/", demands.demand_act, name="demand_act"),
    path("endpoints/", login_required(list_view(delivery_lists.EndpointListing)), name="endpoint_list"),
    path("endpoints/new/", deliveries.endpoint_new, name="endpoint_new"),
    path("endpoints/<int:pk>/edit/", deliveries.endpoint_edit, name="endpoint_edit"),
    path("deliveries/", login_required(list_view(delivery_lists.DeliveryListing)), name="delivery_list"),
    path("deliveries/new/", deliveries.delivery_new, name="delivery_new"),
    path("deliveries/<int:pk>/", deliveries.delivery_detail, name="delivery_detail"),
    path("deliveries/<int:pk>/act/<slug:act>/", deliveries.delivery_act, name="delivery_act"),
]
