"""Link the names of firms' products to nodes of the product graph (名称对应), with a certainty for each link.

Four ways, from the surest to the least sure:

* ``exact``: the name is a node's name;
* ``normalised``: it is, once clerical dress is off both (:mod:`.names`);
* ``contained``: the name ends with a node's name (or with one of its parts joined by 及, 与, 、). Chinese
  compounds carry their head at the end, so 节能灯用稀土发光材料 is a kind of 稀土发光材料;
* ``fused``: words in another order or with words left out. The matching engine's two lexical views (words
  and character bigrams, :mod:`langqiao.engines.matching.tokenise`) propose nodes; each view's cosine is
  turned into a standard score against all nodes and the two are summed, as in its fusion.

The certainty is a logistic function of what was seen (:class:`Seen`), fitted to links judged by hand
(docs/engines/chains.md). Names that say nothing of the thing (服务, 配件) are never linked.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from math import exp, log
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from langqiao.engines.matching import tokenise
from langqiao.engines.matching.fuse import z_scores

from .names import can_be_head, core, is_balance, is_vague, joined, kind_of_word, plain
from .types import ChainData

THRESHOLD: Final = 0.65
"""Certainty below which a name stays unlinked; chosen on a sample of its own (docs/engines/chains.md)."""

_LONGEST = 12  # characters of a node's name that is looked for inside a name
_BLOCK = 2_000  # names scored at a time

# Fitted by benchmarks/chains_links.py on tests/engines/chains/tuned_links.csv.
_CONTAINED: Final = (-2.305, 0.895, 3.009, 2.056, 0.631, 0.927, -1.101)
_FUSED: Final = (-3.62, 0.226, 1.258, 2.282, -11.455, 1.674)
_BEYOND_FUSED = 0.955  # no fused link is surer
_EXACT, _NORMALISED = 0.98, 0.97


@dataclass(frozen=True, slots=True)
class Seen:
    """What a certainty is made from.

    ``length``: characters of the node's name; ``coverage``: its share of the name; ``at_word``: 1 when the
    node begins where a word of the name begins; ``family``: ln(1 + nodes that end with this node), large for
    heads such as 系统; ``is_activity``: the node's last word is also a verb (养殖, 发电); ``is_joined``: the
    node was found in one of several parts that the name joins; ``words``, ``characters``: cosines of the two
    views; ``extra``: share of the node's characters that the name lacks; ``head``: 1 when both end with the
    same word.
    """

    length: int
    coverage: float
    at_word: float = 1.0
    family: float = 0.0
    is_activity: bool = False
    is_joined: bool = False
    words: float = 0.0
    characters: float = 0.0
    extra: float = 0.0
    head: float = 1.0


@dataclass(frozen=True, slots=True)
class Candidate:
    """A node that a name may mean: how sure (0..1), by which evidence, and what both names share."""

    node: str
    certainty: float
    evidence: str
    shared: tuple[str, ...]
    seen: Seen


class Linker:
    """Finds the nodes that names mean. Built once from the names of all nodes; seconds for 60,000.

    >>> linker = Linker.build(["锂电池", "稀土发光材料", "罐头食品"])
    >>> [c.node for (c, *_) in linker.link(["锂电池业务", "节能灯用稀土发光材料"])]
    ['锂电池', '稀土发光材料']
    """

    def __init__(self, nodes: Sequence[str]) -> None:
        self.nodes = tuple(dict.fromkeys(nodes))
        self._known = frozenset(self.nodes)
        self._plain: dict[str, str] = {}
        self._core: dict[str, str] = {}
        for node in self.nodes:
            self._plain.setdefault(plain(node), node)
        for node in self.nodes:
            self._core.setdefault(core(node), node)
        self._families: dict[str, int] = {}
        for name in self._plain:
            for start in range(1, len(name) - 1):
                if name[start:] in self._plain:
                    self._families[name[start:]] = self._families.get(name[start:], 0) + 1

    @classmethod
    def build(cls, nodes: Iterable[str]) -> Linker:
        """A linker for these nodes; the first of several nodes that normalise alike stands for them."""
        return cls(tuple(nodes))

    def link(self, names: Sequence[str], *, limit: int = 3) -> list[tuple[Candidate, ...]]:
        """The best nodes for each name, best first, with those below :data:`THRESHOLD`; () for none.

        Names of balance items and names that say nothing get no candidates.
        """
        found: dict[str, tuple[Candidate, ...]] = {}
        unsure: list[str] = []
        for name in dict.fromkeys(names):
            direct = self._direct(name)
            found[name] = direct
            if not direct or direct[0].certainty < _BEYOND_FUSED:
                unsure.append(name)
        asked = [name for name in unsure if core(name) and not is_balance(name) and not is_vague(name)]
        for name, fused in zip(asked, self._fused(asked, limit), strict=True):
            both = {c.node: c for c in reversed((*found[name], *fused))}
            found[name] = tuple(sorted(both.values(), key=lambda c: (-c.certainty, c.node)))
        return [found[name][:limit] for name in names]

    def _direct(self, name: str) -> tuple[Candidate, ...]:
        if is_balance(name) or is_vague(name):
            return ()
        if name in self._known:
            return (_sure(name, name, _EXACT, "exact"),)
        for key, table in ((plain(name), self._plain), (core(name), self._plain), (core(name), self._core)):
            node = table.get(key)
            if node is not None and not is_vague(node):
                return (_sure(name, node, _NORMALISED, "normalised"),)
        return tuple(self._contained(core(name)))

    def _contained(self, name: str) -> list[Candidate]:
        """The longest nodes that the name ends with, and those that its joined parts end with."""
        best: dict[str, Candidate] = {}
        for part in [name, *joined(name)]:
            starts = _begins(part)
            for start in range(max(0, len(part) - _LONGEST), len(part) - 1):
                text = part[start:]
                node = self._plain.get(text)
                if node is None or start not in starts or is_vague(text) or not can_be_head(part, start):
                    continue
                seen = Seen(
                    length=len(text),
                    coverage=len(text) / len(part),
                    at_word=float(starts[start]),
                    family=log(1 + self._families.get(text, 0)),
                    is_activity=kind_of_word(text) == "vn",
                    is_joined=part != name,
                )
                candidate = Candidate(node, _certainty_contained(seen), "contained", (text,), seen)
                if node not in best or candidate.certainty > best[node].certainty:
                    best[node] = candidate
                break
        return sorted(best.values(), key=lambda c: (-c.certainty, c.node))

    @cached_property
    def _views(self) -> tuple[_View, _View]:
        texts = [plain(node) for node in self.nodes]
        return _View([tokenise.words(text) for text in texts]), _View([_bigrams(text) for text in texts])

    def _fused(self, names: Sequence[str], limit: int) -> Iterable[tuple[Candidate, ...]]:
        for start in range(0, len(names), _BLOCK):
            block = [core(name) for name in names[start : start + _BLOCK]]
            by_words = self._views[0].cosines([tokenise.words(text) for text in block])
            by_characters = self._views[1].cosines([_bigrams(text) for text in block])
            for row, text in enumerate(block):
                yield self._best(text, _row(by_words, row), _row(by_characters, row), limit)

    def _best(self, name: str, by_words: _Row, by_characters: _Row, limit: int) -> tuple[Candidate, ...]:
        count = len(self.nodes)
        rows = np.union1d(by_words[0], by_characters[0])
        if not rows.size:
            return ()
        views = [_spread(rows, *view) for view in (by_words, by_characters)]
        total = sum(
            z_scores(values, *_moments(view[1], count))
            for values, view in zip(views, (by_words, by_characters), strict=True)
        )
        order = np.lexsort((rows, -np.asarray(total)))[: 3 * limit]
        found = []
        for at in order.tolist():
            node = self.nodes[int(rows[at])]
            text = plain(node)
            if is_vague(node) or (name.endswith(text) and not can_be_head(name, len(name) - len(text))):
                continue
            seen = _seen(name, text, float(views[0][at]), float(views[1][at]), self._families)
            shared = tuple(w for w in tokenise.words(text) if w in name)
            found.append(Candidate(node, _certainty_fused(seen), "fused", shared, seen))
        return tuple(sorted(found, key=lambda c: (-c.certainty, c.node))[:limit])


def contained_values(seen: Seen) -> tuple[float, ...]:
    """What the certainty of a ``contained`` link is linear in."""
    return (
        1.0, min(seen.length, 6), seen.coverage, seen.at_word, seen.family, seen.is_activity, seen.is_joined,
    )  # fmt: skip


def fused_values(seen: Seen) -> tuple[float, ...]:
    """What the certainty of a ``fused`` link is linear in."""
    return (1.0, min(seen.length, 6), seen.words, seen.characters, seen.extra, seen.head)


def _certainty_contained(seen: Seen) -> float:
    return _logistic(sum(c * v for c, v in zip(_CONTAINED, contained_values(seen), strict=True)))


def _certainty_fused(seen: Seen) -> float:
    return _logistic(sum(c * v for c, v in zip(_FUSED, fused_values(seen), strict=True)))


def link_products(data: ChainData, linker: Linker, *, threshold: float = THRESHOLD) -> ChainData:
    """Fill in the node and the certainty of every firm's product whose best candidate is sure enough."""
    names = list(dict.fromkeys(made.product for made in data.makes))
    best = {name: found[0] for name, found in zip(names, linker.link(names, limit=1), strict=True) if found}
    makes = []
    for made in data.makes:
        candidate = best.get(made.product)
        if candidate is None or candidate.certainty < threshold:
            makes.append(replace(made, node="", certainty=0.0, evidence=""))
        else:
            makes.append(
                replace(
                    made,
                    node=candidate.node,
                    certainty=round(candidate.certainty, 4),
                    evidence=candidate.evidence,
                )
            )
    return replace(data, makes=tuple(makes))


