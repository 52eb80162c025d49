"""一题四配: one challenge, four panels of partners (technology, industry, finance, talent)."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from langqiao.apps.challenges.matching import store
from langqiao.apps.challenges.matching.chain import chain_hits
from langqiao.apps.challenges.matching.documents import public_text, script_of
from langqiao.apps.challenges.matching.rows import (
    EVIDENCE_SHOWN,
    Evidence,
    Row,
    organisation_of,
    records_of,
    row_of,
    rows_of,
    url_of,
)
from langqiao.apps.challenges.matching.talent import experts
from langqiao.apps.challenges.models import Challenge
from langqiao.apps.registry.geography import nearness
from langqiao.apps.registry.models import City, Organisation, Product, Stage
from langqiao.engines.matching.consortium import split_problem
from langqiao.engines.matching.types import Filters, Hit, Query, Result
from langqiao.kit.permissions import allowed

TITLES = {
    "technology": _("技术：成果与实验室"),
    "industry": _("产业：上下游企业与联盟"),
    "finance": _("金融：基金与创新券"),
    "talent": _("人才：专家"),
}
EMPTY = {
    "technology": _("没有符合条件的成果或实验室。请放宽筛选条件，或在名录中登记成果。"),
    "industry": _("没有符合条件的企业。请放宽筛选条件，或在名录中登记产品与配套需求。"),
    "finance": _("没有符合该城市、领域和阶段的金融产品。请放宽筛选条件，或补充所处阶段。"),
    "talent": _("没有符合条件的专家。请放宽筛选条件，或在名录中登记专家及其成果。"),
}
TECHNOLOGY = ("achievement", "laboratory", "facility")
INDUSTRY = ("product", "need", "enterprise", "alliance")
# So many hits are read to make groups (firms, people) of them.
READ_FOR_GROUPS = 30
PARTS_AT_MOST = 60
# Records in the other language: so many at most, from this score of the sentence model on (records of
# both languages are its measure, and those of the query's own language stand higher).
FOREIGN_SHOWN = 2
FOREIGN = 1.5
# Below so many standard deviations above a random record, shared words are chance; finance is
# exempt: there the filters decide and the words only order.
CHANCE = 2.0
# With fewer records a score says little: it is measured against the other records.
FEW = 200
# Beside a clear match, what scores less than this share of it is another subject.
SHARE_OF_BEST = 0.25


@dataclass(frozen=True, slots=True)
class Narrow:
    """Filters the user sets on the panels; empty means no limit."""

    cities: tuple[str, ...] = ()
    fields: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()
    licences: tuple[str, ...] = ()
    trl_min: int | None = None
    trl_max: int | None = None
    year_min: int | None = None
    year_max: int | None = None

    def everywhere(self) -> Filters:
        """The part of the filters that every kind of record has."""
        return Filters(cities=self.cities, fields=self.fields)

    def technology(self) -> Filters:
        """The filters for achievements; records without a TRL, year or licence fail a limit on it."""
        kinds = tuple(kind for kind in TECHNOLOGY if not self.kinds or kind in self.kinds)
        return Filters(
            kinds=kinds or TECHNOLOGY,
            cities=self.cities,
            fields=self.fields,
            licences=self.licences,
            trl_min=self.trl_min,
            trl_max=self.trl_max,
            year_min=self.year_min,
            year_max=self.year_max,
        )


@dataclass(slots=True)
class Panel:
    """One of the four panels."""

    slug: str
    title: str
    rows: list[Row]
    total: int
    empty: str
    related: list[Row] = field(default_factory=list)


@dataclass(slots=True)
class Matches:
    """The four panels of a problem, and how long the search took."""

    panels: list[Panel]
    milliseconds: float
    ready: bool
    field: str = ""

    def panel(self, slug: str) -> Panel:
        """The panel of that name."""
        return next(panel for panel in self.panels if panel.slug == slug)


def match_challenge(
    challenge: Challenge, *, viewer: Any, narrow: Narrow | None = None, limit: int = 5
) -> Matches:
    """Match a challenge; sealed details help only those who may read them."""
    text = public_text(challenge)
    if challenge.details and allowed(viewer, "challenges.read_details", challenge):
        text = f"{challenge.summary}\n{challenge.details}"
    return match_text(
        "\n".join([text, *challenge.keywords]),
        title=challenge.title,
        city=challenge.city_id or "",
        stage=challenge.stage,
        field=challenge.field_id or "",
        narrow=narrow,
        limit=limit,
        poser=challenge.organisation,
    )


def match_text(
    text: str,
    *,
    title: str = "",
    city: str = "",
    stage: str = "",
    field: str = "",
    narrow: Narrow | None = None,
    limit: int = 5,
    poser: Organisation | None = None,
) -> Matches:
    """Match a problem in plain words with four kinds of partners.

    Args:
        text: the problem, Chinese or English, from a line to several pages.
        title: its title, when it has one.
        city: slug of the firm's city; nearer partners rank a little higher.
        stage: how far the firm is; fitting readiness ranks a little higher, finance must fit it.
        field: slug of the industry; when empty, the field most of the best achievements share
            decides which finance fits.
        narrow: the user's filters.
        limit: rows a panel.
        poser: the posing firm, left out of the results.
    """
    narrow = narrow or Narrow()
    begun = time.perf_counter()
    home = City.objects.filter(slug=city).first() if city else None
    query = Query(
        text=technical_text(text, title), title=title, place=_nearness(home), stage=_stage_fit(stage)
    )
    index = store.index()
    found = index.search_panels(
        query,
        {
            "technology": narrow.technology(),
            "industry": replace(narrow.everywhere(), kinds=INDUSTRY),
            "people": replace(narrow.everywhere(), kinds=("expert",)),
            "evidence": Filters(kinds=("achievement",)),
        },
        limit=max(READ_FOR_GROUPS, limit),
        related={"technology": 2 * limit},
    )
    foreign = _other_language(query, narrow, limit)
    found["evidence"] = replace(found["evidence"], hits=found["evidence"].hits + foreign)
    field = field or _common_field(found["evidence"])
    finance = index.search_panels(query, _finance_filters(narrow, city, field, stage), limit=limit)
    people = experts(
        found["people"],
        found["evidence"],
        home=home,
        limit=limit,
        cities=narrow.cities,
        fields=narrow.fields,
    )
    panels = [
        _technology(found["technology"], foreign, home, limit),
        _industry(found["industry"], home, limit, poser, chain_hits(poser, narrow) if poser else []),
        _finance(finance, home, limit),
        _panel("talent", people, found["people"].total),
    ]
    milliseconds = 1000 * (time.perf_counter() - begun)
    return Matches(panels, round(milliseconds, 1), ready=store.reached() > 0, field=field)


def technical_text(text: str, title: str = "") -> str:
    """The technical parts of a requirement; what it says of the firm, its staff and turnover is left out.

    Real requirements spend half their words on the firm itself, and those words find management papers.
    """
    parts = split_problem(text, title=title, limit=PARTS_AT_MOST)
    return "\n".join(part.text for part in parts) or text


def _panel(slug: str, rows: list[Row], total: int, related: list[Row] | None = None) -> Panel:
    return Panel(slug, str(TITLES[slug]), rows, total, str(EMPTY[slug]), related or [])


def _nearness(home: City | None) -> Mapping[str, float]:
    if home is None:
        return {}
    return {city.slug: nearness(home, city) for city in City.objects.all()}


def _stage_fit(stage: str) -> Mapping[str, float]:
    """How well readiness fits a firm at ``stage``: its own stage best, a neighbour half as well."""
    order = list(Stage.values)
    if stage not in order:
        return {}
    place = order.index(stage)
    return {other: 1.0 / (1 + abs(place - position)) for position, other in enumerate(order)}


def _common_field(evidence: Result) -> str:
    """The field that most of the ten best achievements share, weighed by their scores."""
    hits = evidence.hits[:10]
    votes: dict[str, float] = {}
    records = records_of(hit.key for hit in hits)
    for hit in hits:
        record = records.get(hit.key)
        if record is not None and record.field_id:
            votes[record.field_id] = votes.get(record.field_id, 0.0) + max(hit.score, 0.0)
    return max(votes, key=lambda field: votes[field], default="")


def _finance_filters(narrow: Narrow, city: str, field: str, stage: str) -> dict[str, Filters]:
    """Finance must serve the firm's city and field; its stage at best, else the stage before or after."""
    served = Filters(
        kinds=("finance",),
        cities=narrow.cities or ((city,) if city else ()),
        fields=narrow.fields or ((field,) if field else ()),
    )
    if stage not in Stage.values:
        return {"fitting": served}
    order = list(Stage.values)
    place = order.index(stage)
    beside = tuple(order[n] for n in (place - 1, place + 1) if 0 <= n < len(order))
    return {"fitting": replace(served, stages=(stage,)), "beside": replace(served, stages=beside)}


