"""Claims (走廊占全国的比重) recomputed from the store and the shipped figures."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from importlib.resources import files
from typing import Any

from django.db import connection
from django.utils.translation import gettext as _

from langqiao.apps.insight.domain.cleaning import clean_period
from langqiao.apps.insight.domain.loading import shipped_indicators, shipped_rows
from langqiao.apps.insight.models import Value
from langqiao.apps.insight.models.indicators import CORRIDOR, NATION
from langqiao.apps.insight.queries.indicators import live_values
from langqiao.apps.registry.corridor import read_corridor
from langqiao.apps.registry.models import City
from langqiao.engines.regional.claims import (
    Basis,
    Claim,
    Figure,
    Finding,
    Part,
    Review,
    Source,
    Stated,
    Verdict,
    recompute,
)
from langqiao.kit.words import is_english


@dataclass(frozen=True, slots=True)
class ClaimWords:
    """A claim with its title in two languages."""

    claim: Claim
    title: str
    title_en: str

    @property
    def name(self) -> str:
        """The title in the reader's language."""
        return self.title_en if is_english() else self.title


_seen_tables: set[str] = set()


@lru_cache(maxsize=1)
def claims() -> tuple[ClaimWords, ...]:
    """The claims that are shipped (data/claims.toml)."""
    table = tomllib.loads((files("langqiao.apps.insight") / "data" / "claims.toml").read_text("utf-8"))
    pages = {key: _page(page) for key, page in table.pop("sources").items()}
    return tuple(
        ClaimWords(_claim(key, words, pages), words["title"], words["title_en"])
        for key, words in table.items()
    )


def findings(figures: Sequence[Figure] | None = None) -> list[tuple[ClaimWords, Finding]]:
    """Every claim recomputed now; what people have imported counts."""
    known, members = known_figures() if figures is None else figures, city_slugs()
    return [(words, recompute(words.claim, known, members)) for words in claims()]


def city_slugs() -> tuple[str, ...]:
    """The cities that make up the corridor; from its file where no database is there yet."""
    if _has_tables(City):
        found = tuple(City.objects.values_list("slug", flat=True))
        if found:
            return found
    return tuple(city.slug for city in read_corridor().cities)


def known_figures() -> list[Figure]:
    """The store's figures of the claims' indicators, and the shipped ones it does not hold."""
    wanted = {words.claim.indicator for words in claims()}
    units = {slug: words["unit"] for slug, words in shipped_indicators().items()}
    found = [_shipped(row, units) for _line, row in shipped_rows() if row["indicator"] in wanted]
    if _has_tables(Value):
        stored = live_values().filter(
            indicator__in=wanted, scope_kind__in=("city", "corridor", "nation"), illustrative=False
        )
        known = {_key(figure) for figure in found}
        withdrawn = set(
            Value.objects.filter(indicator__in=wanted)
            .exclude(withdrawn_at=None)
            .values_list("indicator_id", "scope", "period", "vintage", "source_name")
        )
        found = [figure for figure in found if _key(figure) not in withdrawn]
        found += [figure for figure in map(_stored, stored) if _key(figure) not in known]
    return found


def totals(claim: Claim, figures: Sequence[Figure]) -> list[Figure]:
    """The corridor's own totals of a claim's indicator, whatever their period, newest first."""
    found = [figure for figure in figures if (figure.indicator, figure.scope) == (claim.indicator, CORRIDOR)]
    return sorted(found, key=lambda figure: figure.period, reverse=True)


def as_json(words: ClaimWords, finding: Finding) -> dict[str, Any]:
    """A finding as plain values, for the API and the command line."""
    limits = finding.range
    return {
        "id": finding.claim.id,
        "title": words.title,
        "title_en": words.title_en,
        "stated": finding.claim.stated,
        "date": finding.claim.date,
        "period": finding.period,
        "unit": finding.unit,
        "numerator": _number(finding.numerator),
        "denominator": _number(finding.denominator),
        "recomputed": finding.recomputed,
        "verdict": str(finding.verdict),
        "detail": finding.detail,
        "basis": str(finding.basis),
        "at_least": finding.at_least,
        "numerator_from": str(finding.numerator_from),
        "denominator_from": str(finding.denominator_from),
        "missing": list(finding.missing),
        "range": None
        if limits is None
        else {
            "known": _number(limits.known),
            "at_least": limits.at_least,
            "missing_low": _number(limits.low),
            "missing_high": _number(limits.high),
        },
        "figures": [
            {
                "scope": figure.scope,
                "period": figure.period,
                "value": _number(figure.value),
                "unit": figure.unit,
                "vintage": figure.vintage,
                "source": _source(figure.source),
            }
            for figure in finding.used
        ],
        "series": [[one.when, one.share] for one in finding.claim.series],
        "series_sources": [_source(one.source) for one in finding.claim.series],
        "sources": [_source(source) for source in finding.sources],
    }


