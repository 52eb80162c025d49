"""Key bytes that a KME delivered stand in none of the files it leaves, nor in what it prints."""

from __future__ import annotations

import base64
import os
import resource
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from langqiao.kme.client import KmeRefused
from langqiao.kme.server import harden
from tests.kme.conftest import Network, until


def spellings(key: bytes) -> list[bytes]:
    """A key as it might be spelt; sixteen bytes of it are enough."""
    return [key[:16], key[:16].hex().encode(), base64.b64encode(key[:15]), repr(key[:8])[2:-1].encode()]


def test_no_key_is_left_behind(network: Callable[..., Network], tmp_path: Path) -> None:
    net = network()
    folder = tmp_path / "kept"
    folder.mkdir()
    processes = []
    for slug in ("east", "middle"):
        log = (folder / f"{slug}.log").open("wb")
        command = [
            sys.executable,
            "-X",
            "faulthandler",
            "-m",
            "langqiao.kme",
            "--config",
            str(net.config(slug).path),
        ]
        environment = {**os.environ, "TMPDIR": str(folder), "SQLITE_TMPDIR": str(folder)}
        processes.append(
            subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, cwd=folder, env=environment)
        )
        log.close()
    try:
        for process in processes:
            assert process.stdout is not None
            assert process.stdout.readline()
        alice, bob = net.client("east"), net.client("middle")
        until(lambda: alice.status("SAE-middle-1")["stored_key_count"] > 100)
        keys = alice.get_keys("SAE-middle-1", number=20)
        shared = alice.get_keys("SAE-middle-1", number=4, additional=["SAE-middle-2"])
        bob.get_keys_by_id("SAE-east-1", [key.key_id for key in keys[:10]])
        errors = []
        for wrong in ([keys[0].key_id], ["x"], [base64.b64encode(keys[1].key).decode()]):
            try:
                bob.get_keys_by_id("SAE-east-1", wrong)
            except KmeRefused as refused:
                errors.append(f"{refused} {refused.details}".encode())
        assert len(errors) == 3
    finally:
        for process in processes:
            process.send_signal(signal.SIGABRT)  # would leave a core file
            process.wait()
            assert process.stdout is not None
            process.stdout.close()
    places = [place for place in tmp_path.rglob("*") if place.is_file()]
    assert not [place for place in places if place.name.startswith("core")]
    data = errors + [place.read_bytes() for place in places]
    assert {"keys.sqlite3", "keys.sqlite3-wal"} <= {place.name for place in places}
    found = [text for key in keys + shared for text in spellings(key.key) if any(text in one for one in data)]
    assert found == []


def test_core_dumps_are_off() -> None:
    before = resource.getrlimit(resource.RLIMIT_CORE)
    try:
        harden()
        assert resource.getrlimit(resource.RLIMIT_CORE)[0] == 0
    finally:
        if before[1] == 0:
            resource.setrlimit(resource.RLIMIT_CORE, before)
