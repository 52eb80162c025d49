"""Key counts of the front page, each with what it counts and where it leads."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Model
from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from langqiao.apps.challenges.models import OPEN_STATES, PUBLIC_STATES, Challenge
from langqiao.apps.ledger.queries import head
from langqiao.apps.registry.models import Achievement, Finance, Organisation, Person


@dataclass(frozen=True)
class Figure:
    """A count with its unit and its page."""

    label: Any
    value: int
    unit: Any
    page: str

    @property
    def url(self) -> str:
        try:
            return reverse(self.page)
        except NoReverseMatch:
            return ""


def key_figures() -> list[Figure]:
    """The counts of the front page; one query each."""
    waiting = Challenge.objects.filter(state__in=OPEN_STATES).count()
    return [
        Figure(_("正在征集答案的题目"), waiting, _("个"), "challenge_list"),
        Figure(_("科技成果"), Achievement.objects.count(), _("项"), "achievement_list"),
        Figure(pgettext_lazy("several", "机构"), Organisation.objects.count(), _("家"), "organisation_list"),
        Figure(_("专家"), Person.objects.count(), _("位"), "person_list"),
        Figure(_("金融产品"), Finance.objects.count(), _("项"), "finance_list"),
        Figure(_("台账记录"), head()[0], _("条"), "ledger_list"),
    ]


def holds_examples() -> bool:
    """Whether a record that the counts hold is illustrative (示例)."""
    counted: tuple[type[Model], ...] = (Achievement, Organisation, Person, Finance)
    return (
        any(model._default_manager.filter(illustrative=True).exists() for model in counted)  # noqa: SLF001
        or Challenge.objects.filter(state__in=PUBLIC_STATES, illustrative=True).exists()
    )


def by_city() -> dict[str, int]:
    """Public challenges, achievements and organisations of each city (slug), added up."""
    found: Counter[str] = Counter()
    wanted: list[tuple[type[Model], dict[str, Any]]] = [
        (Challenge, {"state__in": PUBLIC_STATES}), (Achievement, {}), (Organisation, {}),
    ]  # fmt: skip
    for model, limits in wanted:
        rows = model._default_manager.filter(city__isnull=False, **limits)  # noqa: SLF001
        for slug, number in rows.values_list("city").order_by().annotate(n=Count("pk")):
            found[slug] += number
    return dict(found)
