"""Role × action, as a table: who may do what around a double-blind call in its review."""

from __future__ import annotations

from typing import Any

import pytest

from langqiao.apps.accounts.models import Role
from langqiao.apps.verification.domain.applications import submit_application
from langqiao.apps.verification.domain.steps import start_chain
from langqiao.apps.verification.models import (
    Application,
    Call,
    Reviewer,
    Round,
    RoundState,
)
from langqiao.apps.verification.queries.calls import own_applications, visible_applications, visible_calls
from langqiao.apps.verification.queries.content import content_of, readable_file
from langqiao.kit.permissions import allowed, permissions
from tests.apps.verification.scene import Scene, forget, make_scene
from tests.factories import verification as make
from tests.factories.accounts import make_member, make_office
from tests.factories.registry import make_organisation

pytestmark = pytest.mark.django_db

# Who acts for the firm that applied.
APPLICANT = {"applicant firm", "applicant researcher", "applicant manager", "recused office"}
INSIDERS = APPLICANT | {"other firm", "second applicant", "centre"}
RUNNERS = {"office", "console"}
POOL = {
    "assigned",
    "submitted",
    "unassigned",
    "invited",
    "declined",
    "removed",
    "candidate",
    "former evaluator",
}
EVERYBODY = (
    INSIDERS | RUNNERS | POOL
    | {"stranger", "visitor", "superuser", "liaison", "far liaison", "applicant secretariat",
       "former applicant", "evaluator", "named expert"}
)  # fmt: skip
CENTRE = {"centre"}

# permission: [(what it is asked of, who may), …]
TABLE: dict[str, list[tuple[str, set[str]]]] = {
    "keep_call": [("call", RUNNERS), ("nothing", RUNNERS | {"recused office"}), ("application", RUNNERS)],
    "run_call": [("call", RUNNERS), ("round", RUNNERS)],
    "screen": [("application", RUNNERS), ("second", RUNNERS)],
    "keep_reviewers": [("call", RUNNERS), ("reviewer", RUNNERS)],
    "assign": [("round", RUNNERS)],
    "chair": [("round", RUNNERS), ("review", RUNNERS)],
    "choose": [("call", RUNNERS), ("choice", RUNNERS)],
    "read_call": [("call", EVERYBODY), ("unpublished", {"office", "recused office"}), ("nothing", set())],
    "apply": [("organisation", APPLICANT | {"console"}), ("nothing", INSIDERS | {"console"})],
    "edit_application": [
        ("application", APPLICANT | {"console"}), ("draft", {"other firm", "console"}), ("nothing", {"console"}),
    ],
    "submit_application": [("application", APPLICANT | {"console"}), ("second", {"second applicant", "console"})],
    "read_application": [
        ("application", APPLICANT | {"office"}), ("second", {"second applicant", "office"}),
        ("draft", {"other firm"}),
    ],
    "read_outline": [
        ("application", APPLICANT | {"office", "liaison"}),
        ("second", {"second applicant", "office", "far liaison"}),
        ("draft", {"other firm"}),
    ],
    "read_feedback": [("application", set())],
    "read_pool": [("call", {"office"})],
    "review_any": [
        ("nothing", {"assigned", "submitted", "unassigned", "invited", "declined", "former evaluator"}),
    ],
    "answer_invitation": [("invitation", {"invited"}), ("reviewer", {"assigned"}), ("nothing", set())],
    "bid": [("reviewer", {"assigned"}), ("invitation", set())],
    "review": [("review", {"assigned"}), ("submitted", {"submitted"})],
    "read_assigned": [("application", {"assigned", "submitted"}), ("second", set()), ("draft", set())],
    "read_review": [("review", {"assigned"}), ("submitted", {"submitted", "office"})],
    "discuss": [("talk", set())],
    "read_talk": [("talk", set())],
    "read_choice": [("call", {"office"}), ("choice", {"office"}), ("nothing", {"office", "recused office"})],
    "request_examination": [("organisation", APPLICANT | {"console"})],
    "withdraw_examination": [("examination", APPLICANT | {"console"})],
    "handle_examination": [("examination", CENTRE | {"console"})],
    "assess": [("examination", CENTRE | {"named expert", "console"})],
    "read_examination": [("examination", APPLICANT | CENTRE | {"named expert"})],
    "read_examination_outline": [("examination", APPLICANT | CENTRE | {"named expert", "office"})],
    "value": [("organisation", APPLICANT | {"console"})],
    "value_any": [("nothing", INSIDERS)],
    "keep_valuation": [("valuation", APPLICANT | CENTRE | {"console"})],
    "read_valuation": [("valuation", APPLICANT | CENTRE)],
}  # fmt: skip


