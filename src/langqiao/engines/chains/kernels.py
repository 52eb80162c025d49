"""Walks over a graph in CSR form, compiled by numba: cut vertices, dominators, tiers, reachability.

Throughout: ``indptr`` (n + 1,) and ``indices`` (m,) int32; vertex v's neighbours are
``indices[indptr[v]:indptr[v + 1]]``. Nothing recurses, so chains of any length are fine.
"""

# numba infers the types of arguments and fixes their order, so annotations and keywords would be decoration
# ruff: noqa: ANN001, ANN201, C901, PLR0912, PLR0915, PLR0917
# mypy: disable-error-code="no-untyped-def, misc"

from __future__ import annotations

import numpy as np
from numba import njit


@njit(cache=True, nogil=True)
def articulation(indptr, indices, out):
    """Cut vertices of an undirected graph (both directions stored; parallel edges and loops allowed).

    ``out[v]`` becomes the number of vertices that lose their connection to the largest remaining part of
    v's component when v is taken out; 0 for vertices that cut nothing. Hopcroft & Tarjan 1973, algorithm
    447: the subtree of a child c of v hangs on v alone when low(c) >= disc(v). Time O(n + m).
    """
    n = indptr.size - 1
    disc = np.full(n, -1, np.int32)
    low = np.zeros(n, np.int32)
    size = np.ones(n, np.int32)
    parent = np.full(n, -1, np.int32)
    cursor = indptr[:-1].copy()
    hanging = np.zeros(n, np.int32)  # vertices in parts that hang on v alone
    largest = np.zeros(n, np.int32)  # the largest of these parts
    parts = np.zeros(n, np.int32)
    order = np.empty(n, np.int32)
    clock = 0
    for root in range(n):
        if disc[root] >= 0:
            continue
        first = clock
        disc[root] = low[root] = clock
        order[clock] = root
        clock += 1
        v = root
        while v >= 0:
            if cursor[v] < indptr[v + 1]:
                w = indices[cursor[v]]
                cursor[v] += 1
                if disc[w] < 0:
                    parent[w] = v
                    disc[w] = low[w] = clock
                    order[clock] = w
                    clock += 1
                    v = w
                elif w != parent[v] and disc[w] < low[v]:
                    low[v] = disc[w]  # a parallel edge to the parent alters no cut vertex
                continue
            up = parent[v]
            if up >= 0:
                size[up] += size[v]
                low[up] = min(low[up], low[v])
                if low[v] >= disc[up]:
                    hanging[up] += size[v]
                    largest[up] = max(largest[up], size[v])
                    parts[up] += 1
            v = up
        whole = clock - first
        for at in range(first, clock):
            v = order[at]
            rest = whole - 1 - hanging[v]
            if parts[v] + (1 if rest > 0 else 0) > 1:
                out[v] = whole - 1 - max(rest, largest[v])
    return out


@njit(cache=True, nogil=True)
def dominators(indptr, indices, pred_indptr, preds, root, idom, cut):
    """Immediate dominators of a directed graph from ``root`` (semi-NCA, Georgiadis 2005, chapter 2).

    ``idom[v]`` becomes the last vertex before v that every way from the root to v passes, -1 for the root and
    for vertices it does not reach; ``cut[v]`` the number of vertices that v dominates besides itself: they
    become unreachable without v. Time O(m log n) in practice.
    """
    n = indptr.size - 1
    number = np.full(n, -1, np.int32)
    vertex = np.empty(n, np.int32)
    parent = np.zeros(n, np.int32)  # as preorder numbers, like all below
    cursor = indptr[:-1].copy()
    number[root] = 0
    vertex[0] = root
    count = 1
    v = root
    while v >= 0:
        if cursor[v] < indptr[v + 1]:
            w = indices[cursor[v]]
            cursor[v] += 1
            if number[w] < 0:
                number[w] = count
                vertex[count] = w
                parent[count] = number[v]
                count += 1
                v = w
            continue
        v = vertex[parent[number[v]]] if number[v] > 0 else -1
    ancestor = parent.copy()  # of the forest that path compression shortens
    label = np.arange(n).astype(np.int32)
    semi = np.arange(n).astype(np.int32)
    dom = parent.copy()
    stack = np.empty(n, np.int32)
    for i in range(count - 1, 0, -1):
        w = vertex[i]
        best = i
        for at in range(pred_indptr[w], pred_indptr[w + 1]):
            j = number[preds[at]]
            if j < 0:
                continue
            if j > i:
                # compress the path from j up to the first vertex numbered at most i
                depth = 0
                x = j
                while ancestor[x] > i:
                    stack[depth] = x
                    depth += 1
                    x = ancestor[x]
                while depth > 0:
                    depth -= 1
                    y = stack[depth]
                    up = ancestor[y]
                    if semi[label[up]] < semi[label[y]]:
                        label[y] = label[up]
                    ancestor[y] = ancestor[up]
                candidate = semi[label[j]]
            else:
                candidate = j
            best = min(best, candidate)
        semi[i] = best
    for i in range(1, count):
        d = dom[i]
        while d > semi[i]:
            d = dom[d]
        dom[i] = d
    total = np.zeros(n, np.int32)
    for i in range(count - 1, 0, -1):
        total[dom[i]] += total[i] + 1
    for i in range(count):
        idom[vertex[i]] = vertex[dom[i]] if i > 0 else -1
        cut[vertex[i]] = total[i]
    return count


@njit(cache=True, nogil=True)
def longest_tiers(indptr, indices, waiting, tier):
    """Tier of every vertex of an acyclic graph: 0 without predecessors, else one more than the highest of
    them. ``waiting`` (n,) int32 holds in-degrees and is used up; vertices on a cycle are not numbered.
    Returns the number of vertices numbered.
    """
    n = indptr.size - 1
    queue = np.empty(n, np.int32)
    end = 0
    for v in range(n):
        if waiting[v] == 0:
            queue[end] = v
            end += 1
    at = 0
    while at < end:
        v = queue[at]
        at += 1
        for place in range(indptr[v], indptr[v + 1]):
            w = indices[place]
            tier[w] = max(tier[w], tier[v] + 1)
            waiting[w] -= 1
            if waiting[w] == 0:
                queue[end] = w
                end += 1
    return end


@njit(cache=True, nogil=True)
def distances(indptr, indices, starts, closed, most, out):
    """Breadth first from ``starts``: ``out`` (n,) int32, -1 on entry, becomes the number of steps.

    Vertices with ``closed`` (n,) true are not entered and, among the starts, not left; the walk ends after
    ``most`` steps. Returns how many vertices were reached, starts included.
    """
    queue = np.empty(out.size, np.int32)
    end = 0
    for v in starts:
        if out[v] < 0 and not closed[v]:
            out[v] = 0
            queue[end] = v
            end += 1
    at = 0
    while at < end:
        v = queue[at]
        at += 1
        if out[v] >= most:
            continue
        for place in range(indptr[v], indptr[v + 1]):
            w = indices[place]
            if out[w] < 0 and not closed[w]:
                out[w] = out[v] + 1
                queue[end] = w
                end += 1
    return end
