"""An exact reference back end in memory (参考实现): every document scored, nothing approximated.

For tests of the contract and for sets of a few hundred documents. It scores with BM25 over characters
in plain Python, and has no vectors, so its list of related work is the main list without its first hits.
"""

from __future__ import annotations

import math
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace

import numpy as np

from . import tokenise
from .analyse import FIELD_WEIGHTS, title_tokens, typed_tokens
from .backend import NO_FILTERS
from .explain import Explainer
from .fuse import PLACE_BONUS, STAGE_BONUS
from .kernels import K1, B
from .types import Cancelled, Document, Filters, Hit, IndexBusy, Parts, Progress, Query, Result, Suggestion


@dataclass(frozen=True, slots=True)
class _Entry:
    document: Document
    counts: Mapping[str, float]
    length: float
    titles: frozenset[str]


@dataclass(frozen=True, slots=True)
class _State:
    entries: Mapping[str, _Entry]
    payload: str = ""


def _entry(document: Document) -> _Entry:
    counts: Counter[str] = Counter()
    for part, weight in zip(
        (document.title, "；".join(document.keywords), document.body), FIELD_WEIGHTS, strict=True
    ):
        for term in tokenise.characters(part):
            counts[term] += int(weight)
    return _Entry(document, counts, float(sum(counts.values())), frozenset(title_tokens(document.title)))


def admits(filters: Filters, document: Document) -> bool:
    """Whether a filter admits a document: the definition that every back end must agree with."""
    for wanted, held in (
        (filters.kinds, (document.kind,)),
        (filters.cities, document.cities),
        (filters.fields, document.fields),
        (filters.stages, document.stages),
        (filters.licences, (document.licence,)),
        (filters.tags, document.tags),
    ):
        if wanted and not set(wanted) & set(held):
            return False
    for value, low, high in (
        (document.trl, filters.trl_min, filters.trl_max),
        (document.year, filters.year_min, filters.year_max),
    ):
        if (low is not None or high is not None) and value is None:
            return False
        if value is not None and ((low is not None and value < low) or (high is not None and value > high)):
            return False
    return document.key not in filters.excluded_keys


class _Writer:
    def __init__(self, index: MemoryIndex) -> None:
        self._index = index
        self._entries = dict(index.state.entries)

    def add(self, documents: Iterable[Document]) -> int:
        """Add or replace documents."""
        count = 0
        for document in documents:
            if not document.key or document.key.startswith("\x00"):
                raise ValueError("文档缺少键值（key），或键值以空字符开头。")
            self._entries.pop(document.key, None)
            self._entries[document.key] = _entry(document)
            count += 1
        return count

    def delete(self, keys: Iterable[str]) -> int:
        """Delete by key."""
        return sum(self._entries.pop(key, None) is not None for key in keys)

    def commit(self, payload: str = "") -> None:
        """Publish a copy, so that a later change needs a later commit."""
        self._index.state = _State(dict(self._entries), payload)


