"""Public data sets of the registry (名录): what its pages show to everybody, without people's notes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.utils.translation import gettext_lazy as _

from langqiao.apps.registry.graph import graph_distributions
from langqiao.apps.registry.models import (
    Achievement,
    City,
    Facility,
    Field,
    Finance,
    Organisation,
    OrganisationName,
    OrganisationRole,
    Person,
    Product,
    Programme,
    Stage,
    TalentDemand,
    Training,
)
from langqiao.kit.opendata import CITY, CODE, FIELD, FIELDS, ID, SOURCED, Column, Dataset, publish

REGISTRY = _("名录")
AMOUNT = "CNY 10,000"
NAME = Column("name", "text", _("名称"))
TOLD = ("label", "label_en", "value", "unit", "date", "source_url")


def _owner(word: str, label: Any, *, path: str) -> tuple[Column, Column]:
    """An organisation as key and name."""
    return (
        Column(f"{word}_id", "integer", label, of=f"{path}_id"),
        Column(f"{word}_name", "text", _("上述机构的名称"), of=f"{path}__name"),
    )


def _text(name: str, label: Any) -> Column:
    return Column(name, "text", label)


def _figures() -> Iterator[tuple[Any, ...]]:
    """Stated figures of programmes, one a row, as they were published."""
    rows = Programme.objects.order_by("pk").values_list("pk", "name", "figures", "illustrative")
    for pk, name, figures, illustrative in rows.iterator(chunk_size=500):
        for figure in figures:
            told = [
                str(figure.get(key, ""))
                for key in ("label", "label_en", "value", "unit", "date", "source_url")
            ]
            yield (pk, name, *told, illustrative)


CITIES = Dataset(
    slug="cities",
    title=_("城市"),
    description=_("走廊各市（区）的代号、行政区划代码与坐标。"),
    app="registry",
    keywords=(REGISTRY, _("城市")),
    columns=(
        Column("slug", "text", _("代号，其他数据集以此引用")),
        NAME,
        _text("name_en", _("英文名")),
        _text("province", _("省（市）")),
        _text("division_code", _("行政区划代码（GB/T 2260）")),
        Column("latitude", "number", _("纬度（WGS 84）"), unit="deg"),
        Column("longitude", "number", _("经度（WGS 84）"), unit="deg"),
        Column("order", "integer", _("排列次序")),
    ),
    records=City.objects.all,
)
INDUSTRY_FIELDS = Dataset(
    slug="fields",
    title=_("产业领域"),
    description=_("走廊的产业领域及其代号。"),
    app="registry",
    keywords=(REGISTRY, _("产业领域")),
    columns=(
        Column("slug", "text", _("代号，其他数据集以此引用")),
        NAME,
        _text("name_en", _("英文名")),
        Column("order", "integer", _("排列次序")),
    ),
    records=Field.objects.all,
)
ORGANISATIONS = Dataset(
    slug="organisations",
    title=_("机构"),
    description=_("走廊的企业、高校、科研院所等机构；已注销的不在其中。"),
    app="registry",
    keywords=(REGISTRY, _("机构")),
    columns=(
        ID,
        CODE,
        NAME,
        _text("name_en", _("英文名")),
        _text("short_name", _("简称")),
        Column("kind", "text", _("类型"), values=Organisation.Kind.choices),
        CITY,
        _text("credit_code", _("统一社会信用代码")),
        FIELDS,
        _text("description", _("简介")),
        _text("description_en", _("英文简介")),
        _text("website", _("网址")),
        *SOURCED,
    ),
    records=Organisation.objects.all,
)
NAMES = Dataset(
    slug="organisation-names",
    title=_("机构曾用名"),
    description=_("机构曾经使用的名称及其起止日期。"),
    app="registry",
    keywords=(REGISTRY, _("机构")),
    columns=(
        *_owner("organisation", _("机构的记录序号"), path="organisation"),
        _text("name", _("曾用名")),
        Column("valid_from", "date", _("起始日期")),
        Column("valid_to", "date", _("截止日期")),
        Column("is_demo", "boolean", _("机构是否示例"), of="organisation__illustrative"),
    ),
    records=lambda: OrganisationName.objects.filter(organisation__retired_at=None).order_by("pk"),
    depends=(Organisation,),
)
ROLES = Dataset(
    slug="organisation-roles",
    title=_("机构角色"),
    description=_("机构在走廊中担任的角色，如联盟牵头单位，及其起止日期与来源。"),
    app="registry",
    keywords=(REGISTRY, _("机构")),
    columns=(
        *_owner("organisation", _("机构的记录序号"), path="organisation"),
        _text("role", _("角色")),
        Column("valid_from", "date", _("起始日期")),
        Column("valid_to", "date", _("截止日期")),
        _text("source_url", _("来源地址")),
        Column("is_demo", "boolean", _("机构是否示例"), of="organisation__illustrative"),
    ),
    records=lambda: OrganisationRole.objects.filter(organisation__retired_at=None).order_by("pk"),
    depends=(Organisation,),
)
PEOPLE = Dataset(
    slug="people",
    title=_("专家"),
    description=_("名录中公开的专家姓名、职称、单位与专长；不含联系方式和个人简介。"),
    app="registry",
    keywords=(REGISTRY, _("专家")),
    columns=(
        ID,
        CODE,
        _text("name", _("姓名")),
        _text("name_en", _("英文姓名")),
        _text("title", _("职称")),
        *_owner("organisation", _("单位的记录序号"), path="organisation"),
        CITY,
        FIELDS,
        Column("expertise", "list", _("专长")),
        *SOURCED,
    ),
    records=Person.objects.all,
    depends=(Organisation,),
)
ACHIEVEMENTS = Dataset(
    slug="achievements",
    title=_("科技成果"),
    description=_("论文、专利、样机和技术，含技术就绪度、权属单位与许可方式。"),
    app="registry",
    keywords=(REGISTRY, _("成果"), _("技术就绪度")),
    columns=(
        ID,
        CODE,
        Column("kind", "text", _("类型"), values=Achievement.Kind.choices),
        _text("title", _("名称")),
        _text("abstract", _("摘要")),
        Column("keywords", "list", _("关键词")),
        FIELD,
        _text("discipline", _("学科")),
        Column("trl", "integer", _("技术就绪度（TRL，1 至 9）")),
        *_owner("owner", _("权属单位的记录序号"), path="owner"),
        CITY,
        Column("date", "date", _("日期")),
        Column("people", "list", _("完成人姓名"), of="people__name"),
        Column("licence", "text", _("许可方式"), values=Achievement.Licence.choices),
        _text("language", _("文本语言")),
        *SOURCED,
    ),
    records=lambda: Achievement.objects.order_by("pk"),
    depends=(Organisation, Person),
)
FACILITIES = Dataset(
    slug="facilities",
    title=_("仪器设施"),
    description=_("可以共享的仪器、设施、试验平台与中试线。"),
    app="registry",
    keywords=(REGISTRY, _("仪器设施")),
    columns=(
        ID,
        CODE,
        NAME,
        Column("kind", "text", _("类型"), values=Facility.Kind.choices),
        *_owner("organisation", _("所属机构的记录序号"), path="organisation"),
        CITY,
        FIELDS,
        _text("description", _("说明")),
        _text("open_to", _("开放范围")),
        _text("fee", _("收费")),
        *SOURCED,
    ),
    records=Facility.objects.all,
    depends=(Organisation,),
)
FINANCE = Dataset(
    slug="finance",
    title=_("科技金融产品"),
    description=_("基金、创新券、贷款与资助；服务城市、产业领域或适用阶段为空表示不限。"),
    app="registry",
    keywords=(REGISTRY, _("金融产品")),
    columns=(
        ID,
        CODE,
        NAME,
        Column("kind", "text", _("类型"), values=Finance.Kind.choices),
        *_owner("organisation", _("提供机构的记录序号"), path="organisation"),
        Column("cities", "list", _("服务城市代号"), of="cities__slug"),
        FIELDS,
        Column("stages", "list", _("适用阶段"), values=Stage.choices),
        Column("amount_min", "decimal", _("最低金额"), unit=AMOUNT),
        Column("amount_max", "decimal", _("最高金额"), unit=AMOUNT),
        _text("description", _("支持内容")),
        *SOURCED,
    ),
    records=Finance.objects.all,
    depends=(Organisation,),
)
PRODUCTS = Dataset(
    slug="products",
    title=_("产品与配套需求"),
    description=_("企业的产品和对外配套需求，及其在产业链中的位置。"),
    app="registry",
    keywords=(REGISTRY, _("产品"), _("产业链")),
    columns=(
        ID,
        CODE,
        NAME,
        *_owner("organisation", _("企业的记录序号"), path="organisation"),
        Column("city", "text", _("企业所在城市代号"), of="organisation__city_id"),
        Column("direction", "text", _("类别"), values=Product.Direction.choices),
        FIELD,
        Column("tier", "text", _("产业链位置"), values=Product.Tier.choices),
        _text("chain", _("产业链")),
        _text("description", _("说明")),
        *SOURCED,
    ),
    records=lambda: Product.objects.filter(organisation__retired_at=None),
    depends=(Organisation,),
)
TALENT = Dataset(
    slug="talent-demand",
    title=_("人才需求"),
    description=_("机构公布的高精尖缺岗位需求。"),
    app="registry",
    keywords=(REGISTRY, _("人才需求")),
    columns=(
        ID,
        CODE,
        *_owner("organisation", _("机构的记录序号"), path="organisation"),
        CITY,
        _text("position", _("岗位")),
        FIELD,
        Column("number", "integer", _("人数")),
        Column("skills", "list", _("技能")),
        Column("level", "text", _("层次"), values=TalentDemand.Level.choices),
        _text("description", _("说明")),
        *SOURCED,
    ),
    records=TalentDemand.objects.all,
    depends=(Organisation,),
)
TRAINING = Dataset(
    slug="training",
    title=_("人才培养"),
    description=_("卓越工程师学院、博士后工作站与联合培养项目。"),
    app="registry",
    keywords=(REGISTRY, _("人才培养")),
    columns=(
        ID,
        CODE,
        NAME,
        Column("kind", "text", _("类型"), values=Training.Kind.choices),
        *_owner("organisation", _("机构的记录序号"), path="organisation"),
        CITY,
        FIELDS,
        Column("places", "integer", _("名额")),
        _text("description", _("说明")),
        *SOURCED,
    ),
    records=Training.objects.all,
    depends=(Organisation,),
)
PROGRAMMES = Dataset(
    slug="programmes",
    title=_("走廊专项"),
    description=_("产业联盟、遴选、规划等走廊专项及其来源。"),
    app="registry",
    keywords=(REGISTRY, _("走廊专项")),
    columns=(
        ID,
        CODE,
        NAME,
        _text("name_en", _("英文名")),
        Column("kind", "text", _("类型"), values=Programme.Kind.choices),
        _text("date", _("日期，按来源写明的精度")),
        CITY,
        *_owner("lead", _("牵头单位的记录序号"), path="lead"),
        FIELDS,
        _text("description", _("说明")),
        _text("description_en", _("英文说明")),
        *SOURCED,
    ),
    records=Programme.objects.all,
    depends=(Organisation,),
)
FIGURES = Dataset(
    slug="programme-figures",
    title=_("走廊专项公布的数据"),
    description=_("各专项在来源中公布的数字，照原样，每个数字一行。"),
    app="registry",
    keywords=(REGISTRY, _("走廊专项"), _("指标")),
    columns=(
        Column("programme_id", "integer", _("专项的记录序号")),
        _text("programme_name", _("专项名称")),
        _text("label", _("指标")),
        _text("label_en", _("指标英文名")),
        _text("value", _("数值，照来源原文")),
        _text("unit", _("单位")),
        _text("date", _("日期，按来源写明的精度")),
        _text("source_url", _("来源地址")),
        Column("is_demo", "boolean", _("专项是否示例")),
    ),
    rows=_figures,
    depends=(Programme,),
)
GRAPH = Dataset(
    slug="organisation-graph",
    title=_("机构图谱"),
    description=_("机构、城市、产业领域与成果之间的公开关系，供图分析软件使用。"),
    app="registry",
    keywords=(REGISTRY, _("机构"), _("图谱")),
    more=graph_distributions(),
    depends=(Organisation, Achievement, Programme, Facility),
)
SETS = (
    CITIES,
    INDUSTRY_FIELDS,
    ORGANISATIONS,
    NAMES,
    ROLES,
    PEOPLE,
    ACHIEVEMENTS,
    FACILITIES,
    FINANCE,
    PRODUCTS,
    TALENT,
    TRAINING,
    PROGRAMMES,
    FIGURES,
    GRAPH,
)


def register() -> None:
    """Publish them."""
    publish(*SETS)
