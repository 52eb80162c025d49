"""Nothing of a review reaches who may not know it: every page, API answer, export, notice and entry, at each step.

Two ways of asking. *Words*: what the peer writes, and the peer's name, stand on no page of those who may
not read them. *Non-interference*: whatever colleagues do (draft, hand in, change, speak), the pages of
those who may not know stay the same to the letter, so that no count, state, mean or time gives it away.
"""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterator
from urllib.parse import quote

import pytest
from django.test import Client
from django.urls import get_resolver

from langqiao.apps.accounts.models import Notification
from langqiao.apps.ledger.models import Entry
from langqiao.apps.verification.domain import reviews, rounds
from langqiao.apps.verification.models import (
    Application,
    Call,
    CallState,
    Review,
    Reviewer,
    ReviewState,
    Round,
)
from tests.apps.challenges.test_leaks import body, patterns
from tests.apps.verification.review_scene import (
    OFFICE_WORDS,
    PEER,
    WORDS,
    Scene,
    due,
    hand_in,
    make_scene,
    opinion,
)

pytestmark = pytest.mark.django_db
TOTAL = "43.3"  # the peer's
# The kinds of pages that reviews could show on; all others are crawled by the tests of their apps.
WITHIN = (
    "rounds/",
    "reviews/",
    "defences/",
    "calls/",
    "applications/",
    "reviewers/",
    "invitations/",
    "work/",
)
LEDGER = ("/ledger/", "/api/v1/ledger")
# Asked on every run, and the rest with `make test-slow`.
SOON = ("own", "applicant")
KEPT_OUT = ("unassigned", "recused", "stranger", "visitor", "superuser", "liaison", "other firm", "third")


def keys() -> dict[str, set[str]]:
    """Keys of the scene's records by the word that stands before them in an address."""
    found = {
        "rounds": Round, "reviews": Review, "calls": Call, "applications": Application, "reviewers": Reviewer,
        "invitations": Reviewer,
    }  # fmt: skip
    return {
        word: {str(pk) for pk in model.objects.values_list("pk", flat=True)} for word, model in found.items()
    }


def addresses() -> list[str]:
    """Every address around reviews, with the keys of the scene's records put in, and the ledger's and notices'."""
    known = keys()
    found: set[str] = set()
    for route, _converters in patterns(get_resolver()):
        path = route.removeprefix("api/v1/")
        if not path.startswith(WITHIN) or "(?P" in path or "/act/" in path:
            continue
        filled = {route}
        for kind, name in re.findall(r"<(?:(\w+):)?(\w+)>", route):
            hole = f"<{kind}:{name}>" if kind else f"<{name}>"
            word = "applications" if "application" in name else path.split("/")[0]
            values = known.get(word, {"1"}) if kind == "int" else {"start", "csv"}
            filled = {address.replace(hole, value) for address in filled for value in values}
        found |= {f"/{address}" for address in filled}
    cases = set(Application.objects.values_list("case", flat=True)) | set(
        Call.objects.values_list("case", flat=True)
    )
    found |= {f"/cases/{case}/" for case in cases}
    found |= {
        f"/ledger/{e.sequence}/" for e in Entry.objects.filter(verb__in=("submit_review", "change_review"))
    }
    found |= {"/notifications/", "/me/notifications/", "/work/", "/", "/api/v1/ledger", "/ledger/"}
    exports = ("/reviews/", "/defences/", "/calls/", "/applications/", "/ledger/")
    found |= {f"{path}?export={kind}" for path in exports for kind in ("csv", "xlsx")}
    found |= {
        f"/rounds/{pk}/{part}/?export=csv" for pk in known["rounds"] for part in ("reviews", "disagreement")
    }
    return sorted(found)


def pages(scene: Scene, name: str, paths: list[str]) -> Iterator[tuple[str, int, str]]:
    """Address, status and body for one actor."""
    client = Client()
    user = scene.user(name)
    if user.is_authenticated:
        client.force_login(user)
    for path in paths:
        response = client.get(path)
        assert response.status_code < 500, (name, path)
        yield path, response.status_code, body(response)


def shown(scene: Scene, name: str, paths: list[str], *words: str) -> dict[str, str]:
    """Addresses that show one of the words to the actor, with the word."""
    return {
        path: word for path, _status, text in pages(scene, name, paths) for word in words if holds(text, word)
    }


