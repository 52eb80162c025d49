"""Sites, links, scenarios, demands, readings, endpoints and deliveries, saved straight to the database.

No ledger entries and no checks: what the verbs of ``apps.quantum.domain`` do is tested on top of this.
"""

from __future__ import annotations

from datetime import date, timedelta
from itertools import count
from typing import Any

from django.utils import timezone

from langqiao.apps.accounts.models import Role, User
from langqiao.apps.quantum.models import Delivery, Demand, Endpoint, Link, Reading, Scenario, Site
from langqiao.engines.sm.sm2 import Sm2PrivateKey
from tests.factories.accounts import make_member
from tests.factories.registry import make_city, make_organisation

_numbers = count(1)
MARKER = "密钥绿瓦五一八三"  # stands in what is not public; must never reach who may not read it
KEY = Sm2PrivateKey.generate()  # of every endpoint, unless a test gives another


def today() -> date:
    """The date in the site's time zone."""
    return timezone.localdate()


def make_case() -> str:
    """A case number that no verb has written yet."""
    return f"LQ-2019-{next(_numbers):06}"


def make_site(slug: str = "songjiang", **values: Any) -> Site:
    """A trusted site in the city of the same name, with an operator of its own."""
    number = next(_numbers)
    if "city" not in values:
        values["city"] = make_city(slug)
    if "operator" not in values:
        values["operator"] = make_organisation(name=f"示例量子运营{number}")
    taken = Site.objects.filter(slug=slug).exists()
    return Site.objects.create(
        **{
            "slug": f"{slug}{number}" if taken else slug,
            "name": f"示例{slug}站{number}",
            "kme_id": f"KME-{slug}-{number}",
            "illustrative": True,
            **values,
        }
    )


def make_operator(site: Site) -> User:
    """A person who operates the site (量子运营方)."""
    return make_member(site.operator, Role.QUANTUM_OPERATOR)


def make_link(a: Site | None = None, b: Site | None = None, **values: Any) -> Link:
    """A link of 71 km in one span, like Songjiang–Jiaxing: about 8 kbit/s."""
    ends = sorted((a or make_site(), b or make_site("jiaxing")), key=lambda site: int(site.pk))
    return Link.objects.create(
        a=ends[0],
        b=ends[1],
        **{"fibre_km": 71.0, "spans": 1, "basis_why": "示例假设", "illustrative": True, **values},
    )


def make_reading(link: Link | None = None, **values: Any) -> Reading:
    """A pool of 1 Mbit that is 60 % full, read now at the link's first end."""
    link = link or make_link()
    return Reading.objects.create(
        link=link,
        **{
            "site": link.a,
            "at": timezone.now(),
            "reachable": True,
            "stored_bits": 600_000,
            "capacity_bits": 1_000_000,
            **values,
        },
    )


def make_scenario(**values: Any) -> Scenario:
    """An illustrative scenario of film."""
    return Scenario.objects.create(
        **{"title": f"示例场景{next(_numbers)}", "kind": Scenario.Kind.FILM, "illustrative": True, **values}
    )


def make_demand(source: Site | None = None, target: Site | None = None, **values: Any) -> Demand:
    """A proposed demand of 1 kbit/s from today on for ninety days."""
    if "organisation" not in values:
        values["organisation"] = make_organisation()
    return Demand.objects.create(
        source=source or make_site(),
        target=target or make_site("jiaxing"),
        **{
            "case": make_case(),
            "title": f"示例需求{next(_numbers)}",
            "bps": 1000.0,
            "starts_on": today(),
            "ends_on": today() + timedelta(days=90),
            "illustrative": True,
            **values,
        },
    )


def make_endpoint(site: Site | None = None, **values: Any) -> Endpoint:
    """An endpoint of a new organisation, with the key pair ``KEY``."""
    if "organisation" not in values:
        values["organisation"] = make_organisation()
    return Endpoint.objects.create(
        site=site or make_site(),
        **{
            "sae_id": f"SAE-{next(_numbers)}",
            "public_key": KEY.public.hex(),
            "illustrative": True,
            **values,
        },
    )


def make_delivery(
    sender: Endpoint | None = None, recipient: Endpoint | None = None, **values: Any
) -> Delivery:
    """An announced delivery of 1 GB."""
    return Delivery.objects.create(
        sender=sender or make_endpoint(),
        recipient=recipient or make_endpoint(make_site("jiaxing")),
        **{
            "case": make_case(),
            "title": f"示例影片{next(_numbers)}",
            "size": 10**9,
            "illustrative": True,
            **values,
        },
    )
