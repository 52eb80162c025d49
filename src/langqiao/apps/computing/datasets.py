"""Public data sets of the computing centres (智算中心): what their pages show to everybody."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from langqiao.apps.computing.models import Assumption, Building, Campus, Claim, Price, Scheme
from langqiao.apps.registry.models import Organisation
from langqiao.kit.opendata import CITY, CODE, ID, SOURCED, Column, Dataset, publish

COMPUTING = _("智算中心")
CAMPUS_ID = Column("campus_id", "integer", _("园区的记录序号"))
CAMPUS_NAME = Column("campus_name", "text", _("园区名称"), of="campus__name")
DEMO = Column("is_demo", "boolean", _("是否示例：示例为演示数据，非真实记录"), of="illustrative")
PER_CENT = "%"

CAMPUSES = Dataset(
    slug="campuses",
    title=_("算力园区"),
    description=_("走廊的智算中心：运营单位、城市，以及 PUE 与上架率的限值。"),
    app="computing",
    keywords=(COMPUTING, _("算力")),
    columns=(
        ID,
        CODE,
        Column("name", "text", _("名称")),
        Column("name_en", "text", _("英文名")),
        Column("operator_id", "integer", _("运营单位的记录序号")),
        Column("operator_name", "text", _("上述机构的名称"), of="operator__name"),
        CITY,
        Column("pue_limit", "decimal", _("PUE 限值")),
        Column("use_floor", "decimal", _("上架率下限"), unit=PER_CENT),
        *SOURCED,
    ),
    records=lambda: Campus.objects.order_by("pk"),
    depends=(Organisation,),
)
CLAIMS = Dataset(
    slug="campus-claims",
    title=_("算力园区的公开说法"),
    description=_("各来源对园区规模的说法，互不一致的并列，不作合并。"),
    app="computing",
    keywords=(COMPUTING, _("公开说法")),
    columns=(
        ID,
        CAMPUS_ID,
        CAMPUS_NAME,
        Column("quantity", "text", _("事项"), values=Claim.Quantity.choices),
        Column("value", "decimal", _("数值，单位见 unit 列")),
        Column("at_least", "boolean", _("是否为“以上”")),
        Column("unit", "text", _("单位，照来源")),
        Column("happened_on", "date", _("事件日期")),
        Column("stated_on", "text", _("发布时间，年、年月或年月日，按来源的精度")),
        Column("source_name", "text", _("来源")),
        Column("source_url", "text", _("来源地址")),
        DEMO,
        Column("updated_at", "datetime", _("最近更新（UTC）")),
    ),
    records=lambda: Claim.objects.order_by("pk"),
    depends=(Campus,),
)
BUILDINGS = Dataset(
    slug="campus-buildings",
    title=_("算力园区的机房楼"),
    description=_("各机房楼的设计机架数与计划、实际交付日期。"),
    app="computing",
    keywords=(COMPUTING, _("机房楼")),
    columns=(
        ID,
        CODE,
        CAMPUS_ID,
        CAMPUS_NAME,
        Column("number", "integer", _("楼号")),
        Column("name", "text", _("名称")),
        Column("racks_designed", "integer", _("设计机架数")),
        Column("planned_on", "date", _("计划交付")),
        Column("delivered_on", "date", _("实际交付")),
        *SOURCED,
    ),
    records=lambda: Building.objects.order_by("pk"),
    depends=(Campus,),
)
ASSUMPTIONS = Dataset(
    slug="campus-assumptions",
    title=_("算力容量的假设"),
    description=_("容量推演所用的假设：低、中、高三值与依据。它们是假设，不是实测。"),
    app="computing",
    keywords=(COMPUTING, _("容量假设")),
    columns=(
        CAMPUS_ID,
        CAMPUS_NAME,
        Column("key", "text", _("代号")),
        Column("name", "text", _("名称")),
        Column("unit", "text", _("单位")),
        Column("low", "number", _("低值，单位见 unit 列")),
        Column("middle", "number", _("中值，单位见 unit 列")),
        Column("high", "number", _("高值，单位见 unit 列")),
        Column("why", "text", _("依据")),
        Column("updated_at", "datetime", _("最近更新（UTC）")),
    ),
    records=lambda: Assumption.objects.order_by("pk"),
    depends=(Campus,),
)
PRICES = Dataset(
    slug="compute-prices",
    title=_("算力价目"),
    description=_("各园区每种 GPU 的单价及其起始日。"),
    app="computing",
    keywords=(COMPUTING, _("价目")),
    columns=(
        CAMPUS_ID,
        CAMPUS_NAME,
        Column("gpu_model", "text", _("GPU 型号")),
        Column("from_on", "date", _("起始日")),
        Column("yuan_hour", "decimal", _("单价"), unit="CNY/GPU h"),
        DEMO,
        Column("updated_at", "datetime", _("最近更新（UTC）")),
    ),
    records=lambda: Price.objects.order_by("pk"),
    depends=(Campus,),
)
SCHEMES = Dataset(
    slug="compute-voucher-schemes",
    title=_("算力券政策"),
    description=_("各地的算力券补助比例、上限与有效期，各有来源。"),
    app="computing",
    keywords=(COMPUTING, _("算力券")),
    columns=(
        ID,
        CODE,
        Column("name", "text", _("名称")),
        CITY,
        Column("area", "text", _("适用地区，大于走廊城市时")),
        Column("share_domestic", "integer", _("国产芯片补助比例上限"), unit=PER_CENT),
        Column("share_other", "integer", _("其他芯片补助比例上限"), unit=PER_CENT),
        Column("cap_firm_year", "decimal", _("每企业每年上限"), unit="CNY"),
        Column("pool_year", "decimal", _("年度总额"), unit="CNY"),
        Column("pool_total", "decimal", _("总额"), unit="CNY"),
        Column("starts_on", "date", _("生效日")),
        Column("ends_on", "date", _("失效日")),
        *SOURCED,
    ),
    records=lambda: Scheme.objects.order_by("pk"),
)


def register() -> None:
    """Publish them."""
    publish(CAMPUSES, CLAIMS, BUILDINGS, ASSUMPTIONS, PRICES, SCHEMES)
