"""Lists of reviews: one's own, a round's progress, its disagreement, the defences."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db.models import (
    Avg,
    BooleanField,
    Case,
    Count,
    F,
    FloatField,
    Max,
    Min,
    OuterRef,
    Q,
    QuerySet,
    StdDev,
    Subquery,
    Value,
    When,
)
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from langqiao.apps.verification.domain.rounds import round_name
from langqiao.apps.verification.models import (
    LIVE_REVIEWS,
    Application,
    DefenceSlot,
    Review,
    ReviewState,
    Round,
    StepKind,
)
from langqiao.apps.verification.queries.disagreement import UNSURE, WIDE, Disagreement, disagreement
from langqiao.apps.verification.queries.reviews import is_over, my_reviews, pseudonym, visible_slots
from langqiao.kit.listing import Badge, Column, Empty, Filter, Listing
from langqiao.kit.permissions import allowed
from langqiao.kit.words import is_english, listed

TONES = {
    ReviewState.ASSIGNED: "warning",
    ReviewState.DRAFT: "water",
    ReviewState.SUBMITTED: "success",
    ReviewState.DECLINED: "muted",
    ReviewState.REPLACED: "muted",
}


def state_badge(review: Review) -> Badge:
    """The review's state in words on its tone."""
    return Badge(review.get_state_display(), TONES[ReviewState(review.state)])


def known_as(review: Review) -> str:
    """An application as its reviewer may name it: by its number alone where the call is double blind."""
    application = review.application
    return application.label if review.round.call.is_double_blind else application.title


def _score(value: float | None) -> str:
    return "" if value is None else f"{value:.1f}"


class MyReviewListing(Listing):
    """The viewer's own reviews (我的评审)."""

    slug = "my-reviews"
    title = _("我的评审")
    lead = _("邀请、意愿与待写的评审意见都在这里。提交之前，您的草稿只有您自己能看到。")
    template = "verification/reviews/list.html"
    search = ("round__call__title",)
    search_hint = _("按征集名称查找")
    default_sort = "due"
    columns = (
        Column(
            "application",
            _("申报"),
            value=known_as,
            sort="application__number",
            link=lambda r: r.get_absolute_url() if r.state in LIVE_REVIEWS else "",
        ),
        Column(
            "state",
            _("状态"),
            value=state_badge,
            sort="state",
            export=lambda r: r.get_state_display(),
            kind="badge",
        ),
        Column("call", _("征集"), value="round.call.title", sort="round__call__title", secondary=True),
        Column("round", _("轮次"), value=lambda r: round_name(r.round), secondary=True),
        Column("due", _("评审截止"), value="round.due_at", sort="round__due_at", kind="date"),
        Column("submitted", _("提交日期"), value="submitted_at", sort="submitted_at", kind="date"),
        Column("total", _("我的总分"), value=lambda r: _score(r.total), sort="total", secondary=True),
    )
    filters = (
        Filter("state", _("状态"), "multi", choices=lambda: ReviewState.choices, apply="state__in"),
        Filter(
            "kind",
            _("轮次"),
            "choice",
            choices=lambda: [(kind.value, kind.label) for kind in (StepKind.REVIEW, StepKind.DEFENCE)],
            apply="round__kind",
        ),
    )
    empty = Empty(
        _("还没有分配给您的评审。"), _("联席办分配并开始评审后会通知您；请先答复邀请、表达评审意愿。")
    )

    def queryset(self, request: HttpRequest) -> QuerySet[Review]:
        """Own reviews only."""
        return my_reviews(request.user)


def _may_be_late(rows: QuerySet[Any], value: Any) -> QuerySet[Any]:  # noqa: ARG001  a filter's signature
    return rows.exclude(state=ReviewState.SUBMITTED)


