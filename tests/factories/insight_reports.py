"""Reports and the figures they rest on, made through the verbs."""

from __future__ import annotations

from decimal import Decimal
from itertools import count
from typing import Any

from langqiao.apps.accounts.models import Role, User
from langqiao.apps.insight.domain import reports as verbs
from langqiao.apps.insight.models import Indicator, Report, Section, Value
from langqiao.apps.registry.models import Organisation
from tests.factories.accounts import make_member
from tests.factories.registry import make_city, make_organisation

_numbers = count(1)
CITIES = ("songjiang", "jiaxing", "hangzhou", "suzhou", "hefei")
GDP = {"songjiang": 1750, "jiaxing": 6739, "hangzhou": 18753, "suzhou": 23958, "hefei": 12013}


def make_indicator(slug: str = "gdp", **values: Any) -> Indicator:
    """An illustrative indicator in 亿元, made once."""
    return Indicator.objects.get_or_create(
        slug=slug,
        defaults={
            "name": f"示例指标 {slug}", "name_en": f"Example {slug}", "unit": "亿元", "subject": "economy",
            "illustrative": True, **values,
        },
    )[0]  # fmt: skip


def make_value(scope: str = "songjiang", value: Any = 1, **values: Any) -> Value:
    """A figure of a city in 2022; ``indicator`` by slug."""
    indicator = make_indicator(values.pop("indicator", "gdp"))
    kind = values.pop("scope_kind", "city")
    if kind == "city":
        make_city(scope)
    return Value.objects.create(
        indicator=indicator, scope_kind=kind, scope=scope, value=Decimal(str(value)),
        **{
            "period": "2022", "vintage": "unstated", "unit": indicator.unit, "source_name": "示例公报",
            "digest": f"{next(_numbers):064x}", "illustrative": True, **values,
        },
    )  # fmt: skip


def make_figures(*indicators: str, period: str = "2022") -> None:
    """Figures of five cities; of the second indicator on the numbers are others."""
    for place, indicator in enumerate(indicators or ("gdp",)):
        for number, (city, value) in enumerate(GDP.items()):
            make_value(
                city,
                value + place * ((place * 7 + number * 3) % 5) * 4000,
                indicator=indicator,
                period=period,
            )


def make_institute(**values: Any) -> tuple[Organisation, User]:
    """A research institute and its researcher, the think tank."""
    institute = make_organisation(kind=Organisation.Kind.INSTITUTE, **values)
    return institute, make_member(institute, Role.RESEARCHER)


def choice(method: str = "", *indicators: str, **values: Any) -> dict[str, Any]:
    """What a section is to use: by default the GDP of five cities in 2022."""
    return {
        "method": method, "indicators": list(indicators or ("gdp",)),
        "scopes": [f"city:{city}" for city in CITIES], "periods": ["2022"], **values,
    }  # fmt: skip


def make_report(actor: Any = None, organisation: Organisation | None = None, **values: Any) -> Report:
    """An empty draft of a new institute."""
    organisation = organisation or make_institute()[0]
    return verbs.draft_report(
        actor, organisation=organisation, **{"title": "示例报告", "author": "示例作者", **values}
    )


def make_text(report: Report, actor: Any = None, **values: Any) -> Section:
    return verbs.add_section(
        actor, report, kind="text", **{"heading": "背景", "text": "第一段。\n第二段。", **values}
    )


def make_method(report: Report, method: str = "theil", actor: Any = None, **values: Any) -> Section:
    """A method on figures that are there; ``choice`` may be given."""
    given = values.pop("choice", None) or choice(method)
    return verbs.add_section(
        actor, report, kind="method", **{"heading": f"方法 {method}", "choice": given, **values}
    )


def make_table(report: Report, actor: Any = None, **values: Any) -> Section:
    """A table of figures."""
    given = values.pop("choice", None) or choice()
    return verbs.add_section(actor, report, kind="figures", **{"heading": "指标", "choice": given, **values})


def make_full(actor: Any = None, organisation: Organisation | None = None, **values: Any) -> Report:
    """A draft with text, a table and a method, and the figures they need."""
    make_figures()
    report = make_report(actor, organisation, **values)
    make_text(report, actor)
    make_table(report, actor)
    make_method(report, "theil", actor)
    return report
