"""A list of cities, mounted for the tests of kit.listing beside the site's own addresses."""

from __future__ import annotations

from django.urls import path

from langqiao.apps.registry.models import Organisation
from langqiao.kit.listing import Badge, Column, Empty, Filter, Listing, list_view
from langqiao.web.urls import urlpatterns as site


class Organisations(Listing):
    slug = "firms"
    title = "试验列表"
    search = ("name", "names__name")
    default_sort = "name"
    page_size = 25
    empty = Empty("还没有机构。", "请先登记。", "去登记", "/somewhere/")
    detail_template = "registry_row_test.html"
    columns = (
        Column("name", "名称", sort="name", link=lambda o: f"/x/{o.pk}/"),
        Column("city", "城市", "city.name", sort="city__order"),
        Column("kind", "类型", lambda o: Badge(o.get_kind_display(), "water"), kind="badge"),
        Column("fields", "领域", lambda o: list(o.fields.all()), kind="tags", secondary=True),
        Column("website", "网址", export_only=True),
    )
    filters = (
        Filter("city", "城市", choices=lambda: [("suzhou", "苏州"), ("hefei", "合肥")], apply="city_id"),
        Filter(
            "field",
            "领域",
            "multi",
            choices=lambda: [("ai", "人工智能"), ("biomed", "生物医药")],
            apply="fields__slug__in",
        ),
        Filter("english", "英文名", "text", apply="name_en"),
        Filter("since", "登记时间", "range", apply="created_at__date"),
        Filter("real", "不含示例", "bool", apply=lambda rows, _on: rows.filter(illustrative=False)),
    )

    def queryset(self, _request):
        return (
            Organisation.objects.exclude(kind="government").select_related("city").prefetch_related("fields")
        )

    def primary_action(self, request):
        return ("登记", "/new/") if request.user.is_authenticated else None


urlpatterns = [path("firms/", list_view(Organisations)), *site]
