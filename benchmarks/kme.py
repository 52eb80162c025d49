"""Benchmark of the KME: durable keys a second over mutual TLS, beside one commit for each key, in the same
run.

    python -m benchmarks.kme [--keys 20000] [--connections 32] [--number 1 8] [--json]

It needs no data: two KMEs of a network made for the run, the simulator's stock laid in before. One KME
serves in a process of its own; this process asks for keys over connections that stay open, and checks that
no key identifier came twice. Every key was removed and audited by a commit with full sync before it was
answered.

JSON keys: ``runs``, a list with ``version`` ("group commit" or "one commit a key"), ``method``, ``number``
(keys in a request), ``connections``, ``keys_per_second``, ``requests_per_second``, ``p50_ms``, ``p99_ms``,
``commits``; and ``half``: the same measured at half the requests a second, evenly paced.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import shutil
import socket
import ssl
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from langqiao.kme.client import KmeClient
from langqiao.kme.initialise import City, Plan, initialise, kme_id, sae_id
from langqiao.kme.tls import client_context

PAIR = Plan("a pair", (City("a", "甲"), City("b", "乙")), (("a", "b", 100_000.0),), saes=1)


@dataclass(frozen=True)
class Result:
    """One measured run."""

    version: str
    method: str
    number: int
    connections: int
    keys_per_second: float
    requests_per_second: float
    p50_ms: float
    p99_ms: float
    commits: int


class Wire:
    """A connection that stays open and speaks just enough HTTP."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    async def ask(self, path: str, body: bytes) -> dict[str, Any]:
        """Send a POST and return the JSON of a 200."""
        head = (
            f"POST {path} HTTP/1.1\r\nHost: kme\r\nContent-Type: application/json\r\n"
            f"Content-Length: {len(body)}\r\n\r\n"
        )
        self._writer.write(head.encode() + body)
        top = await self._reader.readuntil(b"\r\n\r\n")
        length = next(
            int(line.split(b":")[1])
            for line in top.split(b"\r\n")
            if line.lower().startswith(b"content-length")
        )
        text = await self._reader.readexactly(length)
        if not top.startswith(b"HTTP/1.1 200"):
            raise RuntimeError(f"{top.splitlines()[0]!r} {text!r}")
        found: dict[str, Any] = json.loads(text)
        return found

    def close(self) -> None:
        """Close it."""
        self._writer.close()


async def connect(port: int, context: ssl.SSLContext) -> Wire:
    """Open a connection to a KME of this machine."""
    return Wire(*await asyncio.open_connection("127.0.0.1", port, ssl=context))


async def load(
    wires: Sequence[Wire], path: str, bodies: list[bytes], *, every: float = 0.0
) -> tuple[list[dict[str, Any]], list[float], float]:
    """Send the bodies over all connections; ``every``: seconds between two of them, 0 for as fast as it goes.

    Returns:
        Answers, latencies in seconds (from the moment a request was due), seconds altogether.
    """
    answers: list[dict[str, Any]] = []
    latencies: list[float] = []
    began = time.perf_counter()
    waiting = iter(enumerate(bodies))

    async def work(wire: Wire) -> None:
        for index, body in waiting:
            due = time.perf_counter()
            if every:
                due = began + index * every
                await asyncio.sleep(max(0.0, due - time.perf_counter()))
            answers.append(await wire.ask(path, body))
            latencies.append(time.perf_counter() - due)

    await asyncio.gather(*(work(wire) for wire in wires))
    return answers, latencies, time.perf_counter() - began


def free_ports(count: int) -> list[int]:
    """Return ports of the operating system's choice."""
    with ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in sockets]


