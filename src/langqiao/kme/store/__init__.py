"""The key store: encrypted at rest, keys delivered once, every delivery audited before it is answered."""

from __future__ import annotations

from langqiao.kme.store.pools import IN, LINK, OUT, RELAY, Pool
from langqiao.kme.store.store import DATABASE, Delivery, Store, create_store, lock_folder
from langqiao.kme.store.transaction import Transaction, now_ms

__all__ = [
    "DATABASE",
    "IN",
    "LINK",
    "OUT",
    "RELAY",
    "Delivery",
    "Pool",
    "Store",
    "Transaction",
    "create_store",
    "lock_folder",
    "now_ms",
]
