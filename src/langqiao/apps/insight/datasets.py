"""Public data sets of the think tank (开放数据): indicators, their values, and the claims."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from langqiao.apps.insight.models import SHOWN_REPORTS, Indicator, Report, Value
from langqiao.apps.insight.queries import claims
from langqiao.apps.insight.queries.indicators import live_values
from langqiao.kit.opendata import Column, Dataset, publish


def _indicators() -> QuerySet[Indicator]:
    return Indicator.objects.order_by("slug")


def _values() -> QuerySet[Value]:
    return live_values().exclude(scope_kind=Value.Scope.ORGANISATION).order_by("pk")


def _claims() -> Iterator[tuple[Any, ...]]:
    """One line a claim, as recomputed now."""
    for words, finding in claims.findings():
        yield (
            words.claim.id,
            words.title,
            words.title_en,
            words.claim.stated,
            words.claim.date,
            finding.period,
            finding.numerator,
            finding.denominator,
            finding.unit,
            finding.recomputed,
            str(finding.verdict),
            str(finding.basis),
            list(finding.missing),
            [source.address or source.text for source in finding.sources],
        )


def _claims_state() -> str:
    """Changes when a figure is entered or withdrawn, and with the claims that are shipped."""
    newest = Value.objects.order_by("-pk").values_list("pk", flat=True).first()
    withdrawn = Value.objects.exclude(withdrawn_at=None).count()
    return f"{newest}-{withdrawn}-{len(claims.claims())}"


def _values_state() -> str:
    newest = Value.objects.order_by("-pk").values_list("pk", flat=True).first()
    return f"{newest}-{Value.objects.exclude(withdrawn_at=None).count()}"


def _reports() -> QuerySet[Report]:
    return Report.objects.filter(state__in=SHOWN_REPORTS).order_by("pk")


def register() -> None:
    """Publish the data sets, once."""
    publish(
        Dataset(
            slug="indicators",
            title=_("指标"),
            description=_("指标库中的指标：名称、单位、类别。"),
            app="insight",
            columns=(
                Column("slug", "text", _("代号")),
                Column("name", "text", _("名称")),
                Column("name_en", "text", _("英文名")),
                Column("unit", "text", _("单位")),
                Column("subject", "text", _("类别"), values=Indicator.Subject.choices),
                Column("additive", "boolean", _("可加总")),
                Column("falling", "boolean", _("数值越小越好")),
                Column("is_demo", "boolean", _("是否示例"), of="illustrative"),
            ),
            records=_indicators,
            keywords=(_("指标"),),
        ),
        Dataset(
            slug="indicator-values",
            title=_("指标值"),
            description=_("每个数带范围、时期、版本、单位和来源；初步数与最终数并列。"),
            app="insight",
            columns=(
                Column("id", "integer", _("编号")),
                Column("indicator", "text", _("指标代号"), of="indicator_id"),
                Column("scope_kind", "text", _("范围类别"), values=Value.Scope.choices),
                Column("scope", "text", pgettext_lazy("figure", "范围")),
                Column("period", "text", _("时期")),
                Column("vintage", "text", pgettext_lazy("figure", "版本"), values=Value.Vintage.choices),
                Column("value", "decimal", _("数值")),
                Column("unit", "text", _("单位")),
                Column("source_name", "text", _("来源")),
                Column("source_url", "text", _("来源地址")),
                Column("source_date", "date", _("查阅日期")),
                Column("is_demo", "boolean", _("是否示例"), of="illustrative"),
            ),
            records=_values,
            state=_values_state,
            keywords=(_("指标"), _("统计")),
        ),
        Dataset(
            slug="claims",
            title=_("说法复算"),
            description=_("走廊占全国比重的各项说法、复算结果与结论。"),
            app="insight",
            columns=(
                Column("id", "text", _("代号")),
                Column("title", "text", _("名称")),
                Column("title_en", "text", _("英文名")),
                Column("stated", "text", _("所称")),
                Column("date", "text", _("公布时间")),
                Column("period", "text", _("时期")),
                Column("numerator", "decimal", _("分子")),
                Column("denominator", "decimal", _("分母")),
                Column("unit", "text", _("单位")),
                Column("recomputed", "text", pgettext_lazy("claim", "复算")),
                Column("verdict", "text", _("结论")),
                Column("basis", "text", _("依据")),
                Column("missing", "list", _("缺少的城市")),
                Column("sources", "list", _("来源")),
            ),
            rows=_claims,
            count=lambda: len(claims.claims()),
            state=_claims_state,
            keywords=(_("统计"),),
        ),
        Dataset(
            slug="reports",
            title=_("研究报告"),
            description=_("已发布的研究报告及其各版的摘要；数据、参数与结果见各报告的 JSON。"),
            app="insight",
            columns=(
                Column("id", "integer", _("记录序号，与页面地址中的序号一致")),
                Column("case", "text", _("项目编号，台账以此相连")),
                Column("version", "integer", _("版本号")),
                Column("title", "text", _("标题")),
                Column("summary", "text", _("摘要")),
                Column("author", "text", _("作者")),
                Column("organisation_id", "integer", _("机构的记录序号")),
                Column("organisation_name", "text", _("发布时的机构名称")),
                Column("state", "text", _("状态"), values=Report.State.choices),
                Column("published_at", "datetime", _("发布时间（UTC）")),
                Column("figures_sm3", "text", _("数字摘要（SM3）"), of="figures_digest"),
                Column("document_sm3", "text", _("全文摘要（SM3）"), of="document_digest"),
                Column("is_demo", "boolean", _("是否示例"), of="illustrative"),
            ),
            records=_reports,
            keywords=(_("研究报告"),),
        ),
    )
