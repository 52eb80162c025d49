"""Figures of the Eye: counts of this site with their moment, and stated ones with their source."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.core.cache import cache
from django.db.models import QuerySet
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from langqiao.apps.challenges.models import OPEN_STATES, PUBLIC_STATES
from langqiao.apps.challenges.queries import visible_challenges
from langqiao.apps.ledger.queries import head
from langqiao.apps.quantum.queries.network import sites_with_links
from langqiao.apps.registry.queries import achievements, organisations, people
from langqiao.kit.keyfigures import KeyFigure, key_figures

KEPT_SECONDS = 60


@dataclass(frozen=True, slots=True)
class SiteCount:
    """A count of this site's public records, with its unit and the list behind it.

    Attributes:
        is_illustrative: whether illustrative records (示例) are in it.
    """

    slug: str
    label: Any
    unit: Any
    url: str
    value: int
    is_illustrative: bool


@dataclass(frozen=True, slots=True)
class Figures:
    """What stands below the map.

    Attributes:
        counts: of this site's records, as of ``counted_at``.
        stated: figures about the corridor, each with period and source (``kit.keyfigures``).
    """

    counts: list[SiteCount]
    counted_at: datetime
    stated: list[KeyFigure]


def figures() -> Figures:
    """Counts and stated figures, each taken at most once a minute."""
    taken = cache.get("eye-counted")
    if taken is None:
        taken = (_numbers(), timezone.now())
        cache.set("eye-counted", taken, KEPT_SECONDS)
    numbers, counted_at = taken
    return Figures(_counts(numbers), counted_at, _stated())


def _stated() -> list[KeyFigure]:
    """The stated figures, asked of their apps at most once a minute in each language."""
    key = f"eye-stated-{get_language()}"
    found: list[KeyFigure] | None = cache.get(key)
    if found is None:
        found = [
            replace(one, label=str(one.label), unit=str(one.unit), source=str(one.source))
            for one in key_figures()
        ]
        cache.set(key, found, KEPT_SECONDS)
    return found


def counted(rows: QuerySet[Any]) -> tuple[int, bool]:
    """How many records there are, and whether illustrative ones (示例) are among them."""
    return rows.count(), rows.filter(illustrative=True).exists()


def _numbers() -> dict[str, tuple[int, bool]]:
    challenges = visible_challenges(None).filter(state__in=PUBLIC_STATES)
    return {
        "challenges": counted(challenges.filter(state__in=OPEN_STATES)),
        "achievements": counted(achievements()),
        "people": counted(people()),
        "organisations": counted(organisations()),
        "sites": counted(sites_with_links()),
    }


def _counts(numbers: dict[str, tuple[int, bool]]) -> list[SiteCount]:
    shown = (
        ("challenges", _("正在征集答案的题目"), _("个"), "challenge_list"),
        ("achievements", _("科技成果"), _("项"), "achievement_list"),
        ("people", _("专家"), _("位"), "person_list"),
        ("organisations", pgettext_lazy("several", "机构"), _("家"), "organisation_list"),
        ("sites", _("量子站点"), _("处"), "site_list"),
    )
    found = [SiteCount(slug, label, unit, reverse(page), *numbers[slug]) for slug, label, unit, page in shown]
    # Every record came by an entry, so where records are illustrative, entries are.
    marked = any(is_illustrative for _number, is_illustrative in numbers.values())
    return [*found, SiteCount("entries", _("台账记录"), _("条"), reverse("ledger_list"), head()[0], marked)]