class RoundReviewListing(Listing):
    """Every review of a round for the chair: of unfinished ones the state alone."""

    slug = "round-reviews"
    title = _("评审进度")
    search = ("application__title", "reviewer__person__name")
    search_hint = _("按申报或专家查找")
    default_sort = "application"
    template = "verification/reviews/round_list.html"
    columns = (
        Column("number", _("序号"), value="application.number", sort="application__number", kind="number"),
        Column(
            "application",
            _("申报"),
            value="application.title",
            sort="application__number",
            link=lambda r: r.get_absolute_url() if r.state == ReviewState.SUBMITTED else "",
        ),
        Column(
            "reviewer",
            pgettext_lazy("reviews", "专家"),
            value="reviewer.person",
            sort="reviewer__person__name",
        ),
        Column("letter", _("代号"), value=lambda r: pseudonym(r.letter), secondary=True),
        Column(
            "state",
            _("状态"),
            value=state_badge,
            sort="state",
            export=lambda r: r.get_state_display(),
            kind="badge",
        ),
        Column("submitted", _("提交日期"), value="submitted_at", sort="submitted_at", kind="date"),
        Column("total", _("总分"), value=lambda r: _score(r.total), sort="total", kind="number"),
        Column(
            "confidence",
            _("把握程度"),
            value=lambda r: r.confidence if r.state == ReviewState.SUBMITTED else None,
            kind="number",
            secondary=True,
        ),
        Column(
            "reminded", _("提醒日期"), value="reminded_at", sort="reminded_at", kind="date", secondary=True
        ),
        Column("why", _("谢绝或更换原因"), secondary=True),
    )
    filters = (
        Filter("state", _("状态"), "multi", choices=lambda: ReviewState.choices, apply="state__in"),
        Filter("open", _("尚未提交"), "bool", apply=_may_be_late),
    )
    empty = Empty(_("这一轮还没有评审。"), _("请先分配评审专家。"))

    def __init__(self, round: Round) -> None:
        self.round = round

    def queryset(self, request: HttpRequest) -> QuerySet[Review]:  # noqa: ARG002  the view checked the chair
        """All of the round."""
        return self.round.reviews.select_related("application", "reviewer__person")

    def extra_context(self, request: HttpRequest) -> dict[str, Any]:  # noqa: ARG002
        """The round, for the way back."""
        return {"round": self.round, "round_name": round_name(self.round), "over": is_over(self.round)}


def _wide(rows: QuerySet[Any], value: Any) -> QuerySet[Any]:
    """Applications by what the chair looks for."""
    wanted = {
        "wide": Q(spread__gt=F("usual") * WIDE),
        "unsure": Q(lowest__lte=UNSURE),
        "gates": Q(split=True),
    }
    return rows.filter(wanted[value])


def _flags(row: Any) -> list[Any]:
    found: Disagreement = row.found
    flags: list[Any] = []
    if found.is_wide:
        flags.append(_("分歧大"))
    if found.unsure:
        flags.append(_("把握低"))
    if found.split_gates:
        flags.append(_("门槛意见不一"))
    return flags


def _pair(row: Any) -> str:
    pair = row.found.pair
    if pair is None:
        return ""
    return f"{pair.high.reviewer} {pair.high.total:.1f} · {pair.low.reviewer} {pair.low.total:.1f}"


def _strips(row: Any) -> Any:
    return render_to_string("verification/reviews/_heat.html", {"strips": row.found.strips})


def _strips_text(row: Any) -> str:
    return listed(
        f"{strip.name} {'/'.join(f'{cell.points:g}' for cell in strip.cells)}" for strip in row.found.strips
    )


def _flag_choices() -> Iterable[tuple[str, Any]]:
    return (("wide", _("分歧大")), ("unsure", _("把握低")), ("gates", _("门槛意见不一")))


