"""Every verb that the code writes into the ledger is said in words."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import langqiao
from langqiao.apps.registry.domain.kinds import KINDS
from langqiao.web.words import verb_in_words

APPS = Path(langqiao.__file__).parent / "apps"
WRITERS = {"record", "Act", "enter", "_enter"}


def written_verbs() -> set[str]:
    """String constants among the first two arguments of calls that write entries."""
    found: set[str] = set()
    for path in APPS.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") in WRITERS:
                found |= {
                    a.value for a in node.args[:2] if isinstance(a, ast.Constant) and isinstance(a.value, str)
                }
    return found


def test_the_search_finds_verbs():
    assert {"issue_token", "publish_challenge"} <= written_verbs()


def test_each_has_words():
    verbs = written_verbs() | {verb for kind in KINDS.values() for verb in kind.verbs}
    unsaid = {verb for verb in verbs if not re.search(r"[\u4e00-\u9fff]", verb_in_words(verb))}
    assert unsaid == set()


def test_an_unknown_verb_is_shown_as_it_is():
    assert verb_in_words("weigh_anchor") == "weigh anchor"