@contextmanager
def serving(folder: Path, slug: str, group: int) -> Any:
    """Run a KME of the network in a process of its own."""
    config = folder / kme_id(slug) / "kme.toml"
    command = [sys.executable, "-m", "langqiao.kme", "--config", str(config), "--group", str(group)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:  # noqa: S603 - our own KME
        assert process.stdout is not None
        line = process.stdout.readline()
        try:
            yield line
        finally:
            process.terminate()


def quantile(values: list[float], share: float) -> float:
    """Return a quantile, in the unit of the values."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def measured(
    name: tuple[str, str, int], wires: int, latencies: list[float], seconds: float, commits: int
) -> Result:
    """Put a run's figures together."""
    version, method, number = name
    return Result(
        version,
        method,
        number,
        wires,
        keys_per_second=len(latencies) * number / seconds,
        requests_per_second=len(latencies) / seconds,
        p50_ms=1000 * quantile(latencies, 0.5),
        p99_ms=1000 * quantile(latencies, 0.99),
        commits=commits,
    )


def commits_of(port: int) -> int:
    """Read the count of commits from the health page."""
    with socket.create_connection(("127.0.0.1", port)) as wire:
        wire.sendall(b"GET /health HTTP/1.0\r\n\r\n")
        text = b"".join(iter(lambda: wire.recv(65536), b""))
    found: int = json.loads(text.split(b"\r\n\r\n", 1)[1])["commits"]
    return found


def await_stock(folder: Path, port: int, keys: int) -> None:
    """Wait until the simulator's stock is laid in."""
    files = (folder / "sae" / f"{sae_id('a')}.crt", folder / "sae" / f"{sae_id('a')}.pem", folder / "ca.crt")
    with KmeClient(f"https://127.0.0.1:{port}", *files) as client:
        while client.status(sae_id("b"))["stored_key_count"] < keys:
            time.sleep(0.2)


async def run(
    folder: Path, ports: Sequence[int], version: str, *, keys: int, number: int, wires: int
) -> list[Result]:
    """Measure Get key at full speed, then at half of it."""
    sae = folder / "sae" / sae_id("a")
    context = client_context(sae.with_suffix(".crt"), sae.with_suffix(".pem"), folder / "ca.crt")
    path = f"/api/v1/keys/{sae_id('b')}/enc_keys"
    bodies = [json.dumps({"number": number}).encode()] * max(1, keys // number)
    open_wires = [await connect(ports[0], context) for _ in range(wires)]
    try:
        await load(open_wires, path, bodies[:200])
        before = commits_of(ports[2])
        answers, latencies, seconds = await load(open_wires, path, bodies)
        full = measured(
            (version, "enc_keys", number), wires, latencies, seconds, commits_of(ports[2]) - before
        )
        pace = 2 * seconds / len(bodies)
        before = commits_of(ports[2])
        more, latencies, seconds = await load(
            open_wires, path, bodies[: max(200, len(bodies) // 2)], every=pace
        )
        half = measured((version, "half", number), wires, latencies, seconds, commits_of(ports[2]) - before)
    finally:
        for wire in open_wires:
            wire.close()
    ids = [row["key_ID"] for answer in answers + more for row in answer["keys"]]
    if len(set(ids)) != len(ids):
        raise RuntimeError("a key was delivered twice")
    return [full, half]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--keys", type=int, default=20_000)
    parser.add_argument("--connections", type=int, default=32)
    parser.add_argument("--number", type=int, nargs="+", default=[1, 8])
    parser.add_argument("--plain-keys", type=int, default=2_000, help="keys of the plain version")
    parser.add_argument("--json", action="store_true")
    chosen = parser.parse_args()
    results: list[Result] = []
    for version, group, keys, numbers in (
        ("one commit a key", 1, chosen.plain_keys, [1]),
        ("group commit", 256, chosen.keys, chosen.number),
    ):
        folder = Path(tempfile.mkdtemp(prefix="kme-bench-"))
        try:
            ports = free_ports(4)
            total = 2 * keys * len(numbers) + 4_000
            initialise(
                folder / "net",
                PAIR,
                ports=ports[:2],
                health_ports=ports[2:],
                stock=total,
                extra=f"[keys]\nmax_key_count = {2 * total}\n",
            )
            with serving(folder / "net", "a", group):
                await_stock(folder / "net", ports[0], total)
                for number in numbers:
                    results += asyncio.run(
                        run(
                            folder / "net", ports, version, keys=keys, number=number, wires=chosen.connections
                        )
                    )
        finally:
            shutil.rmtree(folder)
    if chosen.json:
        print(json.dumps({"runs": [asdict(result) for result in results]}, indent=2))
        return
    heads = ("keys/request", "keys/s", "req/s", "p50 ms", "p99 ms", "commits")
    print(f"{'version':18}{'run':10}" + "".join(f"{head:>13}" for head in heads))
    for result in results:
        print(
            f"{result.version:18}{result.method:10}{result.number:13d}{result.keys_per_second:13.0f}"
            f"{result.requests_per_second:13.0f}{result.p50_ms:13.1f}{result.p99_ms:13.1f}{result.commits:13d}"
        )


if __name__ == "__main__":
    main()
