"""The store: fails closed, tells a copy that was put back, renews its keys, and shows its keys to nobody."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import sqlite3
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from langqiao.kme.errors import KmeError, Refusal
from langqiao.kme.ids import Namer, pool_key
from langqiao.kme.relay import forward
from langqiao.kme.relay.container import VOID_PATH, VOIDED, Notice
from langqiao.kme.sealing import sealer
from langqiao.kme.store import IN, OUT, Delivery, Pool, Store, create_store
from langqiao.kme.store.admin import discard, holds_entry, rotate, verify_store

MASTER = bytes(range(32))
PEERS = {"KME-b": "link"}
CANARY = bytes.fromhex("c0ffee") * 10 + b"\x01\x02"


@pytest.fixture(params=["sm4-gcm", "aes-256-gcm"])
def folder(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    create_store(tmp_path / "store", request.param, MASTER)
    return tmp_path / "store"


def fill(store: Store, units: int, material: bytes = b"") -> None:
    pool = store.pools["KME-b", OUT]

    def put(transaction):
        transaction.put(pool, pool.next, material or os.urandom(32 * units))
        pool.next += units
        transaction.audit("kme", "receive", {"units": units})

    store.run_now(put)


def take(store: Store, count: int, units: int = 1) -> list[tuple[int, bytes]]:
    pool = store.pools["KME-b", OUT]

    def issue(transaction):
        taken = transaction.take(pool, count, units)
        pool.delivered += units * count
        seq = transaction.audit("SAE", "enc_keys", {"keys": count})
        transaction.release(seq, count)
        return taken

    return store.run_now(issue)


def test_units_come_once_and_in_order(folder: Path) -> None:
    store = Store(folder, MASTER, PEERS)
    fill(store, 10)
    serials = [serial for serial, _ in take(store, 2, 3)] + [serial for serial, _ in take(store, 1)]
    store.close()
    assert serials == [0, 3, 6]
    again = Store(folder, MASTER, PEERS)
    assert [serial for serial, _ in take(again, 3)] == [7, 8, 9]
    again.close()
    report = verify_store(folder, MASTER)
    assert (report.faults, report.units, report.entries) == ((), 0, 5)
    assert report.lost == 3  # of the first session, unanswered; the second's are counted at the next start


def test_a_refusal_in_a_group_leaves_no_entry(folder: Path) -> None:
    store = Store(folder, MASTER, PEERS)

    def note(transaction):
        return transaction.audit("SAE", "noted", {})

    def refuse(transaction):
        transaction.audit("SAE", "refused", {})
        raise Refusal(400, "no")

    async def together():
        return await asyncio.gather(*(store.run(one) for one in (note, refuse, note)), return_exceptions=True)

    first, refused, second = asyncio.run(together())
    assert (first, second, str(refused)) == (1, 2, "no")
    assert store.commits == 1
    store.close()
    report = verify_store(folder, MASTER)
    assert (report.faults, report.entries) == ((), 2)


def test_a_message_that_ends_for_two_reasons_is_voided_once(folder: Path) -> None:
    store = Store(folder, MASTER, PEERS)
    notice = Notice("3f0c1d1e-0f7a-4a44-9a7e-5a0d5a0f5b11", VOIDED)

    def twice(transaction):
        for _reason in range(2):
            forward.notify(transaction, "KME-b", VOID_PATH, notice)
        return transaction.db.execute("SELECT count(*) FROM message").fetchone()[0]

    assert store.run_now(twice) == 1
    store.close()


def test_what_cannot_be_audited_is_not_released(folder: Path) -> None:
    store = Store(folder, MASTER, PEERS)
    fill(store, 8)
    pages = store._db.execute("PRAGMA page_count").fetchone()[0]
    store._db.execute(f"PRAGMA max_page_count={pages}")

    async def ask() -> None:
        def flood(transaction):
            pool = store.pools["KME-b", OUT]
            taken = transaction.take(pool, 1, 1)
            transaction.audit("SAE", "enc_keys", {"padding": "x" * 200_000})
            return taken

        with pytest.raises(Refusal) as refused:
            await store.run(flood)
        assert (refused.value.status, refused.value.retry_after) == (503, 1)

    asyncio.run(ask())
    assert store.pools["KME-b", OUT].available == 8
    store.close()
    assert verify_store(folder, MASTER).faults == ()


def test_what_the_witness_did_not_see_is_withheld_and_counted(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = Store(folder, MASTER, PEERS)
    fill(store, 8)
    pool = store.pools["KME-b", OUT]

    def issue(transaction):
        transaction.take(pool, 2, 1)
        pool.delivered += 2
        seq = transaction.audit("SAE", "enc_keys", {"keys": 2})
        transaction.release(seq, 2)
        return Delivery(seq, [])

    def full(*_args):
        raise OSError(28, "No space left on device")

    async def ask() -> None:
        with monkeypatch.context() as patch:
            patch.setattr(store._witness, "write", full)
            with pytest.raises(Refusal) as refused:
                await store.run(issue)
            assert refused.value.status == 503
            await store.idle()
        assert isinstance(await store.run(issue), Delivery)

    asyncio.run(ask())
    store.close()
    report = verify_store(folder, MASTER)
    assert report.faults == ()
    assert report.lost == 2


def test_one_operation_that_fails_leaves_the_others_of_its_group(folder: Path) -> None:
    store = Store(folder, MASTER, PEERS)
    fill(store, 8)

    def breaks(transaction):
        transaction.take(store.pools["KME-b", OUT], 2, 1)
        raise KmeError("no", kind="test")

    async def group() -> list[object]:
        pool = store.pools["KME-b", OUT]
        works = store.run(lambda t: t.take(pool, 1, 1))
        return await asyncio.gather(
            works, store.run(breaks), store.run(lambda t: t.take(pool, 1, 1)), return_exceptions=True
        )

    first, broken, last = asyncio.run(group())
    assert isinstance(broken, KmeError)
    assert ([first[0][0]], [last[0][0]]) == ([0], [1])
    assert store.commits == 2
    store.close()


def test_a_copy_put_back_is_refused_until_its_keys_are_thrown_away(folder: Path) -> None:
    store = Store(folder, MASTER, PEERS)
    fill(store, 8)
    store.close()
    shutil.copy(folder / "keys.sqlite3", folder.parent / "copy")
    store = Store(folder, MASTER, PEERS)
    take(store, 2)
    store.close()
    shutil.copy(folder.parent / "copy", folder / "keys.sqlite3")
    with pytest.raises(KmeError, match="put back from a copy"):
        Store(folder, MASTER, PEERS)
    assert any("put back" in fault for fault in verify_store(folder, MASTER).faults)
    assert discard(folder, MASTER) == 8
    Store(folder, MASTER, PEERS).close()
    assert verify_store(folder, MASTER).faults == ()


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ("UPDATE audit SET facts='{}' WHERE seq=1", "audit: entry 1 is broken"),
        ("DELETE FROM audit WHERE seq=1", "audit: entry 2 is broken"),
        ("UPDATE unit SET sealed=zeroblob(60) WHERE serial=3", "pool 2: unit 3 cannot be opened"),
        ("UPDATE unit SET serial=99 WHERE serial=3", "pool 2: unit 99 cannot be opened"),
        ("DELETE FROM unit WHERE serial=3", "pool KME-b out: 8 units by the counters, 7 stored"),
    ],
)
def test_what_was_changed_is_found(tmp_path: Path, change: str, fault: str) -> None:
    create_store(tmp_path / "s", "sm4-gcm", MASTER)
    store = Store(tmp_path / "s", MASTER, PEERS)
    fill(store, 4)
    fill(store, 4)
    pool = store.pools["KME-b", OUT].id
    store.close()
    with sqlite3.connect(tmp_path / "s" / "keys.sqlite3") as db:
        db.execute(change)
    db.close()
    assert fault.replace("pool 2", f"pool {pool}") in verify_store(tmp_path / "s", MASTER).faults


def overwrite(place: Path) -> None:
    data = bytearray(place.read_bytes())
    data[4096:] = b"\xa5" * (len(data) - 4096)
    place.write_bytes(data)


def drop_audit(place: Path) -> None:
    with contextlib.closing(sqlite3.connect(place)) as db:
        db.execute("DROP TABLE audit")


DAMAGES = {
    "overwritten": overwrite,
    "cut off": lambda place: os.truncate(place, 3 * 4096 + 100),
    "emptied": lambda place: os.truncate(place, 0),
    "no database": lambda place: place.write_bytes(b"no database " * 4096),
    "no audit": drop_audit,
}


@pytest.fixture(params=DAMAGES)
def damaged(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    create_store(tmp_path / "s", "sm4-gcm", MASTER)
    store = Store(tmp_path / "s", MASTER, PEERS)
    fill(store, 400)
    store.close()
    DAMAGES[request.param](tmp_path / "s" / "keys.sqlite3")
    return tmp_path / "s"


def test_a_damaged_store_is_refused_in_words(damaged: Path) -> None:
    for use in (
        lambda: Store(damaged, MASTER, PEERS),
        lambda: rotate(damaged, MASTER, bytes(32), place=None),
        lambda: discard(damaged, MASTER),
    ):
        with pytest.raises(KmeError, match=r"keys\.sqlite3") as refused:
            use()
        assert refused.value.kind == "store"
        assert "put a copy of the file in its place" in str(refused.value)


def test_verify_names_what_is_damaged(damaged: Path, request: pytest.FixtureRequest) -> None:
    damage = request.node.callspec.params["damaged"]
    if damage in ("cut off", "emptied", "no database"):
        with pytest.raises(KmeError, match=r"malformed|not a store of version|file is not a database"):
            verify_store(damaged, MASTER)
        return
    report = verify_store(damaged, MASTER)
    if damage == "no audit":
        assert report.faults == ("audit: no such table: audit", "witness: no such table: audit")
        assert report.units == 400
    else:
        assert any(fault.startswith("database: ") for fault in report.faults)
        assert not holds_entry(damaged, 1, "0" * 64)


def test_what_sqlite_calls_sound_and_no_kme_wrote_is_named(tmp_path: Path) -> None:
    create_store(tmp_path / "s", "sm4-gcm", MASTER)
    store = Store(tmp_path / "s", MASTER, PEERS)
    fill(store, 4)
    store.close()
    with contextlib.closing(sqlite3.connect(tmp_path / "s" / "keys.sqlite3")) as db, db:
        db.execute("UPDATE audit SET actor=x'00ff' WHERE seq=1")
        db.execute("UPDATE unit SET sealed='text' WHERE serial=2")
        db.execute("INSERT OR REPLACE INTO meta VALUES ('unanswered', 'no JSON')")
    first, second = verify_store(tmp_path / "s", MASTER).faults
    assert first == "audit: entry 1 is broken"
    assert second.startswith("sealed records: ")
    with pytest.raises(KmeError, match="the store is damaged"):
        Store(tmp_path / "s", MASTER, PEERS)


def test_a_store_damaged_while_it_serves_releases_nothing_and_says_so(tmp_path: Path) -> None:
    create_store(tmp_path / "s", "sm4-gcm", MASTER)
    store = Store(tmp_path / "s", MASTER, PEERS)
    fill(store, 8)
    drop = "DROP TABLE unit"
    with contextlib.closing(sqlite3.connect(tmp_path / "s" / "keys.sqlite3")) as db:
        db.execute(drop)

    async def ask() -> None:
        for _ in range(2):
            with pytest.raises(Refusal) as refused:
                async with asyncio.timeout(10):
                    await store.run(lambda t: t.take(store.pools["KME-b", OUT], 1, 1))
            assert refused.value.status == 503

    asyncio.run(ask())
    with pytest.raises(KmeError, match="cannot be written"):
        store.close()
    assert "sealed records: no such table: unit" in verify_store(tmp_path / "s", MASTER).faults


def test_rotation_renews_both_keys(folder: Path) -> None:
    store = Store(folder, MASTER, PEERS)
    fill(store, 8, CANARY * 8)
    with pytest.raises(KmeError, match="another process"):
        verify_store(folder, MASTER)
    store.close()
    sealed = sqlite3.connect(folder / "keys.sqlite3")
    before = sealed.execute("SELECT sealed FROM unit WHERE serial=0").fetchone()[0]
    sealed.close()
    new = bytes(32)
    assert rotate(folder, MASTER, new, place=folder / "master.key") == 8
    assert (folder / "master.key").read_text().strip() == new.hex()
    with pytest.raises(KmeError, match="another master key"):
        Store(folder, MASTER, PEERS)
    assert verify_store(folder, new).faults == ()
    assert before not in (folder / "keys.sqlite3").read_bytes()
    store = Store(folder, new, PEERS)
    assert take(store, 1) == [(0, CANARY)]
    store.close()


def test_no_page_of_the_database_shows_a_key(folder: Path) -> None:
    store = Store(folder, MASTER, PEERS)
    fill(store, 8, CANARY * 8)
    take(store, 3)
    store.run_now(lambda t: t.assign("id", "a", "b", CANARY))
    copy = sqlite3.connect(folder.parent / "backup")
    store._db.backup(copy)
    copy.close()
    found = [
        place.name
        for place in folder.parent.rglob("*")
        if place.is_file() and CANARY[:16] in place.read_bytes()
    ]
    store.close()
    assert found == []
    assert not [place.name for place in folder.iterdir() if CANARY[:16] in place.read_bytes()]
    assert {"keys.sqlite3", "audit.head", "lock"} <= {place.name for place in folder.iterdir()}


@given(st.lists(st.tuples(st.integers(1, 80), st.integers(1, 5), st.integers(1, 8)), max_size=12))
def test_runs_give_every_unit_once(script: list[tuple[int, int, int]]) -> None:
    pool, at, seen = Pool(1, "b", OUT, "link"), 0, []
    for units, count, size in script:
        pool.append(at, at + units, at)
        at += units + 1
        if pool.fits(count, size):
            for run in pool.cut(count, size, 0):
                assert (run.stop - run.start) % size == 0
                seen += range(run.start, run.stop)
    assert len(set(seen)) == len(seen)
    left = [serial for run in pool.runs for serial in range(run.start, run.stop)]
    assert pool.available == len(left)
    assert not set(left) & set(seen)


@given(st.integers(0, 2**48 - 1), st.integers(1, 4096), st.text(max_size=9), st.text(max_size=9))
def test_an_identifier_says_for_whom_it_is(serial: int, length: int, master: str, slave: str) -> None:
    import uuid

    namer = Namer(MASTER)
    key = pool_key(uuid.UUID(namer.name(serial, length, master, slave)))
    assert key is not None
    assert (key.serial, key.length) == (serial, length)
    assert namer.fits(key, master, slave)
    assert not namer.fits(key, master, slave + "x")


@pytest.mark.parametrize("cipher", ["sm4-gcm", "aes-256-gcm"])
def test_a_sealed_record_stays_at_its_place(cipher: str) -> None:
    worker = sealer(cipher, MASTER)
    sealed = worker.seal(CANARY, b"here")
    assert worker.open(sealed, b"here") == CANARY
    for wrong, bound in (
        (sealed, b"there"),
        (sealed[:-1] + bytes([sealed[-1] ^ 1]), b"here"),
        (b"", b"here"),
    ):
        with pytest.raises(KmeError):
            worker.open(wrong, bound)


def test_a_pool_in_is_not_issued(folder: Path) -> None:
    store = Store(folder, MASTER, PEERS)
    assert not store.pools["KME-b", IN].fits(1, 1)
    store.close()
