"""The lists of the joint conference: sessions, matters, resolutions, tasks, notices, priorities, projects."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any

from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as now_text
from django.utils.translation import gettext_lazy as _

from langqiao.apps.conference import queries
from langqiao.apps.conference.models import (
    OPEN_TASKS,
    CityStatus,
    Matter,
    Notice,
    Phase,
    Priority,
    Project,
    Resolution,
    Session,
    Task,
)
from langqiao.apps.registry.models import City
from langqiao.kit.listing import Badge, Column, Empty, Filter, Listing
from langqiao.kit.permissions import allowed
from langqiao.kit.words import named

TONES: dict[str, str] = {
    "planned": "muted", "called": "water", "open": "warning", "closed": "success", "cancelled": "danger",
    "waiting": "muted", "on_agenda": "water", "approved": "success", "rejected": "danger",
    "returned": "warning", "postponed": "warning", "not_started": "muted", "under_way": "water",
    "done": "success", "overdue": "danger", "draft": "muted", "published": "water", "ended": "success",
    "withdrawn": "danger", "dropped": "danger", "blocked": "danger", "received": "warning",
    "upheld": "success", "carried": "success", "failed": "danger", "no_quorum": "warning",
    "no_consent": "warning",
}  # fmt: skip


def city_choices() -> Iterable[tuple[str, Any]]:
    """Slug and name of every city, in the reader's language."""
    return [(city.slug, named(city)) for city in City.objects.all()]


def state_badge(thing: Any) -> Badge:
    """The state in words on its tone; a matter says that it was postponed, a task that it is overdue."""
    if isinstance(thing, Task) and thing.is_overdue():
        return Badge(now_text("已逾期"), TONES["overdue"])
    text = thing.get_state_display()
    if isinstance(thing, Matter) and thing.postponed and thing.state == Matter.State.WAITING:
        text = now_text("待上会（已缓议）")
    return Badge(text, TONES[thing.state])


def _state_column(**more: Any) -> Column:
    return Column(
        "state",
        _("状态"),
        value=state_badge,
        sort="state",
        export=lambda row: str(state_badge(row)),
        kind="badge",
        **more,
    )


def _address(row: Any) -> str:
    return str(row.get_absolute_url())


class SessionListing(Listing):
    """Sessions of which the viewer may know."""

    slug = "sessions"
    title = _("会议")
    lead = _("联席会议、办公室会议与专题会议：议程、材料、表决与决议。")
    search = ("title", "place", "case")
    search_hint = _("按名称、地点或项目编号查找")
    default_sort = "-starts_at"
    columns = (
        Column("title", _("会议"), sort="title", link=_address),
        Column("kind", _("类型"), "get_kind_display", sort=("kind", "number"), secondary=True),
        Column("number", _("次数"), sort="number", kind="number", secondary=True),
        _state_column(),
        Column("starts_at", _("时间"), sort="starts_at", kind="date"),
        Column("place", _("地点"), sort="place", secondary=True),
        Column("case", _("项目编号"), sort="case", export_only=True),
    )
    filters = (
        Filter("kind", _("类型"), "multi", choices=lambda: Session.Kind.choices, apply="kind__in"),
        Filter("state", _("状态"), "multi", choices=lambda: Session.State.choices, apply="state__in"),
        Filter("starts_at", _("日期"), "range", apply="starts_at__date"),
    )
    empty = Empty(_("没有您可以查看的会议。"), _("参会单位在会议发出通知后可以查看；公开的会议所有人可见。"))

    def queryset(self, request: HttpRequest) -> QuerySet[Session]:
        """Public sessions, and those the viewer sits at."""
        return queries.visible_sessions(request.user)

    def primary_action(self, request: HttpRequest) -> tuple[Any, str] | None:
        """Plan a session, for the office."""
        if allowed(request.user, "conference.run_session"):
            return _("筹备会议"), reverse("session_new")
        return None


