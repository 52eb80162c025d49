"""The demo corridor: real organisations and programmes with sources, and illustrative records (示例).

Loading twice changes nothing: every record has a code, every act of the story is done once.
"""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import transaction
from rich.console import Console
from rich.table import Table
from rich.text import Text

from langqiao.apps.accounts.domain import grant_membership
from langqiao.apps.accounts.models import Role, User
from langqiao.apps.challenges.domain import upsert_challenges
from langqiao.apps.challenges.matching import follow, match_challenge, store
from langqiao.apps.challenges.models import Challenge
from langqiao.apps.registry.domain.bulk import upsert_many
from langqiao.apps.registry.models import Organisation
from langqiao.cli import corridor_story, terminal
from langqiao.engines.matching.types import Progress
from langqiao.kit.refusals import Invalid, Refused

# In the order in which they refer to each other.
KINDS = (
    "organisations", "people", "achievements", "facilities", "finance", "products",
    "talent_demand", "training", "programmes",
)  # fmt: skip
SAMPLE = "B-CHL-001"
Person = tuple[str, str, Role, str, bool]
# One user a role, by the code of the illustrative organisation each acts for.
PEOPLE = (
    ("demo-office", "示例·联席办专员", Role.OFFICE, "S-ORG-001", False),
    ("demo-liaison", "示例·城市联络员", Role.LIAISON, "S-ORG-002", False),
    ("demo-firm", "示例·企业研发主管", Role.ENTERPRISE, "B-ORG-026", True),
    ("demo-researcher", "示例·高校研究员", Role.RESEARCHER, "B-ORG-009", True),
    ("demo-evaluator", "示例·评审专家", Role.EVALUATOR, "B-ORG-005", False),
    ("demo-secretariat", "示例·联盟秘书处", Role.SECRETARIAT, "B-ORG-004", False),
    ("demo-computing", "示例·算力运营方", Role.COMPUTING_OPERATOR, "R-ORG-017", False),
    ("demo-visitor", "示例·访客", Role.VISITOR, "S-ORG-001", False),
)


def folder() -> Path:
    """Where the demo records lie: LANGQIAO_DEMO_DIR, or ``demo`` of the source tree.

    Raises:
        Invalid: there is no such folder.
    """
    named = os.environ.get("LANGQIAO_DEMO_DIR")
    place = Path(named) if named else Path(__file__).resolve().parents[3] / "demo"
    if not (place / "records").is_dir():
        raise Invalid(
            "找不到示例数据文件夹 demo/records。",
            mend="请在源代码目录中运行，或用 LANGQIAO_DEMO_DIR 指明位置。",
        )
    return place / "records"


def records(kind: str) -> list[dict[str, Any]]:
    """All demo records of a kind, real ones first."""
    found: list[dict[str, Any]] = []
    for part in ("real", "a", "b", "story"):
        path = folder() / part / f"{kind}.jsonl"
        if path.exists():
            found.extend(json.loads(line) for line in path.read_text("utf-8").splitlines() if line.strip())
    return found


def load(*, progress: Callable[[Progress], None]) -> None:
    """Load the records, publish the challenges, add the demo users, play the story, build the index.

    Raises:
        Refused: a record is wrong; the message names its code and field.
    """
    for kind in KINDS:
        rows = records(kind)
        _written(kind, rows, upsert_many(None, kind, rows, progress=_steps(kind, len(rows), progress)))
    # By the number within its industry, so that neighbours on the board come from all industries.
    rows = sorted(records("challenges"), key=lambda row: (row["code"][-2:], row["code"]))
    steps = _steps("challenges", len(rows), progress)
    _written("challenges", rows, upsert_challenges(None, rows, publish=True, progress=steps))
    add_people()
    corridor_story.play(corridor_story.read((folder() / "story" / "acts.jsonl").read_text("utf-8")))
    if store.reached() == 0:
        follow.rebuild(progress=progress)
    else:
        follow.catch_up(progress=progress)


def _steps(kind: str, total: int, progress: Callable[[Progress], None]) -> Callable[[int], None]:
    return lambda done: progress(Progress(kind, done, total))


def _written(kind: str, rows: list[dict[str, Any]], summary: Any) -> None:
    if summary.refused:
        first: Refused = summary.refusals[0]
        code = rows[first.row - 1].get("code", "") if first.row else ""
        raise Refused(f"{kind} {code} {first.field}：{first}")


@transaction.atomic
def add_people(people: Iterable[Person] = PEOPLE) -> None:
    """One user a role, all with one random password that lies in the data folder, never in the code."""
    for username, name, role, code, manager in people:
        user = User.objects.filter(username=username).first()
        if user is None:
            user = User.objects.create_user(
                username, password=password(), display_name=name, illustrative=True
            )
        if not user.memberships.exists():
            grant_membership(None, user, Organisation.objects.get(code=code), role, is_manager=manager)


def password() -> str:
    """The demo users' password, made once."""
    path = settings.DATA_DIR / "demo_password"
    if not path.exists():
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w") as file:
            file.write(secrets.token_urlsafe(9))
    return path.read_text().strip()


def print_sample(out: Console) -> None:
    """The four panels of the sample challenge."""
    challenge = Challenge.objects.get(code=SAMPLE)
    facts = f"  {challenge.case}  {challenge.organisation}  {challenge.city}"
    out.print(Text.assemble("\n", ("企业出题", "bold"), facts))
    terminal.print_matches(match_challenge(challenge, viewer=None, limit=3), challenge.title, out)


def print_accounts(out: Console, people: Iterable[Person] = PEOPLE) -> None:
    """Who can sign in, and with what."""
    table = Table(title="示例用户", title_justify="left", show_edge=False)
    for head in ("用户名", "角色", "口令"):
        table.add_column(head)
    for username, name, _role, _code, _manager in people:
        table.add_row(username, name, password())
    out.print(table)
