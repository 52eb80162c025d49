"""A bound on costly requests (限流): so many a minute for each person, or each address of a stranger.

Counted in the cache: with the default cache each server process counts for itself.
"""

from __future__ import annotations

import time
from typing import Any

from django.conf import settings
from django.core.cache import cache
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from langqiao.kit.refusals import TooMany

WINDOW = 60  # seconds


def address(request: HttpRequest) -> str:
    """Where a request comes from: behind our own TLS proxy what the proxy itself appended last."""
    forwarded = str(request.headers.get("X-Forwarded-For", "")) if settings.HTTPS else ""
    return forwarded.rpartition(",")[2].strip() or str(request.META.get("REMOTE_ADDR", ""))


def throttle(request: HttpRequest, scope: str) -> None:
    """Count a request of ``scope``; ``settings.PER_MINUTE`` says how many pass (0: all).

    Raises:
        TooMany: more than that within the present minute.
    """
    most = settings.PER_MINUTE[scope]
    if not most:
        return
    user: Any = getattr(request, "user", None)
    who = f"u{user.pk}" if getattr(user, "is_authenticated", False) else f"a{address(request)}"
    key = f"throttle:{scope}:{int(time.time() // WINDOW)}:{who[:64]}"
    cache.add(key, 0, 2 * WINDOW)
    try:
        count = cache.incr(key)
    except ValueError:  # pushed out of a full cache between the two calls
        count = 1
    if count > most:
        raise TooMany(_("请求太频繁。"), mend=_("请稍等一分钟再试。"))
