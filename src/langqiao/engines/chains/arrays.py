"""Sparse rows (CSR) and what is asked of a whole graph: cut vertices, dominators, tiers, reachability."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from . import kernels

Ints = NDArray[np.signedinteger[Any]]
Floats = NDArray[np.float32]
Bools = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Csr:
    """Rows of column numbers with a weight each: ``indptr`` (rows + 1,), ``indices`` and ``weight`` (m,).

    The columns of a row are sorted and distinct; ``columns`` is how many there may be.
    """

    indptr: Ints
    indices: Ints
    weight: Floats
    columns: int

    @classmethod
    def of(
        cls,
        rows: ArrayLike,
        columns: ArrayLike,
        weight: ArrayLike | None = None,
        *,
        shape: tuple[int, int],
    ) -> Csr:
        """From pairs; the weights of equal pairs are added (1 each if not given). Time O(m)."""
        from scipy import sparse

        i, j = np.asarray(rows, np.int64), np.asarray(columns, np.int64)
        w = np.ones(i.size, np.float64) if weight is None else np.asarray(weight, np.float64)
        if i.size and (i.min() < 0 or j.min() < 0 or i.max() >= shape[0] or j.max() >= shape[1]):
            raise ValueError(f"row or column outside {shape}")
        matrix = sparse.coo_array((w, (i, j)), shape=shape).tocsr()
        matrix.sum_duplicates()
        matrix.sort_indices()
        return cls(
            matrix.indptr.astype(np.int32),
            matrix.indices.astype(np.int32),
            matrix.data.astype(np.float32),
            shape[1],
        )

    @classmethod
    def best_of(
        cls, rows: ArrayLike, columns: ArrayLike, weight: ArrayLike, *, shape: tuple[int, int]
    ) -> Csr:
        """From pairs; of equal pairs the largest weight counts."""
        i, j = np.asarray(rows, np.int64), np.asarray(columns, np.int64)
        w = np.asarray(weight, np.float64)
        order = np.lexsort((-w, j, i))
        i, j, w = i[order], j[order], w[order]
        first = np.ones(i.size, bool)
        first[1:] = (i[1:] != i[:-1]) | (j[1:] != j[:-1])
        return cls.of(i[first], j[first], w[first], shape=shape)

    @property
    def rows(self) -> int:
        """Number of rows."""
        return self.indptr.size - 1

    @property
    def size(self) -> int:
        """Number of entries."""
        return self.indices.size

    @property
    def degrees(self) -> Ints:
        """Entries in each row."""
        return np.diff(self.indptr).astype(np.int32)

    def row(self, number: int) -> Ints:
        """The columns of one row."""
        return self.indices[self.indptr[number] : self.indptr[number + 1]]

    def weights(self, number: int) -> Floats:
        """The weights of one row, parallel to :meth:`row`."""
        return self.weight[self.indptr[number] : self.indptr[number + 1]]

    def pairs(self) -> tuple[Ints, Ints]:
        """All entries as (rows, columns)."""
        return np.repeat(np.arange(self.rows, dtype=np.int32), self.degrees), self.indices

    def entries(self, numbers: ArrayLike) -> tuple[Ints, Ints, Floats]:
        """The entries of several rows: which of ``numbers`` (its place), the column, the weight."""
        chosen = np.asarray(numbers, np.int64)
        counts = self.degrees[chosen].astype(np.int64)
        places = np.repeat(np.arange(chosen.size), counts)
        ends = np.cumsum(counts)
        within = np.arange(int(ends[-1]) if ends.size else 0) - np.repeat(ends - counts, counts)
        at = self.indptr[chosen].astype(np.int64)[places] + within
        return places.astype(np.int32), self.indices[at], self.weight[at]

    def transposed(self) -> Csr:
        """Columns become rows."""
        rows, columns = self.pairs()
        return Csr.of(columns, rows, self.weight, shape=(self.columns, self.rows))

    def within(self, numbers: Ints) -> Csr:
        """The square part on some vertices, renumbered 0 … in the order given."""
        place = np.full(max(self.columns, self.rows), -1, np.int32)
        place[numbers] = np.arange(numbers.size, dtype=np.int32)
        rows, columns, weight = self.entries(numbers)
        kept = place[columns] >= 0
        return Csr.of(rows[kept], place[columns[kept]], weight[kept], shape=(numbers.size, numbers.size))


def undirected(graph: Csr) -> Csr:
    """Both directions of every edge of a square graph."""
    rows, columns = graph.pairs()
    return Csr.of(
        np.concatenate([rows, columns]), np.concatenate([columns, rows]), shape=(graph.rows, graph.rows)
    )


def articulation_points(graph: Csr) -> Ints:
    """Articulation points (割点) of a directed graph read undirected, (n,): how many vertices each one parts
    from the largest remaining part of its component when it is taken out; 0 for those that are none.
    """
    both = undirected(graph)
    return np.asarray(
        kernels.articulation(both.indptr, both.indices, np.zeros(graph.rows, np.int32)), np.int32
    )


def dominator_tree(graph: Csr, sources: Ints) -> tuple[Ints, Ints]:
    """Immediate dominators from a root before all ``sources`` (直接支配点), and how many vertices each
    vertex dominates besides itself.

    Returns (idom, cut), each (n,). idom is n for vertices whose only dominator is that root, -1 for those
    that no source reaches.
    """
    n = graph.rows
    rows, columns = graph.pairs()
    rooted = Csr.of(
        np.concatenate([rows, np.full(sources.size, n)]),
        np.concatenate([columns, sources]),
        shape=(n + 1, n + 1),
    )
    back = rooted.transposed()
    idom, cut = np.full(n + 1, -1, np.int32), np.zeros(n + 1, np.int32)
    kernels.dominators(rooted.indptr, rooted.indices, back.indptr, back.indices, n, idom, cut)
    return idom[:n], cut[:n]


def components(graph: Csr) -> tuple[int, Ints]:
    """Strongly connected components (强连通分量): their number and that of each vertex."""
    from scipy import sparse
    from scipy.sparse.csgraph import connected_components

    matrix = sparse.csr_array(
        (np.ones(graph.size, np.int8), graph.indices, graph.indptr), shape=(graph.rows, graph.rows)
    )
    number, labels = connected_components(matrix, directed=True, connection="strong")
    return int(number), np.asarray(labels, np.int32)


def tiers(graph: Csr) -> Ints:
    """The tier of each vertex: the longest way to it in the condensation of the graph (0 = raw material).

    Vertices on a common cycle share a tier.
    """
    count, labels = components(graph)
    rows, columns = graph.pairs()
    i, j = labels[rows], labels[columns]
    between = i != j
    condensed = Csr.of(i[between], j[between], shape=(count, count))
    waiting = np.bincount(condensed.indices, minlength=count).astype(np.int32)
    tier = np.zeros(count, np.int32)
    kernels.longest_tiers(condensed.indptr, condensed.indices, waiting, tier)
    return tier[labels]


def sources(graph: Csr) -> Ints:
    """Where ways begin: the vertices of every component that nothing outside it leads into."""
    count, labels = components(graph)
    rows, columns = graph.pairs()
    i, j = labels[rows], labels[columns]
    entered = np.zeros(count, bool)
    entered[j[i != j]] = True
    return np.nonzero(~entered[labels])[0].astype(np.int32)


def reach(graph: Csr, starts: ArrayLike, *, closed: Bools | None = None, most: int | None = None) -> Ints:
    """Steps from the nearest start to each vertex, -1 where none leads; no ``closed`` vertex is entered."""
    shut = np.zeros(graph.rows, bool) if closed is None else closed
    out = np.full(graph.rows, -1, np.int32)
    limit = graph.rows if most is None else most
    kernels.distances(graph.indptr, graph.indices, np.asarray(starts, np.int32), shut, limit, out)
    return out


def warm() -> None:
    """Compile the kernels now (once for a checkout; they are cached), not in somebody's first answer."""
    line = Csr.of([0, 1], [1, 2], shape=(3, 3))
    tiers(line)
    articulation_points(line)
    dominator_tree(line, sources(line))
    reach(line, [0])
