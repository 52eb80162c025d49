"""Role × action, as a table: who may do what to a sealed challenge and its answer."""

from __future__ import annotations

import pytest

from langqiao.apps.challenges.models import Answer, Challenge
from langqiao.apps.challenges.queries import visible_challenges
from langqiao.kit.permissions import allowed, permissions
from tests.apps.challenges.scene import CLEARED, Scene, make_actors, make_scene
from tests.factories import challenges as make

pytestmark = pytest.mark.django_db

FIRM = {"firm", "console"}
EVERYBODY = {
    "console", "stranger", "visitor", "superuser", "office", "liaison", "far liaison", "evaluator",
    "secretariat of firm", "computing operator", "quantum operator", "firm", "firm researcher", "other firm",
    "university", "fund", "team", "colleague without promise", "partner", "partner without promise",
    "former member",
}  # fmt: skip
SIGNED_IN = EVERYBODY - {"console", "stranger"}
ANSWERERS = {
    "other firm", "university", "team", "colleague without promise", "partner", "partner without promise",
}  # fmt: skip
INVITED = ANSWERERS - {"other firm", "university"}

# permission: (what it is asked of, who may).
TABLE: dict[str, tuple[str, set[str]]] = {
    "create": ("firm", {"firm", "liaison", "office", "console"}),
    "edit": ("challenge", FIRM),
    "publish": ("challenge", FIRM),
    "withdraw": ("challenge", FIRM),
    "invite": ("challenge", FIRM),
    "close": ("challenge", FIRM | {"office"}),
    "reply": ("challenge", FIRM),
    "select": ("challenge", FIRM),
    "contract": ("challenge", FIRM),
    "accept": ("challenge", FIRM),
    "read": ("challenge", EVERYBODY),
    "read_details": ("challenge", set(CLEARED)),
    "sign_promise": ("challenge", ANSWERERS),
    "ask": ("challenge", SIGNED_IN - {"firm", "firm researcher"}),
    "read_question": ("question", set(CLEARED)),
    "read_attachment": ("attachment", set(CLEARED)),
    "answer": ("challenge", {"team", "partner", "console"}),
    "edit_answer": ("answer", {"team", "partner", "console"}),
    "lead_answer": ("answer", {"team", "console"}),
    "read_answer": ("answer", set(CLEARED)),
    "read_outline": ("answer", CLEARED | {"office"}),
    "follow": ("challenge", SIGNED_IN),
    "subscribe": ("nothing", SIGNED_IN),
}


@pytest.fixture
def scene() -> Scene:
    return make_scene()


def who_may(scene: Scene, act: str, target: str) -> set[str]:
    thing = getattr(scene, target, None)
    return {name for name, actor in scene.actors.items() if allowed(actor, f"challenges.{act}", thing)}


def test_the_table_speaks_of_every_permission_and_every_actor(scene: Scene) -> None:
    assert {p.name for p in permissions() if p.name.startswith("challenges.")} == {
        f"challenges.{act}" for act in TABLE
    }
    assert set(scene.actors) == EVERYBODY


@pytest.mark.parametrize("act", sorted(TABLE))
def test_role_by_action(act: str) -> None:
    scene = make_scene()
    target, expected = TABLE[act]
    assert who_may(scene, act, target) == expected


def test_an_invited_challenge_is_signed_by_invited_organisations_only() -> None:
    scene = make_scene("invited")
    assert who_may(scene, "sign_promise", "challenge") == INVITED
    assert who_may(scene, "read_details", "challenge") == CLEARED
    scene.challenge.invitations.all().delete()
    assert who_may(scene, "read_details", "challenge") == {"firm", "firm researcher"}


def test_open_details_are_for_everybody_once_published() -> None:
    scene = make_scene()
    Challenge.objects.update(confidentiality="open")
    scene.challenge.refresh_from_db()
    assert who_may(scene, "read_details", "challenge") == EVERYBODY
    assert who_may(scene, "sign_promise", "challenge") == set()
    # Answers stay between team and firm.
    answer = Answer.objects.get()
    assert {n for n, a in scene.actors.items() if allowed(a, "challenges.read_answer", answer)} == (
        CLEARED | {"colleague without promise", "partner without promise"}
    )


@pytest.mark.parametrize("state", ["draft", "withdrawn"])
def test_what_is_not_public_is_known_to_few(state: str) -> None:
    scene = make_scene()
    Challenge.objects.update(state=state, created_by=None)
    scene.challenge.refresh_from_db()
    insiders = {"firm", "firm researcher"}
    teams = {"team", "partner", "colleague without promise", "partner without promise"}
    assert who_may(scene, "read", "challenge") == (insiders if state == "draft" else insiders | teams)
    assert who_may(scene, "read_details", "challenge") == insiders


@pytest.mark.parametrize("drafter", ["office", "liaison"])
def test_who_drafts_for_a_firm_knows_the_draft_only(drafter: str) -> None:
    firm = make.make_organisation("enterprise")
    actors = make_actors(firm)
    challenge = make.make_challenge(actors[drafter], firm, confidentiality="promise")

    def may(act: str) -> set[str]:
        return {n for n, a in actors.items() if allowed(a, f"challenges.{act}", challenge)}

    assert may("read") == {"firm", "firm researcher", drafter}
    assert may("read_details") == {"firm", "firm researcher", drafter}
    assert may("edit") == {"firm", "console", drafter}
    from langqiao.apps.challenges.domain import publish_challenge

    publish_challenge(actors[drafter], challenge)
    assert may("read_details") == {"firm", "firm researcher"}
    assert may("edit") == {"firm", "console"}


@pytest.mark.parametrize("state", ["draft", "published", "closed", "withdrawn"])
def test_the_query_of_visible_challenges_agrees_with_the_rule(state: str) -> None:
    scene = make_scene()
    office_draft = make.make_challenge(scene.actors["office"], make.make_organisation("enterprise"))
    Challenge.objects.filter(pk=scene.challenge.pk).update(state=state)
    for name, actor in scene.actors.items():
        if name == "console":
            continue
        by_rule = {c.pk for c in Challenge.objects.all() if allowed(actor, "challenges.read", c)}
        assert set(visible_challenges(actor).values_list("pk", flat=True)) == by_rule, name
    assert office_draft.pk in set(visible_challenges(scene.actors["office"]).values_list("pk", flat=True))


def test_an_inactive_user_may_nothing() -> None:
    scene = make_scene()
    user = scene.actors["firm"]
    user.is_active = False
    assert not any(
        allowed(user, f"challenges.{act}", getattr(scene, target, None))
        for act, (target, _who) in TABLE.items()
    )