def holds(text: str, word: str) -> bool:
    """Whether a word stands in an answer, plainly or as JSON or an address writes it.

    The seconds of a time are left out: a moment such as 10:05:43.312 is not the peer's total.
    """
    text = re.sub(r"(\d\d:\d\d):\d\d\.\d+", r"\1", text)
    return any(form in text for form in (word, json.dumps(word)[1:-1], quote(word)))


def plain(text: str) -> str:
    """A page without what differs between two answers to the same person: tokens against forgery."""
    text = re.sub(
        r'(csrfmiddlewaretoken" value="|X-CSRFToken": "|X-CSRFToken&quot;: &quot;)[^"&]+', r"\1", text
    )
    return re.sub(r"docProps.*", "", text, flags=re.DOTALL)


def snapshot(scene: Scene, name: str, paths: list[str]) -> dict[str, tuple[int, str]]:
    """All pages of an actor as they stand; spreadsheets by their CSV."""
    return {
        path: (status, plain(text))
        for path, status, text in pages(scene, name, [p for p in paths if "xlsx" not in p])
    }


def changed(before: dict[str, tuple[int, str]], after: dict[str, tuple[int, str]]) -> dict[str, list[str]]:
    """Addresses whose answer is another one now, with the lines that differ."""
    return {
        path: [
            f"{was} → {after[path][0]}",
            *sorted(set(text.splitlines()) ^ set(after[path][1].splitlines())),
        ]
        for path, (was, text) in before.items()
        if after[path] != (was, text)
    }


def peer_acts(scene: Scene, *, but: str = "") -> None:
    """The peer drafts and hands in, and so does the third reviewer."""
    reviews.save_draft(scene.user("peer"), scene.reviews["peer"], revision=0, for_applicant=f"草稿 {WORDS}")
    hand_in(scene, "peer")
    if but != "third":
        hand_in(scene, "third")


def hand_in_rest(scene: Scene) -> None:
    """Whoever has not handed in does so."""
    for name, review in scene.reviews.items():
        review.refresh_from_db()
        if review.state != ReviewState.SUBMITTED:
            hand_in(scene, name)


def discuss(scene: Scene) -> None:
    """The chair opens the discussion; the peer speaks and changes the review."""
    rounds.open_discussion(scene.user("office"), scene.round)
    peer = scene.reviews["peer"]
    peer.refresh_from_db()
    reviews.say(scene.user("peer"), scene.round, scene.first, text=f"发言 {WORDS}")
    reviews.say(scene.user("office"), scene.round, scene.first, text=f"主持 {WORDS}")
    reviews.change_review(scene.user("peer"), peer, why=f"理由 {WORDS}", confidence=1)


def acted_upon() -> set[str]:
    """Addresses that only act; they say so to everybody alike."""
    client, found = Client(), set()
    for path in addresses():
        response = client.get(path)
        response.close()
        if response.status_code == 405:
            found.add(path)
    return found


@pytest.mark.slow
@pytest.mark.parametrize("name", [*SOON, *(pytest.param(one, marks=pytest.mark.slow) for one in KEPT_OUT)])
def test_a_review_reaches_nobody_who_may_not_know_it_at_any_step(name: str) -> None:
    scene = make_scene(start=False)
    silent = acted_upon()
    may_know = {OFFICE_WORDS, PEER, TOTAL}

    def look(step: str, *words: str) -> dict[str, tuple[int, str]]:
        paths = [path for path in addresses() if path not in silent]
        assert f"/reviews/{scene.reviews['peer'].pk}/" in paths
        assert f"/api/v1/rounds/{scene.round.pk}/reviews" in paths
        found = snapshot(scene, name, paths)
        shown = {path: word for path, (_s, text) in found.items() for word in words if holds(text, word)}
        assert shown == {}, step
        return found

    look("preparing", WORDS, *may_know)
    rounds.start_reviewing(scene.user("office"), scene.round, due_at=due())
    before = look("reviewing", WORDS, *may_know)
    peer_acts(scene, but=name)
    discuss(scene)
    after = look("others handed in and discuss", WORDS, *may_know)
    # The ledger's chain grows with every act; that something was entered is its promise, not what.
    # The front page says of its public figures at which minute they were counted.
    kept = {path: answer for path, answer in before.items() if path != "/" and not path.startswith(LEDGER)}
    assert changed(kept, after) == {}
    if name == "own":
        hand_in(scene, "own")
        look("handed in", OFFICE_WORDS, PEER)
    hand_in_rest(scene)
    rounds.close_round(scene.user("office"), scene.round)
    look("closed", WORDS, *may_know)
    Call.objects.update(state=CallState.FINISHED)
    # After the issue the applicant reads what was written for it, and nothing else.
    look("finished", *may_know, *([] if name in ("applicant", "recused") else [WORDS]))


