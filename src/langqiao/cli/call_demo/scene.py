"""What the stages of the demo share: its records, its people, its call."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from langqiao.apps.accounts.models import User
from langqiao.apps.verification.models import Call
from langqiao.cli.corridor_demo import folder
from langqiao.kit.refusals import Refused

CODE = "V-CALL-001"
SEED = 37
Show = Callable[[int, int], None]


def records(name: str) -> list[dict[str, Any]]:
    """The demo's records of a name, in order."""
    path = folder() / "verification" / f"{name}.jsonl"
    return [json.loads(line) for line in path.read_text("utf-8").splitlines() if line.strip()]


def the_call() -> Call | None:
    """The demo's call, once it is there."""
    return Call.objects.filter(code=CODE).first()


def user(username: str) -> User:
    """A person of the demo.

    Raises:
        Refused: the demo corridor was not loaded.
    """
    found = User.objects.filter(username=username).first()
    if found is None:
        raise Refused("还没有载入示例走廊。", mend="请先运行 langqiao demo --no-serve。")
    return found


def office() -> User:
    """The office's member who runs the demo's call."""
    return user("demo-office")
