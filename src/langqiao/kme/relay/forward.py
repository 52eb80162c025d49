"""What happens to a cargo inside one transaction: packed for a hop, taken in, passed on, kept."""

from __future__ import annotations

import json
import uuid
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final

from langqiao.kme.config import Config
from langqiao.kme.errors import KmeError, bad_request, unavailable
from langqiao.kme.network import Directory
from langqiao.kme.relay.container import (
    ACK_PATH,
    PATH,
    RELAYED,
    VOID_PATH,
    VOIDED,
    Cargo,
    Hop,
    Notice,
    ranges,
)
from langqiao.kme.store import IN, LINK, OUT, Transaction

NOTICE_SECONDS: Final = 86_400
ORIGIN: Final = "origin"
HOP: Final = "hop"
NOTICE: Final = "notice"


def callback_of(directory: Directory, source: str) -> str:
    """Return the URL at which the source takes acknowledgements."""
    return directory.kmes[source].url + ACK_PATH


def numbered(cargo: Cargo, serial: int) -> Cargo:
    """Return a cargo of kind "pool" that starts at ``serial``."""
    return replace(cargo, serial=serial)


def post(
    transaction: Transaction, role: str, to: str, path: str, body: dict[str, object], **columns: int | str
) -> None:
    """Write a message into the outbox."""
    transaction.db.execute(
        "INSERT INTO message (id, role, next, path, body, pool, serial, units, expires)"
        " VALUES (?,?,?,?,?,?,?,?,?)",
        (
            columns["id"],
            role,
            to,
            path,
            json.dumps(body, separators=(",", ":"), ensure_ascii=False),
            columns.get("pool", 0),
            columns.get("serial", 0),
            columns.get("units", 0),
            columns["expires"],
        ),
    )


def notify(transaction: Transaction, to: str, path: str, notice: Notice) -> None:
    """Send an acknowledgement or a void, once for each message and KME; it is tried for a day.

    A message may end for two reasons at the same time: its term is over, and who waits for it gives up.
    """
    message = f"{path[-4:]} {notice.id} {to}"
    if transaction.db.execute("SELECT 1 FROM message WHERE id=?", (message,)).fetchone():
        return
    post(
        transaction,
        NOTICE,
        to,
        path,
        notice.body(),
        id=message,
        expires=transaction.at + NOTICE_SECONDS * 1000,
    )


def void_units(transaction: Transaction, peer: str, start: int, stop: int) -> None:
    """Tell the holder of a pool that units will never be issued; ranges that follow each other are joined."""
    row = transaction.db.execute(
        "SELECT id, serial FROM message WHERE role=? AND next=? AND path=? AND pool=0 AND units>0"
        " AND serial+units=?",
        (NOTICE, peer, VOID_PATH, start),
    ).fetchone()
    message, first = row or (str(uuid.uuid4()), start)
    transaction.db.execute("DELETE FROM message WHERE id=?", (message,))
    post(
        transaction,
        NOTICE,
        peer,
        VOID_PATH,
        Notice(message, VOIDED, first, stop - first).body(),
        id=message,
        serial=first,
        units=stop - first,
        expires=transaction.at + NOTICE_SECONDS * 1000,
    )


def dispatch(
    transaction: Transaction, config: Config, cargo: Cargo, role: str, *, pool: int = 0, units: int = 0
) -> None:
    """Encrypt a plain cargo for the next hop with units that leave the pool here and now, and post it.

    Raises:
        Refusal: 503, the link's pool holds too few units.
    """
    to = cargo.route[cargo.route.index(config.id) + 1]
    link = transaction.pool(to, OUT)
    wanted = cargo.pad_units + 1
    if not link.fits(wanted, 1):
        raise unavailable(f"too few link keys towards {to}", retry_after=2)
    taken = transaction.take(link, wanted, 1)
    link.relayed += wanted
    *pads, (auth, auth_key) = taken
    covered = cargo.xored(b"".join(material for _, material in pads))
    callback = callback_of(config.directory, cargo.source)
    hop = Hop(covered, ranges([serial for serial, _ in pads]), auth).sign(auth_key, callback)
    post(
        transaction,
        role,
        to,
        PATH,
        hop.body(callback),
        id=cargo.id,
        pool=pool,
        serial=cargo.serial if units else 0,
        units=units,
        expires=cargo.expires,
    )
    facts = {"message": cargo.id, "source": cargo.source, "target": cargo.target, "next": to, "units": wanted}
    transaction.audit("kme", "relay", facts)


def take_in(transaction: Transaction, config: Config, sender: str, hop: Hop, callback: str) -> None:
    """Take a hop in: keep its cargo here, or pass it on. A message that was taken in before is left alone.

    Raises:
        Refusal: 400 where it is not genuine, 503 where units are missing here or for the next hop.
    """
    cargo = hop.cargo
    row = transaction.db.execute("SELECT 1 FROM seen WHERE id=?", (cargo.id,)).fetchone()
    if row is not None:
        return
    link = transaction.pool(sender, IN)
    pieces: list[bytes] = []
    for start, stop in (*hop.pads, (hop.auth, hop.auth + 1)):
        found = transaction.pull(link, start, stop)
        if found is None:
            raise unavailable("units of the pad are not here", retry_after=1)
        pieces += found
    if not hop.genuine(pieces[-1], callback):
        raise bad_request("the container is not genuine")
    link.relayed += len(pieces)
    plain = cargo.xored(b"".join(pieces[:-1]))
    transaction.db.execute("INSERT INTO seen VALUES (?,?)", (cargo.id, cargo.expires + NOTICE_SECONDS * 1000))
    if cargo.target == config.id:
        _keep(transaction, config, plain)
    else:
        dispatch(transaction, config, plain, HOP)


