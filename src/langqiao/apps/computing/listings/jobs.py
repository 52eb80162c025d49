"""The lists of jobs, runs, bills and prices."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from langqiao.apps.computing.forms.jobs import MonthForm
from langqiao.apps.computing.listings.sharing import (
    address,
    campus_choices,
    campus_of,
    city_choices,
    state_badge,
)
from langqiao.apps.computing.models import Bill, Campus, Job, Price, Usage
from langqiao.apps.computing.queries import jobs as queries
from langqiao.apps.computing.queries.waiting import gpus, models_words, waiting_of
from langqiao.apps.computing.rules import operated_ids
from langqiao.kit.listing import Column, Empty, Filter, Listing
from langqiao.kit.permissions import allowed
from langqiao.kit.words import named

HOUR = Decimal("0.01")


def _state(**more: Any) -> Column:
    return Column(
        "state", _("状态"), value=state_badge, sort="state", export=lambda row: row.get_state_display(),
        kind="badge", **more,
    )  # fmt: skip


def hours(seconds: Any) -> Decimal:
    """GPU hours from GPU seconds."""
    return (Decimal(seconds) / 3600).quantize(HOUR)


def rate(priced: Any) -> str:
    """Yuan an hour without needless zeros: 12, 2.4."""
    return f"{priced.yuan_hour.normalize():f}"


class JobListing(Listing):
    """The queue: jobs that the viewer may read, with why they wait."""

    slug = "jobs"
    title = _("作业队列")
    lead = _("排队与运行中的作业：为何排队、在哪里运行。")
    search = ("name", "case", "grant__tenant__organisation__name")
    search_hint = _("按作业、项目编号或机构查找")
    default_sort = "-submitted_at"
    template = "computing/jobs/job_list.html"
    columns = (
        Column("name", _("作业"), sort="name", link=address),
        _state(),
        Column("why", _("为何排队"), lambda job: job.waiting, export=lambda job: job.waiting),
        Column("tenant", _("机构"), "grant.tenant.organisation", sort="grant__tenant__organisation__name"),
        Column("size", _("GPU"), lambda job: gpus(job.whole_milli), kind="number"),
        Column("models", _("型号"), models_words, secondary=True),
        Column("estimate", _("估计（小时）"), lambda job: round(job.estimate / 3600, 2), sort="estimate",
               kind="number", secondary=True),
        Column("priority", _("优先级"), sort="priority", kind="number", secondary=True),
        Column("submitted_at", _("提交时间"), sort="submitted_at", kind="date", secondary=True),
        Column("count", _("成组数"), export_only=True, kind="number"),
        Column("cpu", _("处理器（核）"), lambda job: job.cpu_milli / 1000, export_only=True, kind="number"),
        Column("memory_mib", _("内存（MiB）"), export_only=True, kind="number"),
        Column("started_at", _("开始时间"), sort="started_at", export_only=True, kind="date"),
        Column("ended_at", _("结束时间"), sort="ended_at", export_only=True, kind="date"),
        Column("campus", _("算力园区"), campus_of, export_only=True),
        Column("case", _("项目编号"), export_only=True),
    )  # fmt: skip
    filters = (
        Filter("state", _("状态"), "multi", choices=lambda: Job.State.choices, apply="state__in"),
        Filter("campus", _("算力园区"), "multi", choices=campus_choices, apply="campus_id__in"),
        Filter(
            "city", _("城市"), "multi", choices=city_choices, apply="grant__tenant__organisation__city_id__in"
        ),
        Filter("submitted_at", _("提交日期"), "range", apply="submitted_at__date"),
    )
    empty = Empty(_("没有您可以查看的作业。"), _("算力申请获批后，即可在授予之下提交作业。"))

    def queryset(self, request: HttpRequest) -> QuerySet[Job]:
        """Jobs of the own organisation, of the own campus, or all for the office."""
        return queries.visible_jobs(request.user)

    def prepare(self, rows: list[Any], request: HttpRequest) -> list[Any]:  # noqa: ARG002  the base names it
        """Why each waiting job waits."""
        reasons = waiting_of(rows)
        for job in rows:
            job.waiting = reasons.get(job.pk, "")
        return rows

    def primary_action(self, request: HttpRequest) -> tuple[Any, str] | None:
        """Submit a job, for those who hold a grant."""
        if queries.grants_to_use(request.user).exists():
            return _("提交作业"), reverse("job_new")
        return None

    def extra_context(self, request: HttpRequest) -> dict[str, Any]:
        """How full each campus is, and the campuses that the viewer schedules."""
        campuses = queries.campuses_run_by(request.user)
        return {
            "uses": queries.use_of_campuses(request.user),
            "schedules": [one for one in campuses if allowed(request.user, "computing.schedule", one)],
        }


class UsageListing(Listing):
    """Runs that are over, for charge-back."""

    slug = "usage"
    title = _("用量")
    lead = _("每次运行的 GPU 时，结束、被抢占或因故障中断时登记；可导出用于成本分摊。")
    search = ("job__name", "job__case", "tenant__organisation__name")
    search_hint = _("按作业、项目编号或机构查找")
    default_sort = "-ends_at"
    columns = (
        Column("job", _("作业"), "job.name", sort="job__name", link=lambda row: row.job.get_absolute_url()),
        Column("case", _("项目编号"), "job.case", sort="job__case", secondary=True),
        Column("tenant", _("机构"), "tenant.organisation", sort="tenant__organisation__name"),
        Column("gpu_model", _("GPU 型号"), sort="gpu_model"),
        Column("is_domestic", _("国产芯片"), export_only=True),
        Column("hours", _("GPU 时"), lambda row: hours(row.gpu_seconds), sort="gpu_seconds", kind="number"),
        Column("starts_at", _("开始"), sort="starts_at", kind="date", secondary=True),
        Column("ends_at", _("结束"), sort="ends_at", kind="date"),
        Column("bill", _("账单"), lambda row: f"{row.bill.month:%Y-%m}" if row.bill else _("未出账"),
               sort="bill__month"),
        Column("gpu_seconds", _("GPU 秒"), export_only=True, kind="number"),
        Column("city", _("城市"), "tenant.organisation.city", export_only=True),
        Column("campus", _("算力园区"), lambda row: named(row.job.campus), export_only=True),
    )  # fmt: skip
    filters = (
        Filter("campus", _("算力园区"), "multi", choices=campus_choices, apply="tenant__campus_id__in"),
        Filter("city", _("城市"), "multi", choices=city_choices, apply="tenant__organisation__city_id__in"),
        Filter("ends_at", _("结束日期"), "range", apply="ends_at__date"),
    )
    empty = Empty(_("还没有用量。"), _("作业结束后，用量登记在这里。"))

    def queryset(self, request: HttpRequest) -> QuerySet[Usage]:
        """Runs of the own organisation or campus."""
        return queries.visible_usage(request.user)


class BillListing(Listing):
    """Bills of months."""

    slug = "bills"
    title = _("算力账单")
    lead = _("每月一张：按型号与单价计的 GPU 时，可用算力券支付一部分。金额单位：元。")
    search = ("tenant__organisation__name",)
    search_hint = _("按机构查找")
    default_sort = "-month"
    template = "computing/jobs/bill_list.html"
    columns = (
        Column("month", _("月份"), lambda row: f"{row.month:%Y-%m}", sort="month", link=address),
        Column("tenant", _("机构"), "tenant.organisation", sort="tenant__organisation__name"),
        _state(),
        Column("amount", _("金额（元）"), sort="amount", kind="number"),
        Column("by_voucher", _("算力券支付（元）"), sort="by_voucher", kind="number", secondary=True),
        Column("due", _("应付（元）"), lambda row: row.amount - row.by_voucher, kind="number"),
        Column("city", _("城市"), "tenant.organisation.city", secondary=True),
        Column("campus", _("算力园区"), lambda row: named(row.tenant.campus), export_only=True),
    )
    filters = (
        Filter("state", _("状态"), "multi", choices=lambda: Bill.State.choices, apply="state__in"),
        Filter("campus", _("算力园区"), "multi", choices=campus_choices, apply="tenant__campus_id__in"),
        Filter("city", _("城市"), "multi", choices=city_choices, apply="tenant__organisation__city_id__in"),
        Filter("month", _("月份"), "range"),
    )
    empty = Empty(_("没有您可以查看的账单。"), _("算力运营方在每月一日之后出上月的账单。"))

    def queryset(self, request: HttpRequest) -> QuerySet[Bill]:
        """Bills of the own organisation or campus."""
        return queries.visible_bills(request.user)

    def extra_context(self, request: HttpRequest) -> dict[str, Any]:
        """The form that makes a month's bills, for those who run a campus."""
        campuses = Campus.objects.filter(operator__in=operated_ids(request.user))
        return {"month_form": MonthForm(campuses=campuses) if campuses.exists() else None}


