"""Acts of the demo for the Eye (示例): experts who move and projects that are invested in.

The story of the demo brings contracts, bills and deliveries; with these all five kinds flow. Loading twice
changes nothing: experts and projects have codes.
"""

from __future__ import annotations

from django.db import transaction

from langqiao.apps.conference.domain import upsert_project
from langqiao.apps.registry.domain import add_person, revise_person
from langqiao.apps.registry.models import Organisation, Person
from langqiao.kit.refusals import Refused

# Code, name, former and new city.
MOVES = (
    ("E-PER-001", "示例专家·引才一", "hefei", "songjiang"),
    ("E-PER-002", "示例专家·引才二", "hangzhou", "jiaxing"),
    ("E-PER-003", "示例专家·引才三", "songjiang", "wuhu"),
    ("E-PER-004", "示例专家·引才四", "suzhou", "xuancheng"),
)
# Code, title, kind, the builder's code, the project's city, 万元.
PROJECTS = (
    ("E-PRJ-001", "示例·光储材料中试园", "park", "B-ORG-009", "xuancheng", "36000"),
    ("E-PRJ-002", "示例·智能终端验证基地", "park", "A-ORG-115", "jinhua", "18500"),
    ("E-PRJ-003", "示例·微创器械临床中心", "hospital", "B-ORG-003", "songjiang", "52000"),
)


@transaction.atomic
def load_flows() -> int:
    """Play the acts; how many were new.

    Raises:
        Refused: the demo's organisations are not loaded.
    """
    builders = {builder for _code, _title, _kind, builder, _city, _wan in PROJECTS}
    known = set(Organisation.objects.filter(code__in=builders).values_list("code", flat=True))
    if missing := sorted(builders - known):
        raise Refused(f"名录中没有示例机构 {missing[0]}。", mend="请先运行 langqiao demo。")
    new = 0
    for code, name, before, after in MOVES:
        if not Person.everything.filter(code=code).exists():
            person = add_person(None, name=name, code=code, city=before, illustrative=True)
            revise_person(None, person, city=after)
            new += 1
    for code, title, kind, builder, city, wan in PROJECTS:
        values = {"code": code, "title": title, "kind": kind, "organisation": builder, "city": city}
        outcome = upsert_project(None, {**values, "investment": wan, "illustrative": True})[1]
        new += outcome == "created"
    return new
