"""What an answer must look like (ETSI GS QKD 014, clause 6): functions return a fault in words or ""."""

from __future__ import annotations

import base64
import uuid
from typing import Any, Final

from langqiao.kme.conformance.wire import Answer

STATUS_TEXTS: Final = ("source_KME_ID", "target_KME_ID", "master_SAE_ID", "slave_SAE_ID")
STATUS_NUMBERS: Final = (
    "key_size",
    "stored_key_count",
    "max_key_count",
    "max_key_per_request",
    "max_key_size",
    "min_key_size",
    "max_SAE_ID_count",
)


def is_json(answer: Answer) -> str:
    """The body is JSON and says so."""
    if answer.json is None:
        return "the body is no UTF-8 JSON"
    kind = answer.headers.get("content-type", "")
    return "" if kind.split(";")[0].strip().lower() == "application/json" else f"content type {kind!r}"


def status(answer: Answer) -> str:
    """Status data (6.1)."""
    if answer.status != 200:
        return f"status {answer.status}{_message(answer)}"
    if fault := is_json(answer):
        return fault
    data = answer.json
    if not isinstance(data, dict):
        return "not an object"
    for name in STATUS_TEXTS:
        if not isinstance(data.get(name), str) or not data[name]:
            return f"{name} is no string"
    for name in STATUS_NUMBERS:
        if type(data.get(name)) is not int or data[name] < 0:
            return f"{name} is no natural number"
    if not data["min_key_size"] <= data["key_size"] <= data["max_key_size"]:
        return "key_size lies outside min_key_size and max_key_size"
    if data["stored_key_count"] > data["max_key_count"]:
        return "stored_key_count exceeds max_key_count"
    extension = data.get("status_extension", {})
    return "" if isinstance(extension, dict) else "status_extension is no object"


def container(answer: Answer, *, number: int, size: int) -> str:
    """Key container (6.3) with ``number`` different keys of ``size`` bits."""
    if answer.status != 200:
        return f"status {answer.status}{_message(answer)}"
    if fault := is_json(answer):
        return fault
    rows = answer.json.get("keys") if isinstance(answer.json, dict) else None
    if not isinstance(rows, list):
        return "no array named keys"
    if len(rows) != number:
        return f"{len(rows)} keys, not {number}"
    for row in rows:
        if fault := _key(row, size):
            return fault
    if len({row["key_ID"] for row in rows}) != number or len({row["key"] for row in rows}) != number:
        return "a key or an identifier stands twice"
    extension = answer.json.get("key_container_extension", {})
    return "" if isinstance(extension, dict) else "key_container_extension is no object"


def _key(row: Any, size: int) -> str:
    if not isinstance(row, dict) or not isinstance(row.get("key_ID"), str):
        return "a key has no key_ID"
    try:
        uuid.UUID(row["key_ID"])
        material = base64.b64decode(row.get("key", ""), validate=True)
    except (ValueError, TypeError):
        return "a key_ID is no UUID or a key no base64"
    if len(row["key_ID"]) != 36:
        return "a key_ID is no UUID in its usual form"
    if 8 * len(material) != size:
        return f"a key has {8 * len(material)} bits, not {size}"
    extensions = (row.get("key_ID_extension", {}), row.get("key_extension", {}))
    return "" if all(isinstance(item, dict) for item in extensions) else "an extension is no object"


def error(answer: Answer, *codes: int, message: str = "") -> str:
    """Error body (6.6) under one of these codes; ``message`` is the standard's sentence."""
    if answer.status not in codes:
        return f"status {answer.status}, not {' or '.join(map(str, codes))}{_message(answer)}"
    if fault := is_json(answer):
        return fault
    data = answer.json
    if not isinstance(data, dict) or not isinstance(data.get("message"), str):
        return "no message"
    details = data.get("details", [])
    if not isinstance(details, list) or not all(isinstance(item, dict) for item in details):
        return "details is no array of objects"
    if message and data["message"] != message:
        return f"message {data['message']!r}, not {message!r}"
    return ""


def retry_after(answer: Answer) -> int:
    """Return the seconds of Retry-After, at least 1; 1 where there are none or they are a date."""
    text = answer.headers.get("retry-after", "")
    return max(1, int(text)) if text.isascii() and text.isdigit() and len(text) < 10 else 1


def _message(answer: Answer) -> str:
    if isinstance(answer.json, dict) and isinstance(answer.json.get("message"), str):
        return f" ({answer.json['message']})"
    return ""
