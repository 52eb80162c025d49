"""The inner loop of the exact choice, compiled by numba: an enumeration under a Lagrangian bound."""

# numba infers the types of arguments and fixes their order, so annotations and keywords would be decoration
# ruff: noqa: ANN001, ANN201, PLR0917, C901, PLR0912, PLR0915
# mypy: disable-error-code="no-untyped-def, misc"

from __future__ import annotations

import numpy as np
from numba import njit

HALF = 0.5  # all totals are whole numbers of the grain: half of one is safely between two of them


@njit(cache=True, nogil=True)
def enumerate_sets(reduced, units, rows, lower, upper, family, places, constant, least, limit, slack):
    """The best set of exactly ``places`` columns with a total of more than ``least``.

    Depth-first over the columns in the order of ``reduced`` (falling). A set's total is at most
    ``constant`` plus its sum of ``reduced`` (weak duality), and the best completion of a partial set by
    that measure is the run of columns that follows, so one prefix sum bounds the whole subtree.

    Args:
        reduced: (n,) scores less the rows' shadow prices, falling, in grains.
        units: (n,) scores in whole grains.
        rows: (m, n) coefficients, none negative.
        lower, upper: (m,) bounds of the rows' sums.
        family: (m,) rows with the same number of at least 0 share no column; -1 for a row of its own.
        places: number of columns to take, at least 1.
        constant: (scalar) see above.
        least: a total that is already known or enough to beat; -inf for none.
        limit: partial sets to look at before giving up.
        slack: tolerance of the rows' bounds.

    Returns:
        Columns of the best set (meaningful where its total is finite), its total or -inf, and the number
        of partial sets that were looked at; more than ``limit`` where the search was not finished.
    """
    n, m = units.size, lower.size
    prefix = np.zeros(n + 1)
    for i in range(n):
        prefix[i + 1] = prefix[i] + reduced[i]
    left = np.zeros((n + 1, m))  # what the columns from here on can add to a row, and the least each adds
    least_left = np.full((n + 1, m), np.inf)
    for i in range(n - 1, -1, -1):
        for a in range(m):
            left[i, a] = left[i + 1, a] + rows[a, i]
            least_left[i, a] = min(least_left[i + 1, a], rows[a, i])
    best = np.zeros(places, dtype=np.int64)
    best_total = -np.inf
    picked = np.zeros(places, dtype=np.int64)
    sums = np.zeros((places + 1, m))
    total = np.zeros(places + 1)
    bound = np.zeros(places + 1)
    families = 0  # their numbers may be larger than the rows' count: a fixed rule has no row
    for a in range(m):
        families = max(families, family[a] + 1)
    wanting = np.zeros(families)
    depth, at, looked = 0, 0, 0
    while True:
        open_places = places - depth
        taken = False
        while at + open_places <= n:
            looked += 1
            if looked > limit:
                return best, best_total, looked
            if constant + bound[depth] + prefix[at + open_places] - prefix[at] < least + HALF:
                break  # every later column is worth less
            fits = True
            wanting[:] = 0.0
            for a in range(m):
                value = sums[depth, a] + rows[a, at]
                rest = (open_places - 1) * least_left[at + 1, a] if open_places > 1 else 0.0
                if value + rest > upper[a] + slack:
                    fits = False
                    break
                need = lower[a] - value
                if need > slack:
                    # The last place leaves nothing to add: a whole set must have all it needs.
                    if open_places == 1 or need > left[at + 1, a] + slack:
                        fits = False
                        break
                    if family[a] >= 0:
                        wanting[family[a]] += need
                        if wanting[family[a]] > open_places - 1 + slack:
                            fits = False
                            break
            if fits:
                taken = True
                break
            at += 1
        if taken:
            picked[depth] = at
            for a in range(m):
                sums[depth + 1, a] = sums[depth, a] + rows[a, at]
            total[depth + 1] = total[depth] + units[at]
            bound[depth + 1] = bound[depth] + reduced[at]
            depth += 1
            if depth < places:
                at += 1
                continue
            if total[depth] > least:
                least = best_total = total[depth]
                best[:] = picked
        elif depth == 0:
            return best, best_total, looked
        depth -= 1
        at = picked[depth] + 1


@njit(cache=True, nogil=True)
def flip(which, reduced, units, rows, lower, upper, family, chosen, constant, limit, slack):
    """For each column in ``which`` the best set that has it on the other side than ``chosen``, a best set.

    The same search with the shadow prices of the best set, begun with the best single exchange. Columns are
    in the order of ``reduced`` (falling); the other arguments are those of :func:`enumerate_sets`.

    Returns:
        For each column in ``which`` its best set (w, n), that set's total or -inf where there is none, and
        whether the search was finished; what an unfinished one found says nothing.
    """
    n, m = units.size, lower.size
    places = int(chosen.sum())
    sets = np.zeros((which.size, n), dtype=np.bool_)
    totals = np.full(which.size, -np.inf)
    finished = np.ones(which.size, dtype=np.bool_)
    sums = np.zeros(m)
    total = 0.0
    for j in range(n):
        if chosen[j]:
            total += units[j]
            for a in range(m):
                sums[a] += rows[a, j]
    others = np.empty(n - 1, dtype=np.int64)
    for w in range(which.size):
        i = which[w]
        partner = -1
        for j in range(n):
            if chosen[j] == chosen[i]:
                continue
            leaves, enters = (i, j) if chosen[i] else (j, i)
            exchanged = total + units[enters] - units[leaves]
            if exchanged <= totals[w]:
                continue
            fits = True
            for a in range(m):
                value = sums[a] + rows[a, enters] - rows[a, leaves]
                if value < lower[a] - slack or value > upper[a] + slack:
                    fits = False
                    break
            if fits:
                totals[w], partner = exchanged, j
        if partner >= 0:
            sets[w] = chosen
            sets[w, i] = not chosen[i]
            sets[w, partner] = chosen[i]
        at = 0
        for j in range(n):
            if j != i:
                others[at] = j
                at += 1
        # With the column in, it takes a place and its part of every row; with it out, nothing changes.
        inside = 0.0 if chosen[i] else 1.0
        rest = places if chosen[i] else places - 1
        if rest <= 0:
            continue  # the exchange was the only set
        own = inside * units[i]
        columns, found, looked = enumerate_sets(
            reduced[others],
            units[others],
            np.ascontiguousarray(rows[:, others]),
            lower - inside * rows[:, i],
            upper - inside * rows[:, i],
            family,
            rest,
            constant + inside * reduced[i] - own,
            totals[w] - own,
            limit,
            slack,
        )
        finished[w] = looked <= limit
        if found > -np.inf:
            totals[w] = found + own
            sets[w] = False
            sets[w, i] = not chosen[i]
            for column in columns:
                sets[w, others[column]] = True
    return sets, totals, finished
