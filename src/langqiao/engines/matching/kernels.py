"""The inner loops of search, compiled by numba: exact BM25 over a document's own terms, int8 dot products.

All work on memory-mapped arrays without copying them, release the GIL, and allocate nothing that
grows with the corpus except what the caller hands in.
"""

# numba infers the types of arguments and fixes their order, so annotations and keywords would be decoration
# ruff: noqa: ANN001, ANN201, ANN202, PLR0917, C901
# mypy: disable-error-code="no-untyped-def"

from __future__ import annotations

import numpy as np
from numba import njit

K1, B = 1.2, 0.75  # the customary BM25 constants; other values gained nothing on Chinese abstracts


@njit(cache=True, nogil=True, inline="always")
def _slot(key, slots, mask):
    """Where a key stands, or where it would, in an open-addressing table (0 = free)."""
    at = (key * np.uint64(0x9E3779B97F4A7C15)) >> np.uint64(20)
    at &= mask
    while slots[at] != np.uint64(0) and slots[at] != key:
        at = (at + np.uint64(1)) & mask
    return at


@njit(cache=True, nogil=True)
def fill_table(keys, slots, numbers):
    """Enter key i with number i; ``slots`` has a power of two of zeros, at least twice as many as keys."""
    mask = np.uint64(slots.size - 1)
    for i in range(keys.size):
        at = _slot(keys[i], slots, mask)
        slots[at] = keys[i]
        numbers[at] = i


@njit(cache=True, nogil=True, inline="always")
def _number(key, slots, numbers, mask):
    at = _slot(key, slots, mask)
    return numbers[at] if slots[at] == key else np.int32(-1)


@njit(cache=True, nogil=True)
def term_keys(codes, pairs, out):
    """Expand codes to the keys of their terms in reading order; returns how many.

    With ``pairs`` each character is followed by the bigram that it begins; without, every code is a term.
    """
    n = 0
    for at in range(codes.size):
        code = np.uint64(codes[at])
        if code == np.uint64(0):
            continue
        out[n] = code
        n += 1
        if pairs and code < np.uint64(0x80000000) and at + 1 < codes.size:
            following = np.uint64(codes[at + 1])
            if np.uint64(0) < following < np.uint64(0x80000000):
                out[n] = (code << np.uint64(32)) | following
                n += 1
    return n


@njit(cache=True, nogil=True)
def ids_of(keys, slots, numbers, out):
    """The number of each key in a vocabulary, -1 for a stranger."""
    mask = np.uint64(slots.size - 1)
    for i in range(keys.size):
        out[i] = _number(keys[i], slots, numbers, mask)


@njit(cache=True, nogil=True, inline="always")
def _count(row, starts, ends, codes, pairs, slots, numbers, mask, fields, counts, touched):
    """Add up how often each query term stands in a row; returns how many of them do, listed in ``touched``.

    Whoever asks for a bigram asks for both its characters too, so a bigram is looked up only after both.
    """
    n = 0
    start = starts[row]
    for part in range(3):
        first = np.int64(0) if part == 0 else np.int64(ends[row, part - 1])
        last = np.int64(ends[row, part])
        before, known = np.uint64(0), False  # the character to the left, and whether the query has it
        for at in range(first, last):
            code = np.uint64(codes[start + at])
            if code == np.uint64(0):
                known = False
                continue
            t = _number(code, slots, numbers, mask)
            if t < 0:
                known = False
                continue
            if counts[t] == 0.0:
                touched[n] = t
                n += 1
            counts[t] += fields[part]
            if not pairs or code >= np.uint64(0x80000000):
                known = False
                continue
            if known:
                t = _number((before << np.uint64(32)) | code, slots, numbers, mask)
                if t >= 0:
                    if counts[t] == 0.0:
                        touched[n] = t
                        n += 1
                    counts[t] += fields[part]
            before, known = code, True
    return n


@njit(cache=True, nogil=True, fastmath=True)
def bm25(rows, starts, ends, lengths, codes, pairs, slots, numbers, weights, fields, average, out):
    """BM25 of each listed row, term by term: ``out[i, t]`` is what query term t gives to ``rows[i]``.

    ``weights[t]`` is idf times the weight of the term in the query, ``fields`` the weight of title,
    keywords and body, which multiplies the term frequency before it saturates (BM25F, Robertson,
    Zaragoza & Taylor 2004, equation 6). With an ``out`` of one column, the sum over all terms.
    With ``pairs``, the query terms hold both characters of each of their bigrams.
    """
    mask = np.uint64(slots.size - 1)
    counts = np.zeros(weights.size, np.float32)
    touched = np.empty(weights.size, np.int32)
    summed = out.shape[1] == 1
    out[:] = 0.0
    for i in range(rows.size):
        row = rows[i]
        n = _count(row, starts, ends, codes, pairs, slots, numbers, mask, fields, counts, touched)
        norm = np.float32(K1) * (np.float32(1.0 - B) + np.float32(B) * lengths[row] / average)
        for k in range(n):
            t = touched[k]
            gain = weights[t] * counts[t] * np.float32(K1 + 1.0) / (counts[t] + norm)
            out[i, 0 if summed else t] += gain
            counts[t] = 0.0


@njit(cache=True, nogil=True, fastmath=True)
def scan(vectors, scales, query, out):
    """``out[r]`` = vectors[r] · query × scales[r], both int8; about 10 GB/s on one core."""
    for r in range(vectors.shape[0]):
        total = np.int32(0)
        for d in range(vectors.shape[1]):
            total += np.int32(vectors[r, d]) * np.int32(query[d])
        out[r] = total * scales[r]


