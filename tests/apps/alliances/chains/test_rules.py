"""Role × action: who may read, load and judge."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import AnonymousUser

from langqiao.apps.accounts.models import Role
from langqiao.apps.alliances.models import ChainDataset
from langqiao.kit.permissions import allowed, permissions
from tests.factories.accounts import make_liaison, make_member, make_office, make_user
from tests.factories.chains import make_chain
from tests.factories.registry import make_city, make_organisation

pytestmark = pytest.mark.django_db
KEEPERS = {"console", "office", "secretariat"}
EVERYBODY = KEEPERS | {"stranger", "visitor", "superuser", "member", "researcher", "liaison"}
# permission: (what it is asked of, who may)
TABLE = {
    "read": [("open", EVERYBODY), ("hidden", KEEPERS)],
    "load": [("open", KEEPERS)],
    "judge_link": [("open", KEEPERS), ("hidden", KEEPERS)],
}


def test_role_by_action() -> None:
    firm = make_organisation(kind="enterprise")
    actors = {
        "console": None,
        "stranger": AnonymousUser(),
        "visitor": make_user(),
        "superuser": make_user(is_superuser=True, is_staff=True),
        "office": make_office(),
        "secretariat": make_member(firm, Role.SECRETARIAT),
        "member": make_member(firm, Role.ENTERPRISE),
        "researcher": make_member(firm, Role.RESEARCHER),
        "liaison": make_liaison(make_city("suzhou")),
    }
    assert set(actors) == EVERYBODY
    make_chain("open")
    make_chain("hidden", is_public=False)
    datasets = {row.slug: row for row in ChainDataset.objects.all()}
    for act, rows in TABLE.items():
        for slug, who in rows:
            for target in (datasets[slug], datasets[slug].links.all()[0]):
                found = {name for name, actor in actors.items() if allowed(actor, f"chains.{act}", target)}
                assert found == who, (act, slug)
    assert {p.name for p in permissions() if p.name.startswith("chains.")} == {
        f"chains.{act}" for act in TABLE
    }
