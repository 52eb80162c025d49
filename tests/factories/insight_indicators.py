"""Indicators, figures and the people who enter them."""

from __future__ import annotations

from datetime import timedelta
from itertools import count
from typing import Any

from django.utils import timezone

from langqiao.apps.accounts.models import Membership, Role, User
from langqiao.apps.insight.domain import indicators as verbs
from langqiao.apps.insight.models import Indicator, Value
from langqiao.apps.registry.domain import load_corridor
from langqiao.apps.registry.models import Organisation

_number = count(1)
SOURCE = "示例统计公报"


def corridor() -> None:
    """The nine cities."""
    load_corridor(None)


def make_user(role: str, *, kind: str = Organisation.Kind.GOVERNMENT) -> User:
    """A person in a role for a new organisation of a kind."""
    number = next(_number)
    user = User.objects.create_user(
        f"insight{number}", password="an-unlikely-pass-9", display_name=f"示例{number}"
    )
    organisation = Organisation.objects.create(name=f"示例机构{number}", kind=kind)
    today = timezone.localdate()
    Membership.objects.create(
        user=user, organisation=organisation, role=role, valid_from=today - timedelta(days=1)
    )
    return user


def office() -> User:
    """Somebody of the office."""
    return make_user(Role.OFFICE)


def think_tank() -> User:
    """A researcher of an institute."""
    return make_user(Role.RESEARCHER, kind=Organisation.Kind.INSTITUTE)


def indicator(slug: str = "gdp", **words: Any) -> Indicator:
    """An indicator, defined at the console."""
    given = {"name": "地区生产总值", "unit": "亿元", "subject": "economy", **words}
    return verbs.define_indicator(None, slug=slug, **given)


def row(**values: Any) -> dict[str, Any]:
    """A row as a table gives it."""
    return {
        "indicator": "gdp", "scope": "杭州", "period": "2022", "value": "18753", "unit": "亿元",
        "source_name": SOURCE, **values,
    }  # fmt: skip


def enter(*rows: dict[str, Any]) -> verbs.ImportReport:
    """Enter rows at the console; they must be right, however far from each other."""
    report = verbs.enter_values(None, enumerate(rows, 2), accept_differences=True)
    assert report.written, report.errors
    return report


def value(**values: Any) -> Value:
    """One figure."""
    enter(row(**values))
    return Value.objects.latest("pk")
