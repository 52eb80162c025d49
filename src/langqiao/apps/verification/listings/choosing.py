"""Lists of calibrated scores, of reviewers' severity, and of the applications of a proposal."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db.models import (
    BooleanField,
    Case,
    CharField,
    FloatField,
    IntegerField,
    QuerySet,
    Value,
    When,
)
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from langqiao.apps.registry.models import City
from langqiao.apps.verification.domain.rounds import round_name
from langqiao.apps.verification.domain.scores import CallScores, RoundScores, Score
from langqiao.apps.verification.models import Application, ChoiceRun, Reviewer
from langqiao.apps.verification.queries.choosing import Outcome, outcomes
from langqiao.apps.verification.queries.whiskers import Scale, whisker
from langqiao.kit.listing import Badge, Column, Empty, Filter, Listing
from langqiao.kit.words import listed, named

MOVED = 3  # places from which a change of rank is worth a filter
LEANINGS = {"strict": (_("偏严"), "warning"), "lenient": (_("偏宽"), "water")}


def _by_key(values: Mapping[int, Any], output: Any) -> Case:
    """Computed figures as a column to sort and filter by: one branch a row."""
    return Case(
        *(When(pk=pk, then=Value(value, output_field=output)) for pk, value in values.items()),
        default=None,
        output_field=output,
    )


def _points(value: float | None) -> str:
    return "" if value is None else f"{value:.2f}"


def _signed(value: float | None) -> str:
    return "" if value is None else f"{value:+.2f}"


def _ranked(value: float, rank: int) -> str:
    return str(_("%(value)s · 第 %(rank)d 名") % {"value": f"{value:.2f}", "rank": rank})


def _interval(low: float | None, high: float | None) -> str:
    return "" if low is None or high is None else f"{low:.2f} – {high:.2f}"


def _cities() -> list[tuple[str, str]]:
    return [(city.pk, named(city)) for city in City.objects.all()]


def _moved(rows: QuerySet[Any], value: Any) -> QuerySet[Any]:
    return rows.filter(moved__gte=MOVED) if value == "up" else rows.filter(moved__lte=-MOVED)


def _move(row: Any) -> str:
    moved = row.score.moved
    return f"↑{moved}" if moved > 0 else f"↓{-moved}" if moved < 0 else "–"


class CalibrationListing(Listing):
    """Every scored application: the raw mean and, beside it, the calibrated score (校准分)."""

    slug = "calibration"
    title = _("评分校准")
    template = "verification/choosing/calibration.html"
    search = ("title", "organisation__name")
    search_hint = _("按申报或单位查找")
    default_sort = "calibrated"
    page_size = 50
    columns = (
        Column("number", _("序号"), sort="number", kind="number", secondary=True),
        Column("title", _("申报"), sort="title", link=lambda a: a.get_absolute_url()),
        Column("city", _("城市"), value=lambda a: named(a.city), sort="city__order", secondary=True),
        Column("n", _("评审数"), value=lambda a: a.score.n, export_only=True),
        Column(
            "raw",
            _("原始均分"),
            value=lambda a: _ranked(a.score.raw, a.score.rank_raw),
            export=lambda a: round(a.score.raw, 2),
            sort=("-raw", "number"),
            kind="number",
        ),
        Column("rank_raw", _("原始名次"), value=lambda a: a.score.rank_raw, export_only=True),
        Column(
            "raw_interval",
            _("原始均分的区间（95%）"),
            value=lambda a: _interval(a.score.raw_low, a.score.raw_high),
            export_only=True,
        ),
        Column(
            "calibrated",
            _("校准分"),
            value=lambda a: _ranked(a.score.calibrated, a.score.rank_calibrated),
            export=lambda a: round(a.score.calibrated, 2),
            sort=("-calibrated", "number"),
            kind="number",
        ),
        Column("rank", _("校准名次"), value=lambda a: a.score.rank_calibrated, export_only=True),
        Column(
            "interval",
            _("区间"),
            value=lambda a: a.whisker,
            export=lambda a: _interval(a.score.low, a.score.high),
            export_label=_("校准分的区间（95%）"),
        ),
        Column(
            "moved",
            _("名次变化"),
            value=_move,
            export=lambda a: a.score.moved,
            sort="-moved",
            kind="number",
        ),
        Column("difference", _("校准差"), value=lambda a: _signed(a.score.difference), export_only=True),
        Column(
            "spread",
            _("评委分歧"),
            value=lambda a: _points(a.score.spread),
            sort="spread",
            kind="number",
            secondary=True,
        ),
    )
    filters = (
        Filter("city", _("城市"), "multi", choices=_cities, apply="city_id__in"),
        Filter(
            "moved",
            _("名次变化"),
            "choice",
            choices=lambda: [("up", _("上升 3 名以上")), ("down", _("下降 3 名以上"))],
            apply=_moved,
        ),
    )
    empty = Empty(_("还没有可以校准的评分。"), _("专家提交意见后，这里并列原始均分与校准分。"))

    def __init__(self, scores: CallScores, only: RoundScores | None) -> None:
        self.scores, self.only = scores, only
        self.rows: Mapping[int, Score] = scores.of_round(only) if only is not None else scores.scores
        self.scale = Scale.over(
            value for one in self.rows.values() for value in (one.raw, one.calibrated, one.low, one.high)
        )

    def queryset(self, request: HttpRequest) -> QuerySet[Application]:  # noqa: ARG002  the view checked the office
        """Applications with their figures as columns."""
        rows, number, whole = self.rows, FloatField(), IntegerField()
        return (
            Application.objects.filter(pk__in=list(rows))
            .select_related("organisation", "city")
            .annotate(
                raw=_by_key({pk: one.raw for pk, one in rows.items()}, number),
                calibrated=_by_key({pk: one.calibrated for pk, one in rows.items()}, number),
                spread=_by_key({pk: one.spread for pk, one in rows.items()}, number),
                moved=_by_key({pk: one.moved for pk, one in rows.items()}, whole),
            )
        )

    def prepare(self, rows: list[Any], request: HttpRequest) -> list[Any]:  # noqa: ARG002
        """Rows with their score and its drawing."""
        for row in rows:
            row.score = self.rows[row.pk]
            drawn = whisker(
                self.scale, row.score.calibrated, row.score.low, row.score.high, beside=row.score.raw
            )
            row.whisker = drawn.svg()
        return rows

    def extra_context(self, request: HttpRequest) -> dict[str, Any]:  # noqa: ARG002
        """The rounds, and what the calibration found."""
        return {"scores": self.scores, "call": self.scores.call, "only": self.only, "scale": self.scale}


def _leaning(row: Any) -> Any:
    label = LEANINGS.get(row.report.leaning)
    return Badge(*label) if label else ""


class SeverityListing(Listing):
    """The reviewers of a round by severity (专家宽严), for the office alone."""

    slug = "severity"
    title = _("专家宽严")
    template = "verification/choosing/severity.html"
    search = ("person__name", "person__organisation__name")
    search_hint = _("按专家或单位查找")
    default_sort = "-severity"
    page_size = 50
    columns = (
        Column(
            "reviewer",
            _("评审专家"),
            value="person",
            sort="person__name",
            link=lambda r: reverse("reviewer_detail", args=[r.pk]),
        ),
        Column("organisation", _("单位"), value="person.organisation", secondary=True),
        Column("n", _("评审数"), value=lambda r: r.report.n, sort="n", kind="number"),
        Column(
            "mean",
            _("平均给分"),
            value=lambda r: _points(r.report.mean),
            sort="mean",
            kind="number",
            secondary=True,
        ),
        Column(
            "severity",
            _("偏严（分）"),
            value=lambda r: _signed(r.report.severity),
            sort="severity",
            kind="number",
        ),
        Column(
            "leaning",
            _("倾向"),
            value=_leaning,
            kind="badge",
            export=lambda r: str(LEANINGS[r.report.leaning][0]) if r.report.leaning else "",
        ),
        Column(
            "interval",
            _("区间（95%）"),
            value=lambda r: r.whisker,
            export=lambda r: _interval(r.report.low, r.report.high),
        ),
        Column(
            "spread", _("用分幅度"), value=lambda r: _points(r.report.spread), sort="spread", kind="number"
        ),
        Column(
            "agreement",
            _("一致性"),
            value=lambda r: _points(r.report.agreement),
            sort="agreement",
            kind="number",
        ),
    )
    filters = (
        Filter(
            "leaning",
            _("倾向"),
            "choice",
            choices=lambda: [(key, label) for key, (label, _tone) in LEANINGS.items()],
            apply="leaning",
        ),
    )
    empty = Empty(_("还没有可以比较的评分。"), _("专家提交意见后，这里列出各位专家的宽严与用分幅度。"))

    def __init__(self, scores: CallScores, only: RoundScores) -> None:
        self.scores, self.only = scores, only
        self.reports = {int(one.reviewer): one for one in only.calibration.reviewers}
        self.scale = Scale.around_zero(
            value for one in self.reports.values() for value in (one.severity, one.low, one.high)
        )

    def queryset(self, request: HttpRequest) -> QuerySet[Reviewer]:  # noqa: ARG002  the view checked the office
        """Reviewers with their figures as columns."""
        rows, number = self.reports, FloatField()
        return (
            Reviewer.objects.filter(pk__in=list(rows))
            .select_related("person__organisation")
            .annotate(
                n=_by_key({pk: one.n for pk, one in rows.items()}, IntegerField()),
                mean=_by_key({pk: one.mean for pk, one in rows.items()}, number),
                severity=_by_key({pk: one.severity for pk, one in rows.items()}, number),
                spread=_by_key({pk: one.spread for pk, one in rows.items()}, number),
                agreement=_by_key({pk: one.agreement for pk, one in rows.items()}, number),
                leaning=_by_key({pk: one.leaning for pk, one in rows.items()}, CharField()),
            )
        )

    def prepare(self, rows: list[Any], request: HttpRequest) -> list[Any]:  # noqa: ARG002
        """Rows with their report and its drawing."""
        for row in rows:
            row.report = self.reports[row.pk]
            drawn = whisker(self.scale, row.report.severity, row.report.low, row.report.high, beside=0.0)
            row.whisker = drawn.svg()
        return rows

    def extra_context(self, request: HttpRequest) -> dict[str, Any]:  # noqa: ARG002
        """The rounds, and what the calibration found."""
        return {
            "scores": self.scores,
            "call": self.scores.call,
            "only": self.only,
            "round_name": round_name(self.only.round),
        }


def _outcome(row: Any) -> Any:
    one: Outcome = row.outcome
    if one.grade:
        return Badge(one.grade, "success" if one.chosen else "muted")
    return Badge(_("入选"), "success") if one.chosen else Badge(_("未入选"))


class OutcomeListing(Listing):
    """The applications of a proposal with their outcome; what is exported is the list itself (名单)."""

    slug = "choice"
    title = _("遴选名单")
    template = "verification/choosing/run.html"
    search = ("title", "organisation__name")
    search_hint = _("按申报或单位查找")
    default_sort = "outcome"
    page_size = 50
    columns = (
        Column(
            "rank", _("名次"), value=lambda a: a.outcome.rank or "", sort=("rank", "number"), kind="number"
        ),
        Column("number", _("序号"), sort="number", kind="number", secondary=True),
        Column("title", _("申报"), sort="title", link=lambda a: a.get_absolute_url()),
        Column("organisation", _("申报单位"), value="organisation", sort="organisation__name"),
        Column("city", _("城市"), value=lambda a: named(a.city), sort="city__order"),
        Column(
            "raw",
            _("原始均分"),
            value=lambda a: _points(a.outcome.raw),
            sort=("-raw", "number"),
            kind="number",
        ),
        Column(
            "calibrated",
            _("校准分"),
            value=lambda a: _points(a.outcome.calibrated),
            kind="number",
            sort=("-calibrated", "number"),
        ),
        Column(
            "outcome",
            _("结果"),
            value=_outcome,
            export=lambda a: str(_outcome(a)),
            kind="badge",
            sort=("-chosen", "rank", "number"),
        ),
        Column("why", _("说明"), value=lambda a: a.why, secondary=True),
    )
    filters = (
        Filter(
            "chosen",
            _("结果"),
            "choice",
            choices=lambda: [("1", _("入选")), ("0", _("未入选"))],
            apply=lambda rows, value: rows.filter(chosen=value == "1"),
        ),
        Filter("city", _("城市"), "multi", choices=_cities, apply="city_id__in"),
    )
    empty = Empty(_("方案里没有申报。"))

    def __init__(self, run: ChoiceRun, context: dict[str, Any]) -> None:
        self.run, self.context = run, context
        self.outcomes = outcomes(run)
        self.keys = {int(pk): key for key, pk in run.inputs.get("applications", {}).items()}
        self.out = {int(row["application"]): row for row in run.inputs.get("excluded", [])}

    def queryset(self, request: HttpRequest) -> QuerySet[Application]:  # noqa: ARG002  the view checked the office
        """Applications with their outcome as columns."""
        rows, number = self.outcomes, FloatField()
        return (
            Application.objects.filter(pk__in=list(rows))
            .select_related("organisation", "city")
            .annotate(
                rank=_by_key({pk: one.rank for pk, one in rows.items()}, IntegerField()),
                raw=_by_key({pk: one.raw for pk, one in rows.items()}, number),
                calibrated=_by_key({pk: one.calibrated for pk, one in rows.items()}, number),
                chosen=_by_key({pk: one.chosen for pk, one in rows.items()}, BooleanField()),
            )
        )

    def prepare(self, rows: list[Any], request: HttpRequest) -> list[Any]:  # noqa: ARG002
        """Rows with their outcome and what is to be said of it."""
        wins, loses = (set(self.run.result.get(name, [])) for name in ("wins", "loses"))
        for row in rows:
            row.outcome = self.outcomes[row.pk]
            key, out = self.keys.get(row.pk, ""), self.out.get(row.pk)
            row.why = ""
            if out is not None:
                row.why = excluded_words(out["gates"], out["lacking"])
            elif key in wins:
                row.why = str(_("因均衡入选"))
            elif key in loses:
                row.why = str(_("因均衡未入选"))
        return rows

    def extra_context(self, request: HttpRequest) -> dict[str, Any]:  # noqa: ARG002
        """What the view knows of the proposal."""
        return self.context


def excluded_words(gates: Any, lacking: Any) -> str:
    """Why an application cannot be chosen."""
    words = []
    if gates:
        words.append(str(_("未通过门槛：%(names)s") % {"names": listed(gates)}))
    if lacking:
        words.append(str(_("没有评分：%(names)s") % {"names": listed(lacking)}))
    return "；".join(words) or str(_("还没有评分"))
