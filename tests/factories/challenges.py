"""Challenges, answers and the people around them, made through the verbs where it matters."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from io import BytesIO
from itertools import count
from typing import Any

from django.utils import timezone

from langqiao.apps.accounts.models import Membership, Role, User
from langqiao.apps.challenges import domain
from langqiao.apps.challenges.models import Answer, Attachment, Challenge, Question
from langqiao.apps.registry.models import City, Field, Organisation

_number = count(1)
PASSWORD = "an-unlikely-pass-9"
MARKER = "密钥晶圆七四二九"  # stands in sealed texts; must never reach who may not read them


def make_city(slug: str = "songjiang", name: str = "松江", code: str = "310117") -> City:
    return City.objects.get_or_create(
        slug=slug,
        defaults={
            "name": name, "name_en": slug.title(), "province": "上海市", "division_code": code,
            "latitude": 31.03, "longitude": 121.23, "order": 1,
        },
    )[0]  # fmt: skip


def make_field(slug: str = "materials", name: str = "新材料") -> Field:
    return Field.objects.get_or_create(slug=slug, defaults={"name": name, "name_en": slug.title()})[0]


def make_organisation(kind: str = Organisation.Kind.ENTERPRISE, **values: Any) -> Organisation:
    number = next(_number)
    values.setdefault("city", make_city())
    return Organisation.objects.create(name=values.pop("name", f"示例机构{number}"), kind=kind, **values)


def make_user(role: Role | None = None, organisation: Organisation | None = None, **values: Any) -> User:
    """A user who, when a role is given, holds it in the organisation (or in a fitting new one)."""
    number = next(_number)
    name = values.pop("username", f"member{number}")
    user = User.objects.create_user(name, password=PASSWORD, display_name=f"用户{number}", **values)
    if role is not None:
        Membership.objects.create(user=user, organisation=organisation or make_home(role), role=role)
    return user


def make_home(role: Role) -> Organisation:
    """An organisation of the kind that members in this role belong to."""
    kinds = {
        Role.ENTERPRISE: Organisation.Kind.ENTERPRISE,
        Role.RESEARCHER: Organisation.Kind.UNIVERSITY,
        Role.EVALUATOR: Organisation.Kind.UNIVERSITY,
        Role.SECRETARIAT: Organisation.Kind.FOUNDATION,
    }
    return make_organisation(kinds.get(role, Organisation.Kind.GOVERNMENT))


def make_firm(**values: Any) -> tuple[Organisation, User]:
    """A firm and its enterprise member."""
    firm = make_organisation(Organisation.Kind.ENTERPRISE, **values)
    return firm, make_user(Role.ENTERPRISE, firm)


def make_university(**values: Any) -> tuple[Organisation, User]:
    """A university and its researcher."""
    university = make_organisation(Organisation.Kind.UNIVERSITY, **values)
    return university, make_user(Role.RESEARCHER, university)


def next_month() -> date:
    return timezone.localdate() + timedelta(days=30)


def challenge_values(**values: Any) -> dict[str, Any]:
    return {
        "title": "碳化硅晶圆低损伤减薄工艺",
        "summary": "寻求八英寸碳化硅晶圆减薄的低损伤工艺。",
        "details": f"现有砂轮损伤层 12 微米，目标 3 微米以内。{MARKER}",
        "field": make_field(),
        "keywords": ["碳化硅", "减薄"],
        "stage": "pilot",
        "budget_min": Decimal(80),
        "budget_max": Decimal(200),
        "deadline": next_month(),
        "confidentiality": "open",
        **values,
    }


def make_challenge(
    actor: User | None = None, organisation: Organisation | None = None, **values: Any
) -> Challenge:
    """A draft of a firm."""
    if organisation is None:
        organisation, member = make_firm()
        actor = actor or member
    return domain.draft_challenge(actor, organisation=organisation, **challenge_values(**values))


def make_published(
    actor: User | None = None, organisation: Organisation | None = None, **values: Any
) -> Challenge:
    """A published challenge."""
    return domain.publish_challenge(actor, make_challenge(actor, organisation, **values))


def make_answer(
    actor: User | None, challenge: Challenge, organisation: Organisation, **values: Any
) -> Answer:
    """A drafted answer."""
    return domain.draft_answer(
        actor,
        challenge,
        organisation=organisation,
        **{"title": "等离子辅助减薄方案", "approach": "先软化再磨削。", "plan": "六个月三阶段。",
           "price": Decimal(150), "months": 6, **values},
    )  # fmt: skip


def make_submitted(
    actor: User | None, challenge: Challenge, organisation: Organisation, **values: Any
) -> Answer:
    """A submitted answer."""
    return domain.submit_answer(actor, make_answer(actor, challenge, organisation, **values))


def make_question(actor: User, challenge: Challenge, **values: Any) -> Question:
    return domain.ask_question(actor, challenge, **{"text": "晶圆厚度是多少？", **values})


def make_attachment(actor: User | None, owner: Challenge | Answer, **values: Any) -> Attachment:
    content = values.pop("content", "指标说明。".encode())
    return domain.add_attachment(actor, owner, file=BytesIO(content), name=values.pop("name", "指标.txt"))
