"""A corridor in motion, all of it illustrative (示例): flows of five kinds, a case from challenge to result."""

from __future__ import annotations

from decimal import Decimal

from django.db import transaction

from langqiao.apps.challenges import domain
from langqiao.apps.challenges.models import Challenge
from langqiao.apps.ledger.domain import Act, record_all
from langqiao.apps.registry.domain import load_corridor
from langqiao.apps.registry.models import City
from tests.factories import challenges as make
from tests.factories import verification_services as verify
from tests.factories.accounts import make_office

CONTRACTS = (("hangzhou", "huzhou"), ("songjiang", "huzhou"), ("hefei", "wuhu"), ("suzhou", "songjiang"))
INVESTED = (("suzhou", "xuancheng", 12_000), ("songjiang", "jiaxing", 8_600), ("hangzhou", "jinhua", 5_200))
USED = (("songjiang", "hefei", 4_800), ("songjiang", "hangzhou", 2_100), ("songjiang", "wuhu", 950))
KEYS = (("jinhua", "songjiang", 267), ("hefei", "wuhu", 1_024), ("suzhou", "jiaxing", 96))
EXPERTS = (("hefei", "wuhu", 3), ("hangzhou", "jinhua", 2), ("suzhou", "songjiang", 4))


def make_motion() -> None:
    """The nine cities, and entries in the form in which the apps' verbs write them."""
    load_corridor(None)
    acts = [
        *(Act("sign_contract", "challenges.challenge:0", {"from": {a: []}}, "", b) for a, b in CONTRACTS),
        *(
            Act(
                "record_project",
                "conference.project:0",
                {"invested": [{"from": a, "to": b, "wan": n}]},
                "",
                b,
            )
            for a, b, n in INVESTED
        ),
        *(
            Act("publish_usage", "computing.bill:0", {"to": b, "gpu_seconds": n * 3600}, "", a)
            for a, b, n in USED
        ),
        *(Act("publish_keys", "quantum.delivery:0", {"to": b, "keys": n}, "", a) for a, b, n in KEYS),
        *(Act("issue_result", "verification.call:0", {"experts": {a: n}}, "", b) for a, b, n in EXPERTS),
    ]
    with transaction.atomic():
        record_all(None, acts)


def make_finished_case() -> Challenge:
    """A challenge that was answered by two teams, examined, contracted and accepted, all through the verbs."""
    load_corridor(None)
    firm, member = make.make_firm(name="菱磁材料有限公司（示例）", city=City.objects.get(slug="jinhua"))
    challenge = make.make_published(member, firm, title="碳化硅晶圆低损伤减薄工艺（示例）", illustrative=True)
    for number, (name, slug) in enumerate((("淝川大学（示例）", "hefei"), ("沧吴大学（示例）", "suzhou"))):
        university, researcher = make.make_university(name=name, city=City.objects.get(slug=slug))
        question = make.make_question(researcher, challenge)
        domain.reply_question(member, question, text="厚度 350 微米。")
        answer = make.make_submitted(researcher, challenge, university)
        challenge.refresh_from_db()
        if number:
            parties = verify.make_parties()
            verify.make_requested(parties, case=challenge.case)
            domain.select_answer(member, answer)
            challenge.refresh_from_db()
    domain.sign_contract(member, challenge, amount=Decimal(150))
    domain.accept_result(member, challenge, note="达到指标。")
    make_office()
    return challenge
