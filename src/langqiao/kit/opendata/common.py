"""Columns that many data sets share."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from langqiao.kit.opendata.datasets import Column

# Of records that say where they come from (``kit.models.Sourced``, ``Stamped``).
SOURCED = (
    Column("is_demo", "boolean", _("是否示例：示例为演示数据，非真实记录"), of="illustrative"),
    Column("source_name", "text", _("来源")),
    Column("source_url", "text", _("来源地址")),
    Column("source_date", "date", _("来源日期")),
    Column("updated_at", "datetime", _("最近更新（UTC）")),
)
ID = Column("id", "integer", _("记录序号，与页面地址中的序号一致"))
CODE = Column("code", "text", _("编号，外部系统或导入文件给出"))
CITY = Column("city", "text", _("城市代号"), of="city_id")
FIELDS = Column("fields", "list", _("产业领域代号"), of="fields__slug")
FIELD = Column("field", "text", _("产业领域代号"), of="field_id")
