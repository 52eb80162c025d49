"""The API keeps its own document: schemathesis calls every operation as several people.

No server error, no undocumented status, no answer that breaks its schema. A few examples an operation
in the quick suite, many in ``make test-slow``.
"""

from __future__ import annotations

from typing import Any

import pytest
import schemathesis
from django.core.cache import cache
from django.core.handlers.wsgi import WSGIHandler
from django.db import transaction
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from langqiao.apps.accounts.domain import issue_token
from langqiao.apps.challenges.models import Answer, Challenge
from langqiao.apps.ledger.models import Entry
from langqiao.apps.registry import models as registry
from tests.apps.challenges.scene import make_scene
from tests.factories import registry as make

SCHEMA: Any = schemathesis.openapi.from_wsgi("/api/v1/openapi.json", WSGIHandler())
OPERATIONS = {found.ok().label: found.ok() for found in SCHEMA.get_all_operations()}
CHECKS = [
    schemathesis.checks.not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
# References and words of lists that the document calls mere text: what is there, so that writing succeeds.
FITTING: dict[str, Any] = {
    "organisation": "示例晶圆公司", "owner": "示例晶圆公司", "city": "songjiang", "field": "materials",
    "fields": ["materials"], "people": [], "partners": [], "credit_code": None, "website": "", "source_url": "",
    "source_date": None, "date": None, "deadline": None, "direction": "product", "tier": "", "licence": "",
    "language": "", "trl": 4, "code": None, "keywords": ["减薄"], "expertise": ["减薄"], "budget_max": None,
    "cities": [], "name": "新的名称", "title": "新的题目",
}  # fmt: skip
# Actors of the scene, with a token that may write; the last one's may only read.
WRITERS = ("office", "liaison", "firm", "team", "visitor")
READER = "partner"
MODELS = {
    "organisations": registry.Organisation,
    "people": registry.Person,
    "achievements": registry.Achievement,
    "facilities": registry.Facility,
    "finance": registry.Finance,
    "products": registry.Product,
    "talent-demand": registry.TalentDemand,
    "training": registry.Training,
    "programmes": registry.Programme,
    "challenges": Challenge,
    "answers": Answer,
    "entries": Entry,
}


@pytest.fixture
def callers(db: None, settings: Any, tmp_path: Any) -> list[dict[str, str]]:
    """Headers of everybody who calls, on a corridor with one record of each kind at least."""
    settings.INDEX_DIR = tmp_path / "index"
    cache.clear()
    scene = make_scene()
    for name in ("person", "facility", "finance", "talent_demand", "training"):
        getattr(make, f"make_{name}")()
    make.make_product(organisation=scene.firm)
    make.make_achievement(owner=scene.firm, keywords=["减薄"], people=[make.make_person()])
    make.make_programme(figures=[{"label": "产值", "value": "12", "unit": "亿元", "date": "2025"}])
    headers = [{}]
    for name in WRITERS:
        secret = issue_token(scene.actors[name], name="写", may_write=True)[1]
        headers.append({"Authorization": f"Bearer {secret}"})
    headers.append({"Authorization": f"Bearer {issue_token(scene.actors[READER], name='读')[1]}"})
    headers.append({"Authorization": "Bearer lq_unknown"})
    return headers


def known_keys(label: str) -> list[int]:
    """Keys of records that the number in an operation's address may stand for."""
    model = next((model for word, model in MODELS.items() if f"/{word}/" in label), None)
    return list(model.objects.order_by("pk").values_list("pk", flat=True)[:20]) if model else [1]


def call(case: Any, data: Any, callers: list[dict[str, str]], keys: list[int]) -> None:
    """Call as one of the people, more often than not about something that is there."""
    for name in case.path_parameters or {}:
        if data.draw(st.integers(0, 3)):
            case.path_parameters[name] = data.draw(st.sampled_from(keys))
    if isinstance(case.body, dict) and data.draw(st.booleans()):
        case.body.update({name: value for name, value in FITTING.items() if name in case.body})
        if "kind" in case.body:
            case.body["kind"] = "enterprise" if "organisations" in case.operation.label else "technology"
    case.headers.pop("Authorization", None)
    with transaction.atomic():
        try:
            case.call_and_validate(checks=CHECKS, headers=data.draw(st.sampled_from(callers)))
        finally:
            transaction.set_rollback(True)


def attempt(label: str, callers: list[dict[str, str]], *, examples: int, derandomize: bool) -> None:
    """Call an operation with values its document allows, then with values it does not."""
    keys = known_keys(label)
    for mode, count in ((GenerationMode.POSITIVE, examples), (GenerationMode.NEGATIVE, examples // 2)):

        @given(case=OPERATIONS[label].as_strategy(generation_mode=mode), data=st.data())
        @settings(
            max_examples=count,
            deadline=None,
            derandomize=derandomize,
            database=None,
            phases=(Phase.generate,) if derandomize else (Phase.generate, Phase.shrink),
            suppress_health_check=list(HealthCheck),
        )
        def calls(case: Any, data: Any) -> None:
            call(case, data, callers, keys)

        calls()


@pytest.mark.parametrize("label", sorted(OPERATIONS))
def test_every_operation_keeps_its_document(label: str, callers: list[dict[str, str]]) -> None:
    attempt(label, callers, examples=10, derandomize=True)


@pytest.mark.slow
@pytest.mark.parametrize("label", sorted(OPERATIONS))
def test_every_operation_keeps_its_document_many_times(label: str, callers: list[dict[str, str]]) -> None:
    attempt(label, callers, examples=60, derandomize=False)


def test_the_document_names_refusals_and_every_operation_was_tried() -> None:
    document = SCHEMA.raw_schema
    assert len(OPERATIONS) == sum(len(methods) for methods in document["paths"].values()) > 50
    publish = document["paths"]["/api/v1/challenges/{pk}/publish"]["post"]["responses"]
    assert {"200", "401", "403", "404", "409", "422"} <= set(publish)
