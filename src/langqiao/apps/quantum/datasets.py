"""Public data sets of the quantum network (量子网络): scenarios, sites and links, the inputs of its plans.

Addresses of key-management entities, readings of key pools, demands and deliveries are not public.
"""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from langqiao.apps.quantum.models import Link, Scenario, Site
from langqiao.apps.registry.models import Organisation
from langqiao.kit.opendata import CITY, CODE, ID, SOURCED, Column, Dataset, publish

QUANTUM = _("量子网络")

SCENARIOS = Dataset(
    slug="quantum-scenarios",
    title=_("量子应用场景"),
    description=_("已公布或示例的量子密钥应用场景。"),
    app="quantum",
    keywords=(QUANTUM, _("应用场景")),
    columns=(
        ID,
        CODE,
        Column("title", "text", _("场景")),
        Column("title_en", "text", _("英文名")),
        Column("kind", "text", _("类别"), values=Scenario.Kind.choices),
        Column("summary", "text", _("概述")),
        Column("summary_en", "text", _("英文概述")),
        Column("organisation_id", "integer", _("单位的记录序号")),
        Column("organisation_name", "text", _("上述机构的名称"), of="organisation__name"),
        Column("cities", "list", _("城市代号"), of="cities__slug"),
        *SOURCED,
    ),
    records=lambda: Scenario.objects.order_by("pk"),
    depends=(Organisation,),
)
SITES = Dataset(
    slug="quantum-sites",
    title=_("量子站点"),
    description=_("量子网络的站点、运营单位与是否可信中继；密钥管理实体的地址不公开。"),
    app="quantum",
    keywords=(QUANTUM, _("站点")),
    columns=(
        ID,
        CODE,
        Column("slug", "text", _("代号，链路以此引用")),
        Column("name", "text", _("名称")),
        Column("name_en", "text", _("英文名")),
        CITY,
        Column("operator_id", "integer", _("运营单位的记录序号")),
        Column("operator_name", "text", _("上述机构的名称"), of="operator__name"),
        Column("trusted", "boolean", _("是否可信中继")),
        Column("state", "text", _("状态"), values=Site.State.choices),
        *SOURCED,
    ),
    records=lambda: Site.objects.order_by("pk"),
    depends=(Organisation,),
)
LINKS = Dataset(
    slug="quantum-links",
    title=_("量子链路"),
    description=_("站点之间的光纤与设备，是密钥规划的输入；依据为“假设”的不是任何网络的实际数据。"),
    app="quantum",
    keywords=(QUANTUM, _("链路")),
    columns=(
        ID,
        CODE,
        Column("a", "text", _("一端站点的代号"), of="a__slug"),
        Column("b", "text", _("另一端站点的代号"), of="b__slug"),
        Column("fibre_km", "number", _("光纤长度"), unit="km"),
        Column("spans", "integer", _("光纤段数")),
        Column("systems", "integer", _("并行设备数")),
        Column("equipment", "text", _("设备，示意参数"), values=Link.Equipment.choices),
        Column("measured_bps", "number", _("实测成码率，空表示按模型计算"), unit="bit/s"),
        Column("basis", "text", _("依据"), values=Link.Basis.choices),
        Column("basis_why", "text", _("依据说明")),
        Column("state", "text", _("状态"), values=Link.State.choices),
        *SOURCED,
    ),
    records=lambda: Link.objects.order_by("pk"),
    depends=(Site,),
)


def register() -> None:
    """Publish them."""
    publish(SCENARIOS, SITES, LINKS)
