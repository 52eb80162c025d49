"""Parks on the pages of cities and of the organisations that run them."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _

from langqiao.apps.alliances.queries.parks.matrix import places
from langqiao.apps.registry.models import City, Organisation
from langqiao.apps.registry.sections import Section, page_section

LISTED = 20


def parks_in(city: Any, viewer: Any) -> Section | None:  # noqa: ARG001  they are public
    """Parks of a city, with the way to its comparison."""
    rows = list(places().filter(city=city)[:LISTED])
    if not rows:
        return None
    return Section(_("本市园区"), "alliances/parks/section.html", {"rows": rows, "city": city})


def parks_of(organisation: Any, viewer: Any) -> Section | None:  # noqa: ARG001  they are public
    """Parks that an organisation runs."""
    rows = list(places().filter(organisation=organisation)[:LISTED])
    return Section(_("运营的园区"), "alliances/parks/section.html", {"rows": rows}) if rows else None


def register() -> None:
    """Put the sections on their pages."""
    page_section(City, parks_in)
    page_section(Organisation, parks_of)
