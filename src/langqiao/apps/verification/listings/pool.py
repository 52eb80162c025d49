"""Lists of the pool (专家库) and of one's own wishes."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from langqiao.apps.registry.models import City
from langqiao.apps.verification.models import Application, Bid, Call, Reviewer
from langqiao.apps.verification.queries import pool as queries
from langqiao.kit.listing import Badge, Column, Empty, Filter, Listing
from langqiao.kit.words import named

TONES = {
    Reviewer.State.CANDIDATE: "muted",
    Reviewer.State.INVITED: "water",
    Reviewer.State.ACCEPTED: "success",
    Reviewer.State.DECLINED: "warning",
    Reviewer.State.REMOVED: "muted",
}


def state_badge(reviewer: Reviewer) -> Badge:
    """The place's state in words on its tone."""
    return Badge(reviewer.get_state_display(), TONES[Reviewer.State(reviewer.state)])


def _load(row: Any) -> str:
    most = row.call.max_load if row.max_load is None else row.max_load
    return f"{row.held} / {most}"


def _cities() -> Iterable[tuple[str, Any]]:
    return [(city.slug, named(city)) for city in City.objects.all()]


class PoolListing(Listing):
    """The experts of a call."""

    slug = "pool"
    title = _("评审专家库")
    template = "verification/pool/pool.html"
    search = ("person__name", "person__organisation__name")
    search_hint = _("按姓名或机构查找")
    default_sort = "name"
    columns = (
        Column(
            "name",
            _("专家"),
            value="person.name",
            sort="person__name",
            link=lambda r: reverse("reviewer_detail", args=[r.pk]),
        ),
        Column(
            "state",
            _("状态"),
            value=state_badge,
            sort="state",
            export=lambda r: r.get_state_display(),
            kind="badge",
        ),
        Column("organisation", _("机构"), value="person.organisation", sort="person__organisation__name"),
        Column("city", _("城市"), value="person.city", sort="person__city__order", secondary=True),
        Column("load", _("已分配 / 上限"), value=_load, sort="held"),
        Column("barred", _("须回避（份）"), sort="barred", kind="number"),
        Column("wishes", _("已表意愿（份）"), sort="wishes", kind="number", secondary=True),
        Column("checked", _("回避核查"), value="checked_at", sort="checked_at", kind="date", secondary=True),
        Column(
            "answered", _("答复日期"), value="answered_at", sort="answered_at", kind="date", secondary=True
        ),
    )
    filters = (
        Filter("state", _("状态"), "multi", choices=lambda: Reviewer.State.choices, apply="state__in"),
        Filter("city", _("城市"), "multi", choices=_cities, apply="person__city_id__in"),
    )
    empty = Empty(_("专家库还是空的。"), _("点“推荐专家”，按成果依据从名录中挑选。"))

    def __init__(self, call: Call) -> None:
        self.call = call

    def queryset(self, request: HttpRequest) -> QuerySet[Reviewer]:  # noqa: ARG002  the view checked who asks
        """Everybody in the pool."""
        return queries.members(self.call)

    def extra_context(self, request: HttpRequest) -> dict[str, Any]:  # noqa: ARG002
        """What the office can do with the pool as a whole."""
        candidates = self.call.reviewers.filter(state=Reviewer.State.CANDIDATE).count()
        return {
            "call": self.call,
            "candidates": candidates,
            "needs_check": queries.needs_check(self.call),
            "rounds": list(self.call.rounds.all()),
        }


class BidListing(Listing):
    """Applications of a call for an expert to wish for (评审意愿)."""

    slug = "bids"
    title = _("评审意愿")
    template = "verification/pool/bids.html"
    search = ("title",)
    search_hint = _("按申报名称查找")
    default_sort = "number"
    columns = (
        Column("number", _("序号"), sort="number", kind="number"),
        Column("title", _("申报"), sort="title", link=lambda a: a.bid_url),
        Column("field", _("产业领域"), sort="field__order", secondary=True),
        Column("wish", _("我的意愿"), value=lambda a: a.wish),
        Column("aside", _("回避"), value=lambda a: a.aside),
    )
    filters = ()
    empty = Empty(_("还没有可以表达意愿的申报。"), _("申报提交之后会出现在这里。"))

    def __init__(self, reviewer: Reviewer) -> None:
        self.reviewer = reviewer

    def queryset(self, request: HttpRequest) -> QuerySet[Application]:  # noqa: ARG002  the view checked who asks
        """All that was handed in."""
        return queries.biddable(self.reviewer)

    def prepare(self, rows: list[Any], request: HttpRequest) -> list[Any]:  # noqa: ARG002
        """Rows with the expert's wish."""
        bids = queries.bids_of(self.reviewer)
        aside = {c.application_id: c for c in self.reviewer.conflicts.filter(counts=True)}
        for row in rows:
            row.wish = Bid.Value(bids[row.pk].value).label if row.pk in bids else ""
            row.aside = aside[row.pk].get_kind_display() if row.pk in aside else ""
            row.bid_url = reverse("bid_detail", args=[self.reviewer.pk, row.pk])
        return rows

    def extra_context(self, request: HttpRequest) -> dict[str, Any]:  # noqa: ARG002
        """Whose wishes they are."""
        return {"reviewer": self.reviewer, "call": self.reviewer.call}