@pytest.mark.slow
def test_the_test_can_fail_the_chair_and_the_colleague_do_read() -> None:
    scene = make_scene()
    peer_acts(scene)
    hand_in(scene, "own")
    peer = f"/reviews/{scene.reviews['peer'].pk}/"
    chair = shown(scene, "office", addresses(), WORDS, OFFICE_WORDS)
    assert chair[peer] in (WORDS, OFFICE_WORDS)
    assert f"/api/v1/rounds/{scene.round.pk}/reviews" in chair
    discuss(scene)
    talk = f"/rounds/{scene.round.pk}/talk/{scene.first.pk}/"
    colleague = shown(scene, "own", addresses(), WORDS)
    assert {peer, talk, f"/api/v1{talk[:-1]}"} <= set(colleague)
    assert shown(scene, "own", addresses(), OFFICE_WORDS, PEER) == {}


def test_the_chair_sees_of_an_unfinished_review_its_state_alone() -> None:
    scene = make_scene()
    reviews.save_draft(
        scene.user("peer"),
        scene.reviews["peer"],
        revision=0,
        **opinion(9.5, 3.5, for_applicant=WORDS, for_office=OFFICE_WORDS, confidence=1),
    )
    assert shown(scene, "office", addresses(), WORDS, OFFICE_WORDS) == {}
    client = Client()
    client.force_login(scene.user("office"))
    exported = body(client.get(f"/rounds/{scene.round.pk}/reviews/?export=csv&q={quote(PEER)}"))
    [row] = list(csv.DictReader(exported.lstrip("\ufeff").splitlines()))
    assert (row["状态"], row["总分"], row["把握程度"], row["提交日期"]) == ("草稿", "", "", "")
    # Nor can the list be put in the order of what stands in drafts.
    before = body(client.get(f"/rounds/{scene.round.pk}/reviews/?export=csv"))
    assert body(client.get(f"/rounds/{scene.round.pk}/reviews/?export=csv&sort=-confidence")) == before


def test_the_ledger_and_the_notices_hold_no_words_and_no_names() -> None:
    scene = make_scene()
    peer_acts(scene)
    hand_in(scene, "own")
    discuss(scene)
    words = (WORDS, OFFICE_WORDS, PEER, TOTAL, "评审人")
    assert not [e for e in Entry.objects.all() if any(holds(e.data, word) for word in words)]
    assert not [n for n in Notification.objects.all() if any(holds(n.text + n.url, word) for word in words)]
    of_reviews = Entry.objects.filter(
        verb__in=("submit_review", "change_review", "say_in_discussion", "start_reviewing", "open_discussion")
    )
    assert {e.visibility for e in of_reviews} == {"office"}


@pytest.mark.parametrize("name", ["recused", "applicant", "own", "superuser"])
def test_the_ledger_keeps_who_reviewed_from_all_but_the_office(name: str) -> None:
    from langqiao.apps.ledger.queries import readable, readable_entry

    scene = make_scene()
    peer_acts(scene)
    entries = list(Entry.objects.filter(verb="submit_review"))
    user = scene.user(name)
    assert not readable(user).filter(verb__in=("submit_review", "start_reviewing", "open_round")).exists()
    assert not readable(user, scene.first.case).filter(verb="submit_review").exists()
    assert not [e for e in entries if readable_entry(user, e.sequence)]
    assert readable(scene.user("office")).filter(verb="submit_review").count() == len(entries)


def test_a_recused_member_still_reads_the_rest_of_the_ledger_and_the_own_application() -> None:
    from langqiao.apps.ledger.queries import readable

    scene = make_scene()
    user = scene.user("recused")
    office_only = Entry.objects.exclude(visibility="public").exclude(app="verification")
    assert readable(user).filter(pk__in=office_only).count() == office_only.count()
    own = readable(user, scene.first.case).filter(object=f"verification.application:{scene.first.pk}")
    assert own.exists()
    assert not readable(user, scene.second.case).exclude(visibility="public").exists()
