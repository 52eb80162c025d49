"""Public data set of the ledger (台账): its public entries with the hashes that tie them into the chain."""

from __future__ import annotations

from datetime import datetime

from django.utils.translation import gettext_lazy as _

from langqiao.apps.ledger.models import Entry, Visibility
from langqiao.kit.opendata import Column, Dataset, publish


def _modified() -> datetime | None:
    """Entries are only ever added: the last one is the newest."""
    rows = Entry.objects.filter(visibility=Visibility.PUBLIC).order_by("-sequence")
    return rows.values_list("at", flat=True).first()


def _state() -> str:
    """The hash of the last public entry stands for all before it."""
    rows = Entry.objects.filter(visibility=Visibility.PUBLIC).order_by("-sequence")
    return rows.values_list("hash", flat=True).first() or ""


ENTRIES = Dataset(
    slug="ledger",
    title=_("公开台账"),
    description=_(
        "台账中公开的记录及其 SM3 摘要。经办人不在其中；未公开的记录不列出，因此序号不连续，"
        "整条链由“langqiao ledger verify”核验。"
    ),
    app="ledger",
    keywords=(_("台账"), _("SM3")),
    columns=(
        Column("sequence", "integer", _("序号")),
        Column("at", "datetime", _("时间（UTC）")),
        Column("organisation", "text", _("机构")),
        Column("city", "text", _("城市")),
        Column("case", "text", _("项目编号")),
        Column("app", "text", _("模块")),
        Column("verb", "text", _("动作")),
        Column("object", "text", _("对象")),
        Column("data", "text", _("内容（规范 JSON）")),
        Column("previous", "text", _("前一条摘要")),
        Column("hash", "text", _("摘要（SM3）")),
    ),
    records=lambda: Entry.objects.filter(visibility=Visibility.PUBLIC).order_by("sequence"),
    modified=_modified,
    state=_state,
)


def register() -> None:
    """Publish it."""
    publish(ENTRIES)
