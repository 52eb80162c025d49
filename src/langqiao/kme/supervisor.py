"""Runs every KME of a network on one machine, one process each, and reads their health pages."""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from langqiao.kme.config import Config, load_config
from langqiao.kme.errors import KmeError

START_SECONDS: Final = 120.0
STOP_SECONDS: Final = 20.0
PATIENCE: Final = 2.0


@dataclass
class Member:
    """One KME: its configuration and process."""

    config: Config
    process: subprocess.Popen[str] | None = field(default=None, repr=False)
    health_port: int = 0
    restarts: int = 0

    @property
    def running(self) -> bool:
        """Whether the process lives."""
        return self.process is not None and self.process.poll() is None


@dataclass(frozen=True)
class View:
    """What the status display shows of one KME; units of 256 bits."""

    kme: str
    city: str
    url: str
    state: str
    link_units: int
    relay_units: int
    lowest: str
    delivered: int
    entries: int
    faults: tuple[str, ...]


def members_of(folder: Path) -> list[Member]:
    """Return the KMEs that ``langqiao kme init`` made in a folder.

    Raises:
        KmeError: there are none, or a configuration is wrong.
    """
    found = [Member(load_config(place)) for place in sorted(folder.glob("*/kme.toml"))]
    if not found:
        raise KmeError(f"{folder} holds no network; make one with `langqiao kme init {folder}`", kind="init")
    return found


@contextmanager
def up(folder: Path) -> Iterator[list[Member]]:
    """Run all KMEs of a folder inside the block.

    Raises:
        KmeError: one did not start; its own words say why.
    """
    members = members_of(folder)
    try:
        for member in members:
            start(member)
        until = time.monotonic() + START_SECONDS
        for member in members:
            await_ready(member, until)
        yield members
    finally:
        stop(members)


def start(member: Member) -> None:
    """Start a KME's process; its errors go to ``kme.log`` beside its configuration."""
    config = member.config
    command = [sys.executable, "-m", "langqiao.kme", "--config", str(config.path)]
    with (config.path.parent / "kme.log").open("a", encoding="utf-8") as log:
        member.process = subprocess.Popen(  # noqa: S603 - our own program
            command, stdout=subprocess.PIPE, stderr=log, stdin=subprocess.DEVNULL, text=True
        )


def await_ready(member: Member, until: float) -> None:
    """Wait for the line that a KME prints when it serves, and take the health port from it.

    Raises:
        KmeError: it ended, or did not get ready in time.
    """
    process = member.process
    assert process is not None, "started before"
    assert process.stdout is not None, "a pipe"
    left = max(0.0, until - time.monotonic())
    ready, _, _ = select.select([process.stdout], [], [], left)
    line = process.stdout.readline() if ready else ""
    if not line:
        raise KmeError(
            f"{member.config.id} did not start; see {member.config.path.parent / 'kme.log'}", kind="start"
        )
    _address, _sep, health = line.partition(" health ")
    if health:
        member.health_port = int(health.rsplit(":", 1)[1].split("/")[0])


def stop(members: list[Member]) -> None:
    """End every process, first with SIGTERM."""
    for member in members:
        if member.process is not None and member.running:
            member.process.send_signal(signal.SIGTERM)
    for member in members:
        if member.process is None:
            continue
        try:
            member.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            os.kill(member.process.pid, signal.SIGKILL)
            member.process.wait()
        if member.process.stdout is not None:
            member.process.stdout.close()


def revive(members: list[Member]) -> None:
    """Start again what has ended.

    Raises:
        KmeError: it did not start.
    """
    for member in members:
        if not member.running:
            if member.process is not None and member.process.stdout is not None:
                member.process.stdout.close()
            member.restarts += 1
            start(member)
            await_ready(member, time.monotonic() + START_SECONDS)


def health(port: int) -> dict[str, Any] | None:
    """Read a health page of this machine; ``None`` where none answers."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(f"http://127.0.0.1:{port}/health", timeout=PATIENCE) as answer:
            found: dict[str, Any] = json.load(answer)
            return found
    except (OSError, ValueError, urllib.error.URLError):
        return None


def view(member: Member) -> View:
    """Return what the status display shows of one KME."""
    config = member.config
    kme = config.directory.kmes[config.id]
    facts = health(member.health_port) if member.health_port and member.running else None
    if facts is None:
        state = ("up" if not member.health_port else "silent") if member.running else "down"
        return View(kme.id, kme.city, kme.url, state, 0, 0, "", 0, 0, ())
    out = [pool for pool in facts["pools"] if pool["direction"] == "out"]
    lowest = min(out, key=lambda pool: pool["available"], default=None)
    return View(
        kme.id,
        kme.city,
        kme.url,
        facts["status"],
        sum(pool["available"] for pool in out if pool["kind"] == "link"),
        sum(pool["available"] for pool in out if pool["kind"] == "relay"),
        f"{lowest['peer']} {lowest['available']}" if lowest else "",
        sum(facts["delivered"].values()),
        facts["audit"]["sequence"],
        tuple(f"{name}: {text}" for name, text in facts["faults"].items()),
    )
