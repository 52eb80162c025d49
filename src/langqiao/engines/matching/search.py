"""One query against one snapshot: analyse once, collect candidates, score them exactly, explain the best."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from . import kernels
from .analyse import (
    FIELD_WEIGHTS,
    QueryTerms,
    cut_query,
    query_words,
    word_codes,
)
from .dense import SENTENCE_SHARE, Floats, Vocabulary, quantise
from .explain import Explainer
from .fuse import PLACE_BONUS, STAGE_BONUS, Weights, z_scores
from .snapshot import Snapshot
from .types import Filters, Hit, Parts, Query, SentenceModel

CANDIDATES = 200  # proposed by each view
EVERYTHING = 1_500  # with no more admitted documents than this, all are scored
MOST_CHARACTER_TERMS = 60  # of a long text, for candidates; scored with all
MOST_WORD_TERMS = 80
COMMON = 2.5  # idf of a term that stands in a twelfth of all documents: too common to propose candidates
FEWEST_TERMS = 6  # unless the query has hardly any other


@dataclass(frozen=True, slots=True)
class View:
    """The terms of a query in one lexical view, against the statistics of one snapshot."""

    name: str
    query: QueryTerms
    idf: Floats
    weights: Floats  # idf × (1 + ln tf)
    boosts: Floats  # 1 + ln tf, for tantivy, which knows the idf
    vocabulary: Vocabulary
    most: int

    @property
    def weightiest(self) -> NDArray[np.int64]:
        """The terms that matter most, for the candidate query."""
        order = np.argsort(-self.weights, kind="stable")
        telling = order[self.idf[order] > COMMON]
        return (telling if telling.size >= FEWEST_TERMS else order)[: self.most]


def make_view(name: str, query: QueryTerms, snapshot: Snapshot, most: int) -> View:
    """Weigh the terms of a query; terms that no document has are dropped."""
    frequencies = snapshot.text.document_frequencies(name, query.terms)
    count = max(snapshot.manifest.living, float(frequencies.max(initial=0.0)))
    idf = np.log1p((count - frequencies + 0.5) / (frequencies + 0.5)).astype(np.float32)
    kept = np.nonzero(frequencies > 0)[0]
    cut = QueryTerms(tuple(query.terms[i] for i in kept), query.weights[kept], query.keys[kept])
    return View(name, cut, idf[kept], idf[kept] * cut.weights, cut.weights, Vocabulary.of(cut.keys), most)


class Prepared:
    """A query made ready for one snapshot: cut, weighed and encoded once, used for any filters."""

    def __init__(self, query: Query, snapshot: Snapshot, sentence: SentenceModel | None) -> None:
        self.query = query
        self.snapshot = snapshot
        self.text = f"{query.title}\n{query.text}" if query.title else query.text
        self._moments: dict[str, tuple[float, float]] = {}
        self._scans: dict[tuple[tuple[str, float], ...], Floats] = {}
        self.bonuses: dict[str, dict[int, float]] = {}
        terms, self._codes = cut_query(self.text)
        self.characters = make_view("characters", terms, snapshot, MOST_CHARACTER_TERMS)
        self._sentence = sentence

    @cached_property
    def words(self) -> View:
        """The words of the query; only lists that weigh them ask for it."""
        return make_view("words", query_words(self.text), self.snapshot, MOST_WORD_TERMS)

    @cached_property
    def vector(self) -> Floats:
        """The joint vector of the query; empty without a model."""
        model = self.snapshot.model
        if model is None:
            return np.zeros(0, np.float32)
        sentence = None
        if (
            model.sentence_dimensions
            and self._sentence is not None
            and self._sentence.name == model.sentence_name
        ):
            sentence = self._sentence.encode([self.text])[0]
        return model.encode(
            np.array(word_codes(self.text), np.uint32),
            self._codes,
            sentence,
        )

    @cached_property
    def explainer(self) -> Explainer:
        """The query laid out for explanations."""
        return Explainer(self.text, self.characters.query.terms)

    @cached_property
    def deviations(self) -> list[tuple[float, float]]:
        """Mean and spread of each dense part over all documents."""
        model = self.snapshot.model
        return [] if model is None else model.deviations(self.vector)

    def lexical_moments(self, view: View) -> tuple[float, float]:
        """Mean and spread of BM25 over the sample."""
        known = self._moments.get(view.name)
        if known is None:
            values = self.lexical(view, self.snapshot.sample)
            known = (float(values.mean()), float(values.std())) if values.size else (0.0, 0.0)
            self._moments[view.name] = known
        return known

    def contributions(self, view: View, rows: NDArray[np.int64]) -> Floats:
        """BM25 of rows term by term, (rows, terms)."""
        return self._bm25(view, rows, np.zeros((rows.size, view.weights.size), np.float32))

    def _bm25(self, view: View, rows: NDArray[np.int64], out: Floats) -> Floats:
        if out.size and view.weights.size:
            singular = view.name[:-1]
            columns = self.snapshot.columns
            codes = self.snapshot.texts.characters if view.name == "characters" else self.snapshot.texts.words
            kernels.bm25(
                rows,
                columns[f"{singular}_start"],
                columns[f"{singular}_ends"],
                columns[f"{singular}_length"],
                codes,
                view.name == "characters",
                view.vocabulary.slots,
                view.vocabulary.numbers,
                view.weights,
                np.array(FIELD_WEIGHTS, np.float32),
                np.float32(self.snapshot.average_length(view.name)),
                out,
            )
        return out

    def lexical(self, view: View, rows: NDArray[np.int64]) -> Floats:
        """BM25 of rows with the whole query."""
        return self._bm25(view, rows, np.zeros((rows.size, 1), np.float32))[:, 0]

    def scan(self, weights: Weights) -> Floats:
        """The approximate dense score of every row under the weights of a list; kept for the next panel."""
        shares = tuple(sorted(weights.parts.items()))
        if (known := self._scans.get(shares)) is not None:
            return known
        snapshot, model = self.snapshot, self.snapshot.model
        assert model is not None
        weighted = np.zeros(model.dimensions, np.float32)
        for (name, part), (_, deviation) in zip(model.parts, self.deviations, strict=True):
            if deviation > 1e-9:
                weighted[part] = self.vector[part] * np.float32(weights.parts.get(name, 0.0) / deviation)
        folded = np.empty(model.inverse.shape[1], np.float32)
        kernels.project(weighted, model.inverse, folded)
        narrow, _ = quantise(folded)
        out = np.empty(snapshot.manifest.rows, np.float32)
        kernels.scan(snapshot.compact, snapshot.scan_scales, narrow, out)
        self._scans[shares] = out
        return out


class Scored:
    """Candidates with the standard scores of every part."""

    def __init__(self, prepared: Prepared, rows: NDArray[np.int64]) -> None:
        self.prepared = prepared
        self.rows = rows
        self.dense: dict[str, Floats] = {}
        self._vectors: list[tuple[NDArray[np.int8], Floats]] = []
        snapshot, model = prepared.snapshot, prepared.snapshot.model
        if model is not None:
            for number, (_, part) in enumerate(model.parts):
                vectors = np.ascontiguousarray(snapshot.vectors[rows, part])
                self._vectors.append((vectors, np.ascontiguousarray(snapshot.scales[rows, number])))
            self.dense = self.likeness(prepared.vector, prepared.deviations)
        self.place = self._bonus(prepared.query.place, "city", PLACE_BONUS)
        self.stage = self._bonus(prepared.query.stage, "stage", STAGE_BONUS)

    @cached_property
    def characters(self) -> Floats:
        """Standard scores of BM25 over characters."""
        return self._lexical(self.prepared.characters)

    @cached_property
    def words(self) -> Floats:
        """Standard scores of BM25 over words."""
        return self._lexical(self.prepared.words)

    def _lexical(self, view: View) -> Floats:
        values = self.prepared.lexical(view, self.rows)
        return z_scores(values, *self.prepared.lexical_moments(view))

    def likeness(self, vector: Floats, deviations: Sequence[tuple[float, float]]) -> dict[str, Floats]:
        """Standard scores of the candidates against a joint vector, part by part."""
        model = self.prepared.snapshot.model
        result = {}
        for number, (name, part) in enumerate([] if model is None else model.parts):
            out = np.empty(self.rows.size, np.float32)
            kernels.dots(*self._vectors[number], vector[part], out)
            result[name] = z_scores(out, *deviations[number])
        return result

    def _bonus(self, wanted: Mapping[str, float], facet: str, most: float) -> Floats:
        out = np.zeros(self.rows.size, np.float32)
        if not wanted:
            return out
        # Panels share candidates: what was worked out for one is kept for the next.
        known = self.prepared.bonuses.setdefault(facet, {})
        for i, row in enumerate(self.rows.tolist()):
            bonus = known.get(row)
            if bonus is None:
                fits = [wanted.get(value, 0.0) for value in self.prepared.snapshot.values(row, facet)]
                bonus = known[row] = most * min(1.0, max(0.0, max(fits, default=0.0)))
            out[i] = bonus
        return out

    def ranking(self, weights: Weights) -> Ranking:
        """Order the candidates under the weights of one list."""
        lexical = np.float32(weights.characters) * self.characters
        if weights.words:
            lexical = lexical + np.float32(weights.words) * self.words
        meaning = np.zeros(self.rows.size, np.float32)
        for name, values in self.dense.items():
            meaning += np.float32(weights.parts.get(name, 0.0)) * values
        if weights.feedback and self.dense:
            meaning += np.float32(weights.feedback) * self._feedback(lexical + meaning, weights)
        total = lexical + meaning + self.place + self.stage
        return Ranking(np.lexsort((self.rows, -total)), lexical, meaning)

    def _feedback(self, scores: Floats, weights: Weights) -> Floats:
        """Standard scores against the centroid of the best candidates so far."""
        model = self.prepared.snapshot.model
        assert model is not None
        count = min(weights.feedback_documents, scores.size)
        chosen = np.lexsort((self.rows, -scores))[:count]
        strength = np.maximum(scores[chosen], 0.0)
        if strength.sum() <= 0.0:
            return np.zeros_like(scores)
        centroid = np.zeros(model.dimensions, np.float32)
        for (_, part), (vectors, scales) in zip(model.parts, self._vectors, strict=True):
            centroid[part] = (strength * scales[chosen]) @ vectors[chosen].astype(np.float32)
        found = self.likeness(centroid, model.deviations(centroid))
        shares = {table.name: table.share for table in model.tables} | dict(weights.feedback_shares)
        total, whole = np.zeros_like(scores), 0.0
        for name, values in found.items():
            share = shares.get(name, SENTENCE_SHARE)
            total += np.float32(share) * values
            whole += share
        return total / np.float32(whole) if whole > 0.0 else total


@dataclass(frozen=True, slots=True)
class Ranking:
    """An order of candidates with the words and meaning parts of their scores."""

    order: NDArray[np.int64]
    lexical: Floats
    meaning: Floats


def candidates(prepared: Prepared, filters: Filters, lists: Sequence[Weights]) -> NDArray[np.int64]:
    """The rows worth an exact score: the best of each view and of each list's dense scan."""
    snapshot = prepared.snapshot
    admitted = snapshot.admitted(filters)
    count = int(np.count_nonzero(admitted))
    if count <= EVERYTHING:
        return np.nonzero(admitted)[0].astype(np.int64)
    found = []
    if any(weights.characters for weights in lists):
        found.append(_proposed(prepared, prepared.characters, filters))
    if any(weights.words for weights in lists):
        found.append(_proposed(prepared, prepared.words, filters))
    if snapshot.model is not None:
        for weights in lists:
            rows = np.empty(CANDIDATES, np.int64)
            number = kernels.best(prepared.scan(weights), admitted, CANDIDATES, rows)
            found.append(rows[:number])
    return np.unique(np.concatenate(found)) if found else np.empty(0, np.int64)


def _proposed(prepared: Prepared, view: View, filters: Filters) -> NDArray[np.int64]:
    chosen = view.weightiest
    terms = [view.query.terms[i] for i in chosen]
    return prepared.snapshot.text.candidates(view.name, terms, view.boosts[chosen], filters, CANDIDATES)


def hits(scored: Scored, ranking: Ranking, first: int, count: int) -> tuple[Hit, ...]:
    """One page of a ranking, with explanations."""
    prepared = scored.prepared
    snapshot = prepared.snapshot
    page = ranking.order[first : first + count]
    rows = scored.rows[page]
    gained = prepared.contributions(prepared.characters, rows)
    result = []
    for i, at in enumerate(page):
        parts = Parts(
            words=float(ranking.lexical[at]),
            meaning=float(ranking.meaning[at]),
            place=float(scored.place[at]),
            stage=float(scored.stage[at]),
        )
        row = int(rows[i])
        terms = prepared.explainer.terms_of(gained[i])
        result.append(Hit(snapshot.document(row).key, snapshot.kind(row), parts.total, parts, terms))
    return tuple(result)
