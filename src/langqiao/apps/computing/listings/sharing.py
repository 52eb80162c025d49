"""The lists of requests, tenants and quotas of cities."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from langqiao.apps.computing.models import Campus, CityQuota, Request, Tenant
from langqiao.apps.computing.queries import sharing as queries
from langqiao.apps.registry.models import City
from langqiao.kit.listing import Badge, Column, Empty, Filter, Listing
from langqiao.kit.permissions import allowed
from langqiao.kit.words import named

MILLI = 1000
TONES: dict[str, str] = {
    "draft": "muted", "submitted": "warning", "returned": "warning", "approved": "success",
    "rejected": "danger", "withdrawn": "muted", "active": "success", "ended": "muted", "revoked": "danger",
    "issued": "success", "open": "warning", "settled": "success", "queued": "warning", "running": "water",
    "done": "success", "failed": "danger", "cancelled": "muted",
}  # fmt: skip


def state_badge(thing: Any) -> Badge:
    """A state in words on its tone."""
    return Badge(thing.get_state_display(), TONES[thing.state])


def tenant_badge(tenant: Tenant) -> Badge:
    """Whether a tenant's jobs may start."""
    return Badge(str(_("已暂停")), "danger") if tenant.is_suspended else Badge(str(_("正常")), "success")


def city_choices() -> Iterable[tuple[str, Any]]:
    """Slug and name of every city, in the reader's language."""
    return [(city.slug, named(city)) for city in City.objects.all()]


def campus_choices() -> Iterable[tuple[Any, Any]]:
    """Key and name of every campus."""
    return [(campus.pk, named(campus)) for campus in Campus.objects.all()]


def campus_of(row: Any) -> str:
    """The name of a row's campus, in the reader's language."""
    return named(row.campus)


def address(row: Any) -> str:
    """The page of a row."""
    return str(row.get_absolute_url())


def gpus_of(name: str) -> Any:
    """Reads a column of GPU thousandths as GPUs."""

    def read(row: Any) -> float | int:
        milli = int(getattr(row, name))
        return milli / MILLI if milli % MILLI else milli // MILLI

    return read


_CITY = Filter("city", _("城市"), "multi", choices=city_choices, apply="organisation__city_id__in")
_CAMPUS = Filter("campus", _("算力园区"), "multi", choices=campus_choices, apply="campus_id__in")


class RequestListing(Listing):
    """Requests that the viewer may read."""

    slug = "computing-requests"
    title = _("算力申请")
    lead = _("企业与科研机构申请算力，园区运营方审批；批准后按授予的 GPU 时提交作业。")
    search = ("title", "case", "organisation__name")
    search_hint = _("按用途、申请单位或项目编号查找")
    default_sort = "-id"
    columns = (
        Column("title", _("用途"), sort="title", link=address),
        Column(
            "state",
            _("状态"),
            value=state_badge,
            sort="state",
            export=lambda row: row.get_state_display(),
            kind="badge",
        ),
        Column("organisation", _("申请单位"), sort="organisation__name"),
        Column("gpus", _("GPU 数"), sort="gpus", kind="number"),
        Column("gpu_hours", _("GPU 时"), sort="gpu_hours", kind="number"),
        Column("chips", _("芯片"), "get_chips_display", sort="chips", secondary=True),
        Column("starts_on", _("开始"), sort="starts_on", kind="date", secondary=True),
        Column("ends_on", _("结束"), sort="ends_on", kind="date", secondary=True),
        Column("id", _("序号"), "pk", sort="pk", export_only=True),
        Column("campus", _("算力园区"), campus_of, export_only=True),
        Column("case", _("项目编号"), export_only=True),
    )
    filters = (
        Filter("state", _("状态"), "multi", choices=lambda: Request.State.choices, apply="state__in"),
        _CITY,
        _CAMPUS,
        Filter("starts_on", _("开始日期"), "range"),
    )
    empty = Empty(_("没有您可以查看的算力申请。"), _("企业与科研机构成员可以为本机构申请算力。"))

    def queryset(self, request: HttpRequest) -> QuerySet[Request]:
        """Own requests; those handed in to the own campus; all handed in for the office."""
        return queries.visible_requests(request.user)

    def primary_action(self, request: HttpRequest) -> tuple[Any, str] | None:
        """Ask for computing, for members of firms and laboratories."""
        return (_("申请算力"), reverse("request_new")) if allowed(request.user, "computing.ask") else None


