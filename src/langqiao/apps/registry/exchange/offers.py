"""The registry's nine kinds as tables: headings beside the models' own labels, and their examples."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from django.db.models import CharField
from django.utils.translation import gettext_lazy

from langqiao.apps.registry.domain.bulk import Summary, upsert_many
from langqiao.apps.registry.domain.kinds import KINDS, Kind
from langqiao.apps.registry.domain.lookups import Lookups, chunks
from langqiao.apps.registry.domain.records import prepare, refuse_taken, write
from langqiao.apps.registry.exchange.kinds import RECORD, Column, ImportKind, Values, leave, register_kind
from langqiao.apps.registry.exchange.papers import complete_achievement
from langqiao.apps.registry.exchange.rowvalues import split_range
from langqiao.kit.refusals import Refused

# Further headings by column, for every kind that has the column.
ALIASES: Mapping[str, tuple[str, ...]] = {
    "code": ("id", "编码", "记录编号", "ID号"),
    "name": (
        "机构名称", "企业名称", "单位名称", "姓名", "专家姓名", "设备名称", "仪器名称", "产品名称",
        "full name",
    ),
    "name_en": ("english name", "英文名称"),
    "short_name": ("缩写", "abbreviation"),
    "kind": ("类别", "种类", "type", "机构类型", "成果类型", "机构性质"),
    "city": ("所在城市", "地市", "所在地", "location"),
    "credit_code": ("信用代码", "社会信用代码", "uscc", "unified social credit code"),
    "fields": ("领域", "行业", "所属领域", "技术领域", "field", "industries"),
    "field": ("领域", "行业", "所属领域", "技术领域", "fields", "industry"),
    "description": ("介绍", "描述", "机构简介", "内容", "summary"),
    "website": ("网站", "官网", "主页", "url", "homepage"),
    "organisation": (
        "单位", "所在单位", "所属单位", "所属机构", "机构名称", "企业", "organization", "affiliation",
        "institution",
    ),
    "owner": (
        "权利人", "完成单位", "所属单位", "机构", "专利权人", "organisation", "organization", "institution",
    ),
    "people": ("作者", "发明人", "完成人员", "authors", "inventors"),
    "expertise": ("研究方向", "擅长领域", "专业特长", "research interests", "skills"),
    "bio": ("个人简介", "介绍", "biography"),
    "title": ("题名", "标题", "成果名称", "论文题目", "专利名称", "职务", "position"),
    "abstract": ("简介", "内容摘要", "成果简介", "内容", "summary", "description"),
    "keywords": ("关键字", "主题词", "tags"),
    "discipline": ("学科分类", "专业", "subject"),
    "trl": ("技术就绪度", "技术成熟度", "成熟度", "technology readiness level", "maturity"),
    "date": ("发表日期", "授权日期", "完成日期", "公开日期", "年份", "publication date", "year"),
    "licence": ("许可", "转化方式", "合作方式", "license"),
    "language": ("语种",),
    "open_to": ("开放对象", "开放"),
    "fee": ("收费标准", "费用", "price"),
    "cities": ("城市", "适用城市", "city"),
    "stages": ("阶段", "stage"),
    "amount_min": ("最低金额", "金额下限", "minimum"),
    "amount_max": ("最高金额", "金额上限", "maximum"),
    "position": ("岗位名称", "职位", "job"),
    "number": ("需求人数", "招聘人数", "headcount"),
    "skills": ("技能要求", "requirements"),
    "level": ("人才层次", "级别"),
    "places": ("招生名额", "计划人数", "capacity"),
    "direction": ("产品或需求", "供需类别"),
    "tier": ("环节", "链位", "位置"),
    "chain": ("所属产业链", "industry chain"),
    "lead": ("牵头机构", "leading organisation"),
    "figures": ("数据", "data"),
    "illustrative": ("是否示例", "example"),
    "source_name": ("数据来源", "source"),
    "source_url": ("来源网址", "链接", "source url", "source address"),
    "source_date": ("查阅日期", "采集日期"),
}  # fmt: skip
EXAMPLES: Mapping[str, str] = {
    "code": "ORG-001",
    "city": "松江",
    "fields": "人工智能；新材料",
    "field": "人工智能",
    "keywords": "减速器；精密传动",
    "trl": "6",
    "date": "2026-11-23",
    "amount_min": "50",
    "amount_max": "500",
    "illustrative": "否",
}
AMOUNT = "amount"
_UNLIMITED = ("不限", "全部", "No limit", "any", "Any", "All")
DEFAULTS: Mapping[str, Mapping[str, str]] = {"achievements": {"kind": "paper"}}


def _column(kind: Kind, name: str) -> Column:
    of_model = kind.model._meta.get_field(name)
    choices = tuple(of_model.flatchoices) if isinstance(of_model, CharField) and of_model.choices else ()
    return Column(
        name,
        of_model.verbose_name,
        ALIASES.get(name, ()),
        # The code is asked for row by row: a table without codes gets them from its titles.
        kind.columns[name].required,
        str(choices[0][1]) if choices else EXAMPLES.get(name, ""),
        choices,
    )


def _bearers(kind: Kind, _actor: Any, titles: Sequence[str]) -> dict[str, list[tuple[int, str | None]]]:
    found: dict[str, list[tuple[int, str | None]]] = {}
    for part in chunks(titles):
        rows = kind.model.everything.filter(**{f"{kind.title}__in": part})
        for title, pk, code in rows.values_list(kind.title, "pk", "code"):
            found.setdefault(title, []).append((pk, code))
    return found


def _upsert(kind: Kind, actor: Any, rows: Sequence[Values], *, dry_run: bool, publish: bool) -> Summary:  # noqa: ARG001
    coded = [place for place, values in enumerate(rows, 1) if RECORD not in values]
    summary = upsert_many(
        actor, kind.name, [rows[place - 1] for place in coded], dry_run=dry_run, checked=not dry_run
    )
    for refusal in summary.refusals:
        refusal.row = coded[(refusal.row or 1) - 1]
    lookups = Lookups()
    for place, values in enumerate(rows, 1):
        if RECORD not in values:
            continue
        record = kind.model.everything.get(pk=values[RECORD])
        said = {name: value for name, value in values.items() if name != RECORD}
        try:
            draft = prepare(actor, kind, said, lookups, existing=record)
            if taken := refuse_taken([draft]):
                raise taken[0]
        except Refused as refusal:
            if not dry_run:
                raise
            refusal.row = place
            summary.refused += 1
            summary.refusals.append(refusal)
            continue
        if not dry_run:
            write(actor, [draft])
        summary.count("changed" if draft.changes else "unchanged")
    return summary


def _open_ended(values: Values) -> list[str]:
    """Read the lists' word for no limit (不限), and an amount from–to, of a fund or voucher."""
    for name in ("cities", "fields"):
        if str(values.get(name) or "").strip() in _UNLIMITED:
            values.update({name: ""} if name in values else {})
    split_range(values, AMOUNT)
    return []


_COMPLETE = {"achievements": complete_achievement, "finance": _open_ended}
_EXTRA = {"finance": (Column(AMOUNT, gettext_lazy("金额"), ("金额（万元）", "额度")),)}


def _import_kind(kind: Kind) -> ImportKind:
    return ImportKind(
        slug=kind.name,
        label=kind.label,
        columns=(*(_column(kind, name) for name in kind.columns), *_EXTRA.get(kind.name, ())),
        upsert=partial(_upsert, kind),
        permission=kind.add_permission,
        title=kind.title,
        bearers=partial(_bearers, kind),
        owner=kind.owner,
        listing=f"{kind.model.page}_list",
        defaults=DEFAULTS.get(kind.name, {}),
        complete=_COMPLETE.get(kind.name, leave),
    )


def register() -> None:
    """Register the registry's kinds, once."""
    for kind in KINDS.values():
        register_kind(_import_kind(kind))
