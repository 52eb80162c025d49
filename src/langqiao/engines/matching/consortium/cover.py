"""The smallest set of organisations that covers every part: exact weighted set cover.

Set cover is NP-hard in general; a requirement has a dozen parts and some hundred organisations, which
the branch-and-bound of HiGHS (scipy.optimize.milp) settles in milliseconds. Four aims in strict order:
fewest organisations, strongest cover, fewest cities, shortest way. All are whole numbers, so that a
tie is a tie and each aim can be pinned exactly before the next one is pursued.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.optimize import Bounds, LinearConstraint, milp

Vector = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class _Model:
    """0/1 variables: organisations first, then one per covering pair, then one per city."""

    organisations: tuple[str, ...]
    constraints: LinearConstraint
    aims: tuple[Vector, ...]
    size: int


def smallest_cover(
    scores: Mapping[int, Mapping[str, float]],
    *,
    cities: Mapping[str, str] | None = None,
    distances: Mapping[str, float] | None = None,
    grain: float = 0.5,
) -> tuple[str, ...]:
    """The organisations that together cover every part, sorted by key.

    ``scores[part][organisation]`` holds the covering pairs only; a part without any is left open.
    Of all sets with the fewest members the one is taken whose best scores per part sum to most,
    counted in whole steps of ``grain`` (smaller differences are noise); of those the one in fewest
    ``cities`` (an organisation without one counts as a city of its own); of those the one with the
    smallest sum of ``distances`` (organisation → km from the asking firm, in whole km; unknown ones
    count as the farthest known).

    Raises:
        ValueError: ``grain`` is not positive, or a score or distance is not a finite number.
        RuntimeError: the solver gave up, which its limits do not let happen at this size.
    """
    if not grain > 0:
        raise ValueError("grain must be positive")
    coverable = {part: row for part, row in sorted(scores.items()) if row}
    if not coverable:
        return ()
    model = _build(coverable, cities or {}, distances or {}, grain)
    return _solve(model)


def _build(
    scores: Mapping[int, Mapping[str, float]],
    cities: Mapping[str, str],
    distances: Mapping[str, float],
    grain: float,
) -> _Model:
    organisations = tuple(sorted({key for row in scores.values() for key in row}))
    column = {key: at for at, key in enumerate(organisations)}
    homes = [cities.get(key) or f"\0{key}" for key in organisations]  # \0: no city's name begins so
    places = {home: at for at, home in enumerate(sorted(set(homes)))}
    pairs = [(part, key) for part, row in scores.items() for key in sorted(row)]
    first_pair, first_city = len(organisations), len(organisations) + len(pairs)
    size = first_city + len(places)

    gains = np.array([scores[part][key] for part, key in pairs], dtype=np.float64)
    if not np.isfinite(gains).all():
        raise ValueError("every score must be a finite number")
    rows: list[tuple[dict[int, float], float, float]] = []
    for part in scores:  # each part is answered by exactly one of its pairs
        answered = {first_pair + at: 1.0 for at, pair in enumerate(pairs) if pair[0] == part}
        rows.append((answered, 1.0, 1.0))
    for at, (_, key) in enumerate(pairs):  # only a member answers
        rows.append(({first_pair + at: 1.0, column[key]: -1.0}, -np.inf, 0.0))
    for at, home in enumerate(homes):  # a member opens its city
        rows.append(({at: 1.0, first_city + places[home]: -1.0}, -np.inf, 0.0))

    members, strength, opened, way = (np.zeros(size) for _ in range(4))
    members[:first_pair] = 1.0
    strength[first_pair:first_city] = -np.rint(gains / grain)
    opened[first_city:] = 1.0
    way[:first_pair] = _kilometres(organisations, distances)
    return _Model(organisations, _constraint(rows, size), (members, strength, opened, way), size)


def _kilometres(organisations: tuple[str, ...], distances: Mapping[str, float]) -> Vector:
    known = [distances[key] for key in organisations if key in distances]
    if not np.isfinite(known).all():
        raise ValueError("every distance must be a finite number")
    farthest = max(known, default=0.0)
    return np.rint(np.array([distances.get(key, farthest) for key in organisations], dtype=np.float64))


def _constraint(rows: list[tuple[dict[int, float], float, float]], size: int) -> LinearConstraint:
    matrix = sparse.lil_array((len(rows), size))
    for at, (entries, _, _) in enumerate(rows):
        for variable, factor in entries.items():
            matrix[at, variable] = factor
    return LinearConstraint(matrix.tocsc(), [row[1] for row in rows], [row[2] for row in rows])


def _solve(model: _Model) -> tuple[str, ...]:
    """Pursue one aim after the other, holding those before at their best value.

    Only membership must be declared whole: with the members fixed, answers and cities have a whole
    optimum by themselves, so every best value is a whole number.
    """
    members = len(model.organisations)
    whole = np.zeros(model.size)
    whole[:members] = 1
    constraints = [model.constraints]
    chosen = np.zeros(model.size)
    for aim in model.aims:
        if not aim.any():
            continue
        answer = milp(
            aim,
            integrality=whole,
            bounds=Bounds(0, 1),
            constraints=constraints,
            options={"mip_rel_gap": 0.0},
        )
        if answer.x is None or answer.status != 0:
            raise RuntimeError(f"the solver found no smallest cover: {answer.message}")
        chosen = answer.x
        best = round(float(answer.fun))
        constraints.append(LinearConstraint(aim[np.newaxis, :], -np.inf, best + 0.5))
    return tuple(key for at, key in enumerate(model.organisations) if chosen[at] > 0.5)
