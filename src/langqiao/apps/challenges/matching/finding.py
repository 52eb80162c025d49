"""Search across all records, similar challenges (同类需求), and open challenges for a record."""

from __future__ import annotations

from typing import Any

from langqiao.apps.challenges.matching import store, tell
from langqiao.apps.challenges.matching.documents import documents_of
from langqiao.apps.challenges.matching.rows import Row, rows_of
from langqiao.apps.challenges.models import Challenge
from langqiao.apps.ledger.domain import identifier
from langqiao.engines.matching.types import Filters, Hit, Parts, Query

# Below this a record without a shared word has nothing to do with what was typed.
FOUND = 1.0


def search_all(text: str, *, limit: int = 8, kinds: tuple[str, ...] = ()) -> list[Row]:
    """Records of every kind that fit what was typed so far (即时搜索)."""
    text = text.strip()
    if not text:
        return []
    filters = Filters(kinds=kinds)
    index = store.index()
    offered = index.suggest(text, filters, limit=limit)
    hits = [Hit(key=s.key, kind=s.kind, score=0.0, parts=Parts()) for s in offered]
    known = {hit.key for hit in hits}
    if len(hits) < limit:
        found = index.search(Query(text=text), filters, limit=limit)
        hits += [hit for hit in found.hits if hit.key not in known and (hit.terms or hit.score >= FOUND)]
    return rows_of(hits[:limit], home=None)


def similar_challenges(
    text: str, *, title: str = "", exclude: Challenge | None = None, limit: int = 5
) -> list[Row]:
    """Published challenges close to a text, best first."""
    if not (text.strip() or title.strip()):
        return []
    excluded = (identifier(exclude),) if exclude is not None and exclude.pk else ()
    found = store.index().search(
        Query(text=text, title=title), Filters(kinds=("challenge",), excluded_keys=excluded), limit=limit
    )
    return rows_of([hit for hit in found.hits if hit.score >= store.clear_score(found.total)], home=None)


def open_challenges_for(record: Any, *, limit: int = 5) -> list[Row]:
    """Open challenges that an achievement or expert fits (反向匹配)."""
    found, _gone = documents_of([identifier(record)])
    if not found:
        return []
    hits = tell.open_challenges(found[0], limit=limit).hits
    return rows_of([hit for hit in hits if hit.terms], home=getattr(record, "city", None))
