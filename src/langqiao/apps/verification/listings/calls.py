"""The lists of calls (征集) and of applications (申报)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from django.db.models import F, QuerySet
from django.http import HttpRequest
from django.urls import reverse, reverse_lazy
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from langqiao.apps.accounts.models import Role
from langqiao.apps.accounts.queries import holds_role
from langqiao.apps.registry.models import City, Field
from langqiao.apps.verification.awaiting import awaiting
from langqiao.apps.verification.domain.layout import step_name
from langqiao.apps.verification.models import (
    PUBLIC_CALL_STATES,
    Application,
    ApplicationState,
    ApplicationVersion,
    Call,
    CallState,
)
from langqiao.apps.verification.queries.calls import visible_applications, visible_calls
from langqiao.apps.verification.rules import insider_ids
from langqiao.kit.listing import Badge, Column, Empty, Filter, Listing
from langqiao.kit.permissions import allowed
from langqiao.kit.words import is_english

CALL_TONES = {
    CallState.DRAFT: "muted",
    CallState.OPEN: "water",
    CallState.RUNNING: "warning",
    CallState.FINISHED: "success",
    CallState.CANCELLED: "danger",
}
APPLICATION_TONES = {
    ApplicationState.DRAFT: "muted",
    ApplicationState.SUBMITTED: "water",
    ApplicationState.RETURNED: "warning",
    ApplicationState.ACCEPTED: "water",
    ApplicationState.REJECTED: "danger",
    ApplicationState.WITHDRAWN: "muted",
    ApplicationState.ELIMINATED: "muted",
    ApplicationState.CHOSEN: "success",
    ApplicationState.NOT_CHOSEN: "muted",
}


def call_badge(call: Call) -> Badge:
    """The state in words on its tone; of a running call the step it is at."""
    step = call.current_step
    text = step_name(step) if step else call.get_state_display()
    return Badge(text, CALL_TONES[CallState(call.state)])


def application_badge(application: Application) -> Badge:
    """The state in words on its tone, the grade (等次) once there is one."""
    text = application.grade or application.get_state_display()
    return Badge(text, APPLICATION_TONES[ApplicationState(application.state)])


def as_handed_in(rows: Sequence[Application], viewer: Any) -> None:
    """Give applications the title under which they were handed in, for all but their own applicants.

    The rows hold the working copy; a title that is being changed is nobody else's before it is submitted.
    """
    mine = insider_ids(viewer)
    others = {row.pk: row for row in rows if row.organisation_id not in mine and row.version is not None}
    if not others:
        return
    versions = ApplicationVersion.objects.filter(application__in=others, number=F("application__version"))
    for key, content in versions.values_list("application", "content"):
        others[key].title = content["title"]


def named_choices(model: type[City | Field]) -> Iterable[tuple[str, Any]]:
    """Slug and name of every city or field, in the reader's language."""
    english = is_english()
    return [(row.slug, row.name_en if english else row.name) for row in model.objects.all()]


def _cities() -> Iterable[tuple[str, Any]]:
    return named_choices(City)


def _fields() -> Iterable[tuple[str, Any]]:
    return named_choices(Field)


def _years() -> Iterable[tuple[str, Any]]:
    days = Call.objects.exclude(published_at=None).datetimes("published_at", "year", order="DESC")
    return [(str(day.year), str(day.year)) for day in days]


def _public_calls() -> Iterable[tuple[str, Any]]:
    rows = Call.objects.filter(state__in=PUBLIC_CALL_STATES).values_list("pk", "title")
    return [(str(pk), title) for pk, title in rows]


