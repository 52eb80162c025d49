"""Lists of the registry: columns, filters, search and words of each."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from langqiao.apps.registry import models, queries
from langqiao.kit.listing import Badge, Column, Empty, Filter, Listing
from langqiao.kit.permissions import allowed


def _page(record: Any) -> str:
    return str(record.get_absolute_url())


def _kind(record: Any) -> str:
    return str(record.get_kind_display())


def _fields(record: Any) -> list[Any]:
    return list(record.fields.all())


def _choices(kind: Any) -> Callable[[], list[tuple[str, Any]]]:
    return lambda: list(kind.choices)


def _everywhere_or(name: str) -> Callable[[QuerySet[Any], Any], QuerySet[Any]]:
    """Filter for columns where no entry means all (finance serves every city when none is named)."""

    def apply(rows: QuerySet[Any], value: Any) -> QuerySet[Any]:
        return rows.filter(Q(**{f"{name}__in": value}) | Q(**{name: None})).distinct()

    return apply


KIND = _("类型")
CITY = Column("city", _("城市"), sort="city__order")
FIELDS = Column("fields", _("产业领域"), value=_fields, kind="tags", secondary=True)
FIELD = Column("field", _("产业领域"), sort="field__order", secondary=True)
CITY_FILTER = Filter("city", _("城市"), "multi", choices=queries.city_choices, apply="city_id__in")
FIELD_FILTER = Filter("field", _("产业领域"), "multi", choices=queries.field_choices, apply="field_id__in")
FIELDS_FILTER = Filter("field", _("产业领域"), "multi", choices=queries.field_choices, apply="fields__in")
EXAMPLE_FILTER = Filter(
    "illustrative", _("不含示例"), "bool", apply=lambda rows, _value: rows.filter(illustrative=False)
)


def name_column(label: Any, name: str = "name") -> Column:
    """The column that leads to the record's page, named in the reader's language."""
    return Column(name, label, value=lambda record: record, sort=name, link=_page)


def kind_filter(kind: Any, label: Any = KIND, name: str = "kind") -> Filter:
    """Several of a model's kinds."""
    return Filter(name, label, "multi", choices=_choices(kind), apply=f"{name}__in")


class RegistryListing(Listing):
    """A list with a button to add a record for those who may."""

    permission = ""
    add_label: Any = ""
    page = ""

    def primary_action(self, request: HttpRequest) -> tuple[Any, str] | None:
        if self.permission and allowed(request.user, self.permission):
            return self.add_label, reverse(f"{self.page}_new")
        return None


class OrganisationListing(RegistryListing):
    """Organisations (机构)."""

    slug = "organisations"
    title = pgettext_lazy("several", "机构")
    lead = _("走廊里的企业、高校、院所、实验室、园区与服务机构。")
    columns = (
        name_column(_("名称")),
        Column("kind", _("类型"), value=_kind, sort="kind"),
        CITY,
        FIELDS,
        Column("credit_code", _("统一社会信用代码"), secondary=True),
    )
    filters = (kind_filter(models.Organisation.Kind), CITY_FILTER, FIELDS_FILTER, EXAMPLE_FILTER)
    search = ("name", "name_en", "short_name", "credit_code", "names__name")
    search_hint = _("名称、曾用名或信用代码")
    empty = Empty(_("名录中还没有机构。"), _("联席办或城市联络员可以登记机构，也可以批量导入。"))
    permission, add_label, page = "registry.register_organisation", _("登记机构"), "organisation"

    def queryset(self, request: HttpRequest) -> QuerySet[Any]:  # noqa: ARG002  public to all
        return queries.organisations()


class PersonListing(RegistryListing):
    """People as experts (专家)."""

    slug = "people"
    title = _("专家")
    lead = _("谁懂什么，以其成果为证。")
    columns = (
        name_column(_("姓名")),
        Column("title", _("职称"), secondary=True),
        Column("organisation", _("机构"), sort="organisation__name"),
        CITY,
        Column("expertise", _("专长"), kind="tags"),
        FIELDS,
    )
    filters = (CITY_FILTER, FIELDS_FILTER, EXAMPLE_FILTER)
    search = ("name", "name_en", "organisation__name", "expertise")
    search_hint = _("姓名、机构或专长")
    empty = Empty(_("名录中还没有专家。"), _("机构成员可以登记本单位的专家，也可以批量导入。"))
    permission, add_label, page = "registry.keep_person", _("登记专家"), "person"

    def queryset(self, request: HttpRequest) -> QuerySet[Any]:  # noqa: ARG002  public to all
        return queries.people()


