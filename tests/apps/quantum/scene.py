"""One network with everybody around it, for the matrix and the leak test."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from django.contrib.auth.models import AnonymousUser

from langqiao.apps.accounts.models import Role, User
from langqiao.apps.quantum.models import Delivery, Demand, Endpoint, Link, Reading, Scenario, Site
from langqiao.apps.registry.models import Organisation
from tests.factories import quantum as make
from tests.factories.accounts import make_liaison, make_member, make_office, make_user
from tests.factories.registry import make_city, make_organisation


@dataclass
class Scene:
    """Songjiang–Jiaxing in use, Hefei apart: a firm's demand and its delivery to another firm."""

    site: Site
    far_site: Site
    link: Link
    firm: Organisation
    partner: Organisation
    scenario: Scenario
    demand: Demand
    reading: Reading
    endpoint: Endpoint
    delivery: Delivery
    actors: dict[str, Any] = field(default_factory=dict)


def make_scene() -> Scene:
    """The marker stands in all that is neither public nor the ledger's."""
    firm, partner = make_organisation(name="示例制片企业"), make_organisation(name="示例放映企业")
    site, other = make.make_site(state_why=""), make.make_site("jiaxing")
    far_site = make.make_site("hefei")
    link = make.make_link(site, other)
    marker = make.MARKER
    demand = make.make_demand(site, other, organisation=firm, title=f"需求 {marker}", purpose=marker)
    endpoint = make.make_endpoint(site, organisation=firm)
    theirs = make.make_endpoint(other, organisation=partner)
    delivery = make.make_delivery(endpoint, theirs, title=f"传送 {marker}", note=marker)
    actors: dict[str, Any] = {
        "console": None,
        "stranger": AnonymousUser(),
        "visitor": make_user(),
        "superuser": User.objects.create_superuser("root", password="langqiao"),
        "office": make_office(),
        "operator": make.make_operator(site),
        "peer operator": make.make_operator(other),
        "operator manager": make_member(site.operator, Role.VISITOR, is_manager=True),
        "far operator": make.make_operator(far_site),
        "member": make_member(firm, Role.ENTERPRISE),
        "researcher": make_member(firm, Role.RESEARCHER),
        "firm visitor": make_member(firm, Role.VISITOR),
        "partner": make_member(partner, Role.ENTERPRISE),
        "other member": make_member(make_organisation(), Role.ENTERPRISE),
        "computing operator": make_member(make_organisation(), Role.COMPUTING_OPERATOR),
        "liaison": make_liaison(make_city("songjiang")),
        "evaluator": make_member(make_organisation(), Role.EVALUATOR),
    }
    return Scene(
        site=site,
        far_site=far_site,
        link=link,
        firm=firm,
        partner=partner,
        scenario=make.make_scenario(),
        demand=demand,
        reading=make.make_reading(link),
        endpoint=endpoint,
        delivery=delivery,
        actors=actors,
    )
