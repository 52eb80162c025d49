"""Logs say what happened to which route, and nothing about whom."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

SCRIPT = """
import os, tempfile
os.environ["LANGQIAO_DATA_DIR"] = tempfile.mkdtemp()
os.environ["LANGQIAO_LOG_LEVEL"] = "INFO"
os.environ["LANGQIAO_LOG_FORMAT"] = "json"
os.environ["DJANGO_SETTINGS_MODULE"] = "tests.unmigrated"
import django
django.setup()
from django.core.management import call_command
call_command("migrate", run_syncdb=True, verbosity=0)
from django.test import Client
client = Client(HTTP_HOST="localhost", HTTP_USER_AGENT="my-agent", REMOTE_ADDR="203.0.113.9")
client.get("/ledger/?q=secret-words")
client.get("/api/v1/me", headers={"Authorization": "Bearer lq_secret-token"})
client.get("/nowhere/")
client.post("/accounts/login/", {"login": "secret-person", "password": "secret-pass"})
"""


@pytest.fixture(scope="module")
def lines() -> list[dict]:
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT], capture_output=True, text=True, check=True, timeout=600
    )
    return [json.loads(line) for line in done.stderr.splitlines() if line.startswith("{")]


def test_each_request_is_one_line_with_its_route(lines):
    requests = [line for line in lines if line["event"] == "request"]
    assert [(r["route"], r["status"]) for r in requests] == [
        ("ledger/", 200),
        ("api/v1/me", 401),
        ("unknown", 404),
        ("accounts/login/", 200),
    ]
    assert all(r["ms"] >= 0 and r["level"] == "info" for r in requests)
    assert [r["method"] for r in requests] == ["GET", "GET", "GET", "POST"]


def test_no_line_holds_a_search_a_secret_or_a_person(lines):
    text = json.dumps(lines)
    for word in ("secret-words", "secret-token", "secret-person", "secret-pass", "203.0.113.9", "my-agent"):
        assert word not in text