class MatterListing(Listing):
    """Matters that the viewer may read."""

    slug = "matters"
    title = _("议题")
    lead = _("提出、待上会与已决定的议题。")
    search = ("title", "summary", "case")
    search_hint = _("按议题、说明或项目编号查找")
    default_sort = "-created"
    columns = (
        Column("title", _("议题"), sort="title", link=_address),
        _state_column(),
        Column("city", _("城市"), sort="city__order"),
        Column("organisation", _("申请单位"), sort="organisation__name", secondary=True),
        Column("created", _("提出日期"), "created_at", sort="created_at", kind="date", secondary=True),
        Column("decided", _("决定日期"), "decided_at", sort="decided_at", kind="date"),
        Column("case", _("项目编号"), sort="case", export_only=True),
    )
    filters = (
        Filter("state", _("状态"), "multi", choices=lambda: Matter.State.choices, apply="state__in"),
        Filter("city", _("城市"), "multi", choices=city_choices, apply="city_id__in"),
    )
    empty = Empty(_("没有您可以查看的议题。"), _("城市联络员可以提出本市的议题，由联席办安排上会。"))

    def queryset(self, request: HttpRequest) -> QuerySet[Matter]:
        """Matters of the viewer's city, proposals and tables."""
        return queries.visible_matters(request.user)

    def primary_action(self, request: HttpRequest) -> tuple[Any, str] | None:
        """Propose a matter, for those who may."""
        if allowed(request.user, "conference.propose"):
            return _("提出议题"), reverse("matter_new")
        return None


class ResolutionListing(Listing):
    """Resolutions that the viewer may read."""

    slug = "resolutions"
    title = _("决议")
    lead = _("联席会议的决议与文号。")
    search = ("title", "number", "text")
    search_hint = _("按标题、文号或正文查找")
    default_sort = "-adopted_on"
    columns = (
        Column("number", _("文号"), sort="number", link=_address),
        Column("title", _("标题"), sort="title"),
        Column(
            "outcome",
            _("结果"),
            value=lambda r: Badge(r.get_outcome_display(), TONES[r.outcome]),
            sort="outcome",
            export=lambda r: r.get_outcome_display(),
            kind="badge",
        ),
        Column("session", _("会议"), sort="session__title", secondary=True),
        Column("adopted_on", _("决定日期"), sort="adopted_on", kind="date"),
        Column(
            "is_public",
            _("公开"),
            value=lambda r: now_text("已公开") if r.is_public else now_text("未公开"),
            sort="is_public",
            secondary=True,
        ),
    )
    filters = (
        Filter("outcome", _("结果"), choices=lambda: Resolution.Outcome.choices, apply="outcome"),
        Filter("adopted_on", _("决定日期"), "range", apply="adopted_on"),
    )
    empty = Empty(_("还没有公开的决议。"), _("会议表决后由联席办公开决议。"))

    def queryset(self, request: HttpRequest) -> QuerySet[Resolution]:
        """Public resolutions, and those of the viewer's tables and matters."""
        return queries.visible_resolutions(request.user)


def _of_state(rows: QuerySet[Task], value: str) -> QuerySet[Task]:
    """Tasks of a state; overdue (逾期) is worked out from the deadline."""
    return queries.overdue(rows) if value == "overdue" else rows.filter(state=value)


def _days_left(task: Task) -> int | None:
    """Days until the deadline of an open task, negative when overdue."""
    return (task.deadline - timezone.localdate()).days if task.state in OPEN_TASKS else None


class TaskListing(Listing):
    """Tasks that the viewer may read."""

    slug = "tasks"
    title = _("督办任务")
    lead = _("决议的落实：谁负责、何时完成、进展如何。")
    search = ("title", "body", "organisation__name", "responsible", "case")
    search_hint = _("按任务、责任单位、责任人或项目编号查找")
    default_sort = "deadline"
    columns = (
        Column("title", _("任务"), sort="title", link=_address),
        _state_column(),
        Column("percent", _("完成比例（%）"), sort="percent", kind="number"),
        Column("organisation", _("责任单位"), sort="organisation__name", secondary=True),
        Column("city", _("城市"), sort="city__order", secondary=True),
        Column("deadline", _("完成期限"), sort="deadline", kind="date"),
        Column("left", _("剩余天数"), value=_days_left, export_only=True, kind="number"),
        Column("responsible", _("责任人"), sort="responsible", export_only=True),
        Column("resolution", _("决议文号"), "resolution.number", export_only=True),
        Column("case", _("项目编号"), sort="case", export_only=True),
    )
    filters = (
        Filter(
            "state",
            _("状态"),
            choices=lambda: [*Task.State.choices, ("overdue", _("已逾期"))],
            apply=_of_state,
        ),
        Filter("city", _("城市"), "multi", choices=city_choices, apply="city_id__in"),
        Filter("deadline", _("完成期限"), "range", apply="deadline"),
    )
    empty = Empty(
        _("没有您可以查看的督办任务。"), _("任务由联席办交办，责任单位与本市联络员可以查看和报送进展。")
    )

    def queryset(self, request: HttpRequest) -> QuerySet[Task]:
        """Tasks of the viewer's organisations and cities."""
        return queries.visible_tasks(request.user)

    def primary_action(self, request: HttpRequest) -> tuple[Any, str] | None:
        """Give a task, for the office."""
        if allowed(request.user, "conference.run_task"):
            return _("交办任务"), reverse("task_new")
        return None


