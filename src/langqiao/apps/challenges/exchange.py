"""Challenges as tables (题目导入): the columns, and requirement lists that say only a title."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from langqiao.apps.challenges.domain.imports import COLUMNS, clean_row, upsert_challenges
from langqiao.apps.challenges.domain.posing import revise_challenge
from langqiao.apps.challenges.models import Challenge
from langqiao.apps.registry.domain.bulk import Outcome, Summary
from langqiao.apps.registry.domain.lookups import Lookups, chunks
from langqiao.apps.registry.exchange import Column, ImportKind, register_kind
from langqiao.apps.registry.exchange.kinds import RECORD, Values
from langqiao.apps.registry.exchange.rowvalues import split_range
from langqiao.kit.permissions import allowed
from langqiao.kit.refusals import Refused

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
    split_range(values, _BUDGET)
    says = any(str(values.get(name) or "").strip() for name in ("summary", "details"))
    if says or not str(values.get("title") or "").strip() or "details" not in values:
        return []
    values["summary"] = str(values["title"]).strip()
    return [_("没有内容，以题目作为公开摘要")]


def _upsert(actor: Any, rows: Sequence[Values], *, dry_run: bool, publish: bool) -> Summary:
    coded = [place for place, values in enumerate(rows, 1) if RECORD not in values]
    summary = upsert_challenges(
        actor, [rows[place - 1] for place in coded], publish=publish, dry_run=dry_run, checked=not dry_run
    )
    for refusal in summary.refusals:
        refusal.row = coded[(refusal.row or 1) - 1]
    for place, values in enumerate(rows, 1):
        if RECORD not in values:
            continue
        try:
            with transaction.atomic():
                summary.count(_revise(actor, values))
                if dry_run:
                    transaction.set_rollback(True)
        except Refused as refusal:
            if not dry_run:
                raise
            refusal.row = place
            summary.refused += 1
            summary.refusals.append(refusal)
    return summary


def _revise(actor: Any, values: Values) -> Outcome:
    """Revise a challenge made by hand, which has no code, to what the row says."""
    challenge = Challenge.objects.get(pk=values[RECORD])
    said = clean_row({name: value for name, value in values.items() if name != RECORD}, Lookups())
    different = {name: value for name, value in said.items() if getattr(challenge, name) != value}
    if not different:
        return "unchanged"
    revise_challenge(actor, challenge, **different)
    return "changed"


def _bearers(actor: Any, titles: Sequence[str]) -> dict[str, list[tuple[int, str | None]]]:
    """Challenges of these titles that the actor may read: nobody learns of another firm's draft."""
    found: dict[str, list[tuple[int, str | None]]] = {}
    for part in chunks(titles):
        for challenge in Challenge.objects.filter(title__in=part).select_related("organisation"):
            if actor is None or allowed(actor, "challenges.read", challenge):
                found.setdefault(challenge.title, []).append((challenge.pk, challenge.code))
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
    bearers=_bearers,
    owner="organisation",
    complete=complete_challenge,
    publishes=True,
    listing="challenge_list",
)


def register() -> None:
    """Register the kind, once."""
    register_kind(CHALLENGES)
