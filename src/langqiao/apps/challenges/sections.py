"""What challenges put on the registry's pages: reverse matches (反向匹配), an organisation's challenges."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _

from langqiao.apps.challenges.queries import visible_challenges
from langqiao.apps.registry.models import Achievement, City, Organisation, Person
from langqiao.apps.registry.sections import Section, page_section

SHOWN = 5
LISTED = 20


def fitting_challenges(record: Any, viewer: Any) -> Section | None:  # noqa: ARG001  open challenges are public
    """Open challenges that an achievement or a person fits."""
    from langqiao.apps.challenges.matching import open_challenges_for

    rows = open_challenges_for(record, limit=SHOWN)
    if not rows:
        return None
    return Section(_("可应答的题目"), "challenges/section_matches.html", {"rows": rows})


def posed_by(organisation: Any, viewer: Any) -> Section | None:
    """The organisation's challenges that the viewer may read."""
    rows = list(visible_challenges(viewer).filter(organisation=organisation)[:LISTED])
    return Section(_("出题"), "challenges/section_challenges.html", {"rows": rows}) if rows else None


def posed_in(city: Any, viewer: Any) -> Section | None:
    """The city's newest challenges."""
    rows = list(visible_challenges(viewer).filter(city=city)[:SHOWN])
    return Section(_("本市题目"), "challenges/section_challenges.html", {"rows": rows}) if rows else None


def register() -> None:
    """Put the sections on their pages."""
    page_section(Achievement, fitting_challenges)
    page_section(Person, fitting_challenges)
    page_section(Organisation, posed_by)
    page_section(City, posed_in)
