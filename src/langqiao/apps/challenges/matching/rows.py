"""What a page, the API and the terminal show of a match: rows with their reasons and evidence."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from langqiao.apps.challenges.matching.documents import SOURCES
from langqiao.apps.registry.geography import distance_km
from langqiao.apps.registry.models import (
    Achievement,
    City,
    Facility,
    Finance,
    Organisation,
    Person,
    Product,
    Stage,
)
from langqiao.engines.matching.types import Hit, Parts
from langqiao.kit.words import listed, named

PART_LABELS = {"words": _("用词"), "meaning": _("语义"), "place": _("地点"), "stage": _("阶段")}
PAGES = {
    "registry.achievement": "achievement_detail",
    "registry.organisation": "organisation_detail",
    "registry.person": "person_detail",
    "registry.facility": "facility_detail",
    "registry.finance": "finance_detail",
    "registry.programme": "programme_detail",
    "challenges.challenge": "challenge_detail",
}
# Kinds without a page of their own are shown in their list.
LISTS = {
    "registry.talentdemand": "talent_list",
    "registry.training": "training_list",
}
TERMS_IN_A_REASON = 4
EVIDENCE_SHOWN = 3
# What finance fits is said by its fields; nothing else needs more than its row.
_PARTS = {"registry.finance": ("fields",)}
# What a row shows of other tables, read in the same query.
_SHOWN = ("organisation__city", "owner__city", "city", "lead")
_JOINS = {
    label: tuple(
        name
        for name in _SHOWN
        if name.partition("__")[0] in {field.name for field in source.model._meta.get_fields()}
    )
    for label, source in SOURCES.items()
}


@dataclass(frozen=True, slots=True)
class BarPart:
    """One part of a score: its share of the bar in percent."""

    name: str
    label: str
    percent: float
    value: float


@dataclass(frozen=True, slots=True)
class Evidence:
    """What a row rests on, one click away."""

    title: str
    url: str


@dataclass(frozen=True, slots=True)
class Row:
    """One partner found (匹配结果): who, where, how well, why, and the evidence."""

    key: str
    kind: str
    kind_label: str
    title: str
    url: str
    organisation: str
    city: City | None
    distance_km: float | None
    score: float
    bar: list[BarPart]
    why: str
    terms: list[str]
    evidence: list[Evidence] = field(default_factory=list)
    illustrative: bool = False
    snippet: str = ""


def url_of(record: Any) -> str:
    """The page on which a record is shown."""
    label = record._meta.label_lower
    if label == "registry.product":
        return reverse("organisation_detail", args=[record.organisation_id])
    if label in PAGES:
        return reverse(PAGES[label], args=[record.pk])
    return f"{reverse(LISTS[label])}?q={record}"


def records_of(keys: Iterable[str]) -> dict[str, Any]:
    """The records behind index keys; one query a model, whatever was deleted meanwhile left out."""
    wanted: dict[str, list[int]] = {}
    for key in keys:
        label, _sep, pk = key.partition(":")
        wanted.setdefault(label, []).append(int(pk))
    found: dict[str, Any] = {}
    for label, ids in wanted.items():
        source = SOURCES[label]
        rows = source.rows().prefetch_related(*_PARTS.get(label, ()))
        for record in rows.select_related(*_JOINS[label]).filter(pk__in=ids):
            found[f"{label}:{record.pk}"] = record
    return found


def organisation_of(record: Any) -> Organisation | None:
    """The organisation a record belongs to; an organisation belongs to itself."""
    if isinstance(record, Organisation):
        return record
    for name in ("owner", "organisation", "lead"):
        if getattr(record, f"{name}_id", None):
            found: Organisation = getattr(record, name)
            return found
    return None


def city_of(record: Any) -> City | None:
    """Where a record is: its own city, else its organisation's."""
    if getattr(record, "city_id", None):
        city: City = record.city
        return city
    organisation = organisation_of(record)
    return organisation.city if organisation is not None and organisation.city_id else None


def bar_of(parts: Parts) -> list[BarPart]:
    """The stacked bar: each positive part as a share of their sum."""
    values = {name: max(getattr(parts, name), 0.0) for name in PART_LABELS}
    whole = sum(values.values()) or 1.0
    return [
        BarPart(name, str(label), round(100 * values[name] / whole, 1), round(values[name], 3))
        for name, label in PART_LABELS.items()
        if values[name] > 0
    ]


