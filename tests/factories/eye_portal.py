"""Acts of the corridor that count as flows, as the apps' verbs record them, and a whole year of them."""

from __future__ import annotations

import random
import tomllib
from collections.abc import Mapping
from importlib.resources import files
from typing import Any

from django.db import transaction

from langqiao.apps.ledger.domain import Act, record_all
from langqiao.apps.ledger.models import Entry
from langqiao.apps.registry.models import City, Organisation
from tests.factories.registry import make_organisation


def nine_cities() -> list[City]:
    """The nine cities of the corridor, made once."""
    text = (files("langqiao.apps.registry") / "corridors" / "g60.toml").read_text("utf-8")
    for row in tomllib.loads(text)["cities"]:
        City.objects.update_or_create(slug=row["slug"], defaults=row)
    return list(City.objects.all())


def contract(
    origin: str, destination: str, *, firm: Organisation | None = None, team: Organisation | None = None,
    case: str = "",
) -> Act:  # fmt: skip
    """A contract (签约): technology from the team's city to the firm's."""
    return Act(
        "sign_contract", "challenges.challenge:1", {"from": {origin: [team.pk] if team else []}},
        firm or "", destination, case,
    )  # fmt: skip


def expert_moves(origin: str, destination: str) -> Act:
    """An expert (专家) who goes to another city."""
    return Act("revise_person", "registry.person:1", {"changes": {"city": [origin, destination]}})


def investment(origin: str, destination: str, wan: str) -> Act:
    """The investment in a major project (重大项目), 万元."""
    moved = [{"from": origin, "to": destination, "wan": wan}]
    return Act("record_project", "conference.project:1", {"invested": moved}, city=destination)


def usage(origin: str, destination: str, seconds: int) -> Act:
    """Computing (算力) that was billed, GPU seconds."""
    data = {"to": destination, "gpu_seconds": seconds, "month": "2026-10"}
    return Act("publish_usage", "computing.campus:1", data, city=origin)


def keys(origin: str, destination: str, number: int) -> Act:
    """Keys (密钥) of a delivery that was received."""
    return Act("publish_keys", "quantum.site:1", {"to": destination, "keys": number}, city=origin)


def play(*acts: Act) -> list[Entry]:
    """Write acts into the ledger."""
    with transaction.atomic():
        return record_all(None, acts)


def play_many(number: int, *, seed: int = 6) -> Mapping[str, Any]:
    """Cities, organisations and a mixture of acts between them."""
    cities = nine_cities()
    chance = random.Random(seed)
    orgs = {city.slug: make_organisation(city=city) for city in cities}
    acts = []
    for _one in range(number):
        a, b = chance.sample([city.slug for city in cities], 2)
        acts.append(
            chance.choice(
                [
                    contract(a, b, firm=orgs[b], team=orgs[a], case=f"LQ-2026-{chance.randint(1, 20):04}"),
                    expert_moves(a, b),
                    investment(a, b, str(chance.randint(100, 90_000))),
                    usage("songjiang", a, chance.randint(3600, 10**6)),
                    keys(a, b, chance.randint(1, 500)),
                ]
            )
        )
    play(*acts)
    return {"cities": cities, "organisations": orgs}
