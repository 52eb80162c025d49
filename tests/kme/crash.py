"""Kills KMEs with SIGKILL at random moments under load, and checks what they promise.

    python -m tests.kme.crash --kills 1000 --seed 1

Two KMEs serve in processes of their own. Workers get keys at one and fetch them at the other, over
connections that stay open. After every kill the KME starts again on the store it left. At the end: no key
identifier and no key was delivered twice at either end, both ends of a key are equal, the loss is no more
than what the stores count, the audit chains verify, every record opens and every pool balances.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import random
import signal
import sqlite3
import tempfile
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from multiprocessing.process import BaseProcess
from pathlib import Path

from langqiao.kme.client import KmeClient, KmeRefused
from langqiao.kme.config import load_config
from langqiao.kme.errors import KmeError
from langqiao.kme.initialise import City, Plan, initialise, kme_id, sae_id
from langqiao.kme.store.admin import verify_store
from langqiao.kme.store.schema import connect

PAIR = Plan("a pair", (City("a", "甲"), City("b", "乙")), (("a", "b", 4e6),), saes=1)
CONTEXT = multiprocessing.get_context("forkserver")


def serve(config: Path, ready: multiprocessing.synchronize.Event) -> None:
    """Serve in a child; tell the parent when the port is open."""
    import asyncio

    from langqiao.kme.server import harden, running

    async def run() -> None:
        async with running(load_config(config)):
            ready.set()
            await asyncio.Event().wait()

    harden()
    asyncio.run(run())


@dataclass
class Seen:
    """What the workers saw: how often each key came at either end, and its bytes."""

    issued: Counter[str] = field(default_factory=Counter)
    fetched: Counter[str] = field(default_factory=Counter)
    keys: dict[str, bytes] = field(default_factory=dict)
    unequal: int = 0
    faults: list[str] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)


@dataclass(frozen=True)
class Outcome:
    """The figures of a run; ``faults`` is empty where every promise was kept."""

    kills: int
    issued: int
    fetched: int
    missing: int
    counted: int
    entries: int
    faults: tuple[str, ...]


class Worker(threading.Thread):
    """Gets keys from one end for the other and fetches them there, until told to stop."""

    def __init__(self, folder: Path, ends: tuple[str, str], seen: Seen, seed: int) -> None:
        super().__init__(daemon=True)
        self._ends, self._seen, self._random = ends, seen, random.Random(seed)
        self._clients = {slug: self._client(folder, slug) for slug in ends}
        self.stopped = threading.Event()

    @staticmethod
    def _client(folder: Path, slug: str) -> KmeClient:
        sae = folder / "sae" / sae_id(slug)
        url = load_config(folder / kme_id(slug) / "kme.toml").directory.kmes[kme_id(slug)].url
        return KmeClient(url, sae.with_suffix(".crt"), sae.with_suffix(".pem"), folder / "ca.crt", timeout=5)

    def run(self) -> None:
        while not self.stopped.is_set():
            try:
                self._exchange()
            except KmeRefused as refused:
                if refused.status != 503:
                    self._seen.faults.append(f"{refused.status}: {refused}")
                time.sleep(0.02)
            except KmeError:
                time.sleep(0.02)
        for client in self._clients.values():
            client.close()

    def _exchange(self) -> None:
        here, there = self._random.sample(self._ends, 2)
        keys = self._clients[here].get_keys(sae_id(there), number=self._random.randint(1, 4))
        with self._seen.lock:
            for key in keys:
                self._seen.issued[key.key_id] += 1
                self._seen.keys[key.key_id] = key.key
        ids = [key.key_id for key in keys]
        while not self.stopped.is_set():
            try:
                found = self._clients[there].get_keys_by_id(sae_id(here), ids)
            except KmeRefused as refused:
                if refused.status == 503:
                    time.sleep(0.05)
                    continue
                if refused.status != 400:
                    raise
                return  # lost with the answer of the first attempt
            except KmeError:
                time.sleep(0.05)
                continue
            with self._seen.lock:
                for key in found:
                    self._seen.fetched[key.key_id] += 1
                    self._seen.unequal += self._seen.keys[key.key_id] != key.key


class Kme:
    """A KME in a child process that is killed and started again."""

    def __init__(self, config: Path) -> None:
        self.config = config
        self._process: BaseProcess | None = None

    def start(self) -> None:
        ready = CONTEXT.Event()
        self._process = CONTEXT.Process(target=serve, args=(self.config, ready), daemon=True)
        self._process.start()
        if not ready.wait(60):
            raise RuntimeError(f"{self.config} did not start")

    def kill(self) -> None:
        assert self._process is not None
        if self._process.exitcode is not None:
            raise RuntimeError(f"{self.config} ended by itself: {self._process.exitcode}")
        os.kill(self._process.pid or 0, signal.SIGKILL)
        self._process.join()


def crash(
    folder: Path, ports: list[int], *, kills: int, seed: int, workers: int = 4, stock: int = 8192
) -> Outcome:
    """Run the whole trial in an empty folder."""
    chance = random.Random(seed)
    CONTEXT.set_forkserver_preload(["langqiao.kme.server", "langqiao.kme.sources.simulator"])
    initialise(folder, PAIR, ports=ports, stock=stock, extra="[keys]\nmax_key_count = 200000\n")
    kmes = {slug: Kme(folder / kme_id(slug) / "kme.toml") for slug in ("a", "b")}
    for kme in kmes.values():
        kme.start()
    seen = Seen()
    staff = [Worker(folder, ("a", "b"), seen, seed + number) for number in range(workers)]
    for worker in staff:
        worker.start()
    for _ in range(kills):
        time.sleep(chance.uniform(0.02, 0.4))
        victim = kmes[chance.choice("ab")]
        victim.kill()
        victim.start()
    for worker in staff:
        worker.stopped.set()
    for worker in staff:
        worker.join()
    for kme in kmes.values():
        kme.kill()
    return _outcome(folder, kmes, seen, kills)


def _outcome(folder: Path, kmes: dict[str, Kme], seen: Seen, kills: int) -> Outcome:
    faults = list(seen.faults)
    released: Counter[str] = Counter()
    entries = counted = 0
    for slug, kme in kmes.items():
        config = load_config(kme.config)
        kme.start()  # counts what the last kill took
        kme.kill()
        report = verify_store(config.store, config.master_key())
        faults += [f"{slug}: {fault}" for fault in report.faults]
        entries += report.entries
        counted += report.lost
        released += _released(config.store / "keys.sqlite3")
    for name, counts in (("issued", seen.issued), ("fetched", seen.fetched)):
        faults += [f"{name} twice: {key_id}" for key_id, count in counts.items() if count > 1]
    material = Counter(seen.keys.values())
    faults += ["the same key under two identifiers" for count in material.values() if count > 1]
    if seen.unequal:
        faults.append(f"{seen.unequal} keys differ at their two ends")
    missing = released["enc_keys"] - seen.issued.total() + released["dec_keys"] - seen.fetched.total()
    if missing > counted:
        faults.append(f"{missing} keys are missing, the stores count {counted}")
    return Outcome(kills, seen.issued.total(), seen.fetched.total(), missing, counted, entries, tuple(faults))


def _released(path: Path) -> Counter[str]:
    db: sqlite3.Connection = connect(path)
    found: Counter[str] = Counter()
    for act, facts in db.execute("SELECT act, facts FROM audit WHERE act IN ('enc_keys', 'dec_keys')"):
        found[act] += json.loads(facts)["keys"]
    db.close()
    return found


def main() -> None:
    from tests.kme.conftest import free_ports

    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--kills", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        print(crash(Path(folder) / "net", free_ports(2), kills=chosen.kills, seed=chosen.seed))


if __name__ == "__main__":
    main()
