"""Role × action, as a table: who may do what at the joint conference."""

from __future__ import annotations

import pytest

from langqiao.apps.conference import domain, queries
from langqiao.apps.conference.models import (
    Matter,
    Notice,
    Priority,
    Resolution,
    Session,
    Task,
)
from langqiao.kit.permissions import allowed, permissions
from tests.apps.conference.scene import Scene, make_scene
from tests.factories.registry import make_city

pytestmark = pytest.mark.django_db

OFFICE = {"office", "console"}
LIAISONS = {"liaison", "liaison 2", "liaison 3", "far liaison", "applicant liaison"}
TABLE_USERS = {"office", "liaison", "liaison 2", "liaison 3", "applicant liaison", "guest manager"}
EVERYBODY = {
    "console", "stranger", "visitor", "superuser", "office", *LIAISONS, "applicant", "guest manager",
    "guest clerk", "owner", "objector", "evaluator",
}  # fmt: skip
SIGNED_IN = EVERYBODY - {"console", "stranger"}

# permission: (what it is asked of, who may).
TABLE: dict[str, tuple[str, set[str]]] = {
    **dict.fromkeys(("run_session", "run_matter", "publish_resolution", "run_task", "remind", "run_notice", "handle_objection", "run_priorities", "run_projects"), ("nothing", OFFICE)),
    "attend": ("session", TABLE_USERS),
    "read_session": ("session", TABLE_USERS),
    "read_paper": ("paper", TABLE_USERS),
    "propose": ("city", {"office", "console", "liaison", "applicant liaison"}),
    "read_matter": ("matter", TABLE_USERS),
    # The applicant's own people keep out; the applicant's liaison is one of them.
    "vote": ("ballot", {"liaison", "liaison 2", "liaison 3"}),
    "recuse": ("item", {"liaison", "liaison 2", "liaison 3", "office", "console"}),
    "read_votes": ("closed", TABLE_USERS),
    "read_resolution": ("resolution", TABLE_USERS),
    "read_tasks": ("nothing", LIAISONS | {"office", "owner"}),
    "read_task": ("task", {"office", "owner", "far liaison"}),
    "report_progress": ("task", {"office", "owner", "far liaison", "console"}),
    "read_notice": ("notice", EVERYBODY),
    "object": ("notice", SIGNED_IN),
    "read_objection": ("objection", {"office", "objector"}),
    "read_priority": ("priority", EVERYBODY),
    "tell_status": ("city", {"office", "console", "liaison", "applicant liaison"}),
}  # fmt: skip


@pytest.fixture
def scene() -> Scene:
    return make_scene()


def who_may(scene: Scene, act: str, target: str) -> set[str]:
    thing = getattr(scene, target, None)
    return {name for name, actor in scene.actors.items() if allowed(actor, f"conference.{act}", thing)}


def test_the_table_speaks_of_every_permission_and_every_actor(scene: Scene) -> None:
    assert {p.name for p in permissions() if p.name.startswith("conference.")} == {
        f"conference.{act}" for act in TABLE
    }
    assert set(scene.actors) == EVERYBODY


def test_role_by_action(scene: Scene) -> None:
    found = {act: who_may(scene, act, target) for act, (target, _who) in TABLE.items()}
    assert found == {act: who for act, (_target, who) in TABLE.items()}


def test_nobody_reads_votes_of_an_open_or_a_secret_ballot(scene: Scene) -> None:
    assert who_may(scene, "read_votes", "ballot") == set()
    scene.closed.is_secret = True
    assert who_may(scene, "read_votes", "closed") == set()


def test_the_public_reads_what_is_marked_public(scene: Scene) -> None:
    domain.publish_session(None, scene.session)
    domain.publish_resolution(None, scene.resolution)
    domain.release_paper(None, scene.paper)
    everybody = EVERYBODY - {"console"}
    assert who_may(scene, "read_session", "session") >= everybody
    assert who_may(scene, "read_resolution", "resolution") >= everybody
    assert who_may(scene, "read_paper", "paper") >= everybody
    # The rest stays at the table.
    assert who_may(scene, "attend", "session") == TABLE_USERS
    assert who_may(scene, "read_matter", "matter") == TABLE_USERS


@pytest.mark.parametrize("state", ["planned", "called", "open", "closed", "cancelled"])
@pytest.mark.parametrize("public", [False, True])
def test_the_queries_agree_with_the_rules(state: str, public: bool) -> None:
    scene = make_scene()
    Session.objects.update(state=state, is_public=public)
    Resolution.objects.update(is_public=public)
    domain.propose_matter(scene.actors["far liaison"], title="合肥议题", city=make_city("hefei"))
    cases = (
        (Session, queries.visible_sessions, "read_session"),
        (Session, queries.attended_sessions, "attend"),
        (Matter, queries.visible_matters, "read_matter"),
        (Resolution, queries.visible_resolutions, "read_resolution"),
        (Task, queries.visible_tasks, "read_task"),
        (Notice, queries.visible_notices, "read_notice"),
        (Priority, queries.visible_priorities, "read_priority"),
    )
    for name, actor in scene.actors.items():
        if name == "console":
            continue
        for model, query, permission in cases:
            by_rule = {
                row.pk for row in model.objects.all() if allowed(actor, f"conference.{permission}", row)
            }
            assert set(query(actor).values_list("pk", flat=True)) == by_rule, (name, permission)


def test_a_planned_session_is_known_to_the_office_alone(scene: Scene) -> None:
    Session.objects.update(state="planned", is_public=True)
    scene.session.refresh_from_db()
    assert who_may(scene, "read_session", "session") == {"office"}


def test_a_named_person_alone_takes_the_seat(scene: Scene) -> None:
    named = scene.actors["visitor"]
    scene.session.seats.filter(city="songjiang").update(user=named)
    assert who_may(scene, "attend", "session") == (TABLE_USERS - {"liaison", "applicant liaison"}) | {
        "visitor"
    }


def test_an_inactive_user_may_nothing(scene: Scene) -> None:
    user = scene.actors["office"]
    user.is_active = False
    assert not any(
        allowed(user, f"conference.{act}", getattr(scene, target, None))
        for act, (target, _who) in TABLE.items()
    )