def _finance(found: Mapping[str, Result], home: City | None, limit: int) -> Panel:
    fitting = list(found["fitting"].hits)
    known = {hit.key for hit in fitting}
    beside = [hit for hit in found["beside"].hits if hit.key not in known] if "beside" in found else []
    hits = (fitting + beside)[:limit]
    records = records_of(hit.key for hit in hits)
    rows = [
        row_of(hit, records[hit.key], home=home, role="" if hit.key in known else gettext("适用阶段相邻"))
        for hit in hits
        if hit.key in records
    ]
    return _panel("finance", rows, found["fitting"].total)


def _worthwhile(hits: Sequence[Hit]) -> list[Hit]:
    """The hits that are no chance; among few records every shared word counts."""
    if store.index().count < FEW:
        return [hit for hit in hits if hit.terms]
    least = max(CHANCE, SHARE_OF_BEST * hits[0].score) if hits else CHANCE
    return [hit for hit in hits if hit.score >= least]


def _other_language(query: Query, narrow: Narrow, limit: int) -> tuple[Hit, ...]:
    """Achievements in the other language (中英互查), by a sentence model where one is configured."""
    index = store.across()
    if index is None or (narrow.kinds and "achievement" not in narrow.kinds):
        return ()
    script = "latin" if script_of(query.text) == "cjk" else "cjk"
    filters = replace(narrow.technology(), kinds=("achievement",), tags=(f"script:{script}",))
    found = index.search(query, filters, limit=min(FOREIGN_SHOWN, limit)).hits
    return tuple(hit for hit in found if hit.score >= FOREIGN)