def row_of(hit: Hit, record: Any, *, home: City | None, role: str = "", proof: str = "") -> Row:
    """Turn a hit and its record into a row.

    Args:
        home: the city from which distance is measured, if any.
        role: what the record is to the challenge (such as 上游供应), said first in the reason.
        proof: what speaks for it (such as 3 项成果为证), said last.
    """
    city = city_of(record)
    organisation = organisation_of(record)
    terms = _telling(hit)
    shown, evidence = record, []
    if isinstance(record, Product):
        shown = record.organisation
        evidence = [Evidence(str(record), url_of(record))]
    elif getattr(record, "source_url", ""):
        evidence = [Evidence(record.source_name or gettext("来源"), record.source_url)]
    return Row(
        key=hit.key,
        kind=hit.kind,
        kind_label=kind_label(record),
        title=named(shown),
        url=url_of(record),
        organisation="" if organisation is None or organisation == shown else named(organisation),
        city=city,
        distance_km=distance_km(home, city) if home is not None and city is not None else None,
        score=round(hit.score, 3),
        bar=bar_of(hit.parts),
        why=_join([role, *reasons(record, terms), proof]),
        terms=terms,
        evidence=evidence,
        illustrative=record.illustrative,
        snippet=_snippet(record),
    )


def _telling(hit: Hit) -> list[str]:
    """The shared words that carry weight; 小于 and 公司 are shared by everything and explain nothing."""
    if not hit.terms:
        return []
    strongest = max(term.weight for term in hit.terms)
    return [term.text for term in hit.terms if term.weight >= strongest / 5]


def rows_of(hits: Sequence[Hit], *, home: City | None) -> list[Row]:
    """Rows for hits in order, with one query a model."""
    records = records_of(hit.key for hit in hits)
    return [row_of(hit, records[hit.key], home=home) for hit in hits if hit.key in records]


def kind_label(record: Any) -> str:
    """The official term for what a record is."""
    if hasattr(record, "get_kind_display"):
        return str(record.get_kind_display())
    if hasattr(record, "get_direction_display"):
        return str(record.get_direction_display())
    return str(record._meta.verbose_name)


def _snippet(record: Any) -> str:
    for name in ("abstract", "summary", "description", "bio"):
        if text := getattr(record, name, ""):
            return text if len(text) <= 160 else text[:159] + "…"
    return ""


def _join(parts: Iterable[str]) -> str:
    return gettext("；").join(part for part in parts if part)


def reasons(record: Any, terms: Sequence[str]) -> list[str]:
    """One line of why, in parts: shared words, then facts that make the record usable."""
    told: list[str] = []
    if isinstance(record, Finance):
        # Its city, field and stage decided; the few words it shares with a technical problem are chance.
        return _facts(record)
    if terms:
        words = gettext("、").join(terms[:TERMS_IN_A_REASON])
        told.append(gettext("共同提到：%(words)s") % {"words": words})
    else:
        told.append(gettext("用词不同，语义相近"))
    told.extend(_facts(record))
    return told


def _facts(record: Any) -> list[str]:
    if isinstance(record, Achievement):
        return _achievement_facts(record)
    if isinstance(record, Finance):
        return _finance_facts(record)
    if isinstance(record, Product):
        facts = [record.name, record.get_tier_display()]
        return [fact for fact in facts if fact]
    if isinstance(record, Facility) and record.open_to:
        return [gettext("开放范围：%(scope)s") % {"scope": record.open_to}]
    if isinstance(record, Person) and record.expertise:
        return [gettext("专长：%(fields)s") % {"fields": gettext("、").join(record.expertise[:3])}]
    return []


def _achievement_facts(record: Achievement) -> list[str]:
    facts = []
    if record.trl:
        facts.append(gettext("技术就绪度 TRL %(trl)d") % {"trl": record.trl})
    if record.licence:
        facts.append(str(record.get_licence_display()))
    return facts


def _finance_facts(record: Finance) -> list[str]:
    facts = []
    if fields := [named(field) for field in record.fields.all()]:
        facts.append(gettext("支持领域：%(fields)s") % {"fields": listed(fields)})
    stages = [str(Stage(stage).label) for stage in record.stages if stage in Stage.values]
    if stages:
        facts.append(gettext("支持阶段：%(stages)s") % {"stages": gettext("、").join(stages)})
    if record.amount_max is not None:
        low, high = record.amount_min or 0, record.amount_max
        facts.append(gettext("%(low)s–%(high)s 万元") % {"low": f"{low:,.0f}", "high": f"{high:,.0f}"})
    return facts


def evidence_reason(number: int) -> str:
    """How many achievements speak for a person or an organisation."""
    return ngettext("%(n)d 项成果为证", "%(n)d 项成果为证", number) % {"n": number}