class PriceListing(Listing):
    """What GPU hours cost, public."""

    slug = "prices"
    title = _("价目")
    lead = _("各园区每 GPU 时的单价（元），按运行开始之日的价格计。")
    search = ("gpu_model", "campus__name")
    search_hint = _("按型号或园区查找")
    default_sort = "gpu_model"
    columns = (
        Column("gpu_model", _("GPU 型号"), sort=("gpu_model", "-from_on")),
        Column("yuan_hour", _("单价（元/GPU 时）"), rate, sort="yuan_hour", kind="number"),
        Column("from_on", _("起始日"), sort="from_on", kind="date"),
        Column("campus", _("算力园区"), campus_of, sort="campus__name", secondary=True),
        Column("illustrative", _("说明"), lambda row: _("示例") if row.illustrative else "", secondary=True),
    )
    filters = (Filter("campus", _("算力园区"), "multi", choices=campus_choices, apply="campus_id__in"),)
    empty = Empty(_("还没有登记价目。"), _("算力运营方登记价目后才能出账单。"))

    def queryset(self, request: HttpRequest) -> QuerySet[Price]:  # noqa: ARG002  prices are public
        """All prices."""
        return Price.objects.select_related("campus")

    def primary_action(self, request: HttpRequest) -> tuple[Any, str] | None:
        """Set a price, for operators."""
        if queries.campuses_run_by(request.user):
            return _("登记价目"), reverse("price_new")
        return None
