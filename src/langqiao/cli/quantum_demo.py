"""The demo of the quantum network: published scenarios with sources; all else illustrative (示例).

The nine sites and their links are the illustration of ``engines.qkd``: city coordinates are public, every
other figure is an assumption. Everything goes through the domain's verbs; loading twice changes nothing.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from dataclasses import asdict, replace
from datetime import date, datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone

from langqiao.apps.accounts.models import Role
from langqiao.apps.quantum.domain import deliveries, demands, network, scenarios
from langqiao.apps.quantum.domain.readings import Heard, record_readings
from langqiao.apps.quantum.models import Delivery, Demand, Endpoint, Link, Reading, Scenario, Site
from langqiao.apps.quantum.queries.network import equipment
from langqiao.apps.registry.domain.bulk import upsert_many
from langqiao.apps.registry.models import City, Organisation
from langqiao.cli.corridor_demo import add_people, folder
from langqiao.engines.matching.types import Progress
from langqiao.engines.qkd.network import nine_cities
from langqiao.engines.qkd.physics import decoy_rate
from langqiao.engines.sm.sealed import Receipt
from langqiao.engines.sm.sm2 import Sm2PrivateKey
from langqiao.engines.sm.sm3 import sm3_hex
from langqiao.kit.refusals import Refused

STAGE = "quantum"
OPERATOR = "Q-ORG-001"
PEOPLE = (
    ("demo-quantum", "示例·量子运营方", Role.QUANTUM_OPERATOR, OPERATOR, False),
    ("demo-studio", "示例·影视制作", Role.ENTERPRISE, "Q-ORG-002", False),
)
WHY = "示例假设：光纤为直线距离的 1.3 倍，每段不超过约 80 km。"
CAPACITY_BITS = 64_000_000
HOURS, EVERY = 48, 2
DRIFTS, DRIFT_HOURS = ("hefei", "wuhu", "hefei"), 6  # an end of a link whose error rate rises
GB = 10**9
FILMS = (
    ("第一天样片（示例）", 286 * GB),
    ("第二天样片（示例）", 312 * GB),
    ("第三天样片（示例）", 295 * GB),
)


def load(*, progress: Callable[[Progress], None]) -> None:
    """Load organisations, sites, links, scenarios, demands, readings and deliveries.

    Raises:
        Refused: a record is wrong; the message names it.
    """
    rows = _rows("organisations")
    summary = upsert_many(None, "organisations", rows)
    if summary.refused:
        raise Refused(str(summary.refusals[0]))
    add_people(PEOPLE)
    stages = (_network, _scenarios, _demands, _readings, _deliveries)
    for done, stage in enumerate(stages, start=1):
        progress(Progress(STAGE, done - 1, len(stages)))
        with transaction.atomic():
            stage()
    progress(Progress(STAGE, len(stages), len(stages)))


def _rows(name: str) -> list[dict[str, Any]]:
    lines = (folder() / "quantum" / f"{name}.jsonl").read_text("utf-8").splitlines()
    return [json.loads(line) for line in lines if line.strip()]


def _organisation(code: str) -> Organisation:
    return Organisation.objects.get(code=code)


def _network() -> None:
    model, operator = nine_cities(), _organisation(OPERATOR)
    cities = City.objects.in_bulk()
    for node in model.nodes:
        if not Site.objects.filter(slug=node.id).exists():
            network.register_site(
                None,
                slug=node.id,
                name=f"{node.name}站",
                name_en=node.name_en,
                city=cities[node.id],
                operator=operator,
                kme_id=f"KME-{node.id}",
                trusted=node.trusted,
                illustrative=True,
            )
    sites = {site.slug: site for site in Site.objects.all()}
    for one in model.links:
        first, second = sorted((sites[one.a], sites[one.b]), key=lambda site: int(site.pk))
        if not Link.objects.filter(a=first, b=second).exists():
            network.register_link(
                None,
                first,
                second,
                fibre_km=one.km,
                spans=len(one.spans),
                systems=one.systems,
                equipment=one.equipment,
                basis_why=WHY,
                illustrative=True,
            )


def _scenarios() -> None:
    cities = City.objects.in_bulk()
    for row in _rows("scenarios"):
        if Scenario.objects.filter(code=row["code"]).exists():
            continue
        where = [cities[slug] for slug in row.pop("cities")]
        owner = row.pop("organisation")
        published = row.pop("source_date")
        scenarios.register_scenario(
            None,
            **row,
            cities=where,
            organisation=_organisation(owner) if owner else None,
            source_date=date.fromisoformat(published) if published else None,
        )


def _demands() -> None:
    sites = {site.slug: site for site in Site.objects.select_related("city")}
    today = timezone.localdate()
    for row in _rows("demands"):
        if Demand.objects.filter(code=row["code"]).exists():
            continue
        state, why = row.pop("state"), row.pop("why", "")
        scenario = row.pop("scenario")
        demand = demands.propose_demand(
            None,
            **{
                **row,
                "organisation": _organisation(row["organisation"]),
                "source": sites[row["source"]],
                "target": sites[row["target"]],
            },
            scenario=Scenario.objects.get(code=scenario) if scenario else None,
            starts_on=today,
            ends_on=today + timedelta(days=365),
            illustrative=True,
        )
        if state == "admitted":
            demands.admit_demand(None, demand)
        elif state == "refused":
            demands.refuse_demand(None, demand, why=why)


def _readings() -> None:
    """Two days of pools that rise and fall; one is low and drains, one KME missed a round.

    Error rates swing around what the model gives; at one end they have risen for some hours.
    """
    now = timezone.now().replace(minute=0, second=0, microsecond=0)
    for number, link in enumerate(Link.objects.select_related("a__operator", "b__operator")):
        if Reading.objects.filter(link=link).exists():
            continue
        is_low = {link.a.slug, link.b.slug} == {"songjiang", "jiaxing"}
        usual = decoy_rate(equipment()[link.equipment], link.fibre_km / link.spans).error
        for end, site in enumerate((link.a, link.b)):
            drifts = (site.slug, link.a.slug, link.b.slug) == DRIFTS
            rows = []
            for hours in range(HOURS, -1, -EVERY):
                level = 0.62 + 0.03 * (number % 4) + 0.14 * math.sin((HOURS - hours) / 5 + number)
                if is_low:
                    level = 0.14 + 0.006 * hours
                swing = 1 + 0.06 * math.sin((HOURS - hours) / 3 + 2 * number + end)
                drift = 1 + (0.2 * max(DRIFT_HOURS - hours, 0) if drifts else 0.0)
                heard = Heard(
                    link,
                    now - timedelta(hours=hours),
                    stored_bits=round(level * CAPACITY_BITS),
                    capacity_bits=CAPACITY_BITS,
                    generated_bps=8_000.0 if is_low else 16_000.0,
                    consumed_bps=8_130.0 if is_low else 16_000.0,
                    qber=usual * swing * drift,
                    illustrative=True,
                )
                missed = site.slug == "wuhu" and hours == 20
                rows.append(replace(heard, stored_bits=None) if missed else heard)
            record_readings(None, site, rows)


def _endpoint(sae: str, slug: str, owner: str, key: Sm2PrivateKey) -> Endpoint:
    known = Endpoint.objects.filter(sae_id=sae).first()
    return known or deliveries.register_endpoint(
        None,
        sae_id=sae,
        site=Site.objects.get(slug=slug),
        organisation=_organisation(owner),
        public_key=key.public.hex(),
        illustrative=True,
    )


def _deliveries() -> None:
    """One received with its signed receipt, one on its way, one announced; the keys are thrown away."""
    if Delivery.objects.filter(code="Q-DLV-001").exists():
        return
    key = Sm2PrivateKey.generate()
    sender = _endpoint("SAE-jinhua-1", "jinhua", "Q-ORG-002", Sm2PrivateKey.generate())
    recipient = _endpoint("SAE-songjiang-1", "songjiang", "Q-ORG-003", key)
    made = []
    for number, (title, size) in enumerate(FILMS, start=1):
        made.append(
            deliveries.announce_delivery(
                None,
                sender=sender,
                recipient=recipient,
                title=title,
                size=size,
                note="演示用，没有真实文件。",
                code=f"Q-DLV-{number:03}",
                illustrative=True,
            )
        )
    for one in made[:2]:
        deliveries.seal_delivery(
            None,
            one,
            file_id=sm3_hex(f"{one.code} file".encode())[:32],
            header_digest=sm3_hex(f"{one.code} header".encode()),
            manifest_digest=sm3_hex(f"{one.code} manifest".encode()),
            keys=-(-one.size // 2**30),
        )
    deliveries.send_delivery(None, made[0])
    deliveries.receive_delivery(None, made[0], receipt=_receipt(made[0], key, at=timezone.now()))
    deliveries.report_progress(None, made[1], done=round(0.62 * made[1].size))


def _receipt(delivery: Delivery, key: Sm2PrivateKey, *, at: datetime) -> str:
    """The receipt as ``langqiao open`` would write it."""
    bare = Receipt(
        file_id=delivery.file_id,
        header_digest=delivery.header_digest,
        manifest_digest=delivery.manifest_digest,
        size=delivery.size,
        sender=delivery.sender.sae_id,
        recipient=delivery.recipient.sae_id,
        opened=f"{at:%Y-%m-%dT%H:%M:%SZ}",
        key=key.public.fingerprint.hex(),
    )
    return Receipt(**{**asdict(bare), "signature": key.sign(bare.message()).hex()}).to_json()