class AchievementListing(RegistryListing):
    """Achievements (成果)."""

    slug = "achievements"
    title = _("成果")
    lead = _("论文、专利、样机与技术，可转化、可合作。")
    columns = (
        name_column(_("名称"), "title"),
        Column("kind", _("类型"), value=_kind, sort="kind"),
        FIELD,
        Column("trl", "TRL", kind="number", sort="trl"),
        Column("owner", _("权属单位"), sort="owner__name", secondary=True),
        CITY,
        Column("date", _("日期"), kind="date", sort="date", secondary=True),
    )
    filters = (
        kind_filter(models.Achievement.Kind),
        FIELD_FILTER,
        CITY_FILTER,
        Filter("trl", "TRL", "range", apply="trl"),
        Filter("date", _("日期"), "range", apply="date"),
        Filter(
            "licence",
            _("许可方式"),
            "multi",
            choices=_choices(models.Achievement.Licence),
            apply="licence__in",
        ),
        Filter(
            "organisation",
            _("权属单位"),
            "text",
            apply=lambda rows, value: rows.filter(
                owner__in=models.Organisation.objects.filter(Q(name__icontains=value) | Q(code=value))
            ),
        ),
        EXAMPLE_FILTER,
    )
    default_sort = "-date"
    search = ("title", "discipline", "keywords")
    search_hint = _("名称、学科或关键词")
    detail_template = "registry/rows/achievement.html"
    empty = Empty(_("名录中还没有成果。"), _("权属单位成员可以登记成果，也可以批量导入。"))
    permission, add_label, page = "registry.keep_achievement", _("登记成果"), "achievement"

    def queryset(self, request: HttpRequest) -> QuerySet[Any]:  # noqa: ARG002  public to all
        return queries.achievements()


class FacilityListing(RegistryListing):
    """Facilities and instruments (仪器设施)."""

    slug = "facilities"
    title = _("仪器设施")
    lead = _("可以共用的仪器、平台与中试线。")
    columns = (
        name_column(_("名称")),
        Column("kind", _("类型"), value=_kind, sort="kind"),
        Column("organisation", _("所属机构"), sort="organisation__name", secondary=True),
        CITY,
        FIELDS,
        Column("open_to", _("开放范围")),
        Column("fee", _("收费"), secondary=True),
    )
    filters = (kind_filter(models.Facility.Kind), CITY_FILTER, FIELDS_FILTER, EXAMPLE_FILTER)
    search = ("name", "description", "organisation__name")
    empty = Empty(_("名录中还没有仪器设施。"), _("机构成员可以登记可共享的仪器设施。"))
    permission, add_label, page = "registry.keep_facility", _("登记仪器设施"), "facility"

    def queryset(self, request: HttpRequest) -> QuerySet[Any]:  # noqa: ARG002  public to all
        return queries.facilities()


def _stages(record: models.Finance) -> list[str]:
    labels = dict(models.Stage.choices)
    return [str(labels.get(stage, stage)) for stage in record.stages]


def _all_or(name: str) -> Callable[[Any], list[Any]]:
    return lambda record: list(getattr(record, name).all()) or [_("不限")]


class FinanceListing(RegistryListing):
    """Funds, vouchers, loans and grants (金融产品)."""

    slug = "finance"
    title = _("金融产品")
    lead = _("基金、创新券、贷款与资助：给谁、投什么阶段、多少钱。")
    columns = (
        name_column(_("名称")),
        Column("kind", _("类型"), value=_kind, sort="kind"),
        Column("organisation", _("提供机构"), sort="organisation__name", secondary=True),
        Column("cities", _("服务城市"), value=_all_or("cities"), kind="tags"),
        Column("fields", _("产业领域"), value=_all_or("fields"), kind="tags", secondary=True),
        Column("stages", _("适用阶段"), value=_stages, kind="tags", secondary=True),
        Column(
            "amount",
            _("金额"),
            value=lambda record: (record.amount_min, record.amount_max),
            kind="money",
            sort=("amount_max", "amount_min"),
        ),
    )
    filters = (
        kind_filter(models.Finance.Kind),
        Filter(
            "city",
            _("服务城市"),
            "multi",
            choices=queries.city_choices,
            apply=_everywhere_or("cities"),
        ),
        Filter(
            "field",
            _("产业领域"),
            "multi",
            choices=queries.field_choices,
            apply=_everywhere_or("fields"),
        ),
        EXAMPLE_FILTER,
    )
    search = ("name", "description", "organisation__name")
    empty = Empty(_("名录中还没有金融产品。"), _("基金与服务机构的成员可以登记。"))
    permission, add_label, page = "registry.keep_finance", _("登记金融产品"), "finance"

    def queryset(self, request: HttpRequest) -> QuerySet[Any]:  # noqa: ARG002  public to all
        return queries.finance()


