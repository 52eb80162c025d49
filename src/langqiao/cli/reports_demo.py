"""The demo of reports: an illustrative institute's report (示例) on the shipped figures, in two versions.

The figures and their sources are real, those that ship with the product; the institute, the author and the
words are illustrative. The first version rests on preliminary figures, the second on final ones where there
are any, so that comparing the two shows a real revision. Loading twice changes nothing.
"""

from __future__ import annotations

from typing import Any

from langqiao.apps.insight.domain import reports as verbs
from langqiao.apps.insight.domain.loading import load_shipped
from langqiao.apps.insight.models import Report
from langqiao.apps.insight.queries.reports import sections_of
from langqiao.apps.registry.domain.bulk import upsert_many
from langqiao.apps.registry.models import City, Organisation
from langqiao.kit.refusals import Refused

CODE = "I-ORG-001"
TITLE = "示例报告：走廊城市的经济规模与差异（2022 年）"
SUMMARY = (
    "本报告为示例，用于演示报告的编写、发布、重算与版本对比。数字取自随产品发布的公开数，各注来源；"
    "没有公开数的城市不计入，并在各节写明。"
)
WORDS = (
    "走廊含九座城市。2022 年地区生产总值有公开数的城市列在下表，缺的用“—”表示，不作估计。\n"
    "以下各节的方法都只用表中的数。城市太少，显著性检验没有意义，只看数值。"
)
PERIOD, EARLIER = "2022", ("2022", "2023")


def load() -> Report:
    """Load figures, institute and both versions; returns the published one.

    Raises:
        Refused: a record is wrong; the message names it.
    """
    load_shipped(None)
    institute = _institute()
    held = Report.objects.filter(organisation=institute, title=TITLE, state=Report.State.PUBLISHED).first()
    if held is not None:
        return held
    first = verbs.draft_report(
        None, organisation=institute, title=TITLE, author="示例作者", summary=SUMMARY, illustrative=True
    )
    for section in _sections("preliminary"):
        verbs.add_section(None, first, **section)
    verbs.publish_report(None, first)
    second = verbs.new_version(None, first)
    for held_section, section in zip(sections_of(second), _sections("best"), strict=True):
        given = {name: value for name, value in section.items() if name != "kind"}
        verbs.revise_section(None, held_section, **given)
    return verbs.publish_report(None, second)


def _institute() -> Organisation:
    row = {
        "code": CODE,
        "name": "示例城市群研究所",
        "name_en": "Institute for City Clusters (example)",
        "kind": "institute",
        "city": "songjiang",
        "illustrative": True,
    }
    summary = upsert_many(None, "organisations", [row])
    if summary.refused:
        raise Refused(str(summary.refusals[0]))
    return Organisation.objects.get(code=CODE)


def _sections(vintage: str) -> list[dict[str, Any]]:
    cities = [f"city:{slug}" for slug in City.objects.values_list("slug", flat=True)]

    def chosen(method: str = "", periods: tuple[str, ...] = (PERIOD,), **values: Any) -> dict[str, Any]:
        return {
            "method": method, "indicators": ["gdp"], "scopes": cities, "periods": list(periods),
            "vintage": vintage, **values,
        }  # fmt: skip

    return [
        {"kind": "text", "heading": "说明", "text": WORDS},
        {
            "kind": "figures",
            "heading": "地区生产总值",
            "choice": chosen(periods=EARLIER, scopes=[*cities, "nation:nation"]),
        },
        {"kind": "method", "heading": "城市之间的差异", "choice": chosen("theil")},
        {"kind": "method", "heading": "位序与规模", "choice": chosen("zipf")},
        {
            "kind": "method",
            "heading": "按规模与距离推算的联系",
            "text": "联系强度由规模与直线距离推算，没有拟合任何实际的流，只供比较。",
            "choice": chosen("potential"),
        },
    ]
