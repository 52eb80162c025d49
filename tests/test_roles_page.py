"""docs/roles.md is what the permissions say."""

from __future__ import annotations

from pathlib import Path

import pytest

from langqiao.kit.permissions import permissions
from scripts.role_matrix import page


@pytest.mark.django_db
def test_the_page_of_roles_is_what_the_permissions_say() -> None:
    committed = (Path(__file__).parents[1] / "docs" / "roles.md").read_text("utf-8")
    assert page() == committed, "run: python scripts/role_matrix.py > docs/roles.md"
    assert all(f"`{permission.name}`" in committed for permission in permissions())
