"""Migrations and models agree: an installation that migrates has the tables that the tests have."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.management import call_command

ROOT = Path(__file__).resolve().parents[1]
# Names and columns of every table; the order of columns differs where a migration added one.
LISTING = """
import django, json
django.setup()
from django.db import connection
with connection.cursor() as cursor:
    tables = {
        table.name: sorted(column.name for column in connection.introspection.get_table_description(cursor, table.name))
        for table in connection.introspection.get_table_list(cursor)
        if table.name != "django_migrations"
    }
    constraints = {
        name: sorted(connection.introspection.get_constraints(cursor, name)) for name in tables
    }
print(json.dumps([tables, {k: [c for c in v if not c.startswith("__")] for k, v in constraints.items()}]))
"""


@pytest.mark.django_db
def test_no_migration_is_missing() -> None:
    call_command("makemigrations", check=True, dry_run=True, verbosity=0)


@pytest.mark.slow
def test_migrating_makes_the_tables_of_the_models(tmp_path: Path) -> None:
    printed = []
    for settings in ("langqiao.web.settings", "tests.unmigrated"):
        environment = os.environ | {
            "LANGQIAO_DATA_DIR": str(tmp_path / settings),
            "DJANGO_SETTINGS_MODULE": settings,
        }
        environment.pop("DATABASE_URL", None)
        for arguments in (("-m", "django", "migrate", "--run-syncdb", "-v0"), ("-c", LISTING)):
            done = subprocess.run(
                [sys.executable, *arguments],
                env=environment, cwd=ROOT, check=True, capture_output=True, text=True,
            )  # fmt: skip
        printed.append(done.stdout)
    assert printed[0] == printed[1]
    assert "registry_organisation" in printed[0]
