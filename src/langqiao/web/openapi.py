"""The API as documented: every answer it may give stands in the OpenAPI document, refusals too.

Which refusals an operation knows follows from what it takes (a body, parameters, an address with a
number), so it is worked out here once instead of being repeated at every operation.
"""

from __future__ import annotations

import json
from typing import Any

from django.core.exceptions import BadRequest
from django.http import HttpRequest
from ninja import NinjaAPI, Schema
from ninja.openapi import schema as ninja_openapi
from ninja.parser import Parser
from ninja.schema import NinjaGenerateJsonSchema
from ninja.types import DictStrAny


class WholeNames(NinjaGenerateJsonSchema):
    """Names a nested class with the one around it: ``Matter.State`` is MatterState.

    ninja merges the definitions of all operations by name; by their last names alone the states of a
    matter and of a call would be one.
    """

    def get_defs_ref(self, core_mode_ref: Any) -> Any:
        """The name under which a definition stands in the document."""
        ref, mode = core_mode_ref
        path, _colon, number = ref.rpartition(":")
        parts = path.split(".")
        if len(parts) > 1 and "[" not in ref and parts[-2][:1].isupper():
            ref = ".".join([*parts[:-2], parts[-2] + parts[-1]]) + f":{number}"
        return super().get_defs_ref((ref, mode))


ninja_openapi.NinjaGenerateJsonSchema = WholeNames  # type: ignore[attr-defined]  # ninja names it nowhere else

READS = {"get", "head"}
MEANINGS = {
    400: "Not readable: no JSON, or text that no database keeps (读不懂)",
    401: "The token is unknown, expired or revoked (令牌无效)",
    403: "The caller's roles do not allow it (无权限)",
    404: "No such record, or none the caller may see (没有或不能查看)",
    409: "The state of things does not allow it now (当前状态不允许)",
    413: "Larger than the limit (内容过大)",
    422: "A value is missing or wrong; `field` names it (数据有误)",
    429: "Too many requests; `Retry-After` says how many seconds to wait (请求太频繁)",
}


class Fault(Schema):
    """Why, how to mend it, and which field."""

    why: str
    mend: str
    field: str


class FaultOut(Schema):
    """Every refusal of the API."""

    error: Fault


class CleanParser(Parser):
    """Parameters and bodies without what PostgreSQL and UTF-8 cannot hold: U+0000 and lone surrogates."""

    def parse_body(self, request: HttpRequest) -> DictStrAny:
        """Read the JSON body.

        Raises:
            BadRequest: it holds such a character; ninja answers 400 to it as to anything unreadable.
        """
        body = super().parse_body(request)
        text = json.dumps(body, ensure_ascii=False)
        if "\\u0000" in text or any("\ud800" <= sign <= "\udfff" for sign in text):
            raise BadRequest
        return body

    def parse_querydict(self, data: Any, list_fields: list[str], request: HttpRequest) -> DictStrAny:
        """Read parameters; what stands for a character outside Unicode becomes U+FFFD."""
        found = super().parse_querydict(data, list_fields, request)
        return {name: _clean(value) for name, value in found.items()}


def _clean(value: Any) -> Any:
    if isinstance(value, list):
        return [_clean(part) for part in value]
    if not isinstance(value, str):
        return value
    return value.replace("\0", " ").encode("utf-8", "replace").decode("utf-8")


class Api(NinjaAPI):
    """An API whose document names its refusals."""

    def get_openapi_schema(self, **where: Any) -> Any:
        """The OpenAPI document with the refusals of every operation."""
        document = super().get_openapi_schema(**where)
        schemas = document["components"].setdefault("schemas", {})
        known = FaultOut.model_json_schema(ref_template="#/components/schemas/{model}")
        schemas.update(known.pop("$defs", {}))
        schemas["FaultOut"] = known
        for path, methods in document["paths"].items():
            for method, operation in methods.items():
                for status in refusals(path, method, operation):
                    operation["responses"].setdefault(status, _refusal(status))
        return document


def refusals(path: str, method: str, operation: dict[str, Any]) -> list[int]:
    """Statuses of refusals that an operation may answer."""
    found = {401}
    if method not in READS:
        found |= {403, 409, 422}
    if "/me" in path or path.endswith("/quantum/plan"):
        found.add(403)
    if operation.get("requestBody"):
        found |= {400, 413, 422}
    if operation.get("parameters"):
        found.add(422)
    if "{" in path:
        found.add(404)
    if "/match" in path:
        found.add(429)
    return sorted(found)


def _refusal(status: int) -> dict[str, Any]:
    schema = {"$ref": "#/components/schemas/FaultOut"}
    return {"description": MEANINGS[status], "content": {"application/json": {"schema": schema}}}