class CallListing(Listing):
    """All calls the viewer may read; on top what waits for the viewer."""

    slug = "calls"
    title = pgettext_lazy("several", "征集")
    lead = _(
        "概念验证中心认定、概念验证项目、科技成果评价与年度考核：从申报、评审到公示发文，每一步都记入台账。"
    )
    template = "verification/calls/list.html"
    detail_template = "verification/calls/_row.html"
    search = ("title", "summary", "case", "organiser__name")
    search_hint = _("按名称、摘要、组织单位或项目编号查找")
    default_sort = "-published"
    columns = (
        Column("title", _("名称"), sort="title", link=lambda c: c.get_absolute_url()),
        Column("kind", _("类别"), value=lambda c: c.get_kind_display(), sort="kind", secondary=True),
        Column(
            "state", _("状态"), value=call_badge, sort="state",
            export=lambda c: str(call_badge(c)), kind="badge",
        ),
        Column("organiser", _("组织单位"), sort="organiser__name", secondary=True),
        Column("city", _("城市"), value="organiser.city", sort="organiser__city__order", export_only=True),
        Column("places", _("名额"), sort="places", kind="number"),
        Column(
            "budget", _("经费总额"), sort="budget", kind="money", export_only=True,
            export_label=_("经费总额（万元）"),
        ),
        Column("closes", _("截止日期"), value="closes_at", sort="closes_at", kind="date"),
        Column(
            "published", _("发布日期"), value="published_at", sort="published_at", kind="date", secondary=True
        ),
        Column("case", _("项目编号"), sort="case", export_only=True),
    )  # fmt: skip
    filters = (
        Filter("kind", _("类别"), "multi", choices=lambda: Call.Kind.choices, apply="kind__in"),
        Filter("state", _("状态"), "multi", choices=lambda: CallState.choices, apply="state__in"),
        Filter("city", _("城市"), "multi", choices=_cities, apply="organiser__city_id__in"),
        Filter("year", _("年度"), "choice", choices=_years, apply="published_at__year"),
    )
    empty = Empty(_("还没有征集。"), _("联席办发布的征集会出现在这里。"))

    def queryset(self, request: HttpRequest) -> QuerySet[Call]:
        """Published calls; drafts for the office."""
        return visible_calls(request.user).select_related("organiser__city")

    def primary_action(self, request: HttpRequest) -> tuple[Any, str] | None:
        """Draft a call, for the office."""
        if allowed(request.user, "verification.keep_call"):
            return _("起草征集"), reverse("call_new")
        return None

    def extra_context(self, request: HttpRequest) -> dict[str, Any]:
        """What waits for the viewer."""
        rows = awaiting(request.user)
        return {"awaiting": sorted(rows, key=lambda row: (row.due is None, row.due))}


class ApplicationListing(Listing):
    """Applications of which the viewer knows: the own; for the office all, for a liaison the city's."""

    slug = "applications"
    title = pgettext_lazy("several", "申报")
    template = "verification/calls/applications.html"
    lead = _("草稿只有本单位可见；提交之后，联席办可以查看内容，所在城市联络员可以查看概况。")
    search = ("title", "case", "organisation__name", "call__title")
    search_hint = _("按申报名称、单位、征集或项目编号查找")
    default_sort = "-submitted"
    columns = (
        Column("title", _("申报名称"), sort="title", link=lambda a: a.get_absolute_url()),
        Column(
            "state", _("状态"), value=application_badge, sort="state",
            export=lambda a: str(application_badge(a)), kind="badge",
        ),
        Column("organisation", _("申报单位"), sort="organisation__name"),
        Column("city", _("城市"), sort="city__order"),
        Column("field", _("产业领域"), sort="field__order", secondary=True),
        Column("call", _("征集"), value="call.title", sort="call__title", secondary=True),
        Column("version", _("版本"), sort="version", kind="number", secondary=True),
        Column("submitted", _("提交日期"), value="submitted_at", sort="submitted_at", kind="date"),
        Column("number", _("申报序号"), sort="number", export_only=True),
        Column("case", _("项目编号"), sort="case", export_only=True),
    )  # fmt: skip
    filters = (
        Filter("call", _("征集"), "choice", choices=_public_calls, apply="call_id"),
        Filter("state", _("状态"), "multi", choices=lambda: ApplicationState.choices, apply="state__in"),
        Filter("city", _("城市"), "multi", choices=_cities, apply="city_id__in"),
        Filter("field", _("产业领域"), "multi", choices=_fields, apply="field_id__in"),
    )
    empty = Empty(
        _("这里还没有申报。"),
        _("选择一项正在进行的征集，先存为草稿，准备好后再提交。"),
        _("查看征集"),
        reverse_lazy("call_list"),  # type: ignore[arg-type]  # becomes text when drawn
    )

    def queryset(self, request: HttpRequest) -> QuerySet[Application]:
        """The outlines the viewer may read."""
        return visible_applications(request.user)

    def prepare(self, rows: list[Application], request: HttpRequest) -> list[Application]:
        """Titles as they were handed in, for all but the applicants themselves."""
        as_handed_in(rows, request.user)
        return rows

    def extra_context(self, request: HttpRequest) -> dict[str, Any]:
        """The heading: one's own applications, those of a city, or all."""
        if insider_ids(request.user):
            return {"heading": _("我的申报")}
        if holds_role(request.user, Role.LIAISON):
            return {"heading": _("本市申报")}
        return {"heading": self.title}