class NoticeListing(Listing):
    """Public notices, and drafts for the office."""

    slug = "notices"
    title = _("公示")
    lead = _("张榜公示。公示期内，登录后可以提出异议。")
    search = ("title", "body", "case")
    search_hint = _("按标题、正文或项目编号查找")
    default_sort = "-starts_on"
    columns = (
        Column("title", _("公示"), sort="title", link=_address),
        _state_column(),
        Column("starts_on", _("起始日"), sort="starts_on", kind="date"),
        Column("last_day", _("截止日"), sort="last_day", kind="date"),
        Column("objections", _("异议数"), "objection_count", sort="objection_count", kind="number"),
        Column("city", _("城市"), sort="city__order", secondary=True),
        Column("case", _("项目编号"), sort="case", export_only=True),
    )
    filters = (
        Filter("state", _("状态"), "multi", choices=lambda: Notice.State.choices, apply="state__in"),
        Filter("last_day", _("截止日"), "range", apply="last_day"),
    )
    empty = Empty(_("还没有公示。"), _("评审结果等事项由联席办在此公示。"))

    def queryset(self, request: HttpRequest) -> QuerySet[Notice]:
        """What was published; the office's drafts too."""
        return queries.visible_notices(request.user)

    def primary_action(self, request: HttpRequest) -> tuple[Any, str] | None:
        """Draft a notice, for the office."""
        if allowed(request.user, "conference.run_notice"):
            return _("起草公示"), reverse("notice_new")
        return None


def _cities_done(priority: Priority) -> str:
    rows = list(priority.cities.all())
    done = sum(row.status == CityStatus.Status.DONE for row in rows)
    return f"{done}/{len(rows)}" if rows else ""


def _in_year(rows: QuerySet[Priority], value: str) -> QuerySet[Priority]:
    return rows.filter(year=int(value))


def year_choices() -> list[tuple[str, str]]:
    """Years that have a published list."""
    years = Priority.objects.filter(state=Priority.State.PUBLISHED).order_by("-year")
    return [(str(year), str(year)) for year in years.values_list("year", flat=True).distinct()]


def _with_city(rows: QuerySet[Priority], value: list[str]) -> QuerySet[Priority]:
    return rows.filter(pk__in=CityStatus.objects.filter(city__in=value).values("priority"))


def _with_status(rows: QuerySet[Priority], value: str) -> QuerySet[Priority]:
    return rows.filter(pk__in=CityStatus.objects.filter(status=value).values("priority"))


class PriorityListing(Listing):
    """The yearly list with its matrix of cities."""

    slug = "priorities"
    title = _("年度重点工作清单")
    lead = _("每年的重点工作、牵头单位与分市进展。")
    search = ("title", "measure", "lead__name", "code")
    search_hint = _("按工作、举措、牵头单位或编号查找")
    default_sort = "-year"
    template = "conference/priority_list.html"
    columns = (
        Column("year", _("年度"), lambda p: str(p.year), sort=("year", "-number")),
        Column("number", _("序号"), sort="number", kind="number"),
        Column("title", _("重点工作"), sort="title", link=_address),
        Column("measure", _("工作举措"), export_only=True),
        Column("lead", _("牵头单位"), sort="lead__name", secondary=True),
        Column(
            "cities",
            _("参与城市"),
            lambda p: [row.city for row in p.cities.all()],
            export=lambda p: "；".join(row.city.name for row in p.cities.all()),
            kind="tags",
            secondary=True,
        ),
        Column("cities_done", _("完成的城市"), _cities_done),
        Column("starts_on", _("开始日期"), sort="starts_on", kind="date", export_only=True),
        Column("due_on", _("完成日期"), sort="due_on", kind="date"),
        _state_column(secondary=True),
        Column("case", _("项目编号"), sort="case", export_only=True),
    )
    filters = (
        Filter("year", _("年度"), choices=year_choices, apply=_in_year),
        Filter("city", _("参与城市"), "multi", choices=city_choices, apply=_with_city),
        Filter("status", _("分市进展"), choices=lambda: CityStatus.Status.choices, apply=_with_status),
        Filter("due_on", _("完成日期"), "range", apply="due_on"),
    )
    empty = Empty(_("还没有发布年度重点工作清单。"), _("联席办可以逐项登记，也可以导入表格，再一并发布。"))

    def queryset(self, request: HttpRequest) -> QuerySet[Priority]:
        """Published tasks; the office's drafts and dropped ones too."""
        return queries.visible_priorities(request.user)

    def primary_action(self, request: HttpRequest) -> tuple[Any, str] | None:
        """Write a task of the list, for the office."""
        if allowed(request.user, "conference.run_priorities"):
            return _("登记重点工作"), reverse("priority_new")
        return None

    def extra_context(self, request: HttpRequest) -> dict[str, Any]:
        """The matrix of the chosen year and what the office may do with the list."""
        wanted = request.GET.get("year", "")
        year = int(wanted) if wanted.isascii() and wanted.isdigit() and len(wanted) == 4 else None
        may_run = allowed(request.user, "conference.run_priorities")
        found = queries.matrix(request.user, year)
        drafts: list[int] = []
        if may_run:
            rows = Priority.objects.filter(state=Priority.State.DRAFT).order_by("year")
            drafts = list(rows.values_list("year", flat=True).distinct())
        return {"matrix": found, "may_run": may_run, "draft_years": drafts}


