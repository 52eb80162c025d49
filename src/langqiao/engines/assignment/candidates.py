"""The candidate pairs of a problem, dense or sparse, read in blocks so that memory stays small."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .types import Bools, Floats, Ints, Problem

Nodes = NDArray[np.int32]
BLOCK = 1 << 20  # pairs looked at together
KEPT = 4 * BLOCK  # sparse pairs whose rectangles are kept
NONE = -np.inf  # in place of the score where a pair is no candidate


@dataclass(frozen=True, slots=True, eq=False)
class Pairs:
    """Some candidate pairs: item, reviewer and score of each, sorted by item, then reviewer."""

    rows: Nodes
    cols: Nodes
    scores: Floats

    def __len__(self) -> int:
        return len(self.rows)

    def where(self, chosen: NDArray[Any]) -> Pairs:
        """Those that a mask or an index chooses."""
        return Pairs(self.rows[chosen], self.cols[chosen], self.scores[chosen])

    def keys(self, reviewers: int) -> Ints:
        """One number for each pair, in the order of the pairs."""
        return self.rows.astype(np.int64) * reviewers + self.cols


@dataclass(frozen=True, slots=True, eq=False)
class Block:
    """A rectangle of candidates: ``scores`` (rows × width), −∞ where there is none. ``cols`` are the
    reviewers, one row for all items of a dense block or one for each item.
    """

    rows: Nodes
    cols: Nodes
    scores: Floats

    def pick(self, mask_or_places: Any) -> Pairs:
        """The pairs at 2-D places (row places, column places) of the rectangle."""
        at, place = mask_or_places
        cols = self.cols[place] if self.cols.ndim == 1 else self.cols[at, place]
        return Pairs(self.rows[at], cols, self.scores[at, place])

    def best(self, most: int, value: Floats | None = None) -> tuple[Pairs, Floats]:
        """For each item the ``most`` candidates of largest value (unless given, score) and the values."""
        value = self.scores if value is None else value
        height, width = value.shape
        if most >= width:
            at, place = np.nonzero(value > NONE)
            return self.pick((at, place)), value[at, place]
        place = np.argpartition(-value, most - 1, axis=1)[:, :most].ravel()
        at = np.repeat(np.arange(height), most)
        keep = value[at, place] > NONE
        at, place = at[keep], place[keep]
        return self.pick((at, place)), value[at, place]

    def favourites(self, most: int, price: Floats) -> Nodes:
        """The reviewers whom the items would take at these prices, ``most`` for each item."""
        value = price[self.cols] - self.scores
        if most >= value.shape[1]:
            at, place = np.nonzero(value < np.inf)
        else:
            place = np.argpartition(value, most - 1, axis=1)[:, :most].ravel()
            at = np.repeat(np.arange(len(value)), most)
        return self.cols[place] if self.cols.ndim == 1 else self.cols[at, place]


def joined(parts: Sequence[Pairs]) -> Pairs:
    """Disjoint pairs put together and sorted."""
    if not parts:
        return Pairs(np.zeros(0, np.int32), np.zeros(0, np.int32), np.zeros(0))
    rows = np.concatenate([part.rows for part in parts])
    cols = np.concatenate([part.cols for part in parts])
    order = np.lexsort((cols, rows))
    return Pairs(rows[order], cols[order], np.concatenate([part.scores for part in parts])[order])


class Candidates:
    """Pairs that may be assigned: those with a finite score that are neither conflicts nor pinned.

    Rows and columns are renumbered by ``row_order`` and ``col_order`` (new → given), so that the
    order of the input decides nothing when identifiers are known.
    """

    def __init__(self, problem: Problem, row_order: Ints, col_order: Ints) -> None:
        self.shape = problem.shape
        moved = not (_is_range(row_order) and _is_range(col_order))
        self._store: _Dense | _Sparse
        if hasattr(problem.scores, "indptr"):
            self._store = _Sparse(problem, row_order, col_order, moved=moved)
        else:
            self._store = _Dense(problem, row_order, col_order, moved=moved)
        self.counts: Ints = self._store.counts
        self.size = int(self.counts.sum())

    def blocks(self) -> Iterator[Block]:
        """All candidates in rectangles of at most about a million entries."""
        return self._store.blocks()

    def everything(self) -> Pairs:
        """All candidate pairs at once."""
        return self._store.everything()

    def weighted(self, weight: Floats) -> Candidates:
        """The same candidates with each item's scores times a factor above 0."""
        other = object.__new__(Candidates)
        other.shape, other.counts, other.size = self.shape, self.counts, self.size
        other._store = self._store.weighted(weight)
        return other

    def top(self, most: int, price: Floats | None = None) -> Pairs:
        """For each item the ``most`` best candidates by score, less the reviewer's price if given."""
        return joined([
            block.best(most, None if price is None else block.scores - price[block.cols])[0]
            for block in self.blocks()
        ])  # fmt: skip

    def best_sums(self, need: Ints) -> Floats:
        """For each item the sum of its ``need`` best candidates; NaN where it has fewer."""
        n, most = self.shape[0], int(need.max(initial=0))
        sums = np.where(need == 0, 0.0, np.nan)
        if not most or not self.size:
            return sums
        best = self.top(most)
        order = np.lexsort((-best.scores, best.rows))
        rows, scores = best.rows[order], best.scores[order]
        taken = np.arange(len(rows)) - np.searchsorted(rows, rows) < need[rows]
        enough = self.counts >= need
        sums[enough] = np.bincount(rows[taken], scores[taken], minlength=n)[enough]
        return sums

    def row(self, row: int) -> Floats:
        """The scores of an item with every reviewer; −∞ where the pair is no candidate."""
        return self._store.row(row)

    def column(self, col: int) -> Floats:
        """The scores of a reviewer with every item; −∞ where the pair is no candidate."""
        return self._store.column(col)

    def lookup(self, rows: NDArray[Any], cols: NDArray[Any]) -> Floats:
        """The scores of pairs (arrays that broadcast); −∞ where a pair is no candidate."""
        rows, cols = np.broadcast_arrays(rows, cols)
        return self._store.lookup(rows, cols)

    def range(self) -> tuple[float, float]:
        """The smallest and largest score; (0, 0) without candidates."""
        low, high = np.inf, -np.inf
        for block in self.blocks():
            known = block.scores > NONE
            low = min(low, float(block.scores.min(initial=np.inf, where=known)))
            high = max(high, float(block.scores.max(initial=-np.inf, where=known)))
        return (low, high) if low <= high else (0.0, 0.0)

    def decimals(self, most: int = 6) -> int | None:
        """The number of decimals that all scores have at most, if that is ``most`` or fewer."""
        digits = 0
        for block in self.blocks():
            values = block.scores[block.scores > NONE]
            while not np.array_equal(np.round(values, digits), values):
                digits += 1
                if digits > most:
                    return None
        return digits