_Row = tuple[NDArray[np.int64], NDArray[np.float32]]


class _View:
    """One lexical view of all nodes: terms weighed by 1 + ln tf and by idf, rows of length 1."""

    def __init__(self, documents: Sequence[Sequence[str]]) -> None:
        self._numbers = {
            term: number
            for number, term in enumerate(dict.fromkeys(itertools.chain.from_iterable(documents)))
        }
        frequency = np.zeros(max(len(self._numbers), 1), np.float64)
        for document in documents:
            for term in set(document):
                frequency[self._numbers[term]] += 1
        count = max(len(documents), 1)
        self._idf = np.log1p((count - frequency + 0.5) / (frequency + 0.5))
        self._nodes: Any = self._matrix(documents).T.tocsc()

    def _matrix(self, documents: Sequence[Sequence[str]]) -> Any:
        from scipy import sparse

        indptr: list[int] = [0]
        indices: list[int] = []
        values: list[float] = []
        unseen = float(self._idf.max(initial=1.0))
        for document in documents:
            weights: dict[int, float] = {}
            length = 0.0
            for term in document:
                number = self._numbers.get(term)
                if number is None:
                    length += unseen**2
                else:
                    weights[number] = weights.get(number, 0.0) + 1.0
            for number, times in weights.items():
                weights[number] = (1.0 + log(times)) * float(self._idf[number])
            length += sum(weight * weight for weight in weights.values())
            indices.extend(weights)
            values.extend(weight / length**0.5 for weight in weights.values())
            indptr.append(len(indices))
        shape = (len(documents), max(len(self._numbers), 1))
        return sparse.csr_array((np.array(values, np.float32), np.array(indices, np.int64), indptr), shape)

    def cosines(self, documents: Sequence[Sequence[str]]) -> Any:
        """Cosines of texts with the nodes they share a term with, (texts, nodes) sparse."""
        return (self._matrix(documents) @ self._nodes).tocsr()


