"""The demo's choice, the session of the joint conference and the public notice (遴选、会议研究、张榜公示)."""

from __future__ import annotations

from datetime import timedelta

from django.utils import timezone

from langqiao.apps.conference.domain import ballots, matters, sessions
from langqiao.apps.conference.models import Ballot, Matter, Session, Vote
from langqiao.apps.registry.models import City
from langqiao.apps.verification.domain import choosing
from langqiao.apps.verification.domain.results import adopted_choice
from langqiao.apps.verification.domain.steps import advance
from langqiao.apps.verification.models import Call, StepKind
from langqiao.cli.call_demo.people import liaison
from langqiao.cli.call_demo.scene import Show, office, user


def _is_at(call: Call, kind: str) -> bool:
    step = call.current_step
    return step is not None and step["kind"] == kind


def choose(call: Call, show: Show) -> None:
    """Choose twelve with at least one a city by calibrated scores, adopt, and put it to the conference."""
    if _is_at(call, StepKind.DEFENCE):
        actor = office()
        if adopted_choice(call) is None:
            constraints = {"places": call.places, **call.choice}
            run = choosing.propose_choice(actor, call, basis="calibrated", constraints=constraints)
            choosing.adopt_choice(actor, run, why="示例：每城至少一家，按校准分遴选。")
        advance(actor, call)
    show(1, 1)


def decide(call: Call, show: Show) -> None:
    """A session of nine cities votes on the matter, one vote a city."""
    if not _is_at(call, StepKind.CONFERENCE):
        show(1, 1)
        return
    actor = office()
    matter = Matter.objects.get(subject=f"verification.call:{call.pk}", state=Matter.State.WAITING)
    session = sessions.plan_session(
        actor,
        kind=Session.Kind.CONFERENCE,
        title="九城联席会议（示例）",
        starts_at=timezone.now() + timedelta(hours=1),
        place="示例会议室",
        illustrative=True,
    )
    item = matters.put_on_agenda(actor, session, matter)
    sessions.call_session(actor, session)
    sessions.open_session(actor, session)
    ballot = ballots.open_ballot(actor, item, method=Ballot.Method.VOTE)
    cities = list(City.objects.all())
    for number, city in enumerate(cities, 1):
        ballots.cast_vote(user(liaison(city.slug)), ballot, choice=Vote.Choice.FOR, voter=f"city:{city.slug}")
        show(number, len(cities))
    ballots.close_ballot(actor, ballot)
    sessions.close_session(actor, session)


def announce(call: Call, show: Show) -> None:
    """Publish the list (张榜公示); objections can be made until the last day."""
    if _is_at(call, StepKind.CONFERENCE):
        advance(office(), call)
    show(1, 1)
