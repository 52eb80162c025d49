"""Print docs/roles.md: role × action, found by asking every registered permission on a small scene.

``python scripts/role_matrix.py > docs/roles.md``; a test compares the two, so that the page cannot go stale.
"""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
HEAD = """# 角色与权限 · Roles and permissions

本页由 `scripts/role_matrix.py` 生成：在一个小场景里逐项询问每条已登记的权限。请勿手工修改。

This page is made by `scripts/role_matrix.py`, which asks every registered permission on a small scene.

| 格 Cell | 意思 | Meaning |
|---|---|---|
| 任何 | 对任何机构、任何城市都可以 | for any organisation and city |
| 本市 | 只对本市的机构可以 | only for organisations of one's own city |
| 本机构 | 只对本机构的记录、题目可以 | only for what belongs to one's own organisation |
| 团队 | 只对本机构参与、且本人已签承诺的答题可以 | only for answers of a team with one's own organisation |
| 签后 | 本人签署该题的保密承诺之后可以 | once one has signed the challenge's promise |
| 本人 | 只对本人的可以 | only for one's own |
| — | 不可以 | no |

场景中的题目已发布、须签保密承诺；提问为保密提问；答题已提交。规则写在各应用的 `rules.py`；
导入时每一行仍按其所属机构逐条核对。
超级用户没有额外的权限。草稿、撤回等状态与代拟的例外见 [challenges.md](challenges.md)。

Challenges of the scene are published and sealed by promise, questions are sealed, answers are handed in.
A superuser has no more rights than anybody else.
"""
APPS = {
    "accounts": "账号 accounts",
    "ledger": "台账 ledger",
    "registry": "名录 registry",
    "challenges": "题目 challenges",
    "verification": "概念验证 verification",
    "conference": "联席会议 conference",
    "computing": "智算中心 computing",
    "quantum": "量子网络 quantum",
    "alliances": "联盟 alliances",
    "chains": "产业链 chains",
    "parks": "园区 parks",
    "insight": "智库 insight",
}
# Apps whose permissions are shown actor by actor, as their tests ask them.
BY_TABLE = {
    "verification": "tests.apps.verification.test_matrix",
    "conference": "tests.apps.conference.test_matrix",
    "computing": "tests.apps.computing.test_matrix",
    "quantum": "tests.apps.quantum.test_matrix",
    "alliances": "tests.apps.alliances.test_matrix",
    "chains": "tests.apps.alliances.chains.test_rules",
    "parks": "tests.apps.alliances.parks.test_matrix",
    "insight": "tests.apps.insight.test_matrix",
}
NO = "—"


@dataclass
class Actor:
    """A column: its heading, who acts, for which organisation."""

    label: str
    user: Any
    home: Any
    near: Any
    far: Any
    promised: list[Any] = field(default_factory=list)


def start() -> None:
    """Start Django on an empty database in a folder that goes away."""
    os.environ["LANGQIAO_DATA_DIR"] = tempfile.mkdtemp(prefix="langqiao-roles-")
    os.environ.pop("DATABASE_URL", None)
    os.environ["DJANGO_SETTINGS_MODULE"] = "langqiao.web.settings"
    sys.path.insert(0, str(ROOT))
    import django
    from django.core.management import call_command

    django.setup()
    call_command("migrate", verbosity=0)


def actors() -> list[Actor]:
    """Who is asked: one for each role, a manager, a person without role, a stranger, the console."""
    from django.contrib.auth.models import AnonymousUser

    from langqiao.apps.accounts.models import Role
    from tests.factories import accounts as people
    from tests.factories import registry as make

    kinds = {Role.ENTERPRISE: "enterprise", Role.RESEARCHER: "university", Role.EVALUATOR: "university"}
    here, there = make.make_city("songjiang"), make.make_city("hefei")
    found = []

    def add(label: str, user: Any, home: Any) -> None:
        near, far = (make.make_organisation(city=city) for city in (here, there))
        found.append(Actor(label, user, home, near, far))

    for role in Role:
        home = make.make_organisation(kind=kinds.get(role, "government"), city=here)
        add(str(role.label), people.make_member(home, role), home)
    home = make.make_organisation(city=here)
    add("机构管理员", people.make_member(home, Role.VISITOR, is_manager=True), home)
    for label, user in (("无角色", people.make_user()), ("未登录", AnonymousUser()), ("控制台", None)):
        add(label, user, make.make_organisation(city=here))
    return found


def challenge_of(organisation: Any, *, signer: Any = None, signs_for: Any = None) -> Any:
    """A published challenge that a promise seals, with the signer's promise."""
    from langqiao.apps.challenges.models import Challenge, Promise

    number = Challenge.objects.count() + 1
    made = Challenge.objects.create(
        case=f"LQ-2026-{number:06}", title="题目", organisation=organisation, city=organisation.city,
        state="published", confidentiality="promise",
    )  # fmt: skip
    if getattr(signer, "pk", None):
        Promise.objects.create(challenge=made, user=signer, organisation=signs_for, text="", digest="")
    return made


def answer_of(team: Any, challenge: Any) -> Any:
    """An answer handed in, led by the organisation."""
    from django.utils import timezone

    from langqiao.apps.challenges.models import Answer, TeamMember

    made = Answer.objects.create(challenge=challenge, state="submitted", submitted_at=timezone.now())
    TeamMember.objects.create(answer=made, organisation=team, is_lead=True)
    return made


def _record(model_name: str, owner: str) -> Callable[[Any], Any]:
    def make(organisation: Any) -> Any:
        from langqiao.apps.registry import models

        return getattr(models, model_name)(**{owner: organisation})

    return make


def _new_organisation(organisation: Any) -> Any:
    from langqiao.apps.registry.models import Organisation

    return Organisation(city=organisation.city)


