"""The published OpenAPI file is what the code says."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema_rs

from langqiao.kme.openapi import document

FILE = Path(__file__).resolve().parents[2] / "docs" / "kme-openapi.json"


def test_the_published_file_is_current() -> None:
    assert json.loads(FILE.read_text()) == document()


def test_its_schemas_hold() -> None:
    schemas = document()["components"]["schemas"]
    jsonschema_rs.validator_for(schemas["Error"]).validate({"message": "no", "details": [{"a": 1}]})
    jsonschema_rs.validator_for(schemas["KeyRequest"]).validate({"number": 2, "size": 512})
    assert not jsonschema_rs.is_valid(schemas["KeyRequest"], {"size": 257})
