"""Every list of the site under every sort, filter, search and export: the database takes them all."""

from __future__ import annotations

import contextlib
from typing import Any

import pytest
from django.test import Client
from django.urls import NoReverseMatch, get_resolver, reverse

from langqiao.apps.challenges.listings import ChallengeListing
from langqiao.apps.registry import listings as registry
from langqiao.kit.listing import Listing
from tests.factories import challenges as make_challenges
from tests.factories import registry as make
from tests.factories.accounts import make_office

pytestmark = pytest.mark.django_db
ODD = ["焊接", "100%", "a_b", "'; DROP", '"', "\\", "[", "\u2028", "𠮷", "e\u0301", "x" * 5000]


def lists() -> dict[str, type[Listing]]:
    """Every described list by the name of its address."""
    found = {
        f"{listing.__name__.removesuffix('Listing')}": listing
        for listing in vars(registry).values()
        if isinstance(listing, type) and issubclass(listing, Listing) and listing.columns
    }
    return {**found, "Challenge": ChallengeListing}


def addresses() -> dict[str, str]:
    """Lists that stand for themselves; one of a call or a round has tests beside its page."""
    found = {}
    for name in get_resolver().reverse_dict:
        if isinstance(name, str) and name.endswith("_list"):
            with contextlib.suppress(NoReverseMatch):
                found[name] = reverse(name)
    return found


# Pages of a few rows that the product itself fixes: claims, methods, data sets.
FIXED = {"claim_list", "method_list", "open_data_list"}
ADDRESSES = [name for name in addresses() if name not in FIXED]


@pytest.fixture
def corridor() -> None:
    """A record of every kind."""
    owner = make.make_organisation(fields=[make.make_field()])
    person = make.make_person(organisation=owner, expertise=["焊接", "机器人"])
    make.make_achievement(owner=owner, keywords=["焊接"], people=[person], trl=4)
    make.make_facility(organisation=owner)
    make.make_finance(organisation=owner, stages=["pilot"], cities=[owner.city])
    make.make_product(organisation=owner)
    make.make_talent_demand(organisation=owner, skills=["焊接"])
    make.make_training(organisation=owner)
    make.make_programme(lead=owner)
    make_challenges.make_published(title="焊接机器人")


def test_every_list_is_known() -> None:
    assert {"achievement_list", "challenge_list", "person_list", "ledger_list"} <= set(ADDRESSES)
    assert len(lists()) >= 9


def test_every_sort_filter_search_and_export_is_taken(corridor: None) -> None:
    client = Client()
    client.force_login(make_office())
    by_slug = {listing.slug: listing for listing in lists().values()}
    asked = 0
    for name in ADDRESSES:
        page = client.get(reverse(name))
        listing: Any = by_slug.get(page.context["listing"].slug, page.context["listing"])
        queries: list[dict[str, Any]] = [{"q": " ".join(ODD[:4])}, {"q": " ".join(ODD[4:8])}, {"q": ODD[-1]}]
        for place, column in enumerate(listing.columns):
            queries.append({"sort": f"-{column.name}" if place % 2 else column.name})
        options = {one.name: [value for value, _label in one.options()] for one in listing.filters}
        queries += [
            {name: values[n] if n < len(values) else ODD[n] for name, values in options.items()}
            for n in range(3)
        ]
        for low, high in (("1", "9"), ("2026-01-01", "2026-12-31"), ("9", "x")):
            queries.append(
                {f"{name}_min": low for name in options} | {f"{name}_max": high for name in options}
            )
        queries += [{"export": "csv"}, {"export": "xlsx"}, {"page": "99", "per": "100"}]
        for query in queries:
            response = client.get(reverse(name), query)
            assert response.status_code == 200, (name, query)
            if response.streaming:
                assert b"".join(response.streaming_content)
            response.close()
            asked += 1
    assert asked > 100
