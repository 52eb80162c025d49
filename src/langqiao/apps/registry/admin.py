"""The registry in the admin: for reading only; every change is a verb with its ledger entry."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from langqiao.apps.registry import models
from langqiao.kit.admin import ReadOnly


class RegistryAdmin(ReadOnly):
    """Shows records, retired ones too; changes go through the pages, imports or the API."""

    list_per_page = 50
    show_full_result_count = False

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        rows: QuerySet[Any] = getattr(self.model, "everything", self.model.objects).all()
        return rows.order_by(*self.get_ordering(request))


class RecordAdmin(RegistryAdmin):
    """What all records share: code, example, retired."""

    list_filter: ClassVar[tuple[Any, ...]] = ("illustrative", ("retired_at", admin.EmptyFieldListFilter))
    search_fields: ClassVar[tuple[str, ...]] = ("name", "code")
    readonly_fields = ("retired_at", "retired_why")

    @admin.display(description=_("已注销"), boolean=True)
    def is_retired(self, record: models.Retirable) -> bool:
        """Whether the record has been retired."""
        return record.retired_at is not None


@admin.register(models.City)
class CityAdmin(RegistryAdmin):
    list_display = ("name", "name_en", "province", "division_code", "latitude", "longitude")
    ordering = ("order",)


@admin.register(models.Field)
class FieldAdmin(RegistryAdmin):
    list_display = ("name", "name_en", "slug")
    ordering = ("order",)


class NameInline(admin.TabularInline):  # type: ignore[type-arg]
    model = models.OrganisationName
    extra = 0


class RoleInline(admin.TabularInline):  # type: ignore[type-arg]
    model = models.OrganisationRole
    extra = 0


@admin.register(models.Organisation)
class OrganisationAdmin(RecordAdmin):
    list_display = ("name", "kind", "city", "credit_code", "illustrative", "is_retired")
    list_filter = ("kind", "city", *RecordAdmin.list_filter)
    list_select_related = ("city",)
    search_fields = ("name", "name_en", "short_name", "code", "credit_code", "names__name")
    inlines = (NameInline, RoleInline)
    ordering = ("name", "pk")


@admin.register(models.Person)
class PersonAdmin(RecordAdmin):
    list_display = ("name", "title", "organisation", "city", "illustrative", "is_retired")
    list_select_related = ("organisation", "city")
    ordering = ("name", "pk")


@admin.register(models.Achievement)
class AchievementAdmin(RecordAdmin):
    list_display = ("title", "kind", "trl", "owner", "city", "date", "illustrative", "is_retired")
    list_filter = ("kind", "field", "city", *RecordAdmin.list_filter)
    list_select_related = ("owner", "city")
    search_fields = ("title", "code")
    ordering = ("-pk",)


@admin.register(models.Facility, models.Training)
class OfferAdmin(RecordAdmin):
    list_display = ("name", "kind", "organisation", "city", "illustrative", "is_retired")
    list_select_related = ("organisation", "city")
    ordering = ("name", "pk")


@admin.register(models.Finance)
class FinanceAdmin(RecordAdmin):
    list_display = ("name", "kind", "organisation", "amount_min", "amount_max", "is_retired")
    list_select_related = ("organisation",)
    ordering = ("name", "pk")


@admin.register(models.Product)
class ProductAdmin(RecordAdmin):
    list_display = ("name", "direction", "organisation", "chain", "tier", "is_retired")
    list_select_related = ("organisation",)
    ordering = ("name", "pk")


@admin.register(models.TalentDemand)
class TalentDemandAdmin(RecordAdmin):
    list_display = ("position", "level", "number", "organisation", "city", "is_retired")
    list_select_related = ("organisation", "city")
    search_fields = ("position", "code")
    ordering = ("position", "pk")


@admin.register(models.Programme)
class ProgrammeAdmin(RecordAdmin):
    list_display = ("name", "kind", "date", "lead", "city", "is_retired")
    list_select_related = ("lead", "city")
    ordering = ("-date", "pk")