@njit(cache=True, nogil=True)
def best(scores, admitted, count, rows):
    """Write the ``count`` best admitted rows to ``rows`` (unordered); returns how many there were.

    A heap with its worst at the root: ties keep the earlier row, so the answer is always the same.
    """
    n = 0
    for r in range(scores.size):
        if not admitted[r]:
            continue
        if n < count:
            at = n
            n += 1
            rows[at] = r
            while at > 0:
                parent = (at - 1) >> 1
                if scores[rows[parent]] <= scores[rows[at]]:
                    break
                rows[parent], rows[at] = rows[at], rows[parent]
                at = parent
        elif scores[r] > scores[rows[0]]:
            rows[0] = r
            at = 0
            while True:
                child = 2 * at + 1
                if child >= n:
                    break
                if child + 1 < n and scores[rows[child + 1]] < scores[rows[child]]:
                    child += 1
                if scores[rows[child]] >= scores[rows[at]]:
                    break
                rows[child], rows[at] = rows[at], rows[child]
                at = child
    return n


@njit(cache=True, nogil=True, fastmath=True)
def dots(vectors, scales, query, out):
    """``out[i]`` = the product of row i (int8 with a scale) and a float32 query."""
    for i in range(out.size):
        total = np.float32(0.0)
        for d in range(query.size):
            total += np.float32(vectors[i, d]) * query[d]
        out[i] = total * scales[i]


@njit(cache=True, nogil=True, fastmath=True)
def quadratic(matrix, vector):
    """``vector`` · ``matrix`` · ``vector``. A BLAS would wake its threads for less work than waking them."""
    total = np.float32(0.0)
    for i in range(vector.size):
        row = np.float32(0.0)
        for j in range(vector.size):
            row += matrix[i, j] * vector[j]
        total += vector[i] * row
    return total


@njit(cache=True, nogil=True, fastmath=True)
def project(vector, matrix, out):
    """``out`` = ``vector`` @ ``matrix``, without a BLAS for the same reason."""
    out[:] = 0.0
    for i in range(vector.size):
        for j in range(out.size):
            out[j] += vector[i] * matrix[i, j]


@njit(cache=True, nogil=True, fastmath=True)
def add_vectors(ids, first, table, scales, out):
    """Add the int8 vectors of all known ids (counted from row ``first``) to ``out``."""
    for i in range(ids.size):
        if ids[i] >= 0:
            row = first + ids[i]
            scale = scales[row]
            for d in range(out.size):
                out[d] += np.float32(table[row, d]) * scale


@njit(cache=True, nogil=True)
def admit(facets, starts, counts, wanted, hit):
    """Clear ``hit[r]`` for every row none of whose facets is marked in ``wanted``."""
    for r in range(starts.size):
        if hit[r]:
            found = False
            for at in range(starts[r], starts[r] + counts[r]):
                if wanted[facets[at]]:
                    found = True
                    break
            hit[r] = found


@njit(cache=True, nogil=True)
def draw_passages(documents, lows, highs, terms, offsets, out_terms, out_owner, side, marks, stamp, hidden):
    """Write the terms of the remainders (side 1) or passages (side 0); returns how many were written.

    The remainders come first and leave a mark on their terms; a passage then hides a share of the
    terms that its remainder holds as well, drawn by a multiplicative hash of place and step.
    """
    n = 0
    for i in range(documents.size):
        start, end = offsets[documents[i]], offsets[documents[i] + 1]
        size = end - start
        a, b = start + np.int64(lows[i] * size), start + np.int64(highs[i] * size)
        own = stamp + i
        for at in range(start, end):
            term = terms[at]
            if (a <= at < b) != (side == 0) or term < 0 or n >= out_terms.size:
                continue
            if side == 1:
                marks[term] = own
            elif hidden > 0.0 and marks[term] == own:
                draw = np.uint64(at) * np.uint64(0x9E3779B97F4A7C15)
                draw += np.uint64(own) * np.uint64(0xBF58476D1CE4E5B9)
                if np.float64(draw >> np.uint64(40)) < hidden * 16777216.0:
                    continue
            out_terms[n] = term
            out_owner[n] = i
            n += 1
    return n


@njit(cache=True, nogil=True, fastmath=True)
def sum_vectors(vectors, terms, owner, n, out):
    """``out[owner[k]]`` = the sum of the vectors of its terms."""
    out[:] = 0.0
    for k in range(n):
        row, target = terms[k], owner[k]
        for d in range(out.shape[1]):
            out[target, d] += vectors[row, d]


@njit(cache=True, nogil=True, fastmath=True)
def descend(vectors, seen, terms, owner, n, gradient, rate):
    """One Adagrad step for every occurrence; ``seen`` holds the running squared gradient of each row."""
    dimensions = vectors.shape[1]
    size = np.empty(gradient.shape[0], np.float32)
    for i in range(gradient.shape[0]):
        total = np.float32(0.0)
        for d in range(dimensions):
            total += gradient[i, d] * gradient[i, d]
        size[i] = total
    for k in range(n):
        row, source = terms[k], owner[k]
        seen[row] += size[source]
        pace = rate / np.sqrt(seen[row] + np.float32(1e-12))
        for d in range(dimensions):
            vectors[row, d] -= pace * gradient[source, d]
