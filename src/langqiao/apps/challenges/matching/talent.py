"""The talent panel (人才): people ranked by their achievements."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from django.db.models import Count, Prefetch, Q

from langqiao.apps.challenges.matching.rows import (
    EVIDENCE_SHOWN,
    Evidence,
    Row,
    evidence_reason,
    row_of,
    url_of,
)
from langqiao.apps.ledger.domain import identifier
from langqiao.apps.registry.models import Achievement, City, Person
from langqiao.engines.matching.experts import RankedExpert, rank_by_hits
from langqiao.engines.matching.types import Hit, Parts, Result, Term


def experts(
    people: Result,
    evidence: Result,
    *,
    home: City | None,
    limit: int,
    cities: Sequence[str],
    fields: Sequence[str],
) -> list[Row]:
    """Experts by what they have done: their achievements among the hits, and their own description.

    Args:
        people: hits among the experts' descriptions.
        evidence: hits among all achievements.
        cities: the user's filter on the experts' cities, empty for all; ``fields`` alike.
    """
    hits = {hit.key: hit for hit in [*people.hits, *evidence.hits]}
    candidates = _candidates(people, evidence, cities, fields)
    ranked = rank_by_hits(
        {
            key: [(work, hits[work].score) for work in [key, *map(identifier, person.shown)] if work in hits]
            for key, person in candidates.items()
        },
        works={key: person.works + 1 for key, person in candidates.items()},
        limit=limit,
    )
    return [_person_row(candidates[expert.key], expert, hits, home) for expert in ranked]


def _candidates(
    people: Result, evidence: Result, cities: Sequence[str], fields: Sequence[str]
) -> dict[str, Any]:
    """People found by their description or their achievements, those achievements as ``shown``."""
    works = [int(hit.key.partition(":")[2]) for hit in evidence.hits]
    described = [int(hit.key.partition(":")[2]) for hit in people.hits]
    found = Person.objects.filter(Q(achievements__in=works) | Q(pk__in=described))
    if cities:
        found = found.filter(city__in=cities)
    if fields:
        found = found.filter(fields__in=fields)
    shown = Prefetch("achievements", queryset=Achievement.objects.filter(pk__in=works), to_attr="shown")
    counted = (
        Person.objects.filter(pk__in=found.values("pk"))
        .annotate(works=Count("achievements"))
        .select_related("organisation__city", "city")
        .prefetch_related(shown)
    )
    return {identifier(person): person for person in counted}


def _person_row(person: Any, expert: RankedExpert, hits: Mapping[str, Hit], home: City | None) -> Row:
    shown = {identifier(work): work for work in person.shown}
    proof = [item.key for item in expert.evidence if item.key in shown]
    hit = Hit(
        key=expert.key,
        kind="expert",
        score=expert.score,
        parts=_mixed(expert, hits),
        terms=_shared_terms(expert, hits),
    )
    number = expert.relevant - (expert.key in hits)
    row = row_of(hit, person, home=home, proof=evidence_reason(number) if number > 0 else "")
    evidence = [Evidence(str(shown[key]), url_of(shown[key])) for key in proof[:EVIDENCE_SHOWN]]
    return replace(row, evidence=evidence)


def _mixed(expert: RankedExpert, hits: Mapping[str, Hit]) -> Parts:
    """The parts of a person's score: those of the evidence, each by its share, scaled to the score."""
    sums = dict.fromkeys(("words", "meaning", "place", "stage"), 0.0)
    for item in expert.evidence:
        hit = hits[item.key]
        for name in sums:
            sums[name] += item.share * max(getattr(hit.parts, name), 0.0) / max(hit.score, 1e-9)
    whole = sum(sums.values()) or 1.0
    return Parts(**{name: expert.score * value / whole for name, value in sums.items()})


def _shared_terms(expert: RankedExpert, hits: Mapping[str, Hit]) -> tuple[Term, ...]:
    best: dict[str, Term] = {}
    for item in expert.evidence:
        for term in hits[item.key].terms:
            weight = item.share * term.weight
            if term.text not in best or weight > best[term.text].weight:
                best[term.text] = Term(term.text, weight)
    return tuple(sorted(best.values(), key=lambda term: -term.weight))
