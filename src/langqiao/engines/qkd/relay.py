"""Hop-by-hop relay of a key under one-time pads (逐跳一次一密中继), on actual bytes.

At every hop the key is added to as much link key, and the message carries a tag under fresh link key of 256
bits: Poly1305 with a key used once, which no computing power forges with a probability above 8⌈L/16⌉/2¹⁰⁶
(D. J. Bernstein, "The Poly1305-AES message-authentication code", FSE 2005), or HMAC-SM3 (GB/T 15852.2,
GB/T 32905). The stations between see the key: they are trusted.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

from cryptography.hazmat.primitives.poly1305 import Poly1305

from langqiao.engines.qkd.disjoint import xor_join, xor_split
from langqiao.engines.qkd.errors import QkdError
from langqiao.engines.qkd.pools import Pool, Use
from langqiao.engines.qkd.types import Account, LinkKey
from langqiao.engines.sm.kdf import hmac_sm3

Method = Literal["poly1305", "hmac-sm3"]
TAG_KEY_BYTES = 32

Channel = Callable[[LinkKey, bytes, bytes], tuple[bytes, bytes]]
"""What the classical network does to a message and its tag between two stations."""


class LinkStore:
    """The same key bytes at both ends of a link, with the account of a pool.

    Args:
        link: its two ends.
        capacity: bytes that can be stored.
    """

    def __init__(self, link: LinkKey, *, capacity: int = 1 << 30) -> None:
        self.link = link
        self._key = bytearray()
        self._pool = Pool(link, rate=0.0, capacity=capacity * 8)

    @property
    def account(self) -> Account:
        """Where every bit went."""
        return self._pool.account

    @property
    def stored(self) -> int:
        """Bytes there now."""
        return len(self._key)

    def add(self, key: bytes) -> None:
        """Put key in; what is beyond the storage limit is discarded."""
        kept = self._pool.deposit(len(key) * 8) // 8
        self._key += key[:kept]

    def take(self, count: int, use: Use) -> bytes:
        """Take bytes out and forget them.

        Raises:
            QkdError: there are not so many (kind ``empty``).
        """
        self._pool.take(count * 8, use)
        key = bytes(self._key[:count])
        self._key[:count] = bytes(count)
        del self._key[:count]
        return key


@dataclass(frozen=True, slots=True)
class Relayed:
    """A key that arrived: its bytes at the target, and bits of link key that every hop used."""

    key: bytes
    route: tuple[str, ...]
    bits_per_hop: int


def overhead(key_bits: int) -> float:
    """Bits of authentication for every bit relayed, when keys of one length travel each by itself."""
    if key_bits <= 0:
        raise QkdError("a key has at least one bit", kind="length")
    return TAG_KEY_BYTES * 8 / key_bits


def relay(
    route: Sequence[str],
    key: bytes,
    stores: Mapping[LinkKey, LinkStore],
    *,
    method: Method = "poly1305",
    channel: Channel | None = None,
) -> Relayed:
    """Pass a key along a route.

    Args:
        route: nodes from source to target.
        key: what to pass on.
        stores: link key by link.
        method: how messages are authenticated.
        channel: what happens to a message on its way, for tests; nothing by default.

    Returns:
        The key as it arrived.

    Raises:
        QkdError: a link is missing or has too little key (nothing is used then), or a message was changed on
            its way (kind ``tag``; the key used up to there is gone).
    """
    if len(route) < 2 or len(set(route)) != len(route):
        raise QkdError("a route has two different nodes at least", kind="route", subjects=tuple(route))
    if not key:
        raise QkdError("an empty key is not relayed", kind="length")
    hops = [_store(stores, x, y) for x, y in pairwise(route)]
    need = len(key) + TAG_KEY_BYTES
    for hop in hops:
        if hop.stored < need:
            raise QkdError(
                f"{'-'.join(hop.link)} has {hop.stored * 8:,} bits of key, the relay needs {need * 8:,}",
                kind="empty", subjects=hop.link,
            )  # fmt: skip
    held = key
    for place, hop in enumerate(hops):
        pad = hop.take(len(key), "relayed")
        tag_key = hop.take(TAG_KEY_BYTES, "relayed")
        message = xor_join(held, pad)
        tag = _tag(method, tag_key, message)
        if channel is not None:
            message, tag = channel(hop.link, message, tag)
        if len(message) != len(pad) or not hmac.compare_digest(tag, _tag(method, tag_key, message)):
            raise QkdError(
                f"the message from {route[place]} to {route[place + 1]} was changed on its way",
                kind="tag", subjects=hop.link,
            )  # fmt: skip
        held = xor_join(message, pad)
    return Relayed(held, tuple(route), need * 8)


def relay_two_paths(
    routes: tuple[Sequence[str], Sequence[str]],
    key: bytes,
    mask: bytes,
    stores: Mapping[LinkKey, LinkStore],
    *,
    method: Method = "poly1305",
    channel: Channel | None = None,
) -> bytes:
    """Pass a key as two shares over two routes that share no node but their ends.

    Args:
        routes: as :func:`langqiao.engines.qkd.disjoint.disjoint_pair` finds them.
        key: what to pass on.
        mask: as many random bytes, used once.
        stores, method, channel: as for :func:`relay`.

    Raises:
        QkdError: the routes are not disjoint, or as for :func:`relay`.
    """
    one, other = (tuple(route) for route in routes)
    if set(one[1:-1]) & set(other[1:-1]) or (one[0], one[-1]) != (other[0], other[-1]) or one == other:
        raise QkdError("the two routes share a node", kind="disjoint", subjects=(*one, *other))
    first, second = xor_split(key, mask)
    arrived = [
        relay(route, share, stores, method=method, channel=channel).key
        for route, share in ((one, first), (other, second))
    ]
    return xor_join(arrived[0], arrived[1])


def _store(stores: Mapping[LinkKey, LinkStore], a: str, b: str) -> LinkStore:
    found = stores.get((a, b) if a <= b else (b, a))
    if found is None:
        raise QkdError(f"there is no link {a}-{b}", kind="link", subjects=(a, b))
    return found


def _tag(method: Method, key: bytes, message: bytes) -> bytes:
    if method == "poly1305":
        return Poly1305.generate_tag(key, message)
    if method == "hmac-sm3":
        return hmac_sm3(key, message)
    raise QkdError(f"there is no method {method!r}", kind="method", subjects=(str(method),))