def _keep(transaction: Transaction, config: Config, cargo: Cargo) -> None:
    if cargo.kind == "pool":
        pool = transaction.pool(cargo.source, IN)
        material = cargo.keys[0][1]
        stop = cargo.serial + len(material) // 32
        if pool.kind != "relay" or cargo.serial < pool.next:
            raise bad_request("serial was used before")
        transaction.put(pool, cargo.serial, material)
        pool.next = stop
    else:
        for slave in cargo.slaves:
            if config.directory.saes.get(slave) != config.id:
                raise bad_request("a target SAE is not at this KME")
            for key_id, material in cargo.keys:
                transaction.assign(key_id, cargo.master, slave, material)
    facts = {"message": cargo.id, "source": cargo.source, "kind": cargo.kind, "bytes": cargo.length}
    transaction.audit("kme", "keep", facts)
    notify(transaction, cargo.source, ACK_PATH, Notice(cargo.id, RELAYED))


def give_up(transaction: Transaction, role: str, message: str, body: str, *, unreachable: str = "") -> None:
    """Drop a message of the outbox that cannot go on, and tell whom it concerns.

    Args:
        transaction: where.
        role: of the message.
        message: its identifier.
        body: its JSON text.
        unreachable: the KME it was for, where that did not answer.
    """
    row = transaction.db.execute(
        "DELETE FROM message WHERE id=? RETURNING next, sent, pool, serial, units", (message,)
    ).fetchone()
    if row is None or role == NOTICE:
        return
    to, sent, *place = row
    container = json.loads(body)["ext_key_container"]
    extension = container["ext_key_container_extension"]
    source, target = extension["source_KME_ID"], extension["target_KME_ID"]
    facts = {"message": message, "source": source, "target": target}
    transaction.audit("kme", "void", facts | ({"unreachable": unreachable} if unreachable else {}))
    if not sent:
        for start, stop in (*extension["pads"], (extension["auth"], extension["auth"] + 1)):
            void_units(transaction, to, start, stop)
    if role == HOP:
        notify(transaction, source, ACK_PATH, Notice(message, VOIDED, unreachable=unreachable))
    else:
        _void_both_ends(transaction, message, container, place)


def _void_both_ends(
    transaction: Transaction, message: str, container: dict[str, Any], place: Sequence[int]
) -> None:
    """Throw away what a source sent, here and at the target, where it may have arrived or arrive yet.

    ``place``: pool, first serial and units (0 for keys that stand in no pool).
    """
    target = container["ext_key_container_extension"]["target_KME_ID"]
    pool_id, serial, units = place
    if units:
        pool = transaction.pool(target, OUT)
        if pool.id != pool_id:
            raise KmeError("a message names another pool", kind="store")
        transaction.drop(pool, serial, serial + units)
    ids = tuple(item["key_ID"] for item in container["keys"]) if not units else ()
    notify(transaction, target, VOID_PATH, Notice(message, VOIDED, serial, units, ids))


def acknowledged(transaction: Transaction, sender: str, notice: Notice) -> tuple[str, ...] | None:
    """Take an acknowledgement: the units may be issued, or are thrown away.

    Returns:
        The route of the message it settles; ``None`` where none waits for it.

    Raises:
        Refusal: 400; the sender may not say so.
    """
    row = transaction.db.execute(
        "SELECT body, pool, serial, units FROM message WHERE id=? AND role=?", (notice.id, ORIGIN)
    ).fetchone()
    if row is None:
        return None
    body, *place = row
    container = json.loads(body)["ext_key_container"]
    route = container["ext_key_container_extension"]["route"]
    if sender not in route:
        raise bad_request("the message was not sent to you")
    if notice.status == RELAYED and sender != route[-1]:
        raise bad_request("only the target says relayed")
    if notice.unreachable and [notice.unreachable] != route[route.index(sender) + 1 :][:1]:
        raise bad_request("a KME tells of the next one on the route only that it is unreachable")
    transaction.db.execute("DELETE FROM message WHERE id=?", (notice.id,))
    if notice.status == VOIDED:
        _void_both_ends(transaction, notice.id, container, place)
    elif place[-1]:
        _make_ready(transaction, route[-1], place[-2], place[-1])
    return tuple(route)


def _make_ready(transaction: Transaction, target: str, serial: int, units: int) -> None:
    """Let units that have arrived at the target be issued, if they have not grown too old."""
    pool = transaction.pool(target, OUT)
    born = transaction.db.execute(
        "SELECT born FROM unit WHERE pool=? AND serial=?", (pool.id, serial)
    ).fetchone()
    if born:
        transaction.change(pool)
        pool.append(serial, serial + units, born[0])


def voided(transaction: Transaction, source: str, notice: Notice) -> None:
    """Throw away what a source has voided, arrived or not."""
    until = transaction.at + NOTICE_SECONDS * 1000
    if notice.units:
        pool, stop = transaction.pool(source, IN), notice.serial + notice.units
        if pool.kind == LINK and stop > pool.next:
            raise unavailable("the units have not come out of the source yet", retry_after=1)
        transaction.drop(pool, notice.serial, stop)
    transaction.db.execute("INSERT OR IGNORE INTO seen VALUES (?,?)", (notice.id, until))
    for key_id in notice.key_ids:
        transaction.db.execute("DELETE FROM assigned WHERE key_id=?", (key_id,))
