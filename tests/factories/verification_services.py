"""Examinations in every state, made through the verbs."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from io import BytesIO
from typing import Any

from django.utils import timezone

from langqiao.apps.accounts.models import Role, User
from langqiao.apps.registry.models import Organisation, Person
from langqiao.apps.verification.domain import services
from langqiao.apps.verification.domain.services.forms import form_of
from langqiao.apps.verification.models import Evidence, Examination, Milestone
from tests.factories import registry
from tests.factories.accounts import make_member, make_user

MARKER = "示例机密五三八一"  # stands in everything that only the parties may read


@dataclass
class Parties:
    """A client and a centre with one member each, and an expert of a third organisation."""

    client: Organisation
    centre: Organisation
    asker: User
    examiner: User
    expert: Person
    evaluator: User
    others: dict[str, Any] = field(default_factory=dict)


def make_parties() -> Parties:
    client = registry.make_organisation(kind="university", name="示例大学（委托）")
    centre = registry.make_organisation(
        kind=Organisation.Kind.VERIFICATION_CENTRE,
        name="示例概念验证中心",
        city=registry.make_city("jiaxing"),
    )
    home = registry.make_organisation(kind="institute", name="示例研究院")
    evaluator = make_member(home, Role.EVALUATOR)
    expert = registry.make_person(organisation=home, user=evaluator, name="示例专家")
    return Parties(
        client=client,
        centre=centre,
        asker=make_member(client, Role.RESEARCHER),
        examiner=make_member(centre, Role.RESEARCHER),
        expert=expert,
        evaluator=evaluator,
    )


def make_requested(parties: Parties, **values: Any) -> Examination:
    """A request to the centre."""
    return services.request_examination(
        parties.asker,
        client=parties.client,
        centre=parties.centre,
        **{
            "service": "technical",
            "title": "示例：低损伤减薄的可行性",
            "question": f"减薄后损伤层能否低于 3 微米？{MARKER}",
            "illustrative": True,
            **values,
        },
    )


def plan_values(parties: Parties, **values: Any) -> dict[str, Any]:
    today = timezone.localdate()
    return {
        "kind": "prototype",
        "trl_before": 3,
        "trl_target": 5,
        "budget": Decimal(60),
        "experts": [parties.expert],
        "milestones": [
            services.Step("单片试验", f"损伤层低于 5 微米 {MARKER}", today + timedelta(days=30), Decimal(20)),
            services.Step("批量试验", "二十片一致", today + timedelta(days=90), Decimal(30)),
        ],
        **values,
    }


def make_planned(parties: Parties, **values: Any) -> Examination:
    """An accepted request with its plan."""
    examination = make_requested(parties, **values)
    services.accept_examination(parties.examiner, examination)
    return services.plan_examination(parties.examiner, examination, **plan_values(parties))


def make_under_way(parties: Parties, **values: Any) -> Examination:
    """One whose work has begun."""
    return services.begin(parties.examiner, make_planned(parties, **values))


def pass_milestone(
    parties: Parties, milestone: Milestone, decision: str = "go", *, spent: Decimal | None = Decimal(18)
) -> Milestone:
    """Record a finding and decide."""
    services.record_finding(
        parties.examiner,
        milestone,
        finding=f"实测损伤层 {milestone.order + 1}.2 微米 {MARKER}",
        reached_on=timezone.localdate(),
        spent=spent,
    )
    return services.decide_milestone(
        parties.examiner, milestone, decision=decision, why=f"结果与判定标准对照 {MARKER}"
    )


def make_evidence(
    parties: Parties, examination: Examination, kind: str = "laboratory", **values: Any
) -> Evidence:
    return services.add_evidence(
        parties.examiner,
        examination,
        file=BytesIO(f"试验记录 {kind} {MARKER}".encode()),
        name=values.pop("name", "记录.txt"),
        what=values.pop("what", f"试验记录（{kind}）{MARKER}"),
        kind=kind,
        **values,
    )


def all_values(service: str) -> dict[str, Any]:
    """A value for every field of a service's form, each text its own."""
    values: dict[str, Any] = {}
    for one in form_of(service).fields:
        values[one.key] = {
            "text": f"短文 {one.key} {MARKER}",
            "longtext": f"长文 {one.key} {MARKER}",
            "number": 12,
            "money": "345.50",
            "date": date(2026, 9, 30).isoformat(),
        }.get(one.kind) or (
            [key for key, _label in one.choices] if one.kind == "choices" else one.choices[0][0]
        )
    return values


def make_assessed(parties: Parties, **values: Any) -> Examination:
    """One with every milestone passed, evidence filed and every field written."""
    examination = make_under_way(parties, **values)
    first, second = examination.milestones.all()
    make_evidence(parties, examination, "laboratory", milestone=first)
    make_evidence(parties, examination, "relevant", milestone=second)
    pass_milestone(parties, first)
    pass_milestone(parties, second)
    return services.assess(parties.examiner, examination, values=all_values(examination.service))


def make_concluded(
    parties: Parties, *, conclusion: str = "go", trl_after: int = 5, **values: Any
) -> Examination:
    """A concluded one."""
    return services.conclude(
        parties.examiner,
        make_assessed(parties, **values),
        conclusion=conclusion,
        reasons=f"两个里程碑均达到判定标准 {MARKER}",
        conditions=f"须在三个月内完成第三方检测 {MARKER}" if conclusion == "conditional" else "",
        trl_after=trl_after,
    )


def make_strangers() -> dict[str, Any]:
    """People who are no party: a firm's member, an evaluator who was not named, a former superuser."""
    firm = registry.make_organisation()
    return {
        "other firm": make_member(firm, Role.ENTERPRISE),
        "other centre": make_member(
            registry.make_organisation(kind=Organisation.Kind.VERIFICATION_CENTRE), Role.RESEARCHER
        ),
        "other evaluator": make_member(registry.make_organisation(), Role.EVALUATOR),
        "visitor": make_user(),
        "superuser": User.objects.create_superuser("root-of-services", password="langqiao"),
    }