def verdict_words(finding: Finding) -> str:
    """The verdict in a few words."""
    details = {
        "rounding": _("四舍五入后可复算"),
        "consistent": _("大致相符"),
        "smaller": _("不能复算：份额小于所称"),
        "base_year": _("仅能复算基年"),
        "incomplete": _("可信，但数据不全"),
        "no_data": _("没有数据，未复算"),
    }
    if finding.detail in details:
        return details[finding.detail]
    return {
        Verdict.REPRODUCED: _("可复算"),
        Verdict.NOT_REPRODUCED: _("不能复算"),
        Verdict.UNKNOWN: _("无从判断"),
    }[finding.verdict]


def basis_words(finding: Finding, cities: str) -> str:
    """What the verdict rests on, in a sentence or two; ``cities`` names those whose figures are there."""
    if finding.basis is Basis.REVIEW:
        space = " " if is_english() else ""
        return f"{_numerator_words(finding)}{space}{_denominator_words(finding)}"
    return {
        Basis.CITIES: _("依据各城市数值之和。"),
        Basis.CORRIDOR: _("依据走廊公布的合计。"),
        Basis.PARTIAL: _(
            "依据指标库中已有数值的城市（%(cities)s）之和与全国数；其余城市未计入，复算所得为份额的下限。"
        )
        % {"cities": cities},
        Basis.NONE: _("没有可用的数据。"),
    }[finding.basis]


def share_words(finding: Finding) -> str:
    """The recomputed share, marked where it is a lower bound."""
    return f"≥ {finding.recomputed}" if finding.at_least else finding.recomputed


def stated_words(one: Stated) -> str:
    """A share as it was stated; ``~1/7`` as a reader says it."""
    return _("约 %(share)s") % {"share": one.share[1:]} if one.share.startswith("~") else one.share


def known_cities(finding: Finding) -> list[str]:
    """The cities whose figures went in."""
    return [figure.scope for figure in finding.used if figure.scope not in (CORRIDOR, NATION)]


def _numerator_words(finding: Finding) -> str:
    if finding.numerator_from is Part.CORRIDOR:
        return _("分子是走廊公布的合计（%(period)s），见下表。") % {"period": finding.period}
    if finding.numerator_from is Part.UNPROVEN:
        return _("分子是项目复核的合计，其中有未核实的数值，不作为数据发布。")
    return _("分子是项目复核的合计，未列入指标库。")


def _denominator_words(finding: Finding) -> str:
    return {
        Part.NATION: _("分母是指标库中的全国数。"),
        Part.ABOUT: _("分母是约数。"),
    }.get(finding.denominator_from) or _("分母是项目复核所用的全国数，未列入指标库。")


def _claim(key: str, words: Mapping[str, Any], pages: Mapping[str, Source]) -> Claim:
    review = words.get("review")
    made = None
    if review is not None:
        sources = (Source(review["source"]), *(_page(page) for page in review.get("pages", ())))
        made = Review(
            Decimal(review["numerator"]),
            Decimal(review["denominator"]),
            review["period"],
            Verdict(review["verdict"]),
            review["detail"],
            sources,
            review.get("unproven", False),
            review.get("about", False),
        )
    vintages = tuple(words.get("vintages", ("final", "preliminary", "unstated")))
    series = tuple(Stated(when, share, pages[page]) for when, share, page in words["series"])
    return Claim(
        key, words["indicator"], words["stated"], words["date"], words["period"], pages[words["source"]],
        vintages, shipped_indicators()[words["indicator"]]["unit"], made, series,
    )  # fmt: skip


def _page(page: Mapping[str, str]) -> Source:
    return Source(page["text"], page.get("address", ""), page.get("read", ""))


def _shipped(row: Mapping[str, str], units: Mapping[str, str]) -> Figure:
    return Figure(
        row["indicator"],
        row["scope"],
        clean_period(row["period"]),
        Decimal(row["value"]),
        units[row["indicator"]],
        row["vintage"],
        Source(row["source_name"], row["source_url"], row["source_date"]),
    )


def _stored(value: Value) -> Figure:
    read = value.source_date.isoformat() if value.source_date else ""
    return Figure(
        str(value.indicator_id),
        value.scope,
        value.period,
        value.value,
        value.unit,
        value.vintage,
        Source(value.source_name, value.source_url, read),
    )


def _key(figure: Figure) -> tuple[str, str, str, str, str]:
    return figure.indicator, figure.scope, figure.period, figure.vintage, figure.source.text


def _has_tables(model: Any) -> bool:
    """Whether the database is there: the command line also answers before it is."""
    name = model._meta.db_table
    if name not in _seen_tables:
        _seen_tables.update(connection.introspection.table_names())
    return name in _seen_tables


def _number(value: Decimal | None) -> int | float | None:
    if value is None:
        return None
    return int(value) if value == value.to_integral_value() else round(float(value), 6)


def _source(source: Source) -> dict[str, str]:
    return {"text": source.text, "address": source.address, "read": source.read}
