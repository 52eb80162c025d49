"""How well an expert fits an application (契合度): the expert's achievements against what was handed in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from django.db.models import QuerySet
from numpy.typing import NDArray

from langqiao.apps.registry.models import Achievement, Person
from langqiao.apps.verification.domain.filling import fields_of
from langqiao.apps.verification.models import HANDED_IN, Application, Bid, Call, Reviewer
from langqiao.engines.matching.experts import Expert, ExpertRanker, Work, fuse
from langqiao.engines.matching.experts.ranker import TERMS

Floats = NDArray[np.float64]

TEXT_KINDS = ("text", "longtext")
TEXT_AT_MOST = 20_000  # characters of an application that are compared
# A bid moves the affinity by so many standard deviations of the whole: a wish outweighs a small difference
# in evidence, never a large one. 不愿 −1.5, 均可 0, 愿意 +0.5, 正是专长 +1.
BID_WEIGHTS: Mapping[int, float] = {
    Bid.Value.NO: -1.5,
    Bid.Value.NEUTRAL: 0.0,
    Bid.Value.YES: 0.5,
    Bid.Value.EXPERT: 1.0,
}


def _works(person: Person) -> tuple[Work, ...]:
    own = Work(f"person:{person.pk}", "，".join(map(str, person.expertise)), person.bio)
    done = tuple(
        Work(f"achievement:{row.pk}", row.title, f"{row.abstract}\n{'，'.join(map(str, row.keywords))}")
        for row in person.achievements.all()
    )
    return (*done, own) if own.text.strip() else done


def text_of(application: Application) -> str:
    """The newest version that was handed in as one text: title and the form's texts that name nobody."""
    version = application.versions.first()
    content: dict[str, Any] = version.content if version is not None else {}
    values = content.get("values", {})
    kept = [
        str(values[field["key"]])
        for field in fields_of(application.call.form)
        if field["kind"] in TEXT_KINDS and not field.get("identifying") and values.get(field["key"])
    ]
    return "\n".join([str(content.get("title", application.title)), *kept])[:TEXT_AT_MOST]


def fit(people: Sequence[Person], applications: Sequence[Application]) -> Floats:
    """Affinity of every application with every person, (applications × people), in standard deviations.

    People without any evidence stand at the lowest value found, never above anybody who has some.
    """
    shape = (len(applications), len(people))
    experts = [Expert(str(person.pk), _works(person)) for person in people]
    known = [at for at, expert in enumerate(experts) if expert.works]
    if not known or not applications:
        return np.zeros(shape)
    texts = [text_of(application) for application in applications]
    ranker = ExpertRanker([experts[at] for at in known], background=texts)
    # Standardised over all pairs at once: an expert who knows nothing of the call stays low everywhere.
    parts = {name: values.ravel() for name, values in ranker.affinities(texts).items()}
    found = fuse(parts).reshape(len(known), len(texts)).T
    scores = np.full(shape, float(found.min()))
    scores[:, known] = found
    return scores


def affinities(call: Call, reviewers: Sequence[Reviewer], applications: Sequence[Application]) -> Floats:
    """Evidence and wishes together, (applications × reviewers), scaled to 0–1 over the whole round.

    score = evidence (z) + weight of the bid (z); then (score − min) ÷ (max − min).
    """
    people = Person.everything.prefetch_related("achievements").in_bulk([r.person_id for r in reviewers])
    scores = fit([people[r.person_id] for r in reviewers], applications)
    rows = {application.pk: at for at, application in enumerate(applications)}
    columns = {reviewer.pk: at for at, reviewer in enumerate(reviewers)}
    for bid in Bid.objects.filter(reviewer__call=call):
        if bid.application_id in rows and bid.reviewer_id in columns:
            scores[rows[bid.application_id], columns[bid.reviewer_id]] += BID_WEIGHTS[bid.value]
    low, high = (float(scores.min()), float(scores.max())) if scores.size else (0.0, 0.0)
    if high - low < 1e-12:
        return np.full(scores.shape, 0.5)
    return np.asarray((scores - low) / (high - low), dtype=np.float64)


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A person for a call or an application: how well they fit, and the achievements that say so."""

    person: Person
    score: float
    application: Application
    proof: tuple[Achievement, ...]


def suggest_people(call: Call, *, limit: int = 40) -> list[Suggestion]:
    """People of the registry outside the pool, those first whose best fit with any application is best."""
    applications = list(call.applications.filter(state__in=HANDED_IN).exclude(version=None))
    held = call.reviewers.exclude(state=Reviewer.State.REMOVED).values("person")
    people = _with_evidence(Person.objects.exclude(pk__in=held))
    if not people or not applications:
        return []
    scores = fit(people, applications)
    best = scores.max(axis=0)
    order = np.argsort(-best, kind="stable")[:limit]
    at_best = scores.argmax(axis=0)
    return [
        Suggestion(
            people[at],
            float(best[at]),
            applications[at_best[at]],
            proof(people[at], applications[at_best[at]]),
        )
        for at in order.tolist()
    ]


def _with_evidence(people: QuerySet[Person]) -> list[Person]:
    return list(
        people.filter(achievements__isnull=False)
        .distinct()
        .order_by("pk")
        .select_related("organisation__city", "city", "user")
        .prefetch_related("achievements")
    )


def proof(person: Person, application: Application, *, limit: int = 2) -> tuple[Achievement, ...]:
    """The person's achievements nearest to the application."""
    works = {f"achievement:{row.pk}": row for row in person.achievements.all()}
    if not works:
        return ()
    own = [work for work in _works(person) if work.key in works]
    text = text_of(application)
    parts = ExpertRanker([Expert(str(person.pk), tuple(own))], background=[text]).similarities([text])
    # Works of one text share a row of the matrix; what shares the most telling terms comes first.
    nearness = parts[TERMS][:, 0]
    texts = list(dict.fromkeys(work.text for work in own))
    first = {work.text: works[work.key] for work in reversed(own)}
    order = np.argsort(-nearness, kind="stable")[:limit].tolist()
    return tuple(first[texts[at]] for at in order if nearness[at] > 0)
