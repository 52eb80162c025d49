"""Every page of the demo corridor, examined by axe-core: no serious fault, in either language and either theme."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

import pytest

from tests.web.axe import AXE, LANGUAGES, Walk, page_name

pytestmark = [pytest.mark.browser, pytest.mark.slow]
STARTS = ("/", "/eye/", "/eye/wall/", "/work/")
PEOPLE = (
    "",  # a guest
    *("demo-firm", "demo-researcher", "demo-evaluator", "demo-liaison"),
    *("demo-computing", "demo-quantum", "demo-studio", "demo-secretariat", "demo-office"),
)
SIGN_IN = """
import sys
from django.test import Client
from langqiao.apps.accounts.models import User
for name in sys.argv[1:]:
    client = Client()
    client.force_login(User.objects.get(username=name))
    print(name, client.cookies["sessionid"].value)
"""


@dataclass(frozen=True)
class Site:
    """The demo corridor that is served: its address, and a session for each person."""

    base: str
    sessions: dict[str, str]


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port: int = one.getsockname()[1]
        return port


def await_answer(base: str, process: subprocess.Popen[bytes], seconds: float = 120.0) -> None:
    end = time.monotonic() + seconds
    while time.monotonic() < end and process.poll() is None:
        try:
            urlopen(base + "/healthz", timeout=5).close()
        except (URLError, ConnectionError, TimeoutError):
            time.sleep(0.5)
        else:
            return
    raise AssertionError("the site did not start")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """The demo in a data folder of its own, served by the product's own commands."""
    if not AXE.exists():
        pytest.skip("axe-core is not installed (npm ci)")
    folder, port = tmp_path_factory.mktemp("axe"), free_port()
    environment = os.environ | {
        "LANGQIAO_DATA_DIR": str(folder),
        "DJANGO_SETTINGS_MODULE": "langqiao.web.settings",
    }
    program = str(Path(sys.executable).with_name("langqiao"))
    subprocess.run([program, "demo", "--no-serve"], env=environment, check=True, stdout=subprocess.DEVNULL)
    signed = subprocess.run(
        [sys.executable, "-c", f"import django; django.setup(){SIGN_IN}", *PEOPLE[1:]],
        env=environment, check=True, capture_output=True, text=True,
    ).stdout  # fmt: skip
    with subprocess.Popen(
        [program, "serve", "--port", str(port), "--workers", "1"], env=environment
    ) as process:
        try:
            base = f"http://127.0.0.1:{port}"
            await_answer(base, process)
            yield Site(base, {"": "", **dict(line.split() for line in signed.splitlines())})
        finally:
            process.terminate()


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_page_has_a_serious_fault(chromium, site: Site, language: str) -> None:
    examined: dict[str, str] = {}
    faults = []
    for person in PEOPLE:
        walk = Walk(chromium, site.base, site.sessions[person], language)
        # What a guest sees is seen again with all that the conference office may do there.
        faults += list(walk.everywhere(STARTS, {} if person == "demo-office" else examined))
        walk.close()
    assert len(examined) > 150
    assert [str(fault) for fault in faults] == []


def test_addresses_have_names() -> None:
    assert page_name("/eye/wall/?every=20") == page_name("/eye/wall/") != page_name("/eye/")
    assert page_name("/no/such/page/") is None
