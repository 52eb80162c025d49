"""Processes: one writes, others read; kill -9 at any moment loses nothing that was acknowledged."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from langqiao.engines.matching.index import MatchingIndex
from langqiao.engines.matching.types import IndexBusy, Query
from tests.factories.matching import make_corpus, make_document, quick_training

PER_COMMIT = 3
ROOT = Path(__file__).resolve().parents[3]

WRITER = f"""
import sys
from langqiao.engines.matching.index import MatchingIndex
from tests.factories.matching import make_document
index = MatchingIndex.open(sys.argv[1])
number = int(index.payload or 0)
print("ready", flush=True)
while True:
    with index.writer() as writer:
        for _ in range(4):
            number += 1
            writer.add(make_document(f"{{number}}:{{i}}", title=f"编号{{number}}") for i in range({PER_COMMIT}))
            writer.commit(str(number))
            print(number, flush=True)
"""
REBUILDER = """
import sys
from langqiao.engines.matching.index import MatchingIndex
from tests.factories.matching import make_corpus, quick_training
index = MatchingIndex.open(sys.argv[1], training=quick_training())
print("ready", flush=True)
number = 0
while True:
    number += 1
    index.rebuild(make_corpus(150), payload=f"rebuilt {number}")
    print(number, flush=True)
"""
HOLDER = """
import sys, time
from langqiao.engines.matching.index import MatchingIndex
with MatchingIndex.open(sys.argv[1]).writer():
    print("ready", flush=True)
    time.sleep(60)
"""


def start(script: str, folder: Path) -> subprocess.Popen[str]:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "src")])}
    process = subprocess.Popen(
        [sys.executable, "-c", script, str(folder)],
        stdout=subprocess.PIPE,
        text=True,
        env=environment,
        cwd=ROOT,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    return process


def kill(process: subprocess.Popen[str]) -> list[str]:
    """Kill -9, and what the process had said since it was ready."""
    process.send_signal(signal.SIGKILL)
    assert process.stdout is not None
    said = process.stdout.read().splitlines()
    process.stdout.close()
    process.wait()
    return said


def check(folder: Path, acknowledged: int) -> int:
    """The index holds exactly what its payload says, and at least what was acknowledged."""
    index = MatchingIndex.open(folder)
    payload = int(index.payload or 0)
    assert payload >= acknowledged
    assert index.count == payload * PER_COMMIT
    if payload:
        assert len(index.search(Query("刀具涂层"), limit=PER_COMMIT).hits) == PER_COMMIT
        assert index.get(f"{payload}:0") == make_document(f"{payload}:0", title=f"编号{payload}")
        assert index.get(f"{payload + 1}:0") is None
    return payload


def write_and_kill(folder: Path, times: int, seed: int) -> None:
    generator = random.Random(seed)
    acknowledged = 0
    for _ in range(times):
        process = start(WRITER, folder)
        time.sleep(generator.uniform(0.0, 0.8))
        said = kill(process)
        acknowledged = max([acknowledged, *(int(line) for line in said if line.isdigit())])
        acknowledged = check(folder, acknowledged)
    with MatchingIndex.open(folder).writer(timeout=5.0) as writer:  # the lock died with its holder
        writer.add([make_document("after")])
        writer.commit("0")
    assert MatchingIndex.open(folder).get("after") is not None


def test_kill_while_writing_loses_nothing_acknowledged(tmp_path: Path) -> None:
    write_and_kill(tmp_path, 3, seed=1)


@pytest.mark.slow
def test_kill_while_writing_many_times(tmp_path: Path) -> None:
    write_and_kill(tmp_path, 40, seed=2)


def rebuild_and_kill(folder: Path, times: int, seed: int) -> None:
    generator = random.Random(seed)
    index = MatchingIndex.open(folder, training=quick_training())
    index.rebuild(make_corpus(70), payload="first")
    for _ in range(times):
        process = start(REBUILDER, folder)
        time.sleep(generator.uniform(0.0, 2.5))
        kill(process)
        fresh = MatchingIndex.open(folder)
        assert fresh.count == (70 if fresh.payload == "first" else 150)
        assert fresh.trained_on == fresh.count
        assert len(fresh.search(Query("锂电池"), limit=5).hits) == 5
    index.rebuild(make_corpus(80), payload="last")
    assert len(list(folder.glob("generation-*"))) == 1  # leftovers of the killed ones are gone


def test_kill_while_rebuilding_leaves_an_index_that_answers(tmp_path: Path) -> None:
    rebuild_and_kill(tmp_path, 2, seed=3)


@pytest.mark.slow
def test_kill_while_rebuilding_many_times(tmp_path: Path) -> None:
    rebuild_and_kill(tmp_path, 20, seed=4)


def test_a_reader_follows_the_writer_of_another_process(tmp_path: Path) -> None:
    reader = MatchingIndex.open(tmp_path)
    process = start(WRITER, tmp_path)
    seen: set[int] = set()
    deadline = time.monotonic() + 30.0
    while len(seen) < 4 and time.monotonic() < deadline:
        result = reader.search(Query("刀具涂层"), limit=1)
        if result.total:
            assert result.total % PER_COMMIT == 0  # never half a commit
            seen.add(result.total)
    kill(process)
    assert len(seen) >= 4


def test_a_writer_of_another_process_is_waited_for_and_named(tmp_path: Path) -> None:
    process = start(HOLDER, tmp_path)
    with pytest.raises(IndexBusy, match="另一个进程"), MatchingIndex.open(tmp_path).writer(timeout=0.2):
        pass
    kill(process)
    with MatchingIndex.open(tmp_path).writer(timeout=5.0) as writer:
        writer.commit("free")
    assert MatchingIndex.open(tmp_path).payload == "free"
