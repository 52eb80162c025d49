"""Role × action, as a table: who may do what in the think tank."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser

from langqiao.apps.accounts.models import Role
from langqiao.kit.permissions import allowed, permissions
from tests.factories.accounts import make_liaison, make_member, make_office, make_user
from tests.factories.insight_reports import make_institute, make_report
from tests.factories.registry import make_city, make_organisation

pytestmark = pytest.mark.django_db

WRITERS = {"console", "office", "institute", "other institute"}
OWN = {"console", "institute"}
EVERYBODY = WRITERS | {
    "stranger", "visitor", "superuser", "firm", "university", "evaluator", "secretariat", "liaison",
}  # fmt: skip

# permission: (what it is asked of, who may), several where it depends on the record.
TABLE: dict[str, list[tuple[str, set[str]]]] = {
    "read": [("nothing", EVERYBODY)],
    "import_values": [("nothing", WRITERS)],
    "define_indicator": [("nothing", WRITERS)],
    "withdraw_value": [("nothing", WRITERS)],
    "write_report": [("nothing", WRITERS), ("draft", OWN), ("published", OWN)],
    "publish_report": [("draft", OWN)],
    "read_report": [("draft", {"institute"}), ("published", EVERYBODY)],
}


def test_role_by_action() -> None:
    institute, researcher = make_institute()
    other, colleague = make_institute(name="示例另一研究所")
    assert other != institute
    firm = make_organisation(kind="enterprise")
    actors: dict[str, Any] = {
        "console": None,
        "stranger": AnonymousUser(),
        "visitor": make_user(),
        "superuser": make_user(is_superuser=True, is_staff=True),
        "office": make_office(),
        "institute": researcher,
        "other institute": colleague,
        "firm": make_member(firm, Role.ENTERPRISE),
        "university": make_member(make_organisation(kind="university"), Role.RESEARCHER),
        "evaluator": make_member(firm, Role.EVALUATOR),
        "secretariat": make_member(firm, Role.SECRETARIAT),
        "liaison": make_liaison(make_city("suzhou")),
    }
    assert set(actors) == EVERYBODY
    published = make_report(researcher, institute)
    published.state = published.State.PUBLISHED
    published.save(update_fields=["state"])
    targets = {"nothing": None, "draft": make_report(researcher, institute), "published": published}
    found = {
        act: [
            (
                target,
                {who for who, user in actors.items() if allowed(user, f"insight.{act}", targets[target])},
            )
            for target, _who in rows
        ]
        for act, rows in TABLE.items()
    }
    assert found == TABLE
    assert {p.name for p in permissions() if p.name.startswith("insight.")} == {
        f"insight.{act}" for act in TABLE
    }