def _slipped(project: Project) -> str:
    """How far behind or ahead, in words."""
    return slip_words(queries.slippage(project))


def slip_words(days: int | None) -> str:
    """Days behind or ahead of the plan in words; empty where nothing can be compared."""
    if days is None:
        return ""
    if days == 0:
        return now_text("按期")
    words = now_text("滞后 %(days)d 天") if days > 0 else now_text("提前 %(days)d 天")
    return words % {"days": abs(days)}


def _phase(project: Project) -> str:
    phase = queries.reached(project)
    return str(phase.get_kind_display()) if phase is not None else ""


def _opening(project: Project) -> date | None:
    return next((p.planned_on for p in project.phases.all() if p.kind == "opening"), None)


def _reached(rows: QuerySet[Project], value: str) -> QuerySet[Project]:
    """Projects that have reached a phase."""
    return rows.filter(Q(phases__kind=value, phases__actual_on__isnull=False)).distinct()


class ProjectListing(Listing):
    """Major projects; all are public."""

    slug = "projects"
    title = _("重大项目")
    lead = _("从意向到投用：每个阶段的计划与实际日期，注明来源。")
    search = ("title", "summary", "organisation__name", "code")
    search_hint = _("按名称、简介、建设单位或编号查找")
    default_sort = "city"
    columns = (
        Column("title", _("项目"), sort="title", link=_address),
        Column("kind", _("类型"), "get_kind_display", sort="kind", secondary=True),
        Column("city", _("城市"), sort="city__order"),
        Column("phase", _("已到阶段"), value=_phase),
        Column("slippage", _("进度"), value=_slipped),
        Column("opening", _("计划投用"), value=_opening, kind="date", secondary=True),
        Column(
            "investment",
            _("总投资"),
            sort="investment",
            kind="money",
            export_label=_("总投资（万元）"),
            secondary=True,
        ),
        Column("area", _("建筑面积（平方米）"), sort="area", export_only=True, kind="number"),
        Column("organisation", _("建设单位"), sort="organisation__name", export_only=True),
        Column("source_name", _("来源"), export_only=True),
        Column("source_url", _("来源地址"), export_only=True),
        Column("source_date", _("来源日期"), kind="date", export_only=True),
    )
    filters = (
        Filter("kind", _("类型"), "multi", choices=lambda: Project.Kind.choices, apply="kind__in"),
        Filter("city", _("城市"), "multi", choices=city_choices, apply="city_id__in"),
        Filter("phase", _("已到阶段"), choices=lambda: Phase.Kind.choices, apply=_reached),
        Filter("investment", _("总投资（万元）"), "range", apply="investment"),
    )
    empty = Empty(_("还没有登记重大项目。"), _("项目由联席办登记，每个日期注明来源。"))

    def queryset(self, request: HttpRequest) -> QuerySet[Project]:  # noqa: ARG002  projects are public
        """All projects."""
        return queries.projects()

    def primary_action(self, request: HttpRequest) -> tuple[Any, str] | None:
        """Record a project, for the office."""
        if allowed(request.user, "conference.run_projects"):
            return _("登记重大项目"), reverse("project_new")
        return None
