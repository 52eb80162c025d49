"""Challenges as tables (题目导入): the columns, and requirement lists that say only a title."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from langqiao.apps.challenges.domain.imports import COLUMNS, upsert_challenges
from langqiao.apps.challenges.models import Challenge
from langqiao.apps.registry.domain.bulk import Summary
from langqiao.apps.registry.domain.lookups import chunks
from langqiao.apps.registry.exchange import Column, ImportKind, register_kind
from langqiao.apps.registry.exchange.kinds import Values

ALIASES: dict[str, tuple[str, ...]] = {
    "code": ("id", "编码", "需求编号", "题目编号"),
    "title": ("名称", "标题", "需求名称", "需求标题", "技术需求", "难题名称", "name", "challenge"),
    "summary": ("摘要", "简介", "概述", "需求摘要", "abstract"),
    "details": ("内容", "需求内容", "详情", "描述", "说明", "content", "description"),
    "organisation": ("企业", "企业名称", "单位", "需求单位", "发布单位", "organization", "company"),
    "city": ("所在城市", "地市", "location"),
    "field": ("领域", "行业", "技术领域", "industry"),
    "keywords": ("关键字", "tags"),
    "stage": ("阶段",),
    "budget_min": ("最低预算", "预算下限"),
    "budget_max": ("最高预算", "预算上限", "投入预算"),
    "deadline": ("截止日期", "截止时间", "期限", "due"),
    "confidentiality": ("保密", "密级"),
    "illustrative": ("是否示例", "example"),
    "source_name": ("数据来源", "source"),
    "source_url": ("来源网址", "链接"),
    "source_date": ("查阅日期", "采集日期"),
}
EXAMPLES = {"title": "减速器寿命试验方法", "city": "松江", "budget_max": "200", "deadline": "2026-12-31"}
_BUDGET = "budget"
_RANGE = re.compile(r"\s*[-–—~～至、]\s*")


def _column(name: str) -> Column:
    of_model = Challenge._meta.get_field(name)
    choices = tuple(of_model.flatchoices) if getattr(of_model, "choices", None) else ()  # type: ignore[union-attr]
    return Column(
        name,
        of_model.verbose_name,  # type: ignore[union-attr]
        ALIASES.get(name, ()),
        name == "title",
        str(choices[0][1]) if choices else EXAMPLES.get(name, ""),
        choices,
    )


def complete_challenge(values: Values) -> list[str]:
    """Split a budget from–to; let the title stand for a requirement that says nothing more."""
    if _BUDGET in values:
        ends = [end for end in _RANGE.split(str(values.pop(_BUDGET) or "").strip()) if end]
        values["budget_min"] = ends[0] if ends else ""
        values["budget_max"] = ends[-1] if ends else ""
    says = any(str(values.get(name) or "").strip() for name in ("summary", "details"))
    if says or not str(values.get("title") or "").strip() or "details" not in values:
        return []
    values["summary"] = str(values["title"]).strip()
    return [_("没有内容，以题目作为公开摘要")]


def _upsert(actor: Any, rows: Sequence[Values], *, dry_run: bool, publish: bool) -> Summary:
    return upsert_challenges(actor, rows, publish=publish, dry_run=dry_run, checked=not dry_run)


def _codes(titles: Sequence[str]) -> dict[str, list[str | None]]:
    found: dict[str, list[str | None]] = {}
    for part in chunks(titles):
        for title, code in Challenge.objects.filter(title__in=part).values_list("title", "code"):
            found.setdefault(title, []).append(code)
    return found


CHALLENGES = ImportKind(
    slug="challenges",
    label=gettext_lazy("题目"),
    columns=(
        *(_column(name) for name in COLUMNS),
        Column(_BUDGET, gettext_lazy("预算（万元）"), ("预算", "预算区间")),
    ),
    upsert=_upsert,
    permission="challenges.create",
    title="title",
    codes=_codes,
    owner="organisation",
    complete=complete_challenge,
    publishes=True,
)


def register() -> None:
    """Register the kind, once."""
    register_kind(CHALLENGES)