def _technology(result: Result, foreign: Sequence[Hit], home: City | None, limit: int) -> Panel:
    known = {hit.key for hit in foreign}
    hits = [hit for hit in _worthwhile(result.hits) if hit.key not in known][: limit - len(foreign)]
    hits += foreign
    shown = {hit.key for hit in hits}
    related = [hit for hit in result.related if hit.key not in shown][:limit]
    rows = rows_of([*hits, *related], home=home)
    first = [row for row in rows if row.key in shown]
    return _panel("technology", first, result.total, rows[len(first) :])


def _industry(
    result: Result,
    home: City | None,
    limit: int,
    poser: Organisation | None,
    chain: Sequence[tuple[Hit, str]],
) -> Panel:
    """Firms by their best product, need or description, then the posing firm's own chain; alliances too."""
    hits = [(hit, "") for hit in _worthwhile(result.hits)] + list(chain)
    records = records_of(hit.key for hit, _role in hits)
    rows: dict[str, Row] = {}
    for hit, role in hits:
        record = records.get(hit.key)
        if record is None:
            continue
        firm = organisation_of(record) if hit.kind != "alliance" else None
        if firm is not None and firm == poser:
            continue
        group = f"firm:{firm.pk}" if firm is not None else hit.key
        if group in rows:
            _add_evidence(rows[group], record)
        elif len(rows) < limit:
            rows[group] = row_of(hit, record, home=home, role=role or _part_in_chain(record))
    return _panel("industry", list(rows.values()), result.total)


def _add_evidence(row: Row, record: Any) -> None:
    item = Evidence(str(record), url_of(record))
    if len(row.evidence) < EVIDENCE_SHOWN and item not in row.evidence:
        row.evidence.append(item)


def _part_in_chain(record: Any) -> str:
    if isinstance(record, Product):
        if record.direction == Product.Direction.PRODUCT:
            return gettext("可供货（上游）")
        return gettext("有此需求（下游）")
    return ""