class MemoryIndex:
    """The back end contract over a dictionary."""

    def __init__(self) -> None:
        self.state = _State({})
        self._lock = threading.Lock()

    @property
    def payload(self) -> str:
        """The payload of the last commit."""
        return self.state.payload

    @property
    def count(self) -> int:
        """How many documents can be found."""
        return len(self.state.entries)

    def search(
        self, query: Query, filters: Filters = NO_FILTERS, limit: int = 10, offset: int = 0, related: int = 0
    ) -> Result:
        """Score every admitted document."""
        started = time.perf_counter()
        state = self.state
        text = f"{query.title}\n{query.text}" if query.title else query.text
        admitted = [e for e in state.entries.values() if admits(filters, e.document)]
        if not admitted or not text.strip():
            return Result(total=len(admitted))
        hits = self._score(state, query, text, admitted)
        return Result(
            tuple(hits[offset : offset + limit]),
            tuple(hits[:related]),
            len(admitted),
            (time.perf_counter() - started) * 1000.0,
        )

    def _score(self, state: _State, query: Query, text: str, admitted: list[_Entry]) -> list[Hit]:
        everything = list(state.entries.values())
        terms = {t: 1.0 + math.log(n) for t, n in Counter(tokenise.characters(text)).items()}
        idf = {}
        for term in terms:
            frequency = sum(term in entry.counts for entry in everything)
            idf[term] = math.log1p((len(everything) - frequency + 0.5) / (frequency + 0.5))
        average = max(sum(entry.length for entry in everything) / len(everything), 1.0)

        def gained(entry: _Entry) -> list[float]:
            norm = K1 * (1.0 - B + B * entry.length / average)
            return [
                idf[t] * w * entry.counts.get(t, 0) * (K1 + 1.0) / (entry.counts.get(t, 0) + norm)
                for t, w in terms.items()
            ]

        totals = [sum(gained(entry)) for entry in everything]
        mean, deviation = float(np.mean(totals)), float(np.std(totals))
        explainer = Explainer(text, tuple(terms))
        hits = []
        for entry in admitted:
            contributions = gained(entry)
            words = (sum(contributions) - mean) / deviation if deviation > 1e-9 else 0.0
            place = PLACE_BONUS * _fit(query.place, entry.document.cities)
            stage = STAGE_BONUS * _fit(query.stage, entry.document.stages)
            parts = Parts(words, 0.0, place, stage)
            found = explainer.terms_of(np.array(contributions, np.float32))
            hits.append(Hit(entry.document.key, entry.document.kind, parts.total, parts, found))
        return sorted(hits, key=lambda hit: -hit.score)

    def search_panels(
        self,
        query: Query,
        panels: Mapping[str, Filters],
        limit: int = 10,
        related: Mapping[str, int] | None = None,
    ) -> dict[str, Result]:
        """One search after the other."""
        beside = related or {}
        return {
            name: self.search(query, filters, limit, related=beside.get(name, 0))
            for name, filters in panels.items()
        }

    def suggest(self, text: str, filters: Filters = NO_FILTERS, limit: int = 8) -> tuple[Suggestion, ...]:
        """Titles that hold everything typed so far, shorter ones first."""
        tokens = typed_tokens(text)
        if not tokens:
            return ()
        found = [
            e.document
            for e in self.state.entries.values()
            if e.titles.issuperset(tokens) and admits(filters, e.document)
        ]
        found.sort(key=lambda document: len(document.title))
        return tuple(Suggestion(d.key, d.kind, d.title) for d in found[:limit])

    def similar(self, key: str, filters: Filters = NO_FILTERS, limit: int = 10) -> tuple[Hit, ...]:
        """Documents like a document, without itself."""
        document = self.get(key)
        if document is None:
            return ()
        query = Query(text=f"{'；'.join(document.keywords)}\n{document.body}", title=document.title)
        excluded = replace(filters, excluded_keys=(*filters.excluded_keys, key))
        return self.search(query, excluded, limit).hits

    def explain(self, query: Query, key: str) -> Hit | None:
        """The score of one document for a query."""
        state = self.state
        if key not in state.entries:
            return None
        text = f"{query.title}\n{query.text}" if query.title else query.text
        return self._score(state, query, text, [state.entries[key]])[0]

    def get(self, key: str) -> Document | None:
        """The document as it was given."""
        entry = self.state.entries.get(key)
        return None if entry is None else entry.document

    @contextmanager
    def writer(self, *, timeout: float = 30.0) -> Iterator[_Writer]:
        """The only writer of this process."""
        if not self._lock.acquire(timeout=timeout):
            raise IndexBusy(f"另一个线程正在写入匹配索引，等待 {timeout:g} 秒后仍未结束；请稍后再试。")
        try:
            yield _Writer(self)
        finally:
            self._lock.release()

    def rebuild(
        self,
        documents: Iterable[Document],
        *,
        train: bool = True,  # noqa: ARG002 - the contract has it; there is nothing to train here
        payload: str = "",
        progress: Callable[[Progress], None] | None = None,
        cancelled: Callable[[], bool] | None = None,
        timeout: float = 30.0,
    ) -> None:
        """Replace the whole content; ``train`` changes nothing, for there are no vectors."""
        with self.writer(timeout=timeout) as writer:
            writer.delete(list(self.state.entries))
            for done, document in enumerate(documents, 1):
                if cancelled is not None and cancelled():
                    raise Cancelled("重建已按要求停止，原有索引不受影响。")
                writer.add([document])
                if progress is not None:
                    progress(Progress("index", done, done))
            writer.commit(payload)


def _fit(wanted: Mapping[str, float], held: tuple[str, ...]) -> float:
    return min(1.0, max(0.0, max((wanted.get(value, 0.0) for value in held), default=0.0)))