class _Dense:
    def __init__(self, problem: Problem, row_order: Ints, col_order: Ints, *, moved: bool) -> None:
        scores = np.array(problem.scores[np.ix_(row_order, col_order)] if moved else problem.scores)
        scores[~np.isfinite(scores)] = NONE
        mask = problem.conflicts
        if mask is not None:
            mask = mask.toarray() if hasattr(mask, "toarray") else mask
            scores[mask[np.ix_(row_order, col_order)] if moved else mask] = NONE
        for row, col in placed(problem.pins, row_order, col_order):
            scores[row, col] = NONE
        self._scores: Floats = scores
        self.counts: Ints = np.count_nonzero(scores > NONE, axis=1).astype(np.int64)

    def weighted(self, weight: Floats) -> _Dense:
        other = copy.copy(self)
        other._scores = self._scores * weight[:, None]  # noqa: SLF001
        return other

    def blocks(self) -> Iterator[Block]:
        n, m = self._scores.shape
        cols = np.arange(m, dtype=np.int32)
        step = max(1, BLOCK // m)
        for start in range(0, n, step):
            scores = self._scores[start : start + step]
            yield Block(np.arange(start, start + len(scores), dtype=np.int32), cols, scores)

    def everything(self) -> Pairs:
        rows, cols = np.nonzero(self._scores > NONE)
        return Pairs(rows.astype(np.int32), cols.astype(np.int32), self._scores[rows, cols])

    def row(self, row: int) -> Floats:
        return np.asarray(self._scores[row])

    def column(self, col: int) -> Floats:
        return np.asarray(self._scores[:, col])

    def lookup(self, rows: NDArray[Any], cols: NDArray[Any]) -> Floats:
        return np.asarray(self._scores[rows, cols])


class _Sparse:
    def __init__(self, problem: Problem, row_order: Ints, col_order: Ints, *, moved: bool) -> None:
        matrix = problem.scores
        if moved:
            matrix = matrix[row_order][:, col_order]
            matrix.sort_indices()
        n, self._m = problem.shape
        rows = np.repeat(np.arange(n, dtype=np.int32), np.diff(matrix.indptr))
        keep: Bools = np.isfinite(matrix.data)
        if problem.conflicts is not None:
            keep &= ~_marked(problem.conflicts, row_order[rows], col_order[matrix.indices])
        pins = placed(problem.pins, row_order, col_order)
        if pins:
            keys = rows.astype(np.int64) * self._m + matrix.indices
            keep &= ~chosen(keys, np.array([row * self._m + col for row, col in pins]))
        self._rows: Nodes = rows[keep]
        self._cols: Nodes = matrix.indices[keep].astype(np.int32)
        self._scores: Floats = matrix.data[keep].astype(np.float64)
        self.counts: Ints = np.bincount(self._rows, minlength=n).astype(np.int64)
        self._starts: Ints = np.concatenate(([0], np.cumsum(self.counts)))
        self._keys: Ints | None = None
        self._blocks: list[Block] | None = None
        self._columns: tuple[Ints, Ints] | None = None

    def weighted(self, weight: Floats) -> _Sparse:
        other = copy.copy(self)
        other._scores = self._scores * weight[self._rows]  # noqa: SLF001
        other._blocks = None  # noqa: SLF001
        return other

    def blocks(self) -> Iterator[Block]:
        if len(self._cols) > KEPT:
            yield from self._rectangles()
            return
        if self._blocks is None:
            self._blocks = list(self._rectangles())
        yield from self._blocks

    def _rectangles(self) -> Iterator[Block]:
        order = np.argsort(self.counts, kind="stable")  # rows of like length make rectangles without waste
        order = order[self.counts[order] > 0]
        at = 0
        while at < len(order):
            narrow = int(self.counts[order[at]])
            alike = int(np.searchsorted(self.counts[order], narrow + narrow // 4 + 4, side="right"))
            stop = min(alike, at + max(1, BLOCK // (narrow + narrow // 4 + 4)))
            rows = np.sort(order[at:stop])
            at = stop
            width = int(self.counts[rows].max())
            places = self._starts[rows][:, None] + np.arange(width)
            known = np.arange(width) < self.counts[rows][:, None]
            places = np.minimum(places, len(self._cols) - 1)
            yield Block(
                rows.astype(np.int32), self._cols[places], np.where(known, self._scores[places], NONE)
            )

    def everything(self) -> Pairs:
        return Pairs(self._rows, self._cols, self._scores)

    def row(self, row: int) -> Floats:
        full = np.full(self._m, NONE)
        part = slice(self._starts[row], self._starts[row + 1])
        full[self._cols[part]] = self._scores[part]
        return full

    def column(self, col: int) -> Floats:
        if self._columns is None:
            order = np.argsort(self._cols, kind="stable")
            self._columns = order, np.searchsorted(self._cols[order], np.arange(self._m + 1))
        order, starts = self._columns
        part = order[starts[col] : starts[col + 1]]
        full = np.full(len(self.counts), NONE)
        full[self._rows[part]] = self._scores[part]
        return full

    def lookup(self, rows: NDArray[Any], cols: NDArray[Any]) -> Floats:
        wanted = rows.astype(np.int64) * self._m + cols
        if not len(self._rows):
            return np.full(wanted.shape, NONE)
        if self._keys is None:
            self._keys = self.everything().keys(self._m)
        places = np.minimum(np.searchsorted(self._keys, wanted), len(self._keys) - 1)
        return np.where(self._keys[places] == wanted, self._scores[places], NONE)


def _marked(mask: Any, rows: Ints, cols: Ints) -> Bools:
    """Which of the pairs a mask holds, dense or sparse."""
    if not hasattr(mask, "indptr"):
        return np.asarray(mask[rows, cols], dtype=np.bool_)
    m = mask.shape[1]
    held = np.repeat(np.arange(mask.shape[0]), np.diff(mask.indptr)) * m + mask.indices
    return chosen(rows.astype(np.int64) * m + cols, np.sort(held[mask.data != 0]))


def _is_range(order: Ints) -> bool:
    return bool((order == np.arange(len(order))).all())


def placed(pins: Sequence[tuple[int, int]], row_order: Ints, col_order: Ints) -> list[tuple[int, int]]:
    """Given pairs in the renumbered rows and columns, sorted."""
    if not pins:
        return []
    rows, cols = np.argsort(row_order), np.argsort(col_order)
    return sorted((int(rows[item]), int(cols[reviewer])) for item, reviewer in pins)


def chosen(keys: Ints, among: Ints) -> Bools:
    """Which keys are among the others, which are sorted."""
    if not len(among):
        return np.zeros(len(keys), dtype=np.bool_)
    places = np.minimum(np.searchsorted(among, keys), len(among) - 1)
    return np.asarray(among[places] == keys)