@pytest.fixture(autouse=True)
def media(settings: Any, tmp_path: Any) -> None:
    settings.MEDIA_ROOT = tmp_path


def who_may(scene: Scene, act: str, target: str) -> set[str]:
    thing = getattr(scene, target, None)
    return {name for name, actor in scene.actors.items() if allowed(actor, f"verification.{act}", thing)}


def test_the_table_speaks_of_every_permission_and_every_actor() -> None:
    scene = make_scene()
    assert {p.name for p in permissions() if p.name.startswith("verification.")} == {
        f"verification.{act}" for act in TABLE
    }
    assert set(scene.actors) == EVERYBODY


def test_role_by_action() -> None:
    scene = make_scene()
    found = {
        act: [(target, who_may(scene, act, target)) for target, _who in rows] for act, rows in TABLE.items()
    }
    assert found == TABLE


def test_in_discussion_reviewers_who_handed_in_see_each_other() -> None:
    scene = make_scene(RoundState.DISCUSSING)
    chair_and_peers = {"office", "submitted"}
    assert who_may(scene, "discuss", "talk") == chair_and_peers
    assert who_may(scene, "read_talk", "talk") == chair_and_peers
    assert who_may(scene, "read_review", "submitted") == chair_and_peers
    assert who_may(scene, "read_review", "review") == {"assigned"}


def test_after_the_round_only_the_chair_reads_the_talk() -> None:
    scene = make_scene(RoundState.CLOSED)
    assert who_may(scene, "discuss", "talk") == set()
    assert who_may(scene, "read_talk", "talk") == {"office"}
    assert who_may(scene, "read_review", "submitted") == {"office", "submitted"}


def test_before_the_round_begins_nothing_is_assigned() -> None:
    scene = make_scene(RoundState.PREPARING)
    assert who_may(scene, "review", "review") == set()
    assert who_may(scene, "read_assigned", "application") == set()


def test_feedback_is_read_once_the_result_is_issued() -> None:
    scene = make_scene()
    Call.objects.filter(pk=scene.call.pk).update(state="finished")
    scene.application.refresh_from_db()
    assert who_may(scene, "read_feedback", "application") == APPLICANT


def test_what_was_withdrawn_is_the_applicant_s_alone() -> None:
    scene = make_scene()
    Application.objects.filter(pk=scene.application.pk).update(state="withdrawn")
    scene.application.refresh_from_db()
    assert who_may(scene, "read_application", "application") == APPLICANT
    assert {n for n, a in scene.actors.items() if content_of(scene.application, a) is not None} == APPLICANT


def test_an_inactive_user_may_nothing() -> None:
    scene = make_scene()
    for name, actor in scene.actors.items():
        if actor is None or not getattr(actor, "pk", None):
            continue
        actor.is_active = False
        forget(scene)
        may = {
            (act, target)
            for act, rows in TABLE.items()
            for target, _who in rows
            if allowed(actor, f"verification.{act}", getattr(scene, target, None))
        }
        assert may == set(), name


def test_queries_agree_with_rules() -> None:
    scene = make_scene()
    make.make_submitted(make.make_call())
    for name, actor in scene.actors.items():
        if name == "console":
            continue
        calls = {c.pk for c in Call.objects.all() if allowed(actor, "verification.read_call", c)}
        assert set(visible_calls(actor).values_list("pk", flat=True)) == calls, name
        outlines = {a.pk for a in Application.objects.all() if allowed(actor, "verification.read_outline", a)}
        assert set(visible_applications(actor).values_list("pk", flat=True)) == outlines, name
        own = {a.pk for a in Application.objects.all() if allowed(actor, "verification.edit_application", a)}
        assert set(own_applications(actor).values_list("pk", flat=True)) == own, name
    assert not visible_applications(None).exists()
    assert set(visible_calls(None)) == set(Call.objects.exclude(state="draft"))