class ProductListing(RegistryListing):
    """Products and needs of firms (产品与配套需求)."""

    slug = "products"
    title = _("产品与配套需求")
    lead = _("企业做什么、缺什么，在产业链的哪一环。")
    columns = (
        name_column(_("名称")),
        Column(
            "direction",
            _("类别"),
            value=lambda r: Badge(r.get_direction_display(), "warning" if r.direction == "need" else "water"),
            kind="badge",
            sort="direction",
        ),
        Column("chain", _("产业链"), sort="chain"),
        Column("tier", _("位置"), value=lambda r: r.get_tier_display(), sort="tier", secondary=True),
        Column("organisation", _("企业"), sort="organisation__name"),
        Column("city", _("城市"), value="organisation.city", sort="organisation__city__order"),
        FIELD,
    )
    filters = (
        kind_filter(models.Product.Direction, _("类别"), "direction"),
        kind_filter(models.Product.Tier, _("产业链位置"), "tier"),
        FIELD_FILTER,
        Filter(
            "city",
            _("城市"),
            "multi",
            choices=queries.city_choices,
            apply="organisation__city_id__in",
        ),
        Filter("chain", _("产业链"), "text", apply="chain"),
        EXAMPLE_FILTER,
    )
    search = ("name", "description", "chain", "organisation__name")
    detail_template = "registry/rows/described.html"
    empty = Empty(_("名录中还没有产品或配套需求。"), _("企业成员可以登记自己的产品和需求。"))
    permission, add_label, page = "registry.keep_product", _("登记产品或需求"), "product"

    def queryset(self, request: HttpRequest) -> QuerySet[Any]:  # noqa: ARG002  public to all
        return queries.products()


class TalentListing(RegistryListing):
    """Talent demand (人才需求)."""

    slug = "talent-demand"
    title = _("人才需求")
    lead = _("高精尖缺：各城正在找的人。")
    columns = (
        name_column(_("岗位"), "position"),
        Column("organisation", _("机构"), sort="organisation__name"),
        CITY,
        FIELD,
        Column("number", _("人数"), kind="number", sort="number"),
        Column("level", _("层次"), value=lambda r: r.get_level_display(), sort="level"),
        Column("skills", _("技能"), kind="tags", secondary=True),
    )
    filters = (
        kind_filter(models.TalentDemand.Level, _("层次"), "level"),
        CITY_FILTER,
        FIELD_FILTER,
        EXAMPLE_FILTER,
    )
    search = ("position", "description", "skills", "organisation__name")
    detail_template = "registry/rows/described.html"
    empty = Empty(_("名录中还没有人才需求。"), _("机构成员可以登记紧缺岗位。"))
    permission, add_label, page = "registry.keep_talent_demand", _("登记人才需求"), "talent"

    def queryset(self, request: HttpRequest) -> QuerySet[Any]:  # noqa: ARG002  public to all
        return queries.talent_demand()


class TrainingListing(RegistryListing):
    """Training programmes (人才培养)."""

    slug = "training"
    title = _("人才培养")
    lead = _("卓越工程师学院、博士后工作站与联合培养。")
    columns = (
        name_column(_("名称")),
        Column("kind", _("类型"), value=_kind, sort="kind"),
        Column("organisation", _("机构"), sort="organisation__name"),
        CITY,
        FIELDS,
        Column("places", _("名额"), kind="number", sort="places"),
    )
    filters = (kind_filter(models.Training.Kind), CITY_FILTER, FIELDS_FILTER, EXAMPLE_FILTER)
    search = ("name", "description", "organisation__name")
    detail_template = "registry/rows/described.html"
    empty = Empty(_("名录中还没有培养项目。"), _("机构成员可以登记培养项目。"))
    permission, add_label, page = "registry.keep_training", _("登记培养项目"), "training"

    def queryset(self, request: HttpRequest) -> QuerySet[Any]:  # noqa: ARG002  public to all
        return queries.training()


class ProgrammeListing(RegistryListing):
    """Programmes of the corridor (走廊专项)."""

    slug = "programmes"
    title = _("走廊专项")
    lead = _("联盟、遴选、规划与公布的数据，每个数字都有出处。")
    columns = (
        name_column(_("名称")),
        Column("kind", _("类型"), value=_kind, sort="kind"),
        Column("date", _("日期"), sort="date"),
        Column("city", _("城市"), sort="city__order"),
        Column("lead", _("牵头单位"), sort="lead__name", secondary=True),
    )
    filters = (kind_filter(models.Programme.Kind), CITY_FILTER, EXAMPLE_FILTER)
    default_sort = "-date"
    search = ("name", "name_en", "description")
    empty = Empty(_("还没有走廊专项。"), _("联席办可以登记，也可以批量导入。"))
    permission, add_label, page = "registry.keep_programme", _("登记专项"), "programme"

    def queryset(self, request: HttpRequest) -> QuerySet[Any]:  # noqa: ARG002  public to all
        return queries.programmes()


LISTINGS: tuple[type[RegistryListing], ...] = (
    OrganisationListing,
    PersonListing,
    AchievementListing,
    FacilityListing,
    FinanceListing,
    ProductListing,
    TalentListing,
    TrainingListing,
    ProgrammeListing,
)
