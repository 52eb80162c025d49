"""From a problem text and a search to a consortium (联合体)."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence

from .cover import smallest_cover
from .parts import split_problem
from .types import Consortium, Cover, Coverage, Gap, Match, Member, Part

Search = Callable[[str], Iterable[tuple[str, float, str]]]
"""Text → (organisation key, score, key of the evidence); an organisation may come several times."""

_EVIDENCE = 3  # achievements named for each part


def suggest(
    text: str,
    search: Search,
    *,
    title: str = "",
    cities: Mapping[str, str] | None = None,
    distances: Mapping[str, float] | None = None,
    threshold: float = 6.0,
    ratio: float = 0.6,
    limit: int = 12,
) -> Consortium:
    """The smallest set of organisations that covers the parts of a problem, and what each covers.

    ``search`` is asked once for each part; ``cities`` and ``distances`` belong to organisations and
    break ties (see :func:`.cover.smallest_cover`). ``threshold`` and ``ratio`` say what covers a
    part (see :func:`collect`), ``limit`` how many parts there may be.

    Raises:
        ValueError: a score is not a finite number, or a parameter is out of range.
    """
    parts = split_problem(text, title=title, limit=limit)
    coverage = collect(parts, search, threshold=threshold, ratio=ratio)
    scores = {part: {key: match.score for key, match in row.items()} for part, row in coverage.covers.items()}
    chosen = smallest_cover(scores, cities=cities, distances=distances)
    members = [_member(key, (cities or {}).get(key, ""), chosen, coverage) for key in chosen]
    members.sort(key=lambda m: (-len(m.covers), -sum(c.score for c in m.covers), m.organisation))
    return Consortium(parts, tuple(members), _gaps(coverage))


def collect(parts: Sequence[Part], search: Search, *, threshold: float = 6.0, ratio: float = 0.6) -> Coverage:
    """Ask for every part and keep what covers it.

    An organisation covers a part when its best score reaches ``threshold`` (in the unit of the
    search: for the matching index standard deviations above an average document) and ``ratio`` of the
    best score that anyone has for this part. The first keeps a part open for which nobody fits; the
    second keeps out those who barely fit where others fit well.

    Raises:
        ValueError: a score is not a finite number, or ``ratio`` is not between 0 and 1.
    """
    if not 0 <= ratio <= 1 or not math.isfinite(threshold):
        raise ValueError("ratio must lie between 0 and 1 and threshold be a finite number")
    covers: dict[int, dict[str, Match]] = {}
    best: dict[int, tuple[str, Match]] = {}
    for part in parts:
        matches = _matches(search(part.query))
        covers[part.number] = {}
        if not matches:
            continue
        leader = min(matches, key=lambda key: (-matches[key].score, key))
        best[part.number] = (leader, matches[leader])
        least = max(threshold, ratio * matches[leader].score)
        covers[part.number] = {key: match for key, match in matches.items() if match.score >= least}
    return Coverage(tuple(parts), covers, best)


def _matches(found: Iterable[tuple[str, float, str]]) -> dict[str, Match]:
    scores: dict[str, dict[str, float]] = {}
    for organisation, score, evidence in found:
        if not math.isfinite(score):
            raise ValueError(f"the score of {organisation!r} is not a finite number")
        own = scores.setdefault(organisation, {})
        own[evidence] = max(score, own.get(evidence, score))
    return {
        key: Match(max(own.values()), tuple(sorted(own, key=lambda e: (-own[e], e))[:_EVIDENCE]))
        for key, own in scores.items()
    }


def _member(key: str, city: str, chosen: Sequence[str], coverage: Coverage) -> Member:
    covers = []
    for part in coverage.parts:
        row = coverage.covers[part.number]
        if key not in row:
            continue
        match = row[key]
        leading = match.score >= max(row[other].score for other in chosen if other in row)
        covers.append(Cover(part.number, match.score, match.evidence, leading))
    return Member(key, city, tuple(covers))


def _gaps(coverage: Coverage) -> tuple[Gap, ...]:
    gaps = []
    for part in coverage.parts:
        if coverage.covers[part.number]:
            continue
        nearest, match = coverage.best.get(part.number, ("", Match(0.0)))
        gaps.append(Gap(part.number, nearest, match.score))
    return tuple(gaps)