class DisagreementListing(Listing):
    """Applications of a round by how far their reviewers differ, the widest first."""

    slug = "disagreement"
    title = _("评审分歧")
    search = ("title",)
    search_hint = _("按申报名称查找")
    default_sort = "-spread"
    template = "verification/reviews/disagreement.html"
    columns = (
        Column("number", _("序号"), sort="number", kind="number", export_only=True),
        Column("title", _("申报"), sort="number", link=lambda a: a.talk_url),
        Column("spread", _("极差"), value=lambda a: _score(a.spread), sort=("spread", "sd"), kind="number"),
        Column("sd", _("标准差"), value=lambda a: _score(a.sd), sort="sd", kind="number", secondary=True),
        Column("mean", _("平均分"), value=lambda a: _score(a.mean), sort="mean", kind="number"),
        Column("given", _("已提交"), value="given", sort="given", kind="number", secondary=True),
        Column("flags", _("提示"), value=_flags, kind="tags"),
        Column("strips", _("各项评分（每格一位专家）"), value=_strips, export=_strips_text),
        Column("pair", _("相差最大的两位"), value=_pair, secondary=True),
    )
    filters = (Filter("flag", _("提示"), "choice", choices=_flag_choices, apply=_wide),)
    empty = Empty(_("还没有已提交的意见。"), _("专家提交后，这里按分歧从大到小排列各申报。"))

    def __init__(self, round: Round) -> None:
        self.round = round
        self.found = {one.application.pk: one for one in disagreement(round)}
        self.usual = next((one.usual for one in self.found.values()), None)

    def queryset(self, request: HttpRequest) -> QuerySet[Application]:  # noqa: ARG002  the view checked the chair
        """Applications with submitted reviews, with their figures."""
        handed_in = Review.objects.filter(
            round=self.round, state=ReviewState.SUBMITTED, application=OuterRef("pk")
        ).order_by()

        def figure(made: Any, rows: QuerySet[Review] = handed_in) -> Any:
            grouped = rows.values("application").annotate(figure=made).values("figure")
            return Subquery(grouped, output_field=FloatField())

        # SQLite's function fails where there is one value alone.
        several = [pk for pk, one in self.found.items() if one.sd is not None]
        split = [pk for pk, one in self.found.items() if one.split_gates]
        return Application.objects.filter(pk__in=list(self.found)).annotate(
            given=figure(Count("pk")),
            mean=figure(Avg("total")),
            spread=figure(Max("total") - Min("total")),
            sd=figure(StdDev("total", sample=True), handed_in.filter(application__in=several)),
            lowest=figure(Min("confidence")),
            usual=Value(self.usual, output_field=FloatField()),
            split=Case(When(pk__in=split, then=True), default=False, output_field=BooleanField()),
        )

    def prepare(self, rows: list[Any], request: HttpRequest) -> list[Any]:  # noqa: ARG002
        """Rows with their comparison and the way to the discussion."""
        for row in rows:
            row.found = self.found[row.pk]
            row.talk_url = reverse("talk_detail", args=[self.round.pk, row.pk])
            row.given = len(row.found.reviews)
        return rows

    def extra_context(self, request: HttpRequest) -> dict[str, Any]:  # noqa: ARG002
        """The round and its usual spread."""
        return {"round": self.round, "round_name": round_name(self.round), "usual": self.usual, "wide": WIDE}


def _moment(slot: DefenceSlot) -> str:
    at = timezone.localtime(slot.at)
    return f"{at:%d %b %Y %H:%M}" if is_english() else f"{at.year}年{at.month}月{at.day}日 {at:%H:%M}"


def _slot_name(slot: DefenceSlot) -> str:
    return str(slot.shown)  # type: ignore[attr-defined]  # set by prepare


class DefenceListing(Listing):
    """Defences the viewer runs, answers in, or reviews (答辩安排)."""

    slug = "defences"
    title = _("答辩安排")
    lead = _("现场答辩的时间与地点。")
    search = ("round__call__title", "place")
    search_hint = _("按征集或地点查找")
    default_sort = "at"
    columns = (
        Column("application", _("申报"), value=_slot_name, sort="application__number"),
        Column("at", _("时间"), value=_moment, sort="at", export=lambda s: s.at),
        Column("minutes", _("时长（分钟）"), sort="minutes", kind="number"),
        Column("place", _("地点或会议链接"), sort="place"),
        Column("call", _("征集"), value="round.call.title", sort="round__call__title", secondary=True),
    )
    filters = (Filter("day", _("日期"), "range", apply="at__date"),)
    empty = Empty(_("还没有答辩安排。"), _("联席办安排后会通知申报单位和评审专家。"))

    def queryset(self, request: HttpRequest) -> QuerySet[DefenceSlot]:
        """What the viewer has to do with."""
        return visible_slots(request.user)

    def prepare(self, rows: list[Any], request: HttpRequest) -> list[Any]:
        """Applications by what the viewer may know of them."""
        for slot in rows:
            reads = allowed(request.user, "verification.read_outline", slot.application)
            blind = slot.round.call.is_double_blind and not reads
            slot.shown = slot.application.label if blind else slot.application.title
        return rows