def _row(matrix: Any, row: int) -> _Row:
    part = slice(matrix.indptr[row], matrix.indptr[row + 1])
    columns, values = matrix.indices[part].astype(np.int64), matrix.data[part]
    if columns.size > 50:  # the best fifty of a view can stand at the top of the sum
        kept = np.argpartition(-values, 50)[:50]
        columns, values = columns[kept], values[kept]
    order = np.argsort(columns)
    return columns[order], values[order]


def _spread(
    rows: NDArray[np.int64], columns: NDArray[np.int64], values: NDArray[np.float32]
) -> NDArray[np.float32]:
    out = np.zeros(rows.size, np.float32)
    out[np.searchsorted(rows, columns)] = values
    return out


def _moments(values: NDArray[np.float32], count: int) -> tuple[float, float]:
    """Mean and deviation over all nodes, those that share no term counting as 0."""
    mean = float(values.sum()) / count
    return mean, max(float((values.astype(np.float64) ** 2).sum()) / count - mean * mean, 0.0) ** 0.5


def _seen(name: str, node: str, words: float, characters: float, families: dict[str, int]) -> Seen:
    lacking = sum(character not in name for character in node)
    last = tokenise.words(node)[-1:] or [node]
    return Seen(
        length=len(node),
        coverage=min(len(node) / max(len(name), 1), 1.0),
        at_word=1.0,
        family=log(1 + families.get(node, 0)),
        words=words,
        characters=characters,
        extra=lacking / max(len(node), 1),
        head=float(name.endswith(last[0])),
    )


def _sure(name: str, node: str, certainty: float, evidence: str) -> Candidate:
    return Candidate(
        node, certainty, evidence, (core(name),), Seen(len(node), 1.0, words=1.0, characters=1.0)
    )


def _begins(text: str) -> dict[int, bool]:
    """Where a node may begin: at a word's start (True), or inside a last word of Chinese (False)."""
    tokens = list(tokenise.word_tokens(text))
    places = {token.start: True for token in tokens}
    if tokens and tokenise.is_cjk(tokens[-1].term):
        for at in range(tokens[-1].start + 1, tokens[-1].end - 1):
            places.setdefault(at, False)
    return places


def _bigrams(text: str) -> list[str]:
    return [term for term in tokenise.characters(text) if len(term) > 1 or not tokenise.is_cjk(term)]


def _logistic(value: float) -> float:
    return 1.0 / (1.0 + exp(-max(-30.0, min(30.0, value))))
