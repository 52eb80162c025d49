"""Consortium suggestion (跨城联合体建议): the fewest organisations that cover the parts of a problem."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from langqiao.apps.challenges.matching import store
from langqiao.apps.challenges.matching.documents import public_text
from langqiao.apps.challenges.matching.rows import Evidence, city_of, organisation_of, records_of, url_of
from langqiao.apps.challenges.models import Challenge
from langqiao.apps.ledger.domain import identifier
from langqiao.apps.registry.geography import distance_km
from langqiao.apps.registry.models import City, Organisation
from langqiao.engines.matching.consortium import suggest
from langqiao.engines.matching.types import Filters, Query
from langqiao.kit.permissions import allowed
from langqiao.kit.words import named

# What shows that an organisation can do a part: its achievements, laboratories and products.
SHOWING = ("achievement", "laboratory", "facility", "product")
READ = 20


@dataclass(frozen=True, slots=True)
class Cover:
    """One part of the problem that a member covers, and what shows it."""

    part: str
    evidence: Evidence


@dataclass(frozen=True, slots=True)
class Member:
    """One organisation of the consortium."""

    organisation: str
    url: str
    city: City | None
    covers: list[Cover]


@dataclass(frozen=True, slots=True)
class ConsortiumView:
    """The suggestion, and the parts for which nobody was found."""

    members: list[Member]
    uncovered: list[str]


class _Candidates:
    """Organisations found on the way, with the records that show what they can do."""

    def __init__(self, poser: Organisation | None) -> None:
        self.poser = poser
        self.organisations: dict[str, Organisation] = {}
        self.records: dict[str, Any] = {}
        self._known: dict[str, list[tuple[str, float, str]]] = {}

    def search(self, text: str) -> list[tuple[str, float, str]]:
        """(organisation, score, evidence) for one part of the problem; asked twice, searched once."""
        if text not in self._known:
            self._known[text] = self._search(text)
        return self._known[text]

    def _search(self, text: str) -> list[tuple[str, float, str]]:
        hits = store.index().search(Query(text=text), Filters(kinds=SHOWING), limit=READ).hits
        records = records_of(hit.key for hit in hits)
        found: list[tuple[str, float, str]] = []
        for hit in hits:
            organisation = organisation_of(records[hit.key]) if hit.key in records else None
            if organisation is None or organisation == self.poser or not hit.terms:
                continue
            key = identifier(organisation)
            self.organisations[key] = organisation
            self.records[hit.key] = records[hit.key]
            found.append((key, hit.score, hit.key))
        return found


def suggest_consortium(challenge: Challenge, *, viewer: Any) -> ConsortiumView:
    """Suggest who could answer together; sealed details help only those who may read them."""
    text = public_text(challenge)
    if challenge.details and allowed(viewer, "challenges.read_details", challenge):
        text = challenge.details
    candidates = _Candidates(challenge.organisation)
    least = store.clear_score(store.index().count)
    first = suggest(text, candidates.search, title=challenge.title, threshold=least)
    if not first.members:
        return ConsortiumView([], [part.text for part in first.parts])
    # Cities and distances are known only after the search; ties between equal sets need them.
    cities = {key: city.slug for key, org in candidates.organisations.items() if (city := city_of(org))}
    distances = {
        key: distance_km(challenge.city, city)
        for key, org in candidates.organisations.items()
        if challenge.city is not None and (city := city_of(org))
    }
    found = suggest(
        text,
        candidates.search,
        title=challenge.title,
        threshold=least,
        cities=cities,
        distances=distances,
    )
    parts = {part.number: part.text for part in found.parts}
    members = [
        Member(
            organisation=named(candidates.organisations[member.organisation]),
            url=url_of(candidates.organisations[member.organisation]),
            city=city_of(candidates.organisations[member.organisation]),
            covers=[
                Cover(parts[cover.part], _evidence(candidates.records[cover.evidence[0]]))
                for cover in member.covers
            ],
        )
        for member in found.members
    ]
    return ConsortiumView(members, [parts[gap.part] for gap in found.gaps])


def _evidence(record: Any) -> Evidence:
    return Evidence(str(record), url_of(record))
