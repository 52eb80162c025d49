"""The OpenAPI 3.1 description of the standard's interface as this KME offers it: docs/kme-openapi.json."""

from __future__ import annotations

from typing import Any

from langqiao.kme.config import KeyLimits
from langqiao.kme.extensions import MAX_AGE, ROUTE

_OBJECT: dict[str, Any] = {"type": "object"}


def _whole(about: str, **more: Any) -> dict[str, Any]:
    return {"type": "integer", "description": about, **more}


def _record(required: list[str], **properties: Any) -> dict[str, Any]:
    return {"type": "object", "required": required, "properties": properties}


def _reference(name: str) -> dict[str, Any]:
    return {"$ref": f"#/components/schemas/{name}"}


def _body(name: str) -> dict[str, Any]:
    return {"content": {"application/json": {"schema": _reference(name)}}}


def _list(items: dict[str, Any], about: str = "", **more: Any) -> dict[str, Any]:
    return {"type": "array", "items": items, **({"description": about} if about else {}), **more}


def _schemas(limits: KeyLimits) -> dict[str, Any]:
    numbers = {
        "key_size": "default size of a key in bits",
        "stored_key_count": "keys of the default size that can be delivered now",
        "max_key_count": "most of stored_key_count",
        "max_key_per_request": "most keys in a request",
        "max_key_size": "largest size of a key in bits",
        "min_key_size": "smallest size of a key in bits",
        "max_SAE_ID_count": "most additional_slave_SAE_IDs; 0 where there is no multicast",
    }
    texts = ("source_KME_ID", "target_KME_ID", "master_SAE_ID", "slave_SAE_ID")
    identifier = {"type": "string", "format": "uuid"}
    extension = {
        "type": "object",
        "description": "names and values; a name that is not known is refused as mandatory, else ignored",
        "properties": {
            ROUTE: {"type": "string", "enum": ["direct", "any"], "description": "no relayed keys"},
            MAX_AGE: _whole("oldest key in milliseconds", minimum=1),
        },
    }
    return {
        "Status": _record(
            [*texts, *numbers],
            **{name: {"type": "string"} for name in texts},
            **{name: _whole(about, minimum=0) for name, about in numbers.items()},
            status_extension=_OBJECT,
        ),
        "KeyRequest": _record(
            [],
            number=_whole("how many keys", default=1, minimum=1, maximum=limits.max_key_per_request),
            size=_whole(
                "bits of each key, a multiple of 8",
                default=limits.key_size,
                minimum=limits.min_key_size,
                maximum=limits.max_key_size,
                multipleOf=8,
            ),
            additional_slave_SAE_IDs=_list(
                {"type": "string", "minLength": 1, "maxLength": 128},
                "further SAEs that share the keys",
                maxItems=limits.max_sae_id_count,
            ),
            extension_mandatory=_list(extension, "met, or the request is refused"),
            extension_optional=_list(extension, "met where possible"),
        ),
        "KeyContainer": _record(
            ["keys"],
            keys=_list(
                _record(
                    ["key_ID", "key"],
                    key_ID=identifier,
                    key={"type": "string", "contentEncoding": "base64"},
                    key_ID_extension=_OBJECT,
                    key_extension=_OBJECT,
                )
            ),
            key_container_extension=_OBJECT,
        ),
        "KeyIDs": _record(
            ["key_IDs"],
            key_IDs=_list(
                _record(["key_ID"], key_ID=identifier, key_ID_extension=_OBJECT),
                minItems=1,
                maxItems=limits.max_key_per_request,
            ),
            key_IDs_extension=_OBJECT,
        ),
        "Error": _record(["message"], message={"type": "string"}, details=_list(_OBJECT)),
    }


def _answers(name: str) -> dict[str, Any]:
    wait = {"Retry-After": {"schema": {"type": "integer"}, "description": "seconds"}}
    return {
        "200": {"description": "done", **_body(name)},
        "400": {"description": "the request is malformed or cannot be met", **_body("Error")},
        "401": {"description": "the certificate does not allow it", **_body("Error")},
        "503": {"description": "too few keys, throttled, or out of order", "headers": wait, **_body("Error")},
    }


def _path(role: str) -> dict[str, Any]:
    return {"name": role, "in": "path", "required": True, "schema": {"type": "string", "maxLength": 128}}


def _parameter(name: str, schema: dict[str, Any], *, required: bool = False) -> dict[str, Any]:
    return {"name": name, "in": "query", "required": required, "schema": schema}


def document(limits: KeyLimits | None = None) -> dict[str, Any]:
    """Return the description; the limits are those of the default configuration unless given."""
    chosen = limits or KeyLimits()
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Langqiao KME: key delivery after ETSI GS QKD 014 V1.1.1",
            "version": "1.1.1",
            "description": "Mutual TLS; the common name of the client's certificate is the calling SAE.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [
            {"url": "https://{kme}", "variables": {"kme": {"default": "127.0.0.1:17014"}}},
        ],
        "security": [{"mutualTLS": []}],
        "paths": {
            "/api/v1/keys/{slave_SAE_ID}/status": {
                "parameters": [_path("slave_SAE_ID")],
                "get": {
                    "operationId": "get_status",
                    "summary": "Get status",
                    "responses": _answers("Status"),
                },
            },
            "/api/v1/keys/{slave_SAE_ID}/enc_keys": {
                "parameters": [_path("slave_SAE_ID")],
                "get": {
                    "operationId": "get_key_simple",
                    "summary": "Get key, with number and size at most",
                    "parameters": [
                        _parameter("number", {"type": "integer", "minimum": 1}),
                        _parameter("size", {"type": "integer", "multipleOf": 8}),
                    ],
                    "responses": _answers("KeyContainer"),
                },
                "post": {
                    "operationId": "get_key",
                    "summary": "Get key",
                    "requestBody": _body("KeyRequest"),
                    "responses": _answers("KeyContainer"),
                },
            },
            "/api/v1/keys/{master_SAE_ID}/dec_keys": {
                "parameters": [_path("master_SAE_ID")],
                "get": {
                    "operationId": "get_key_with_key_ids_simple",
                    "summary": "Get key with key IDs, a single one",
                    "parameters": [_parameter("key_ID", {"type": "string", "format": "uuid"}, required=True)],
                    "responses": _answers("KeyContainer"),
                },
                "post": {
                    "operationId": "get_key_with_key_ids",
                    "summary": "Get key with key IDs",
                    "requestBody": {"required": True, **_body("KeyIDs")},
                    "responses": _answers("KeyContainer"),
                },
            },
        },
        "components": {
            "securitySchemes": {"mutualTLS": {"type": "mutualTLS"}},
            "schemas": _schemas(chosen),
        },
    }
