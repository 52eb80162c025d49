"""The message that carries keys over one hop, and the two that answer it.

A container is encrypted by XOR with units of the link's pool that both ends delete (one-time pad), and
authenticated by HMAC-SM3 under one more unit, used once. TLS protects it a second time.
"""

from __future__ import annotations

import base64
import hmac
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

from langqiao.engines.sm.kdf import hmac_sm3
from langqiao.kme.errors import bad_request
from langqiao.kme.ids import MAX_SERIAL, UNIT_BYTES
from langqiao.kme.messages import MAX_ID, identifier
from langqiao.kme.store.audit import canonical

PATH: Final = "/kmapi/v1/ext_keys"
ACK_PATH: Final = "/kmapi/v1/ext_keys/ack"
VOID_PATH: Final = "/kmapi/v1/ext_keys/void"
VERSIONS_PATH: Final = "/kmapi/versions"
RELAYED: Final = "relayed"
VOIDED: Final = "voided"
MAX_KEYS: Final = 10_000
MAX_KEY_BYTES: Final = 1 << 12
MAX_HOPS: Final = 32
_LATEST: Final = 1 << 53


@dataclass(frozen=True)
class Cargo:
    """What travels, the same on every hop: ``keys`` are encrypted for the hop, or plain inside a KME.

    ``kind`` "pool": one key of whole units that starts at ``serial`` of the pool from source to target.
    "shared": keys for the SAEs in ``slaves``.
    """

    id: str
    kind: str
    source: str
    target: str
    route: tuple[str, ...]
    expires: int
    serial: int
    master: str
    slaves: tuple[str, ...]
    keys: tuple[tuple[str, bytes], ...] = field(repr=False)

    @property
    def length(self) -> int:
        """Bytes of all keys."""
        return sum(len(material) for _, material in self.keys)

    @property
    def pad_units(self) -> int:
        """Units of pad a hop uses, without the one that authenticates."""
        return -(-self.length // UNIT_BYTES)

    def xored(self, pad: bytes) -> Cargo:
        """Return the cargo with its keys under (or freed from) a pad."""
        length = self.length
        joined = int.from_bytes(b"".join(material for _, material in self.keys), "big")
        mixed = (joined ^ int.from_bytes(pad[:length], "big")).to_bytes(length, "big")
        keys, at = [], 0
        for key_id, material in self.keys:
            keys.append((key_id, mixed[at : at + len(material)]))
            at += len(material)
        return replace(self, keys=tuple(keys))


@dataclass(frozen=True)
class Hop:
    """A cargo under way to the next KME: which units are its pad and which one authenticates it."""

    cargo: Cargo
    pads: tuple[tuple[int, int], ...]
    auth: int
    tag: str = ""

    def body(self, callback: str) -> dict[str, Any]:
        """Return the JSON body."""
        cargo = self.cargo
        keys = [{"key_ID": key_id, "key": base64.b64encode(text).decode()} for key_id, text in cargo.keys]
        extension = {
            "message_ID": cargo.id,
            "kind": cargo.kind,
            "source_KME_ID": cargo.source,
            "target_KME_ID": cargo.target,
            "route": list(cargo.route),
            "expires": cargo.expires,
            "serial": cargo.serial,
            "pads": [list(pad) for pad in self.pads],
            "auth": self.auth,
            "tag": self.tag,
        }
        return {
            "ext_key_container": {"keys": keys, "ext_key_container_extension": extension},
            "initiator_SAE_ID": cargo.master,
            "target_SAE_IDs": list(cargo.slaves),
            "ack_callback_url": callback,
        }

    def sign(self, key: bytes, callback: str) -> Hop:
        """Return the hop with its tag; ``key`` is the unit ``auth``."""
        unsigned = replace(self, tag="")
        return replace(self, tag=hmac_sm3(key, canonical(unsigned.body(callback)).encode()).hex())

    def genuine(self, key: bytes, callback: str) -> bool:
        """Say whether the tag fits."""
        return hmac.compare_digest(self.sign(key, callback).tag, self.tag)


def ranges(serials: Sequence[int]) -> tuple[tuple[int, int], ...]:
    """Return rising serials as half-open ranges."""
    found: list[tuple[int, int]] = []
    for serial in serials:
        if found and found[-1][1] == serial:
            found[-1] = (found[-1][0], serial + 1)
        else:
            found.append((serial, serial + 1))
    return tuple(found)


def read_hop(data: object) -> tuple[Hop, str]:
    """Check the body of a hop and return it with the callback URL.

    Raises:
        Refusal: 400; a member is missing, of the wrong type or out of range.
    """
    top = _object(data, "the body")
    container = _object(top.get("ext_key_container"), "ext_key_container")
    extension = _object(container.get("ext_key_container_extension"), "ext_key_container_extension")
    kind = extension.get("kind")
    if kind not in ("pool", "shared"):
        raise bad_request("kind shall be pool or shared")
    route = _names(extension.get("route"), "route", MAX_HOPS)
    source = identifier(extension.get("source_KME_ID"), "source_KME_ID")
    target = identifier(extension.get("target_KME_ID"), "target_KME_ID")
    if len(route) < 2 or len(set(route)) != len(route) or (route[0], route[-1]) != (source, target):
        raise bad_request("route shall lead from source to target and pass no KME twice")
    slaves = _names(top.get("target_SAE_IDs"), "target_SAE_IDs", 64) if kind == "shared" else ()
    master = identifier(top.get("initiator_SAE_ID"), "initiator_SAE_ID") if kind == "shared" else ""
    keys = _keys(container.get("keys"), kind)
    pads = _pads(extension.get("pads"))
    cargo = Cargo(
        id=uuid_text(extension.get("message_ID"), "message_ID"),
        kind=kind,
        source=source,
        target=target,
        route=route,
        expires=_whole(extension.get("expires"), "expires", _LATEST),
        serial=_whole(extension.get("serial"), "serial", MAX_SERIAL - MAX_KEYS),
        master=master,
        slaves=slaves,
        keys=keys,
    )
    if sum(stop - start for start, stop in pads) != cargo.pad_units:
        raise bad_request("pads shall cover the keys")
    tag, callback = extension.get("tag"), top.get("ack_callback_url")
    if not isinstance(tag, str) or len(tag) != 64 or not tag.isascii():
        raise bad_request("tag shall be 64 hexadecimal digits")
    if not isinstance(callback, str) or len(callback) > 512:
        raise bad_request("ack_callback_url shall be a string")
    auth = _whole(extension.get("auth"), "auth", MAX_SERIAL)
    return Hop(cargo, pads, auth, tag), callback


@dataclass(frozen=True)
class Notice:
    """An acknowledgement to the source, or a void to the target.

    ``unreachable``: the next KME of the route, where the message was voided because that did not answer.
    """

    id: str
    status: str
    serial: int = 0
    units: int = 0
    key_ids: tuple[str, ...] = ()
    unreachable: str = ""

    def body(self) -> dict[str, Any]:
        """Return the JSON body; ``unreachable_KME_ID`` stands in it only where there is one."""
        body: dict[str, Any] = {
            "message_ID": self.id,
            "ack_status": self.status,
            "key_IDs": list(self.key_ids),
            "serial": self.serial,
            "units": self.units,
        }
        return body | ({"unreachable_KME_ID": self.unreachable} if self.unreachable else {})


def read_notice(data: object) -> Notice:
    """Check the body of an acknowledgement or void.

    Raises:
        Refusal: 400.
    """
    top = _object(data, "the body")
    status = top.get("ack_status")
    if status not in (RELAYED, VOIDED):
        raise bad_request(f"ack_status shall be {RELAYED} or {VOIDED}")
    rows = top.get("key_IDs", [])
    if not isinstance(rows, list) or len(rows) > MAX_KEYS:
        raise bad_request("key_IDs shall be an array")
    named = "unreachable_KME_ID" in top
    return Notice(
        id=uuid_text(top.get("message_ID"), "message_ID"),
        status=status,
        serial=_whole(top.get("serial", 0), "serial", MAX_SERIAL),
        units=_whole(top.get("units", 0), "units", MAX_SERIAL),
        key_ids=tuple(uuid_text(row, "key_IDs") for row in rows),
        unreachable=identifier(top["unreachable_KME_ID"], "unreachable_KME_ID") if named else "",
    )


def uuid_text(value: object, name: str) -> str:
    """Return a UUID in its usual form.

    Raises:
        Refusal: 400.
    """
    try:
        if isinstance(value, str) and len(value) == 36:
            return str(uuid.UUID(value))
    except ValueError:
        pass
    raise bad_request(f"{name} shall be a UUID")


def _object(value: object, name: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise bad_request(f"{name} shall be an object")
    return value


def _whole(value: object, name: str, most: int) -> int:
    if type(value) is not int or not 0 <= value <= most:
        raise bad_request(f"{name} shall be an integer from 0 to {most}")
    return value


def _names(value: object, name: str, most: int) -> tuple[str, ...]:
    if not isinstance(value, list) or not 1 <= len(value) <= most:
        raise bad_request(f"{name} shall be an array of 1 to {most} strings of at most {MAX_ID}")
    return tuple(identifier(item, name) for item in value)


def _keys(value: object, kind: str) -> tuple[tuple[str, bytes], ...]:
    if not isinstance(value, list) or not 1 <= len(value) <= (1 if kind == "pool" else MAX_KEYS):
        raise bad_request("keys shall be an array of objects")
    found = []
    for row in value:
        item = _object(row, "keys")
        try:
            material = base64.b64decode(item.get("key", ""), validate=True)
        except (TypeError, ValueError):
            material = b""
        if not 1 <= len(material) <= MAX_KEY_BYTES or (kind == "pool" and len(material) % UNIT_BYTES):
            raise bad_request("key shall be base64 of a known length")
        found.append((uuid_text(item.get("key_ID"), "key_ID"), material))
    if len({key_id for key_id, _ in found}) != len(found):
        raise bad_request("keys names a key twice")
    return tuple(found)


def _pads(value: object) -> tuple[tuple[int, int], ...]:
    if not isinstance(value, list) or len(value) > MAX_KEYS:
        raise bad_request("pads shall be an array of ranges")
    found, last = [], -1
    for row in value:
        if not isinstance(row, list) or len(row) != 2:
            raise bad_request("pads shall be an array of ranges")
        start, stop = (_whole(item, "pads", MAX_SERIAL) for item in row)
        if not last < start < stop <= start + MAX_KEYS * MAX_KEY_BYTES // UNIT_BYTES:
            raise bad_request("pads shall be rising ranges")
        found.append((start, stop))
        last = stop - 1
    return tuple(found)
