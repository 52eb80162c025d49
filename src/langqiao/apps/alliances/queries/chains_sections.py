"""What industry chains put on the registry's pages: an organisation's place in the chains."""

from __future__ import annotations

from typing import Any

from django.db.models import Count, Q
from django.utils.translation import gettext_lazy as _

from langqiao.apps.alliances.queries.chains import firms
from langqiao.apps.registry.models import Organisation
from langqiao.apps.registry.sections import Section, page_section

LISTED = 10


def in_chains(organisation: Any, viewer: Any) -> Section | None:
    """The organisation as a firm of the chains' data sets."""
    rows = firms(viewer).filter(organisation=organisation)
    counted = rows.annotate(product_count=Count("products", filter=Q(products__is_balance=False)))
    listed = list(counted.order_by("dataset_id", "code")[:LISTED])
    return (
        Section(_("所在产业链"), "alliances/chains/section_chains.html", {"firms": listed})
        if listed
        else None
    )


def register() -> None:
    """Put the sections on their pages."""
    page_section(Organisation, in_chains)
