"""Open data of parks: the parks, and their activities as published."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from langqiao.apps.alliances.datasets.alliances import IS_DEMO, PUBLISHED
from langqiao.apps.alliances.models import Activity, Place
from langqiao.kit.opendata import CITY, CODE, FIELD, ID, SOURCED, Column, Dataset, publish

DATASETS = (
    Dataset(
        slug="parks",
        title=_("园区"),
        description=_("登记的园区、城市与对照地区。"),
        app="alliances",
        columns=(
            ID,
            CODE,
            Column("kind", "text", _("类别"), values=Place.Kind.choices),
            Column("name", "text", _("名称")),
            Column("name_en", "text", _("英文名")),
            CITY,
            Column("organisation_id", "integer", _("运营单位在机构数据集中的序号")),
            *SOURCED,
        ),
        records=Place.objects.all,
        keywords=(_("园区"),),
    ),
    Dataset(
        slug="park-activities",
        title=_("产业活动"),
        description=_("园区、城市与对照地区的产业活动；没有公布数量的为空。"),
        app="alliances",
        columns=(
            ID,
            Column("place_id", "integer", _("园区在园区数据集中的序号")),
            Column("activity", "text", _("产业活动"), of="name"),
            Column("activity_en", "text", _("英文名"), of="name_english"),
            FIELD,
            Column("measure", "text", _("指标"), values=Activity.Measure.choices),
            Column("quantity", "decimal", _("数量")),
            Column("unit", "text", _("单位，与公布时一致")),
            Column("period", "text", _("时期")),
            *PUBLISHED,
            IS_DEMO,
        ),
        records=Activity.objects.all,
        keywords=(_("园区"),),
    ),
)


def register() -> None:
    """Offer the data sets, once."""
    publish(*DATASETS)
