"""The quantum network (量子网络): sites, links, scenarios, demands for key, readings, deliveries."""

from __future__ import annotations

from langqiao.apps.quantum.models.deliveries import DELIVERY_TRANSITIONS, Delivery, Endpoint
from langqiao.apps.quantum.models.demands import DEMAND_TRANSITIONS, Demand, Scenario
from langqiao.apps.quantum.models.network import Link, Reading, Site

__all__ = [
    "DELIVERY_TRANSITIONS",
    "DEMAND_TRANSITIONS",
    "Delivery",
    "Demand",
    "Endpoint",
    "Link",
    "Reading",
    "Scenario",
    "Site",
]
