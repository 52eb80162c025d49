"""The challenge board (题目榜) and its other lists."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from langqiao.apps.challenges.models import Challenge, State
from langqiao.apps.challenges.queries import visible_challenges
from langqiao.apps.registry.models import City, Field
from langqiao.kit.listing import Badge, Column, Empty, Filter, Listing
from langqiao.kit.permissions import allowed

TONES = {
    State.DRAFT: "muted",
    State.PUBLISHED: "water",
    State.ANSWERING: "water",
    State.SELECTED: "warning",
    State.CONTRACTED: "warning",
    State.ACCEPTED: "success",
    State.CLOSED: "muted",
    State.WITHDRAWN: "danger",
}


def state_badge(challenge: Challenge) -> Badge:
    """The state in words on its tone."""
    return Badge(challenge.get_state_display(), TONES[State(challenge.state)])


def _budget(challenge: Challenge) -> tuple[Any, Any] | None:
    if challenge.budget_min is None and challenge.budget_max is None:
        return None
    return (challenge.budget_min, challenge.budget_max)


def _budget_text(challenge: Challenge) -> str:
    low, high = challenge.budget_min, challenge.budget_max
    if low is None and high is None:
        return ""
    return f"{'' if low is None else low}–{'' if high is None else high}"


def named_choices(model: type[City | Field]) -> Iterable[tuple[str, Any]]:
    """Slug and name of every city or field, in the reader's language."""
    from django.utils.translation import get_language

    english = (get_language() or "").startswith("en")
    return [(row.slug, row.name_en if english else row.name) for row in model.objects.all()]


def _city_choices() -> Iterable[tuple[str, Any]]:
    return named_choices(City)


def _field_choices() -> Iterable[tuple[str, Any]]:
    return named_choices(Field)


def _within_budget(rows: QuerySet[Challenge], bounds: tuple[Any, Any]) -> QuerySet[Challenge]:
    """Challenges whose budget overlaps the bounds (万元)."""
    low, high = bounds
    if low is not None:
        rows = rows.filter(Q(budget_max__gte=low) | Q(budget_max=None, budget_min__isnull=False))
    if high is not None:
        rows = rows.filter(Q(budget_min__lte=high) | Q(budget_min=None, budget_max__isnull=False))
    return rows


class ChallengeListing(Listing):
    """All challenges the viewer may read."""

    slug = "challenges"
    title = _("企业出题")
    lead = _("企业出题，高校答题。点开一题，即见九城中谁能解。")
    search = ("title", "summary", "case", "organisation__name")
    search_hint = _("按题目、摘要、企业或项目编号查找")
    default_sort = "-published"
    detail_template = "challenges/_row.html"
    columns = (
        Column("title", _("题目"), sort="title", link=lambda c: c.get_absolute_url()),
        Column(
            "state",
            _("状态"),
            value=state_badge,
            sort="state",
            export=lambda c: c.get_state_display(),
            kind="badge",
        ),
        Column("organisation", _("出题企业"), sort="organisation__name", secondary=True),
        Column("city", _("城市"), sort="city__order"),
        Column("field", _("产业领域"), sort="field__order", secondary=True),
        Column(
            "budget",
            _("预算"),
            value=_budget,
            sort="budget_max",
            export=_budget_text,
            export_label=_("预算（万元）"),
            kind="money",
        ),
        Column("deadline", _("截止日期"), sort="deadline", kind="date"),
        Column(
            "published",
            _("发布日期"),
            value="published_at",
            sort="published_at",
            kind="date",
            secondary=True,
        ),
        Column("case", _("项目编号"), sort="case", export_only=True),
    )
    filters = (
        Filter("city", _("城市"), "multi", choices=_city_choices, apply="city_id__in"),
        Filter("field", _("产业领域"), "multi", choices=_field_choices, apply="field_id__in"),
        Filter("state", _("状态"), "multi", choices=lambda: State.choices, apply="state__in"),
        Filter("deadline", _("截止日期"), "range", apply="deadline"),
        Filter("budget", _("预算（万元）"), "range", apply=_within_budget),
    )
    empty = Empty(_("还没有公开的题目。"), _("企业成员登录后可以出题，也可以导入已有的需求。"))

    def queryset(self, request: HttpRequest) -> QuerySet[Challenge]:
        """Published challenges, and those of the viewer's own."""
        return visible_challenges(request.user)

    def primary_action(self, request: HttpRequest) -> tuple[Any, str] | None:
        """Pose a challenge, for those who may."""
        if allowed(request.user, "challenges.create"):
            return _("我要出题"), reverse("challenge_new")
        return None