RECORDS: dict[str, Callable[[Any], Any]] = {
    "accounts.grant_membership": lambda organisation: organisation,
    "challenges.create": lambda organisation: organisation,
    "registry.give_role": lambda organisation: organisation,
    "registry.revise_organisation": lambda organisation: organisation,
    "registry.register_organisation": _new_organisation,
    "registry.keep_achievement": _record("Achievement", "owner"),
    "registry.keep_facility": _record("Facility", "organisation"),
    "registry.keep_finance": _record("Finance", "organisation"),
    "registry.keep_person": _record("Person", "organisation"),
    "registry.keep_product": _record("Product", "organisation"),
    "registry.keep_programme": _record("Programme", "lead"),
    "registry.keep_talent_demand": _record("TalentDemand", "organisation"),
    "registry.keep_training": _record("Training", "organisation"),
    "registry.link_person": _record("Person", "organisation"),
    "registry.retire": _record("Achievement", "owner"),
}
ANYTHING = {"accounts.issue_token", "ledger.read_all", "registry.load_corridor", "registry.import"}
OWN = {
    "accounts.revoke_token": ("ApiToken", "accounts"),
    "challenges.subscribe": ("Subscription", "challenges"),
}
ANSWERS = {"edit_answer", "lead_answer", "read_answer", "read_outline"}


def cell(actor: Actor, name: str) -> str:
    """What the actor may do by the permission, in the words of the legend."""
    from langqiao.kit.permissions import allowed

    def may(target: Any = None) -> bool:
        return allowed(actor.user, name, target)

    if name in ANYTHING:
        return "任何" if may() else NO
    if name in OWN:
        return _own(actor, name, may)
    app, _dot, act = name.partition(".")
    if name in RECORDS:
        return _scope(actor, lambda organisation: may(RECORDS[name](organisation)))
    assert app == "challenges", f"{name}: say on what it is asked (scripts/role_matrix.py)"
    if act in ANSWERS:
        return _of_answers(actor, may)

    def asked(challenge: Any) -> bool:
        return may(_part(act, challenge))

    found = _scope(actor, lambda organisation: asked(challenge_of(organisation)))
    if not found.startswith("任何") and asked(
        challenge_of(actor.far, signer=actor.user, signs_for=actor.home)
    ):
        found = "签后" if found == NO else f"{found}、签后"
    return found


def _part(act: str, challenge: Any) -> Any:
    """What of a challenge the act is done to."""
    from langqiao.apps.challenges.models import Attachment, Question

    if act == "read_question":
        return Question(challenge=challenge, sealed=True)
    return Attachment(challenge=challenge) if act == "read_attachment" else challenge


def _scope(actor: Actor, may: Callable[[Any], bool]) -> str:
    if may(actor.far):
        # Own matters may be the exception: nobody answers a challenge of the own firm.
        return "任何" if may(actor.home) or actor.user is None else "任何（本机构除外）"
    if may(actor.near):
        return "本市"
    return "本机构" if may(actor.home) else NO


def _own(actor: Actor, name: str, may: Callable[[Any], bool]) -> str:
    from django.apps import apps

    from tests.factories.accounts import make_user

    model, app = OWN[name]
    if may(apps.get_model(app, model)(user=make_user())):
        return "任何"
    return (
        "本人" if getattr(actor.user, "pk", None) and may(apps.get_model(app, model)(user=actor.user)) else NO
    )


def _of_answers(actor: Actor, may: Callable[[Any], bool]) -> str:
    elsewhere = challenge_of(actor.far)
    if may(answer_of(actor.near, elsewhere)):
        return "任何"
    found = []
    if may(answer_of(actor.near, challenge_of(actor.home))):
        found.append("本机构")
    signed = challenge_of(actor.far, signer=actor.user, signs_for=actor.home)
    if may(answer_of(actor.home, signed)):
        found.append("团队")
    return "、".join(found) or NO


def by_table(app: str) -> list[str]:
    """Rows of an app whose permissions hang on what stands between people: its tested table of actors.

    The module of BY_TABLE asks every actor of a scene; the table there is what holds.
    """
    from langqiao.kit.permissions import permissions

    table = import_module(BY_TABLE[app]).TABLE
    lines = ["| 权限 | 对什么 asked of | 谁可以 who may |", "|---|---|---|"]
    for permission in permissions():
        if not permission.name.startswith(f"{app}."):
            continue
        found = table[permission.name.partition(".")[2]]
        for target, who in found if isinstance(found, list) else [found]:
            names = "、".join(sorted(who)) or NO
            lines.append(f"| {permission.label} `{permission.name}` | {target} | {names} |")
    return lines


def page() -> str:
    """The whole page, from the database as it is."""
    from django.utils import translation

    from langqiao.kit.permissions import permissions

    with translation.override("zh-hans"):
        columns = actors()
        lines = [HEAD]
        for app, title in APPS.items():
            if app in BY_TABLE:
                lines += [f"## {title}", "", *by_table(app), ""]
                continue
            lines += [f"## {title}", "", f"| 权限 | {' | '.join(actor.label for actor in columns)} |"]
            lines.append("|---|" + "---|" * len(columns))
            for permission in permissions():
                if permission.name.startswith(f"{app}."):
                    cells = " | ".join(cell(actor, permission.name) for actor in columns)
                    lines.append(f"| {permission.label} `{permission.name}` | {cells} |")
            lines.append("")
        known = {permission.name.partition(".")[0] for permission in permissions()}
    assert known == set(APPS), f"APPS of scripts/role_matrix.py lacks {known - set(APPS)}"
    return "\n".join(lines)


if __name__ == "__main__":
    start()
    sys.stdout.write(page())