def test_who_reads_the_content_and_how_much() -> None:
    scene = make_scene()
    found = {name: content_of(scene.application, actor) for name, actor in scene.actors.items()}
    assert {name for name, content in found.items() if content is not None} == (
        APPLICANT | {"office", "assigned", "submitted"}
    )
    for name, content in found.items():
        if content is None:
            continue
        assert content.blind == (name in {"assigned", "submitted"}), name
        text = repr(content)
        assert make.MARKER in text, name
        assert (make.NAME_MARKER in text) == (not content.blind), name
        assert (content.version is None) == (name in APPLICANT), name
    blind = found["assigned"]
    assert blind is not None
    assert (blind.organisation, blind.city, blind.achievement) == (None, None, None)
    assert [line.key for part in blind.parts for line in part.lines] == [
        "summary",
        "area",
        "invested",
        "stage",
    ]
    assert [file.name for file in blind.files] == ["建设方案.txt"]
    assert blind.label == "申报 01"


def test_a_single_blind_review_reads_it_whole() -> None:
    scene = make_scene()
    Call.objects.update(blindness="single")
    scene.application.refresh_from_db()
    content = content_of(scene.application, scene.actors["assigned"])
    assert content is not None
    assert (content.blind, content.organisation) == (False, scene.organisation)


def test_files_follow_the_content() -> None:
    scene = make_scene()
    file = scene.application.files.get()
    found = {name: readable_file(file, actor) for name, actor in scene.actors.items()}
    assert {name for name, attached in found.items() if attached is not None} == (
        APPLICANT | {"office", "assigned", "submitted"}
    )
    shown = found["assigned"]
    assert shown is not None
    assert shown.name == "建设方案.txt"


def test_identifying_and_further_files_are_not_for_a_double_blind_reviewer() -> None:
    call = make.make_call(blindness="double", chain=make.chain_of("review", "issue"))
    application = make.make_application(call)
    for key in ("licence", ""):
        make.make_file(application, key=key, name=f"{key or 'more'}.txt")
    submit_application(make.member_of(application.organisation), application)
    make.let_close(call)
    start_chain(None, call)
    application.refresh_from_db()
    Round.objects.update(state=RoundState.REVIEWING)
    reviewer = make.make_reviewer(call)
    make.make_review(Round.objects.get(), application, reviewer)
    seen = {file.name: readable_file(file, reviewer.person.user) for file in application.files.order_by("id")}
    assert [(name, one is not None) for name, one in seen.items()] == [
        (f"{make.NAME_MARKER}方案.txt", True), ("licence.txt", False), ("more.txt", False),
    ]  # fmt: skip
    office = make_office()
    assert all(readable_file(file, office) is not None for file in application.files.all())


def test_an_office_member_who_reviews_may_ask_for_the_review_s_view() -> None:
    scene = make_scene()
    user = scene.actors["office"]
    make_member(make_organisation(kind="university"), Role.EVALUATOR, user=user)
    reviewer = make.make_reviewer(scene.call, user=user)
    make.make_review(scene.round, scene.application, reviewer)
    whole = content_of(scene.application, user)
    blind = content_of(scene.application, user, as_reviewer=True)
    assert whole is not None
    assert blind is not None
    assert (whole.blind, blind.blind) == (False, True)
    assert content_of(scene.application, scene.actors["applicant firm"], as_reviewer=True) is None


def test_reviewers_out_of_the_pool_read_nothing() -> None:
    scene = make_scene()
    Reviewer.objects.filter(pk=scene.reviewer.pk).update(state="declined")
    assert content_of(scene.application, scene.actors["assigned"]) is None
    assert Round.objects.get().state == RoundState.REVIEWING
