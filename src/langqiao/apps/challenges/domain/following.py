"""Follow a challenge (关注) and subscribe to what fits (订阅)."""

from __future__ import annotations

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from langqiao.apps.accounts.models import User
from langqiao.apps.challenges.domain.acts import enter
from langqiao.apps.challenges.models import Challenge, Follow, Subscription
from langqiao.apps.ledger.domain import record
from langqiao.apps.ledger.models import Visibility
from langqiao.apps.registry.models import City, Field
from langqiao.kit.permissions import require
from langqiao.kit.refusals import Invalid

SUBSCRIPTIONS_AT_MOST = 50
TEXT_AT_MOST = 300


@transaction.atomic
def follow(actor: User, challenge: Challenge) -> Follow:
    """Follow a challenge (关注): its news reach the actor; following twice changes nothing.

    Raises:
        NotAllowed: nobody is signed in, or the challenge is not theirs to read.
    """
    require(actor, "challenges.follow", challenge)
    followed, made = Follow.objects.get_or_create(challenge=challenge, user=actor)
    if made:
        enter(actor, "follow", challenge, organisation="", visibility=Visibility.OFFICE)
    return followed


@transaction.atomic
def unfollow(actor: User, challenge: Challenge) -> None:
    """Stop following (取消关注); allowed even when the challenge was withdrawn.

    Raises:
        NotAllowed: nobody is signed in.
    """
    require(actor, "challenges.subscribe")
    gone, _each = Follow.objects.filter(challenge=challenge, user=actor).delete()
    if gone:
        enter(actor, "unfollow", challenge, organisation="", visibility=Visibility.OFFICE)


@transaction.atomic
def subscribe(
    actor: User,
    *,
    wanted: str,
    text: str = "",
    city: City | None = None,
    field: Field | None = None,
) -> Subscription:
    """Subscribe (订阅) to new challenges, or to new achievements and experts, that fit.

    Raises:
        NotAllowed: nobody is signed in.
        Invalid: an unknown kind, no condition at all, a text too long, or too many subscriptions.
    """
    require(actor, "challenges.subscribe")
    if wanted not in Subscription.Wanted.values:
        raise Invalid(_("请选择订阅内容。"), field="wanted")
    clean = " ".join(text.split())
    if not clean and city is None and field is None:
        raise Invalid(_("请至少填写一项条件：关注的技术、城市或产业领域。"), field="text")
    if len(clean) > TEXT_AT_MOST:
        raise Invalid(_("关注的技术最多 300 字。"), field="text")
    if actor.subscriptions.count() >= SUBSCRIPTIONS_AT_MOST:
        raise Invalid(_("订阅已达 50 项上限。"), mend=_("请先取消不再需要的订阅。"))
    subscription, made = Subscription.objects.get_or_create(
        user=actor, wanted=wanted, text=clean, city=city, field=field
    )
    if made:
        record(actor, "subscribe", subscription, data={"wanted": wanted}, visibility=Visibility.OFFICE)
    return subscription


@transaction.atomic
def unsubscribe(actor: User, subscription: Subscription) -> None:
    """Cancel a subscription (取消订阅).

    Raises:
        NotAllowed: it is somebody else's.
    """
    require(actor, "challenges.subscribe", subscription)
    record(actor, "unsubscribe", subscription, visibility=Visibility.OFFICE)
    subscription.delete()
