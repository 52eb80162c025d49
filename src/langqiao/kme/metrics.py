"""Counts for the health page: a plain local port with Prometheus text and JSON, nothing secret in either."""

from __future__ import annotations

import time
from collections import Counter
from typing import Any

from langqiao.kme.config import Config
from langqiao.kme.store import Store


class Metrics:
    """Counts since the start of the process; ``faults`` and ``short`` (relay pools) tell what is wrong."""

    def __init__(self, config: Config, store: Store) -> None:
        self._config = config
        self._store = store
        self._since = time.time()
        self._delivered: Counter[str] = Counter()
        self._refused: Counter[int] = Counter()
        self.faults: dict[str, str] = {}
        self.short: dict[str, str] = {}

    def delivered(self, method: str, keys: int) -> None:
        """Count keys that were answered."""
        self._delivered[method] += keys

    def refused(self, status: int) -> None:
        """Count a refusal."""
        self._refused[status] += 1

    def health(self) -> dict[str, Any]:
        """Return the state as plain data: pools, counts, what is wrong with sources and peers."""
        pools = [
            {
                "peer": pool.peer,
                "direction": pool.direction,
                "kind": pool.kind,
                "stored": pool.stored,
                "available": pool.available,
                "received": pool.received,
                "delivered": pool.delivered,
                "relayed": pool.relayed,
                "discarded": pool.discarded,
            }
            for pool in self._store.pools.values()
        ]
        return {
            "kme": self._config.id,
            "status": "degraded" if self.faults else "ok",
            "since": int(self._since),
            "delivered": dict(self._delivered),
            "refused": {str(status): count for status, count in self._refused.items()},
            "waiting": self._store.waiting,
            "commits": self._store.commits,
            "audit": {"sequence": self._store.head.seq, "hash": self._store.head.hash.hex()},
            "faults": dict(self.faults),
            "short": dict(self.short),
            "pools": pools,
        }

    def prometheus(self) -> str:
        """Return the counts in the text format of Prometheus."""
        facts = self.health()
        lines = [f"kme_commits_total {facts['commits']}", f"kme_audit_sequence {facts['audit']['sequence']}"]
        for method, keys in facts["delivered"].items():
            lines.append(f'kme_keys_delivered_total{{method="{method}"}} {keys}')
        for status, count in facts["refused"].items():
            lines.append(f'kme_refusals_total{{status="{status}"}} {count}')
        for pool in facts["pools"]:
            labels = f'peer="{_escaped(pool["peer"])}",direction="{pool["direction"]}",kind="{pool["kind"]}"'
            names = ("stored", "received", "delivered", "relayed", "discarded")
            lines.extend(f"kme_pool_{name}_units{{{labels}}} {pool[name]}" for name in names)
        return "\n".join(lines) + "\n"


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
