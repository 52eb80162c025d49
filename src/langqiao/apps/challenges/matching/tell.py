"""Reverse match (反向匹配): new records find their challenges and subscribers, who are told once."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import override

from langqiao.apps.accounts.domain import notify
from langqiao.apps.accounts.models import User
from langqiao.apps.challenges.matching import store
from langqiao.apps.challenges.matching.rows import records_of, url_of
from langqiao.apps.challenges.models import OPEN_STATES, Challenge, Subscription
from langqiao.engines.matching.types import Document, Filters, Query, Result

# A larger batch is an import: subscribers get one summary, firms look at their panels.
BATCH_AT_MOST = 50
NEW = {
    Subscription.Wanted.ACHIEVEMENTS: ("achievement", "expert"),
    Subscription.Wanted.CHALLENGES: ("challenge",),
}
OPEN_TAGS = tuple(f"state:{state}" for state in OPEN_STATES)


def about(documents: Sequence[Document], first_seen: set[str]) -> int:
    """Tell subscribers and posing firms of documents that are new; returns how many were told.

    Args:
        documents: the documents just indexed.
        first_seen: keys of those that were not in the index before.
    """
    fresh = [document for document in documents if document.key in first_seen]
    if not fresh:
        return 0
    told = sum(_tell_subscriber(wish, fresh) for wish in Subscription.objects.select_related("user"))
    if len(fresh) <= BATCH_AT_MOST:
        told += sum(_tell_firms(document) for document in fresh if document.kind in ("achievement", "expert"))
    return told


def _tell_subscriber(wish: Subscription, fresh: Sequence[Document]) -> int:
    fitting = _fitting(wish, [d for d in fresh if d.kind in NEW[Subscription.Wanted(wish.wanted)]])
    if not fitting:
        return 0
    with override(wish.user.language or "zh-hans"):
        if len(fitting) > BATCH_AT_MOST:
            text = _("您的订阅有 %(n)d 条新记录。") % {"n": len(fitting)}
            list_url = reverse("challenge_list" if wish.wanted == "challenges" else "achievement_list")
            return notify([wish.user], text=text, url=list_url, event=f"wish:{wish.pk}:{fitting[0].key}:many")
        records = records_of(document.key for document in fitting)
        return sum(
            notify(
                [wish.user],
                text=_("符合您订阅的新记录：%(title)s") % {"title": document.title},
                url=url_of(records[document.key]),
                event=f"wish:{wish.pk}:{document.key}",
            )
            for document in fitting
            if document.key in records
        )


def _fitting(wish: Subscription, fresh: Sequence[Document]) -> list[Document]:
    near = [
        document
        for document in fresh
        if (not wish.city_id or wish.city_id in document.cities)
        and (not wish.field_id or wish.field_id in document.fields)
    ]
    if not wish.text or not near:
        return near
    query = Query(text=wish.text)
    # One search a wish, not one a document: an import may bring thousands.
    found = store.index().search(query, Filters(kinds=NEW[Subscription.Wanted(wish.wanted)]), limit=100)
    close = {hit.key for hit in found.hits if hit.score >= store.clear_score(found.total)}
    return [document for document in near if document.key in close]


def open_challenges(document: Document, *, limit: int) -> Result:
    """Open challenges that a record fits, best first."""
    return store.index().search(
        Query(text=document.body, title=document.title),
        Filters(kinds=("challenge",), tags=OPEN_TAGS),
        limit=limit,
    )


def _tell_firms(document: Document) -> int:
    found = open_challenges(document, limit=5)
    least = store.clear_score(found.total)
    fitting = [hit.key for hit in found.hits if hit.score >= least]
    return sum(
        notify(
            _people_of(challenge),
            text=_("新登记的“%(title)s”可能解答题目“%(challenge)s”。")
            % {"title": document.title[:80], "challenge": challenge.title[:80]},
            url=reverse("challenge_detail", args=[challenge.pk]),
            event=f"fits:{challenge.pk}:{document.key}",
        )
        for challenge in records_of(fitting).values()
    )


def _people_of(challenge: Challenge) -> Iterable[User]:
    """Members of the posing firm and followers of the challenge."""
    told = Q(follows__challenge=challenge)
    if challenge.organisation_id is not None:
        told |= Q(memberships__organisation_id=challenge.organisation_id)
    return User.objects.filter(told, is_active=True).distinct()
