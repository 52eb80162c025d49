"""Rate limits of one SAE: token buckets (令牌桶) for requests and keys, and the wait a 503 names."""

from __future__ import annotations

import math
import time
from typing import Final

from langqiao.kme.config import RateLimits
from langqiao.kme.errors import unavailable

THROTTLED: Final = "too many requests"


class Bucket:
    """A bucket that holds up to ``rate``·``burst`` tokens (at least one) and fills with ``rate`` a second."""

    __slots__ = ("_at", "_full", "_rate", "_tokens")

    def __init__(self, rate: float, burst: float) -> None:
        self._rate = rate
        self._full = max(1.0, rate * burst)
        self._tokens = self._full
        self._at = time.monotonic()

    def wait(self, tokens: int) -> float:
        """Take the tokens and return 0, or take none and return the seconds until they are there."""
        now = time.monotonic()
        self._tokens = min(self._full, self._tokens + (now - self._at) * self._rate)
        self._at = now
        wanted = min(float(tokens), self._full)
        if self._tokens >= wanted:
            self._tokens -= tokens
            return 0.0
        return (wanted - self._tokens) / self._rate


class Throttle:
    """The buckets of all SAEs. SAEs are those of the directory, so their number is bounded."""

    def __init__(self, limits: RateLimits) -> None:
        self._limits = limits
        self._requests: dict[str, Bucket] = {}
        self._keys: dict[str, Bucket] = {}

    def request(self, sae: str) -> None:
        """Count a request.

        Raises:
            Refusal: 503 with Retry-After.
        """
        self._take(self._requests, sae, self._limits.requests_per_second, 1, THROTTLED)

    def keys(self, sae: str, count: int) -> None:
        """Count keys asked for.

        Raises:
            Refusal: 503 with Retry-After.
        """
        self._take(self._keys, sae, self._limits.keys_per_second, count, "too many keys in this time")

    def _take(self, buckets: dict[str, Bucket], sae: str, rate: float, count: int, message: str) -> None:
        if not rate:
            return
        bucket = buckets.get(sae)
        if bucket is None:
            bucket = buckets[sae] = Bucket(rate, self._limits.burst_seconds)
        if wait := bucket.wait(count):
            raise unavailable(message, retry_after=math.ceil(wait))