class TenantListing(Listing):
    """Tenants that the viewer may read, with what runs now."""

    slug = "computing-tenants"
    title = _("租户与配额")
    lead = _("获得算力的机构、配额与当前占用；首次批准申请时建立。")
    search = ("organisation__name", "campus__name")
    search_hint = _("按机构或园区查找")
    default_sort = "organisation"
    template = "computing/sharing/tenant_list.html"
    columns = (
        Column("organisation", _("机构"), sort="organisation__name", link=address),
        Column("city", _("城市"), "organisation.city", sort="organisation__city__order"),
        Column("quota", _("GPU 配额"), gpus_of("gpu_milli"), sort="gpu_milli", kind="number"),
        Column("running", _("正在占用"), gpus_of("running_milli"), sort="running_milli", kind="number"),
        Column(
            "borrow", _("可借用"), gpus_of("borrow_milli"), sort="borrow_milli", kind="number", secondary=True
        ),
        Column("weight", _("权重"), sort="weight", kind="number", secondary=True),
        Column(
            "state",
            _("状态"),
            value=tenant_badge,
            sort="is_suspended",
            export=lambda row: str(tenant_badge(row)),
            kind="badge",
        ),
        Column("campus", _("算力园区"), campus_of, sort="campus__name", export_only=True),
    )
    filters = (_CITY, _CAMPUS, Filter("suspended", _("只看已暂停"), "bool", apply="is_suspended"))
    empty = Empty(_("没有您可以查看的租户。"), _("算力申请获批后，机构即成为园区的租户。"))

    def queryset(self, request: HttpRequest) -> QuerySet[Tenant]:
        """The own organisation's tenancies, the own campus's tenants, all for the office."""
        return queries.with_use(queries.visible_tenants(request.user))


class QuotaListing(Listing):
    """Quotas of cities beside what their tenants hold."""

    slug = "computing-quotas"
    title = _("城市配额")
    lead = _("各城市租户合计可用的 GPU。租户配额之和可以大于城市配额，超出部分需要排队。")
    default_sort = "city"
    template = "computing/sharing/quota_list.html"
    columns = (
        Column("city", _("城市"), sort="city__order"),
        Column("quota", _("GPU 配额"), gpus_of("gpu_milli"), sort="gpu_milli", kind="number"),
        Column("borrow", _("可借用"), gpus_of("borrow_milli"), sort="borrow_milli", kind="number"),
        Column("tenants", _("租户配额之和"), gpus_of("tenants_milli"), sort="tenants_milli", kind="number"),
        Column("running", _("正在占用"), gpus_of("running_milli"), sort="running_milli", kind="number"),
        Column("campus", _("算力园区"), campus_of, sort="campus__name", secondary=True),
    )
    filters = (
        Filter("city", _("城市"), "multi", choices=city_choices, apply="city_id__in"),
        _CAMPUS,
    )
    empty = Empty(_("还没有您可以查看的城市配额。"), _("由园区运营方设定；没有设定的城市只受租户配额限制。"))

    def queryset(self, request: HttpRequest) -> QuerySet[CityQuota]:
        """The own campus's, the own city's where one is a tenant, all for the office."""
        return queries.quotas_with_use(queries.visible_city_quotas(request.user))

    def extra_context(self, request: HttpRequest) -> dict[str, Any]:
        """The form that sets a quota, for operators; campuses whose quotas the viewer may export."""
        from langqiao.apps.computing.forms.sharing import CityQuotaForm

        user = request.user
        form = CityQuotaForm(viewer=user) if allowed(user, "computing.run_quota") else None
        exported = [one for one in Campus.objects.all() if allowed(user, "computing.export_quotas", one)]
        return {"quota_form": form, "exported": exported}
