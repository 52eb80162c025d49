"""Requests of ETSI GS QKD 014 V1.1.1, read strictly: every member's type and range is checked at the door.

Members that the standard does not name are ignored, as JSON interfaces do.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from langqiao.kme.config import KeyLimits
from langqiao.kme.errors import NOT_FOUND, SIZE_MULTIPLE, Refusal, bad_request

MAX_ID: Final = 128
_DIGITS: Final = 9


@dataclass(frozen=True)
class KeyRequest:
    """Key request (6.2), with the defaults filled in; ``size`` in bits."""

    number: int
    size: int
    additional: tuple[str, ...] = ()
    mandatory: tuple[tuple[str, Any], ...] = ()
    optional: tuple[tuple[str, Any], ...] = ()


def read_json(body: bytes) -> Any:
    """Return the value of a UTF-8 JSON text.

    Raises:
        Refusal: 400; not UTF-8, not JSON, nested too deeply, with names that stand twice, or with half a
            surrogate pair, which is no character and could not be repeated in an answer.
    """
    try:
        text = body.decode("utf-8")
        value = _DECODE(text)
        if "\\u" in text:  # only an escape can spell a lone surrogate
            json.dumps(value, ensure_ascii=False).encode("utf-8")
    except (ValueError, RecursionError) as error:
        raise bad_request("the body shall be UTF-8 JSON") from error
    return value


def _once(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name stands twice")
    return found


def _no_constant(name: str) -> Any:
    raise ValueError(name)


_DECODE: Final = json.JSONDecoder(object_pairs_hook=_once, parse_constant=_no_constant).decode


def identifier(value: object, name: str) -> str:
    """Return an SAE identifier.

    Raises:
        Refusal: 400; not 1 to 128 printable characters.
    """
    if not isinstance(value, str) or not 1 <= len(value) <= MAX_ID or not value.isprintable():
        raise bad_request(f"{name} shall be a string of 1 to {MAX_ID} printable characters")
    return value


def key_request(body: bytes, limits: KeyLimits) -> KeyRequest:
    """Read the body of a POST to enc_keys; an empty one asks for the defaults.

    Raises:
        Refusal: 400, with the standard's sentence where it has one.
    """
    data = read_json(body) if body.strip() else {}
    if not isinstance(data, dict):
        raise bad_request("Key request shall be a JSON object")
    return _checked(
        limits,
        number=_whole(data, "number", 1),
        size=_whole(data, "size", limits.key_size),
        additional=_additional(data, limits),
        mandatory=_extensions(data, "extension_mandatory"),
        optional=_extensions(data, "extension_optional"),
    )


def key_request_from_query(query: Iterable[tuple[str, str]], limits: KeyLimits) -> KeyRequest:
    """Read the GET form of Get key: nothing, or just ``number`` and ``size``.

    Raises:
        Refusal: 400.
    """
    found: dict[str, int] = {}
    for name, text in query:
        if name not in ("number", "size"):
            raise bad_request("GET takes number and size only; use POST for anything else", parameter=name)
        if name in found:
            raise bad_request(f"{name} stands twice")
        digits = text.removeprefix("-")
        if not (digits.isascii() and digits.isdigit() and len(digits) <= _DIGITS):
            raise bad_request(f"{name} shall be an integer")
        found[name] = int(text)
    return _checked(limits, number=found.get("number", 1), size=found.get("size", limits.key_size))


def _checked(limits: KeyLimits, *, number: int, size: int, **rest: Any) -> KeyRequest:
    if not 1 <= number <= limits.max_key_per_request:
        raise bad_request(
            "number shall be between 1 and max_key_per_request",
            max_key_per_request=limits.max_key_per_request,
        )
    if size % 8:
        raise bad_request(SIZE_MULTIPLE)
    if not limits.min_key_size <= size <= limits.max_key_size:
        raise bad_request(
            "size shall be between min_key_size and max_key_size",
            min_key_size=limits.min_key_size,
            max_key_size=limits.max_key_size,
        )
    return KeyRequest(number=number, size=size, **rest)


def _whole(data: Mapping[str, Any], name: str, default: int) -> int:
    value = data.get(name, default)
    if type(value) is not int:
        raise bad_request(f"{name} shall be an integer")
    return value


def _additional(data: Mapping[str, Any], limits: KeyLimits) -> tuple[str, ...]:
    value = data.get("additional_slave_SAE_IDs", [])
    if not isinstance(value, list):
        raise bad_request("additional_slave_SAE_IDs shall be an array of strings")
    if len(value) > limits.max_sae_id_count:
        raise bad_request(
            "more additional_slave_SAE_IDs than max_SAE_ID_count", max_SAE_ID_count=limits.max_sae_id_count
        )
    found = tuple(identifier(item, "additional_slave_SAE_IDs") for item in value)
    if len(set(found)) != len(found):
        raise bad_request("additional_slave_SAE_IDs names an SAE twice")
    return found


def _extensions(data: Mapping[str, Any], name: str) -> tuple[tuple[str, Any], ...]:
    value = data.get(name, [])
    if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
        raise bad_request(f"{name} shall be an array of objects")
    pairs = tuple(pair for item in value for pair in item.items())
    if len({key for key, _ in pairs}) != len(pairs):
        raise bad_request(f"{name} names a parameter twice")
    return pairs


def key_ids(body: bytes, limits: KeyLimits) -> tuple[uuid.UUID, ...]:
    """Read the body of a POST to dec_keys (Key IDs, 6.4).

    Raises:
        Refusal: 400.
    """
    data = read_json(body)
    rows = data.get("key_IDs") if isinstance(data, dict) else None
    if not isinstance(rows, list) or not rows:
        raise bad_request("key_IDs shall be a non-empty array of objects")
    if len(rows) > limits.max_key_per_request:
        raise bad_request(
            "more key_IDs than max_key_per_request", max_key_per_request=limits.max_key_per_request
        )
    for extension in (data.get("key_IDs_extension", {}), *(_extension_of(row) for row in rows)):
        if not isinstance(extension, dict):
            raise bad_request("extensions of key_IDs shall be objects")
    found = tuple(_uuid(row["key_ID"]) for row in rows)
    if len(set(found)) != len(found):
        raise bad_request("key_IDs names a key twice")
    return found


def _extension_of(row: object) -> object:
    if not isinstance(row, dict) or "key_ID" not in row:
        raise bad_request("every one of key_IDs shall be an object with key_ID")
    return row.get("key_ID_extension", {})


def key_id_from_query(query: Iterable[tuple[str, str]]) -> tuple[uuid.UUID, ...]:
    """Read the GET form of Get key with key IDs: a single ``key_ID``.

    Raises:
        Refusal: 400.
    """
    pairs = list(query)
    if [name for name, _ in pairs] != ["key_ID"]:
        raise bad_request("GET takes a single key_ID; use POST for more")
    return (_uuid(pairs[0][1]),)


def _uuid(value: object) -> uuid.UUID:
    if not isinstance(value, str) or len(value) != 36:
        raise bad_request("key_ID shall be a UUID")
    try:
        found = uuid.UUID(value)
    except ValueError:
        raise bad_request("key_ID shall be a UUID") from None
    if str(found) != value.lower():
        raise bad_request("key_ID shall be a UUID")
    return found


def not_found() -> Refusal:
    """Return the standard's 400 for key identifiers that the KME does not hold."""
    return bad_request(NOT_FOUND)
